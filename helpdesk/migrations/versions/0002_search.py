"""Full-text search over messages: FTS5 on SQLite, a generated tsvector on PostgreSQL; both ignore case and accents.

Revision: 0002, after 0001
"""
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = depends_on = None

# A tsvector holds at most 1 MB (PostgreSQL manual, 12.11); a longer text must not make the insert fail.
TSVECTOR = "to_tsvector('simple', translate(lower(left(text, 100000)), 'áàâãäåéèêëíìîïóòôõöúùûüçñ', " \
           "'aaaaaaeeeeiiiiooooouuuucn'))"
SQLITE = (
    "CREATE VIRTUAL TABLE message_fts USING fts5(text, content='message', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER message_fts_insert AFTER INSERT ON message BEGIN "
    "INSERT INTO message_fts(rowid, text) VALUES (new.id, new.text); END",
    "CREATE TRIGGER message_fts_delete AFTER DELETE ON message BEGIN "
    "INSERT INTO message_fts(message_fts, rowid, text) VALUES ('delete', old.id, old.text); END",
    "CREATE TRIGGER message_fts_update AFTER UPDATE OF text ON message BEGIN "
    "INSERT INTO message_fts(message_fts, rowid, text) VALUES ('delete', old.id, old.text); "
    "INSERT INTO message_fts(rowid, text) VALUES (new.id, new.text); END",
    "INSERT INTO message_fts(message_fts) VALUES ('rebuild')",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
    else:
        op.execute(f"ALTER TABLE message ADD COLUMN search tsvector GENERATED ALWAYS AS ({TSVECTOR}) STORED")
        op.execute("CREATE INDEX ix_message_search ON message USING gin (search)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER message_fts_{trigger}")
        op.execute("DROP TABLE message_fts")
    else:
        op.execute("DROP INDEX ix_message_search")
        op.execute("ALTER TABLE message DROP COLUMN search")
