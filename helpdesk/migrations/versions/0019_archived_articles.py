"""When an article was put into the archive.

Revision: 0019, after 0018
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import UTCDateTime

revision = "0019"
down_revision = "0018"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("article", sa.Column("archived_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("article", "archived_at")
