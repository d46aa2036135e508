"""Consents with their history, erasures, exports of one person, and how long things are kept. Who had ended surveys by
a mail's link is the first entry of the new table.

Revision: 0012, after 0011
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import Json, UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = depends_on = None

TABLES = ("consent", "erasure", "person_export", "retention_rule")


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False), sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=True), sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False), sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False), sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("version", sa.String(300), nullable=False), sa.Column("note", sa.String(300), nullable=False),
        sa.Column("actor", sa.String(32), nullable=False), sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_consent_contact_id")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_consent_identity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")))
    op.create_index("ix_consent_contact_id", "consent", ["contact_id"])
    op.create_index("ix_consent_identity_id", "consent", ["identity_id"])
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False), sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False), sa.Column("actor", sa.String(32), nullable=False),
        sa.Column("work", Json, nullable=False), sa.Column("counts", Json, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False), sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_erasure_contact_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")))
    op.create_index("ix_erasure_contact_id", "erasure", ["contact_id"])
    op.create_index("ix_erasure_done_at", "erasure", ["done_at"])
    op.create_table(
        "person_export",
        sa.Column("id", sa.Integer(), nullable=False), sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True), sa.Column("with_notes", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False), sa.Column("name", sa.String(80), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False), sa.Column("error", sa.String(300), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False), sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_person_export_contact_id")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_person_export_agent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_export")),
        sa.UniqueConstraint("name", name=op.f("uq_person_export_name")))
    op.create_index("ix_person_export_contact_id", "person_export", ["contact_id"])
    op.create_index("ix_person_export_expires_at", "person_export", ["expires_at"])
    op.create_table(
        "retention_rule",
        sa.Column("data_class", sa.String(24), nullable=False), sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("how", sa.String(16), nullable=False), sa.Column("run_at", UTCDateTime(), nullable=True),
        sa.Column("run_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("data_class", name=op.f("pk_retention_rule")))
    op.add_column("contact", sa.Column("hold", sa.String(200), nullable=False, server_default=""))
    op.add_column("contact", sa.Column("erased_at", UTCDateTime(), nullable=True))
    op.add_column("ticket", sa.Column("erased_at", UTCDateTime(), nullable=True))
    op.execute("INSERT INTO consent (contact_id, identity_id, purpose, channel, given, source, wording, version, note, "
               "actor, created_at) SELECT contact_id, id, 'surveys', kind, FALSE, 'mail', '', '', '', "
               "'contact:' || CAST(contact_id AS VARCHAR(20)), unsubscribed_at FROM identity "
               "WHERE unsubscribed_at IS NOT NULL")
    op.drop_column("identity", "unsubscribed_at")


def downgrade() -> None:
    op.add_column("identity", sa.Column("unsubscribed_at", UTCDateTime(), nullable=True))
    op.execute("UPDATE identity SET unsubscribed_at = (SELECT last.created_at FROM consent last WHERE last.given = FALSE "
               "AND last.id = (SELECT max(id) FROM consent WHERE consent.identity_id = identity.id "
               "AND consent.purpose = 'surveys'))")
    for table, column in (("contact", "hold"), ("contact", "erased_at"), ("ticket", "erased_at")):
        op.drop_column(table, column)
    for table in reversed(TABLES):
        op.drop_table(table)
