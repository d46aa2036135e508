"""The help centre, the questions left open, and what the assistant remembers.

Every article gets an address of its own, made from its title as helpdesk.services.slugs does.

Revision: 0018, after 0017
"""
import re

import sqlalchemy as sa
from alembic import op
from anyascii import anyascii

from helpdesk.db import Json, UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = depends_on = None

WAITING = sa.text("publish_at IS NOT NULL AND published_at IS NULL")
EMPTY_LIST = sa.text("'[]'")


def created(name: str = "created_at") -> sa.Column:
    return sa.Column(name, UTCDateTime(), nullable=False)


def points(table: str, column: str, to: str, nullable: bool = True, ondelete: str | None = None) -> list:
    return [sa.Column(column, sa.Integer(), nullable=nullable),
            sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}", ondelete=ondelete)]


def make(table: str, *parts) -> None:
    """A table with an id."""
    flat = [one for part in parts for one in (part if isinstance(part, list) else [part])]
    op.create_table(table, sa.Column("id", sa.Integer(), nullable=False), *flat,
                    sa.PrimaryKeyConstraint("id", name=f"pk_{table}"))


def index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    make("category",
         sa.Column("key", sa.String(80), nullable=False), sa.Column("icon", sa.String(40), nullable=False),
         sa.Column("position", sa.Integer(), nullable=False), sa.UniqueConstraint("key", name="uq_category_key"))
    make("category_name", points("category_name", "category_id", "category", False, "CASCADE"),
         sa.Column("locale", sa.String(16), nullable=False), sa.Column("name", sa.String(120), nullable=False),
         sa.Column("slug", sa.String(120), nullable=False), sa.Column("description", sa.String(300), nullable=False),
         sa.UniqueConstraint("category_id", "locale", name="uq_category_name_category_id_locale"),
         sa.UniqueConstraint("locale", "slug", name="uq_category_name_locale_slug"))
    _upgrade_articles()
    op.add_column("question", sa.Column("source", sa.String(8), nullable=False, server_default="written"))
    _dated("question")
    make("article_version", points("article_version", "article_id", "article", False, "CASCADE"),
         sa.Column("number", sa.Integer(), nullable=False), sa.Column("title", sa.String(200), nullable=False),
         sa.Column("summary", sa.String(300), nullable=False), sa.Column("body", sa.Text(), nullable=False),
         points("article_version", "author_id", "agent"), created(),
         sa.Column("publish_at", UTCDateTime(), nullable=True), sa.Column("published_at", UTCDateTime(), nullable=True),
         sa.UniqueConstraint("article_id", "number", name="uq_article_version_article_id_number"))
    op.create_index("ix_article_version_due", "article_version", ["publish_at"], sqlite_where=WAITING,
                    postgresql_where=WAITING)
    op.execute("INSERT INTO article_version (article_id, number, title, summary, body, created_at, published_at) "
               "SELECT id, 1, title, '', body, updated_at, CASE WHEN published THEN updated_at END FROM article")
    make("article_picture", points("article_picture", "article_id", "article", False, "CASCADE"),
         sa.Column("token", sa.String(40), nullable=False), sa.Column("name", sa.String(255), nullable=False),
         sa.Column("content_type", sa.String(60), nullable=False), sa.Column("sha256", sa.String(64), nullable=False),
         sa.Column("size", sa.Integer(), nullable=False), sa.Column("width", sa.Integer(), nullable=True),
         sa.Column("height", sa.Integer(), nullable=True), sa.UniqueConstraint("token", name="uq_article_picture_token"))
    index("article_picture", "article_id")
    index("article_picture", "sha256")
    op.create_table("article_redirect", sa.Column("path", sa.String(300), nullable=False),
                    *points("article_redirect", "article_id", "article", False, "CASCADE"), created(),
                    sa.PrimaryKeyConstraint("path", name="pk_article_redirect"))
    index("article_redirect", "article_id")
    _upgrade_readers()
    _upgrade_assistant()


