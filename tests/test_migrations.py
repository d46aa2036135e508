"""Every step of the schema, up and down, with data in every table: nothing may be lost on the way."""
import uuid
from datetime import UTC, datetime

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, inspect, select, text

from helpdesk import db, schema
from helpdesk.jobs import duplicates
from helpdesk.models import Base, Contact, ContactChange, Identity
from helpdesk.services import duplicate_pairs
from tests.conftest import POSTGRES, run_sql

OWN_TABLES = set(Base.metadata.tables)
RETIRED = {("identity", "unsubscribed_at")}       # columns that a later step took away, with their contents elsewhere


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """An empty database, connected."""
    if request.param == "sqlite":
        engine = db.connect(f"sqlite:///{tmp_path / 'helpdesk.db'}")
        yield engine
        engine.dispose()
        return
    request.getfixturevalue("postgres_template")        # skips where there is none
    name = f"helpdesk_test_{uuid.uuid4().hex[:10]}"
    run_sql(f"CREATE DATABASE {name}")
    engine = db.connect(POSTGRES.rpartition("/")[0] + "/" + name)
    yield engine
    engine.dispose()
    run_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def value_for(column):
    """Something that fits a column and is not its default."""
    kind = getattr(column.type, "impl", column.type).python_type
    if kind is str:
        return f"«{column.name}»"[:getattr(column.type, "length", None)]
    return {int: 1, bool: True, float: 0.5, object: {"clé": ["ü", 1]}, bytes: b"\0\xff raw",
            datetime: datetime(2024, 2, 29, 23, 59, 58, 123456, tzinfo=UTC)}[kind]


def filled_with_a_row_per_table() -> None:
    """One row in every table, each foreign key pointing to row 1."""
    with db.transaction() as session:
        noted = Base.metadata.tables["contact_change"]      # last: triggers write rows of their own to it
        for table in (*(table for table in Base.metadata.sorted_tables if table is not noted), noted):
            session.execute(table.delete())
            session.execute(table.insert().values({column.name: value_for(column) for column in table.columns}))


def contents(engine) -> dict[tuple[str, str], list]:
    """Every value, by table and column, as the database has them now."""
    there = MetaData()
    there.reflect(engine)
    with engine.connect() as connection:
        return {(name, column.name): sorted(map(repr, connection.scalars(select(column))))
                for name, table in there.tables.items() if name in OWN_TABLES for column in table.columns}


def tables(engine) -> set[str]:
    return {name for name in inspect(engine).get_table_names() if not name.startswith("message_fts")}


def found_by_search(engine, word: str) -> int:
    query = ("SELECT count(*) FROM message_fts WHERE message_fts MATCH :word" if engine.dialect.name == "sqlite"
             else "SELECT count(*) FROM message WHERE search @@ plainto_tsquery('simple', :word)")
    with engine.connect() as connection:
        return connection.scalar(text(query), {"word": word})


def test_all_steps_from_nothing_give_exactly_what_the_models_say(empty):
    assert schema.present() is None
    with pytest.raises(schema.SchemaError, match="db upgrade"):
        schema.require()
    assert schema.upgrade() is True and schema.upgrade() is False
    assert schema.present() == schema.newest()
    assert schema.differences() == []
    assert tables(empty) == OWN_TABLES | {"alembic_version"}
    schema.require()


def test_a_step_is_named_by_its_file():
    steps = list(ScriptDirectory.from_config(schema._config()).walk_revisions())
    assert {step.revision for step in steps} == schema._known() and steps[0].revision == schema.newest()


def test_a_difference_is_seen(empty):
    schema.upgrade()
    with db.transaction() as session:
        session.execute(text("ALTER TABLE tag ADD COLUMN of_mine INTEGER"))
        session.execute(text("DROP INDEX ix_delivery_status_next_try_at"))
    assert len(schema.differences()) == 2


