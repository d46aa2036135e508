"""Roles that the house makes, two-step sign-in, leads of teams, and the audit log.

Revision: 0021, after 0020
"""
import json

import sqlalchemy as sa
from alembic import op

from helpdesk.db import Json, UTCDateTime

revision = "0021"
down_revision = "0020"
branch_labels = depends_on = None

AGENT = (("role_id", sa.Integer(), True, None), ("rights", Json, False, "[]"), ("sees", sa.String(8), False, "all"),
         ("languages", Json, False, "[]"), ("two_step", sa.String(4), False, ""),
         ("two_step_secret", sa.String(200), False, ""), ("two_step_last", sa.Integer(), False, "0"),
         ("recovery_codes", Json, False, "[]"))
KINDS = {"AgentSignedIn": "sign-in", "SettingsChanged": "settings"}


def upgrade() -> None:
    op.create_table("role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("about", sa.String(length=300), nullable=False),
        sa.Column("rights", Json, nullable=False),
        sa.Column("sees", sa.String(length=8), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("name", name=op.f("uq_role_name"))
    )
    op.create_table("audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry"))
    )
    for columns in (["created_at"], ["kind", "id"], ["actor", "id"]):
        op.create_index(op.f("ix_audit_entry_" + "_".join(columns)), "audit_entry", columns, unique=False)
    with op.batch_alter_table("agent") as table:
        for name, kind, nullable, default in AGENT:
            table.add_column(sa.Column(name, kind, nullable=nullable, server_default=default))
        table.create_foreign_key(op.f("fk_agent_role_id"), "role", ["role_id"], ["id"])
    with op.batch_alter_table("team") as table:
        table.add_column(sa.Column("lead_id", sa.Integer(), nullable=True))
        table.create_foreign_key("fk_team_lead_id", "agent", ["lead_id"], ["id"])
    _copy_what_was_noted()
    _forbid_changes()


def downgrade() -> None:
    bind = op.get_bind()
    # The older version knows no such roles; nobody gets more rights by going back.
    bind.execute(sa.text("UPDATE agent SET role = 'agent', disabled_at = created_at WHERE role IN ('light', 'custom')"))
    if bind.dialect.name == "sqlite":
        op.execute("DROP TRIGGER IF EXISTS audit_entry_stays")
    op.drop_table("audit_entry")
    if bind.dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS audit_entry_stays()")
    with op.batch_alter_table("team") as table:
        table.drop_constraint("fk_team_lead_id", type_="foreignkey")
        table.drop_column("lead_id")
    with op.batch_alter_table("agent") as table:
        table.drop_constraint(op.f("fk_agent_role_id"), type_="foreignkey")
        for name, *_ in reversed(AGENT):
            table.drop_column(name)
    op.drop_table("role")


def _copy_what_was_noted() -> None:
    """What stood among the events of the house until now."""
    bind, entry = op.get_bind(), sa.table("audit_entry", *(sa.column(name) for name in (
        "actor", "actor_name", "kind", "subject", "detail", "address", "browser")), sa.column("created_at", UTCDateTime()))
    names = {f"agent:{number}": name for number, name in bind.execute(sa.text("SELECT id, name FROM agent"))}
    events = sa.table("event", *(sa.column(name) for name in ("id", "name", "actor", "contact_id", "ticket_id")),
                      sa.column("data", Json), sa.column("created_at", UTCDateTime()))
    for row in bind.execute(sa.select(events).where(events.c.name.in_(KINDS), events.c.contact_id.is_(None))
                            .order_by(events.c.id)).all():
        data = json.loads(row.data) if isinstance(row.data, str) else row.data
        bind.execute(entry.insert().values(
            created_at=row.created_at, actor=row.actor, actor_name=names.get(row.actor, ""), kind=KINDS[row.name],
            subject=str(data.get("what", ""))[:200], detail=str(data.get("detail", "")),
            address=str(data.get("address", ""))[:64], browser=""))


def _forbid_changes() -> None:
    """A line that was written stays as it is. Old ones may go as a whole, when their time is over."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE TRIGGER audit_entry_stays BEFORE UPDATE ON audit_entry "
                   "BEGIN SELECT RAISE(ABORT, 'the audit log is not changed'); END")
        return
    op.execute("CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$ "
               "BEGIN RAISE EXCEPTION 'the audit log is not changed'; END $$")
    op.execute("CREATE TRIGGER audit_entry_stays BEFORE UPDATE ON audit_entry "
               "FOR EACH ROW EXECUTE FUNCTION audit_entry_stays()")
