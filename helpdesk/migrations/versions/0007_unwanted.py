"""A reader who wants no more of our mail is remembered with their address.

Revision: 0007, after 0006
"""
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("identity", sa.Column("unwanted", sa.String(60), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("identity", "unwanted")