def _upgrade_articles() -> None:
    with op.batch_alter_table("article") as table:
        for column in (sa.Column("summary", sa.String(300), nullable=False, server_default=""),
                       sa.Column("slug", sa.String(120), nullable=True),
                       sa.Column("category_id", sa.Integer(), nullable=True),
                       sa.Column("original_id", sa.Integer(), nullable=True),
                       sa.Column("position", sa.Integer(), nullable=False, server_default="0"),
                       sa.Column("audience", sa.String(8), nullable=False, server_default="public"),
                       sa.Column("published_at", UTCDateTime(), nullable=True),
                       sa.Column("for_assistant", sa.Boolean(), nullable=False, server_default=sa.true()),
                       sa.Column("about_account", sa.Boolean(), nullable=False, server_default=sa.false()),
                       sa.Column("needs", Json, nullable=False, server_default=EMPTY_LIST),
                       sa.Column("views", sa.Integer(), nullable=False, server_default="0"),
                       sa.Column("reviewed_at", UTCDateTime(), nullable=True),
                       sa.Column("created_at", UTCDateTime(), nullable=True)):
            table.add_column(column)
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE article SET created_at = updated_at, "
                               "published_at = CASE WHEN published THEN updated_at END"))
    taken = set()
    for number, title, locale in connection.execute(sa.text("SELECT id, title, locale FROM article ORDER BY id")).all():
        slug = re.sub(r"[^a-z0-9]+", "-", anyascii(title).lower()).strip("-")[:80].strip("-") or "article"
        while (locale, slug) in taken:
            slug = f"{slug}-{number}"
        taken.add((locale, slug))
        connection.execute(sa.text("UPDATE article SET slug = :slug WHERE id = :id"), {"slug": slug, "id": number})
    with op.batch_alter_table("article") as table:
        table.alter_column("slug", existing_type=sa.String(120), nullable=False)
        table.alter_column("created_at", existing_type=UTCDateTime(), nullable=False)
        table.create_foreign_key("fk_article_category_id", "category", ["category_id"], ["id"], ondelete="SET NULL")
        table.create_foreign_key("fk_article_original_id", "article", ["original_id"], ["id"])
        table.create_unique_constraint("uq_article_locale_slug", ["locale", "slug"])
    index("article", "category_id")
    index("article", "original_id")


def _dated(table: str) -> None:
    """When a row was made: unknown so far, so now."""
    op.add_column(table, sa.Column("created_at", UTCDateTime(), nullable=True))
    op.execute(f"UPDATE {table} SET created_at = CURRENT_TIMESTAMP")
    with op.batch_alter_table(table) as batch:
        batch.alter_column("created_at", existing_type=UTCDateTime(), nullable=False)


def _upgrade_readers() -> None:
    make("article_view", points("article_view", "article_id", "article", False, "CASCADE"),
         sa.Column("place", sa.String(8), nullable=False),
         points("article_view", "visitor_id", "visitor", ondelete="SET NULL"), created())
    make("article_feedback", points("article_feedback", "article_id", "article", False, "CASCADE"),
         sa.Column("helped", sa.Boolean(), nullable=False), sa.Column("comment", sa.Text(), nullable=False),
         sa.Column("place", sa.String(8), nullable=False),
         points("article_feedback", "visitor_id", "visitor", ondelete="SET NULL"), created())
    make("help_search",
         sa.Column("text", sa.String(200), nullable=False), sa.Column("folded", sa.String(200), nullable=False),
         sa.Column("locale", sa.String(16), nullable=False), sa.Column("place", sa.String(8), nullable=False),
         sa.Column("found", sa.Integer(), nullable=False),
         points("help_search", "opened_id", "article", ondelete="SET NULL"), created())
    index("article_view", "created_at")
    index("article_view", "visitor_id")
    index("article_view", "article_id", "created_at")
    index("article_feedback", "visitor_id")
    index("article_feedback", "article_id", "created_at")
    index("help_search", "created_at")
    index("help_search", "opened_id")
    index("help_search", "folded", "created_at")


