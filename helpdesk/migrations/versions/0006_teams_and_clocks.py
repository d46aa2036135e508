"""Indexes for what a large desk would search through at each page or tick: the open tickets of a team, and the clocks
that run.

The index on the team alone found all of its tickets, closed ones too; the one on the deadline all clocks, also those
that were met long ago.

Revision: 0006, after 0005
"""
from alembic import op
from sqlalchemy import text

revision = "0006"
down_revision = "0005"
branch_labels = depends_on = None

RUNNING = text("breached_at IS NULL AND met_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_ticket_team_id_status_last_message_at_id", "ticket",
                    ["team_id", "status", "last_message_at", "id"])
    op.drop_index("ix_ticket_team_id", "ticket")
    op.create_index("ix_sla_clock_running", "sla_clock", ["due_at", "ticket_id"], sqlite_where=RUNNING,
                    postgresql_where=RUNNING)
    op.drop_index("ix_sla_clock_due_at", "sla_clock")


def downgrade() -> None:
    op.create_index("ix_sla_clock_due_at", "sla_clock", ["due_at"])
    op.drop_index("ix_sla_clock_running", "sla_clock")
    op.create_index("ix_ticket_team_id", "ticket", ["team_id"])
    op.drop_index("ix_ticket_team_id_status_last_message_at_id", "ticket")
