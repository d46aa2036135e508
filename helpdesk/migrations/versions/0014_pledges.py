"""Promises in agents' own words; a contact's messages and events in the order they came.

Revision: 0014, after 0013
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = depends_on = None

WAITING = sa.text("kept_at IS NULL AND judged = ''")
OF_NO_TICKET = sa.text("seq IS NULL")


def upgrade() -> None:
    op.create_table(
        "pledge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("begins", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("counts_from", UTCDateTime(), nullable=False),
        sa.Column("kept_at", UTCDateTime(), nullable=True),
        sa.Column("judged", sa.String(8), nullable=False, server_default=""),
        sa.Column("judged_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_pledge_message_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name="fk_pledge_identity_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["judged_by_id"], ["agent.id"], name="fk_pledge_judged_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pledge"),
        sa.UniqueConstraint("message_id", "begins", name="uq_pledge_message_id_begins"))
    op.create_index("ix_pledge_identity_id_id", "pledge", ["identity_id", "id"])
    op.create_index("ix_pledge_waiting", "pledge", ["identity_id"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_index("ix_message_ticket_id_created_at", "message", ["ticket_id", "created_at", "seq"])
    op.create_index("ix_event_ticket_id_created_at", "event",
                    ["ticket_id", "created_at", "seq", "name"])
    op.create_index("ix_event_of_person", "event", ["contact_id"], sqlite_where=OF_NO_TICKET,
                    postgresql_where=OF_NO_TICKET)


def downgrade() -> None:
    op.drop_index("ix_event_of_person", "event")
    op.drop_index("ix_event_ticket_id_created_at", "event")
    op.drop_index("ix_message_ticket_id_created_at", "message")
    op.drop_table("pledge")