def _upgrade_assistant() -> None:
    for column in (sa.Column("understood", Json, nullable=False, server_default=EMPTY_LIST),
                   sa.Column("also", Json, nullable=False, server_default=EMPTY_LIST),
                   sa.Column("asks", Json, nullable=True),
                   sa.Column("locale", sa.String(16), nullable=False, server_default=""),
                   sa.Column("mood", sa.Double(), nullable=True)):
        op.add_column("assistant_turn", column)
    index("assistant_turn", "article_id", "created_at")
    make("sensitive_topic", sa.Column("name", sa.String(100), nullable=False),
         sa.Column("words", sa.Text(), nullable=False),
         points("sensitive_topic", "team_id", "team", ondelete="SET NULL"),
         sa.Column("active", sa.Boolean(), nullable=False))
    op.create_table("phrasing_vector", sa.Column("encoder", sa.String(80), nullable=False),
                    sa.Column("text_hash", sa.String(32), nullable=False),
                    sa.Column("vector", sa.LargeBinary(), nullable=False),
                    sa.PrimaryKeyConstraint("encoder", "text_hash", name="pk_phrasing_vector"))
    op.create_table("matcher_state", sa.Column("key", sa.String(64), nullable=False),
                    sa.Column("state", sa.LargeBinary(), nullable=False), created(),
                    sa.PrimaryKeyConstraint("key", name="pk_matcher_state"))
    make("assistant_evaluation", sa.Column("state", sa.String(8), nullable=False),
         sa.Column("figures", Json, nullable=False), sa.Column("error", sa.Text(), nullable=False),
         sa.Column("actor", sa.String(40), nullable=False), created(),
         sa.Column("finished_at", UTCDateTime(), nullable=True))
    make("confidence_fit", sa.Column("coefficients", Json, nullable=False), sa.Column("figures", Json, nullable=False),
         sa.Column("active", sa.Boolean(), nullable=False), sa.Column("actor", sa.String(40), nullable=False), created())
    make("question_group", sa.Column("title", sa.String(500), nullable=False),
         sa.Column("locale", sa.String(16), nullable=False), sa.Column("size", sa.Integer(), nullable=False),
         created("newest_at"))
    index("question_group", "newest_at")
    make("open_question", sa.Column("text", sa.String(500), nullable=False),
         sa.Column("locale", sa.String(16), nullable=False), sa.Column("source", sa.String(10), nullable=False),
         points("open_question", "ticket_id", "ticket"), points("open_question", "message_id", "message"),
         points("open_question", "group_id", "question_group", ondelete="SET NULL"),
         sa.Column("state", sa.String(8), nullable=False),
         points("open_question", "article_id", "article", ondelete="SET NULL"),
         sa.Column("decided_by", sa.String(40), nullable=False), sa.Column("decided_at", UTCDateTime(), nullable=True),
         created(), sa.UniqueConstraint("message_id", name="uq_open_question_message_id"))
    for column in ("ticket_id", "group_id", "article_id"):
        index("open_question", column)
    index("open_question", "state", "created_at")


def downgrade() -> None:
    for table in ("open_question", "question_group", "confidence_fit", "assistant_evaluation", "matcher_state",
                  "phrasing_vector", "sensitive_topic", "help_search", "article_feedback", "article_view",
                  "article_redirect", "article_picture", "article_version"):
        op.drop_table(table)
    op.drop_index("ix_assistant_turn_article_id_created_at", "assistant_turn")
    for column in ("understood", "also", "asks", "locale", "mood"):
        op.drop_column("assistant_turn", column)
    for column in ("source", "created_at"):
        op.drop_column("question", column)
    op.drop_index("ix_article_original_id", "article")
    op.drop_index("ix_article_category_id", "article")
    with op.batch_alter_table("article") as table:
        table.drop_constraint("uq_article_locale_slug", type_="unique")
        table.drop_constraint("fk_article_original_id", type_="foreignkey")
        table.drop_constraint("fk_article_category_id", type_="foreignkey")
        for column in ("summary", "slug", "category_id", "original_id", "position", "audience", "published_at",
                       "for_assistant", "about_account", "needs", "views", "reviewed_at", "created_at"):
            table.drop_column(column)
    op.drop_table("category_name")
    op.drop_table("category")
