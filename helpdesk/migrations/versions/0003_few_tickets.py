"""Indexes for what is found among very many tickets: a contact's last one, and the few that the assistant has or that
are snoozed.

With an index on the contact alone PostgreSQL walks all tickets from the newest, as soon as contacts have many of them
on average; without the partial ones a count of few looks at every open ticket.

Revision: 0003, after 0002
"""
from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"
branch_labels = depends_on = None

FEW = {"ix_ticket_with_assistant": ("with_assistant = 1", "with_assistant"),      # SQLite wants the words of the query
       "ix_ticket_snoozed": ("snoozed_until IS NOT NULL", "snoozed_until IS NOT NULL")}


def upgrade() -> None:
    for name, (sqlite, postgresql) in FEW.items():
        op.create_index(name, "ticket", ["status", "last_message_at", "id"], sqlite_where=text(sqlite),
                        postgresql_where=text(postgresql))
    op.create_index("ix_ticket_contact_id_id", "ticket", ["contact_id", "id"])
    op.drop_index("ix_ticket_contact_id", "ticket")
    op.drop_index("ix_ticket_snoozed_until", "ticket")


def downgrade() -> None:
    op.create_index("ix_ticket_snoozed_until", "ticket", ["snoozed_until"])
    op.create_index("ix_ticket_contact_id", "ticket", ["contact_id"])
    for name in ("ix_ticket_contact_id_id", *FEW):
        op.drop_index(name, "ticket")
