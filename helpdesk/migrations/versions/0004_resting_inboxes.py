"""An inbox can rest for a while, and can be disconnected until somebody mends it.

Revision: 0004, after 0003
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = depends_on = None

COLUMNS = ("resting_until", "disconnected_at")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("inbox", sa.Column(name, UTCDateTime(), nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("inbox", name)
