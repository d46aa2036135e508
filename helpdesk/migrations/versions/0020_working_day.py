"""An agent's working day: drafts, replies that leave later, macros, own views, following, bulk changes, spam.

Revision: 0020, after 0019
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import Json, UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table("bulk_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("action", Json, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("undoing", sa.Boolean(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_bulk_change_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_change"))
    )
    op.create_index(op.f("ix_bulk_change_agent_id"), "bulk_change", ["agent_id"], unique=False)
    op.create_index("ix_bulk_change_open", "bulk_change", ["id"], unique=False, sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL"))
    op.create_table("macro",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("shortcut", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actions", Json, nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("archived_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_macro_agent_id")),
        sa.ForeignKeyConstraint(["author_id"], ["agent.id"], name=op.f("fk_macro_author_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_macro_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macro"))
    )
    op.create_index(op.f("ix_macro_agent_id"), "macro", ["agent_id"], unique=False)
    op.create_index(op.f("ix_macro_shortcut"), "macro", ["shortcut"], unique=False)
    op.create_index(op.f("ix_macro_team_id"), "macro", ["team_id"], unique=False)
    op.create_table("saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("icon", sa.String(length=40), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False),
        sa.Column("sort", sa.String(length=16), nullable=False),
        sa.Column("shared", sa.String(length=8), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["agent.id"], name=op.f("fk_saved_view_owner_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_saved_view_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view"))
    )
    op.create_index(op.f("ix_saved_view_owner_id"), "saved_view", ["owner_id"], unique=False)
    op.create_index(op.f("ix_saved_view_team_id"), "saved_view", ["team_id"], unique=False)
    op.create_table("macro_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("macro_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=150), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["macro_id"], ["macro.id"], name=op.f("fk_macro_file_macro_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macro_file"))
    )
    op.create_index(op.f("ix_macro_file_macro_id"), "macro_file", ["macro_id"], unique=False)
    op.create_index(op.f("ix_macro_file_sha256"), "macro_file", ["sha256"], unique=False)
    op.create_table("bulk_item",
        sa.Column("bulk_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("before", Json, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk_change.id"], name=op.f("fk_bulk_item_bulk_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_bulk_item_ticket_id")),
        sa.PrimaryKeyConstraint("bulk_id", "ticket_id", name=op.f("pk_bulk_item"))
    )
    op.create_index(op.f("ix_bulk_item_ticket_id"), "bulk_item", ["ticket_id"], unique=False)
    op.create_table("draft",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_draft_agent_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_draft_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "agent_id", "mode", name=op.f("pk_draft"))
    )
    op.create_index(op.f("ix_draft_agent_id"), "draft", ["agent_id"], unique=False)
    op.create_table("follower",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_follower_agent_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_follower_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "agent_id", name=op.f("pk_follower"))
    )
    op.create_index(op.f("ix_follower_agent_id"), "follower", ["agent_id"], unique=False)
    op.create_table("later_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("then", sa.String(length=60), nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_later_reply_agent_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_later_reply_message_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_later_reply_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_later_reply")),
        sa.UniqueConstraint("ticket_id", "client_id", name=op.f("uq_later_reply_ticket_id_client_id"))
    )
    op.create_index("ix_later_reply_due", "later_reply", ["due_at"], unique=False, sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL"))
    op.create_index(op.f("ix_later_reply_message_id"), "later_reply", ["message_id"], unique=False)
    op.create_index(op.f("ix_later_reply_ticket_id"), "later_reply", ["ticket_id"], unique=False)
    op.create_index("ix_later_reply_waiting", "later_reply", ["agent_id", "due_at"], unique=False, sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL"))
    op.create_table("mention",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_mention_agent_id")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_mention_message_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_mention_ticket_id")),
        sa.PrimaryKeyConstraint("message_id", "agent_id", name=op.f("pk_mention"))
    )
    op.create_index(op.f("ix_mention_agent_id_done_at_ticket_id"), "mention", ["agent_id", "done_at", "ticket_id"], unique=False)
    op.create_index(op.f("ix_mention_ticket_id"), "mention", ["ticket_id"], unique=False)
    op.create_table("later_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("later_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=150), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["later_id"], ["later_reply.id"], name=op.f("fk_later_file_later_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_later_file"))
    )
    op.create_index(op.f("ix_later_file_later_id"), "later_file", ["later_id"], unique=False)
    op.create_index(op.f("ix_later_file_sha256"), "later_file", ["sha256"], unique=False)
    op.add_column("agent", sa.Column("locale", sa.String(length=16), server_default="", nullable=False))
    op.add_column("agent", sa.Column("preferences", Json, server_default="{}", nullable=False))
    op.add_column("agent", sa.Column("capacity", sa.Integer(), nullable=True))
    op.add_column("agent", sa.Column("digest_at", UTCDateTime(), nullable=True))
    op.add_column("identity", sa.Column("blocked_at", UTCDateTime(), nullable=True))
    op.add_column("inbox", sa.Column("undo_seconds", sa.Integer(), nullable=True))
    op.add_column("notification", sa.Column("mailed_at", UTCDateTime(), nullable=True))
    op.add_column("notification", sa.Column("escalated_at", UTCDateTime(), nullable=True))
    op.add_column("tag", sa.Column("colour", sa.String(length=16), server_default="", nullable=False))
    op.add_column("tag", sa.Column("description", sa.String(length=200), server_default="", nullable=False))
    op.add_column("ticket", sa.Column("spam_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("ticket", "spam_at")
    op.drop_column("tag", "description")
    op.drop_column("tag", "colour")
    op.drop_column("notification", "escalated_at")
    op.drop_column("notification", "mailed_at")
    op.drop_column("inbox", "undo_seconds")
    op.drop_column("identity", "blocked_at")
    op.drop_column("agent", "digest_at")
    op.drop_column("agent", "capacity")
    op.drop_column("agent", "preferences")
    op.drop_column("agent", "locale")
    op.drop_index(op.f("ix_later_file_sha256"), table_name="later_file")
    op.drop_index(op.f("ix_later_file_later_id"), table_name="later_file")
    op.drop_table("later_file")
    op.drop_index(op.f("ix_mention_ticket_id"), table_name="mention")
    op.drop_index(op.f("ix_mention_agent_id_done_at_ticket_id"), table_name="mention")
    op.drop_table("mention")
    op.drop_index("ix_later_reply_waiting", table_name="later_reply", sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL"))
    op.drop_index(op.f("ix_later_reply_ticket_id"), table_name="later_reply")
    op.drop_index(op.f("ix_later_reply_message_id"), table_name="later_reply")
    op.drop_index("ix_later_reply_due", table_name="later_reply", sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL"))
    op.drop_table("later_reply")
    op.drop_index(op.f("ix_follower_agent_id"), table_name="follower")
    op.drop_table("follower")
    op.drop_index(op.f("ix_draft_agent_id"), table_name="draft")
    op.drop_table("draft")
    op.drop_index(op.f("ix_bulk_item_ticket_id"), table_name="bulk_item")
    op.drop_table("bulk_item")
    op.drop_index(op.f("ix_macro_file_sha256"), table_name="macro_file")
    op.drop_index(op.f("ix_macro_file_macro_id"), table_name="macro_file")
    op.drop_table("macro_file")
    op.drop_index(op.f("ix_saved_view_team_id"), table_name="saved_view")
    op.drop_index(op.f("ix_saved_view_owner_id"), table_name="saved_view")
    op.drop_table("saved_view")
    op.drop_index(op.f("ix_macro_team_id"), table_name="macro")
    op.drop_index(op.f("ix_macro_shortcut"), table_name="macro")
    op.drop_index(op.f("ix_macro_agent_id"), table_name="macro")
    op.drop_table("macro")
    op.drop_index("ix_bulk_change_open", table_name="bulk_change", sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL"))
    op.drop_index(op.f("ix_bulk_change_agent_id"), table_name="bulk_change")
    op.drop_table("bulk_change")