def test_every_step_down_and_up_again_keeps_every_row(empty):
    schema.upgrade()
    filled_with_a_row_per_table()
    before = contents(empty)
    assert all(before.values()) and {table for table, _ in before} == OWN_TABLES
    assert found_by_search(empty, "text") == 1
    steps = [step.revision for step in ScriptDirectory.from_config(schema._config()).walk_revisions()]
    for at, older in zip(steps, steps[1:], strict=False):
        assert schema.present() == at
        schema.downgrade()
        assert schema.present() == older
        left = contents(empty)
        assert left.keys() <= before.keys() | RETIRED
        assert {place: left[place] for place in left if place in before} == {
            place: values for place, values in before.items() if place in left}
    oldest = left
    assert schema.upgrade() is True
    assert schema.differences() == []
    after = contents(empty)
    assert after.keys() == before.keys() and {place: after[place] for place in oldest} == oldest
    assert found_by_search(empty, "text") == 1, "what was written before the step can be found after it"


def test_who_had_ended_surveys_has_ended_them_after_the_step_and_back(empty):
    schema.upgrade("0011")
    with db.transaction() as session:
        session.execute(text("INSERT INTO contact (id, name, company, locale, time_zone, claims, created_at, seen_at) "
                             "VALUES (1, 'Ann', '', '', '', '{}', '2024-01-01', '2024-01-01')"))
        for number, ended in ((1, "'2024-02-29 12:00:00'"), (2, "NULL")):
            session.execute(text(
                "INSERT INTO identity (id, contact_id, kind, scope, value, trust, source, unwanted, pictures_wanted, "
                f"created_at, unsubscribed_at) VALUES ({number}, 1, 'email', '', 'a{number}@example.com', 'claimed', "
                f"'wrote', '', FALSE, '2024-01-01', {ended})"))
    schema.upgrade("0012")
    with db.transaction() as session:
        rows = session.execute(text("SELECT contact_id, identity_id, purpose, channel, given, source FROM consent"))
        assert [tuple(row) for row in rows] == [(1, 1, "surveys", "email", False, "mail")]
    schema.downgrade()
    with db.transaction() as session:
        kept = session.execute(text("SELECT id, unsubscribed_at FROM identity ORDER BY id")).all()
        assert str(kept[0][1]).startswith("2024-02-29 12:00:00") and kept[1][1] is None


def test_the_first_step_goes_back_to_nothing(empty):
    schema.upgrade()
    schema.downgrade("base")
    assert tables(empty) == {"alembic_version"} and schema.present() is None
    assert schema.upgrade() is True and schema.differences() == []


def test_a_newer_database_is_refused_and_left_as_it_is(empty):
    schema.upgrade()
    with db.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (schema.require, schema.upgrade):
        with pytest.raises(schema.SchemaError, match="newer"):
            attempt()
    assert schema.present() == "9999" and tables(empty) >= OWN_TABLES


def test_foreign_keys_are_checked_again_after_a_step_on_sqlite(tmp_path):
    engine = db.connect(f"sqlite:///{tmp_path / 'helpdesk.db'}")
    schema.upgrade()
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    engine.dispose()
    plain = create_engine(f"sqlite:///{tmp_path / 'helpdesk.db'}")
    with plain.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    plain.dispose()


def test_contacts_from_before_the_search_for_doubles_are_found_by_it(empty):
    """The step only notes them, the worker writes their keys; going back and forth loses none."""
    script = ScriptDirectory.from_config(schema._config())
    step = next(one for one in script.walk_revisions() if one.path.endswith("_duplicates.py"))
    schema.upgrade()
    with db.transaction() as session:
        for number in ("+5511987654321", "+551187654321"):
            session.add(Identity(kind="phone", value=number, contact=Contact(name="Ana Souza")))
    schema.downgrade(step.down_revision)
    schema.upgrade()
    with db.reading() as session:
        assert sorted(session.scalars(select(ContactChange.contact_id))) == [1, 2]
    assert duplicates.refresh_due() == 2
    with db.reading() as session:
        assert [(pair.first.id, pair.second.id) for pair in duplicate_pairs.pairs(session).rows] == [(1, 2)]
        assert session.scalars(select(ContactChange)).all() == []
