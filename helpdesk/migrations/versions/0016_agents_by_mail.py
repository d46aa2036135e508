"""Agents are told by mail, and may answer from there.

Revision: 0016, after 0015
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import Json, UTCDateTime

revision = "0016"
down_revision = "0015"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("agent", sa.Column("mail_notices", Json, nullable=False, server_default="[]"))
    op.add_column("agent", sa.Column("answers_by_mail", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "agent_notice", sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("agent_id", sa.Integer(), sa.ForeignKey("agent.id", name="fk_agent_notice_agent_id"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id", name="fk_agent_notice_ticket_id"),
                  nullable=False),
        sa.Column("inbox_id", sa.Integer(), sa.ForeignKey("inbox.id", name="fk_agent_notice_inbox_id"), nullable=False),
        sa.Column("message_id", sa.Integer(), sa.ForeignKey("message.id", name="fk_agent_notice_message_id")),
        sa.Column("kind", sa.String(16), nullable=False), sa.Column("answers", Json, nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False), sa.Column("told_at", UTCDateTime()),
        sa.Column("created_at", UTCDateTime(), nullable=False), sa.Column("sent_at", UTCDateTime()))
    for columns in (("ticket_id",), ("message_id",), ("agent_id", "created_at")):
        op.create_index(f"ix_agent_notice_{'_'.join(columns)}", "agent_notice", list(columns))


def downgrade() -> None:
    op.drop_table("agent_notice")
    for column in ("mail_notices", "answers_by_mail"):
        op.drop_column("agent", column)
