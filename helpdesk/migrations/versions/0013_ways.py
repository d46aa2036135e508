"""How a settled matter goes on, and over which channels: rules of an inbox or a team, who is away, and how somebody wants
to be answered.

Revision: 0013, after 0012
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = depends_on = None

REOPEN = (("reopen", sa.String(8), ""), ("reopen_days", sa.Integer(), None), ("reopen_keeps", sa.Boolean(), sa.true()))
COLUMNS = {
    "inbox": (*REOPEN, ("one_matter", sa.Boolean(), sa.true()), ("one_matter_days", sa.Integer(), None),
              ("mail_unseen", sa.Boolean(), sa.true()), ("mail_after_seconds", sa.Integer(), None)),
    "team": REOPEN,
    "contact": (("prefers", sa.String(32), ""), ("prefers_by", sa.String(12), "")),
    "agent": (("away_since", UTCDateTime(), None),)}


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind, default in columns:
            op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=default))


def downgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, _, _ in columns:
            op.drop_column(table, name)
