"""Tickets know whether others were merged into them, and can be linked.

Revision: 0017, after 0016
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = depends_on = None

POINTERS = (("ix_ticket_merged", "merged_into_id"), ("ix_ticket_following", "follows_ticket_id"))


def upgrade() -> None:
    for column in ("merged_aside", "has_merged"):
        op.add_column("ticket", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE ticket SET has_merged = true WHERE id IN (SELECT merged_into_id FROM ticket)")
    for name, column in POINTERS:
        set_ = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "ticket", [column], sqlite_where=set_, postgresql_where=set_)
    op.create_table(
        "ticket_link",
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("from_id", sa.Integer(), sa.ForeignKey("ticket.id", name="fk_ticket_link_from_id"), nullable=False),
        sa.Column("to_id", sa.Integer(), sa.ForeignKey("ticket.id", name="fk_ticket_link_to_id"), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "from_id", "to_id", name="pk_ticket_link"))
    op.create_index("ix_ticket_link_from_id", "ticket_link", ["from_id"])
    op.create_index("ix_ticket_link_to_id", "ticket_link", ["to_id"])


def downgrade() -> None:
    op.drop_table("ticket_link")
    for name, _ in POINTERS:
        op.drop_index(name, "ticket")
    for column in ("merged_aside", "has_merged"):
        op.drop_column("ticket", column)
