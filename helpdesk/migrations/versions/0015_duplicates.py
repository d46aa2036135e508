"""Finding contacts that may be one person: keys to find them by, the pairs found, and what agents said to it.

Triggers note each contact whose name, addresses or claims changed, so that no code that writes contacts has to think of
it; the worker then writes the contact's keys. A new contact is noted by its first address. All contacts that are there
already are noted here, in one statement, and worked off in batches by the worker. A later step that rebuilds `contact` or `identity` on SQLite (batch_alter_table)
takes their triggers with it and has to make them again: tests/services/test_duplicates.py sees when it did not.

Revision: 0015, after 0014
"""
import sqlalchemy as sa
from alembic import op

from helpdesk.db import UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = depends_on = None

NOTE = "INSERT INTO contact_change (contact_id) VALUES"
COLUMNS = {"contact": ("name", "company", "external_id", "claims", "merged_into_id"),
           "identity": ("contact_id", "kind", "value", "source")}
SQLITE = (
    f"CREATE TRIGGER contact_change_update AFTER UPDATE OF {', '.join(COLUMNS['contact'])} ON contact "
    f"BEGIN {NOTE} (new.id); END",
    f"CREATE TRIGGER identity_change_insert AFTER INSERT ON identity BEGIN {NOTE} (new.contact_id); END",
    f"CREATE TRIGGER identity_change_update AFTER UPDATE OF {', '.join(COLUMNS['identity'])} ON identity "
    f"BEGIN {NOTE} (old.contact_id), (new.contact_id); END",
    f"CREATE TRIGGER identity_change_delete AFTER DELETE ON identity BEGIN {NOTE} (old.contact_id); END",
)
POSTGRESQL = (
    f"CREATE OR REPLACE FUNCTION note_contact() RETURNS trigger LANGUAGE plpgsql AS $$ "
    f"BEGIN {NOTE} (NEW.id); RETURN NULL; END $$",
    f"CREATE OR REPLACE FUNCTION note_identity() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF TG_OP <> 'DELETE' THEN {NOTE} (NEW.contact_id); END IF; "
    f"IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND NEW.contact_id <> OLD.contact_id THEN {NOTE} (OLD.contact_id); "
    f"END IF; RETURN NULL; END $$",
    f"CREATE TRIGGER contact_change AFTER UPDATE OF {', '.join(COLUMNS['contact'])} ON contact "
    f"FOR EACH ROW EXECUTE FUNCTION note_contact()",
    f"CREATE TRIGGER identity_change AFTER INSERT OR DELETE OR UPDATE OF {', '.join(COLUMNS['identity'])} ON identity "
    f"FOR EACH ROW EXECUTE FUNCTION note_identity()",
)


def upgrade() -> None:
    op.create_table(
        "contact_change",
        sa.Column("id", sa.Integer(), nullable=False), sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contact_change"))
    op.create_table(
        "contact_key",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False), _contact("contact_key", "contact_id"),
        sa.PrimaryKeyConstraint("key", "contact_id", name="pk_contact_key"), sqlite_with_rowid=False)
    op.create_index("ix_contact_key_contact_id", "contact_key", ["contact_id"])
    op.create_table(
        "duplicate_pair", _contact("duplicate_pair", "first_id"), _contact("duplicate_pair", "second_id"),
        sa.Column("score", sa.Integer(), nullable=False), sa.Column("alike", sa.Integer(), nullable=False),
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("first_id", "second_id", name="pk_duplicate_pair"))
    op.create_index("ix_duplicate_pair_second_id", "duplicate_pair", ["second_id"])
    op.create_index("ix_duplicate_pair_score_first_id_second_id", "duplicate_pair", ["score", "first_id", "second_id"])
    op.create_table(
        "told_apart", _contact("told_apart", "first_id"), _contact("told_apart", "second_id"),
        sa.Column("actor", sa.String(32), nullable=False), sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("first_id", "second_id", name="pk_told_apart"))
    op.create_index("ix_told_apart_second_id", "told_apart", ["second_id"])
    op.execute("INSERT INTO contact_change (contact_id) SELECT id FROM contact ORDER BY id")
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("contact_change_update", "identity_change_insert", "identity_change_update",
                        "identity_change_delete"):
            op.execute(f"DROP TRIGGER {trigger}")
    else:
        for table, function in (("contact", "note_contact"), ("identity", "note_identity")):
            op.execute(f"DROP TRIGGER {table}_change ON {table}")
            op.execute(f"DROP FUNCTION {function}")
    for table in ("told_apart", "duplicate_pair", "contact_key", "contact_change"):
        op.drop_table(table)


def _contact(table: str, column: str) -> sa.Column:
    return sa.Column(column, sa.Integer(), sa.ForeignKey("contact.id", ondelete="CASCADE",
                                                         name=f"fk_{table}_{column}"), autoincrement=False, nullable=False)
