"""What a site tells of its visitors and customers, and the codes that prove an address.

Revision: 0011, after 0010
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import Json, UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_attribute",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("identity_id", sa.Integer(), sa.ForeignKey("identity.id"), nullable=False),
        sa.Column("inbox_id", sa.Integer(), sa.ForeignKey("inbox.id"), nullable=False),
        sa.Column("key", sa.String(60), nullable=False), sa.Column("value", Json, nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False), sa.Column("told_at", UTCDateTime(), nullable=False),
        sa.UniqueConstraint("identity_id", "key"))
    op.create_index("ix_contact_attribute_told_at", "contact_attribute", ["told_at"])
    op.create_table(
        "page_view",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("visitor_id", sa.Integer(), sa.ForeignKey("visitor.id"), nullable=False),
        sa.Column("url", sa.String(500), nullable=False), sa.Column("title", sa.String(200), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False))
    op.create_index("ix_page_view_visitor_id_seen_at", "page_view", ["visitor_id", "seen_at"])
    op.create_index("ix_page_view_seen_at", "page_view", ["seen_at"])
    op.create_table(
        "shop_order",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("inbox_id", sa.Integer(), sa.ForeignKey("inbox.id"), nullable=False),
        sa.Column("number", sa.String(100), nullable=False), sa.Column("customer_id", sa.String(200), nullable=False),
        sa.Column("email", sa.String(320), nullable=False), sa.Column("phone", sa.String(40), nullable=False),
        sa.Column("status", sa.String(60), nullable=False), sa.Column("total", sa.String(24), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False), sa.Column("items", Json, nullable=False),
        sa.Column("url", sa.String(500), nullable=False), sa.Column("placed_at", UTCDateTime(), nullable=False),
        sa.Column("told_at", UTCDateTime(), nullable=False), sa.UniqueConstraint("inbox_id", "number"))
    for column in ("customer_id", "email", "phone", "placed_at"):
        op.create_index(f"ix_shop_order_{column}", "shop_order", [column])
    op.create_table(
        "verification",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("contact_id", sa.Integer(), sa.ForeignKey("contact.id"), nullable=False),
        sa.Column("identity_id", sa.Integer(), sa.ForeignKey("identity.id"), nullable=False),
        sa.Column("ticket_id", sa.Integer(), sa.ForeignKey("ticket.id"), nullable=False),
        sa.Column("visitor_id", sa.Integer(), sa.ForeignKey("visitor.id")),
        sa.Column("way", sa.String(8), nullable=False), sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False), sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(40), nullable=False), sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False))
    op.create_index("ix_verification_identity_id", "verification", ["identity_id"])
    op.create_index("ix_verification_contact_id_identity_id", "verification", ["contact_id", "identity_id"])
    op.create_index("ix_verification_expires_at", "verification", ["expires_at"])
    op.create_index("ix_contact_merged_into_id", "contact", ["merged_into_id"])


def downgrade() -> None:
    op.drop_index("ix_contact_merged_into_id", "contact")
    for table in ("verification", "shop_order", "page_view", "contact_attribute"):
        op.drop_table(table)
