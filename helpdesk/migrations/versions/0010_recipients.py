"""Each reader of a mail has a delivery that names them; addresses can be kept from mails they did not ask for; mailboxes
can be opened by tokens.

Revision: 0010, after 0009
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("role", sa.String(8), nullable=False, server_default="to"))
    op.add_column("delivery", sa.Column("address", sa.String(320), nullable=False, server_default=""))
    op.execute("UPDATE delivery SET address = (SELECT value FROM identity WHERE identity.id = delivery.identity_id)")
    with op.batch_alter_table("delivery") as table:
        table.alter_column("role", server_default=None)
        table.alter_column("address", server_default=None)
    op.create_index("ix_delivery_mail_id", "delivery", ["mail_id"])
    op.create_index("ix_delivery_reply_token", "delivery", ["reply_token"])
    op.add_column("identity", sa.Column("unsubscribed_at", UTCDateTime(), nullable=True))
    op.add_column("inbox", sa.Column("tokens", sa.Text(), nullable=False, server_default=""))
    op.add_column("inbox", sa.Column("token_lease_until", UTCDateTime(), nullable=True))
    with op.batch_alter_table("inbox") as table:
        table.alter_column("tokens", server_default=None)


def downgrade() -> None:
    for name in ("ix_delivery_mail_id", "ix_delivery_reply_token"):
        op.drop_index(name, "delivery")
    for table, column in (("delivery", "role"), ("delivery", "address"), ("identity", "unsubscribed_at"),
                          ("inbox", "tokens"), ("inbox", "token_lease_until")):
        op.drop_column(table, column)
