"""The templates that platforms have approved.

Revision: 0005, after 0004
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import Json

revision = "0005"
down_revision = "0004"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbox_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("category", sa.String(32), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("header", "body", "footer")),
        sa.Column("buttons", Json, nullable=False),
        sa.Column("examples", Json, nullable=False),
        sa.Column("external_id", sa.String(64), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("unsendable", "reason")),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_message_template_inbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_template")),
        sa.UniqueConstraint("inbox_id", "name", "language", name=op.f("uq_message_template_inbox_id_name_language")))


def downgrade() -> None:
    op.drop_table("message_template")
