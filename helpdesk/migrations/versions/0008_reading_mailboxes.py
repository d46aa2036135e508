"""Who reads a mailbox just now and how that goes; how deep in reactions to reactions a task is.

Revision: 0008, after 0007
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import Json

revision = "0008"
down_revision = "0007"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("lease_by", sa.String(40), nullable=False, server_default=""))
    op.add_column("inbox", sa.Column("reading", Json, nullable=False, server_default="{}"))
    op.add_column("task", sa.Column("depth", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("task", "depth")
    op.drop_column("inbox", "reading")
    op.drop_column("inbox", "lease_by")
