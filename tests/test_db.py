"""The only place that commits: one unit of work at a time, told to others when it is done."""
import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError

from helpdesk import db
from helpdesk.models import Contact, Event, Tag
from tests.conftest import POSTGRES, run_sql


def tags() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Tag.name).order_by(Tag.name)))


def test_what_fails_leaves_nothing_behind(any_database):
    with pytest.raises(ZeroDivisionError), db.transaction() as session:
        session.add(Tag(name="lost"))
        session.flush()
        raise ZeroDivisionError
    assert tags() == []
    with db.transaction() as session:
        session.add(Tag(name="kept"))
    assert tags() == ["kept"]


def test_no_second_one_is_opened_inside_and_the_first_goes_on(any_database):
    with db.transaction() as session:
        with pytest.raises(RuntimeError):
            with db.transaction():
                pass
        session.add(Tag(name="kept"))
    assert tags() == ["kept"]


def test_a_lost_race_is_run_once_more_and_sees_what_won(any_database):
    tries = []

    def unit(session):
        tries.append(1)
        if len(tries) == 1:
            session.add_all([Tag(name="a"), Tag(name="a")])
            session.flush()
        session.add(Tag(name="a"))
        return "done"
    assert db.run(unit) == "done" and len(tries) == 2 and tags() == ["a"]


def test_what_loses_twice_is_told_to_the_caller(any_database):
    def unit(session):
        session.add_all([Tag(name="a"), Tag(name="a")])
    with pytest.raises(IntegrityError):
        db.run(unit)
    assert tags() == []


def test_nothing_else_is_run_twice(any_database):
    tries = []

    def unit(session):
        tries.append(1)
        raise ValueError
    with pytest.raises(ValueError):
        db.run(unit)
    assert len(tries) == 1


def test_two_who_wait_for_each_other_both_finish(postgres_url, config):
    """PostgreSQL ends one of the two; it is run again."""
    engine = db.connect(postgres_url)
    try:
        with db.transaction() as session:
            session.add_all([Tag(name="a"), Tag(name="b")])
        meet, tries, done = threading.Barrier(2, timeout=20), [], []

        def rename(first, second, ending):
            def unit(session):
                tries.append(ending)
                for name in (first, second):
                    row = session.scalar(select(Tag).where(Tag.name.startswith(name)).with_for_update())
                    row.name += ending
                    session.flush()
                    if name == first and tries.count(ending) == 1:
                        meet.wait()         # now each holds what the other wants next
            db.run(unit)
            done.append(ending)
        threads = [threading.Thread(target=rename, args=args) for args in (("a", "b", "1"), ("b", "a", "2"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(tries) == 3
        assert sorted(done) == ["1", "2"] and all(len(name) == 3 for name in tags())
    finally:
        engine.dispose()


def test_browsers_are_told_after_the_commit_and_only_of_what_was_committed(any_database):
    heard = []

    def listen(notices):
        heard.append((notices, tags()))
    forget = db.on_commit(listen)
    with pytest.raises(ZeroDivisionError), db.transaction() as session:
        db.tell(session, "agents", "never")
        raise ZeroDivisionError
    with db.transaction() as session:
        session.add(Tag(name="a"))
        db.tell(session, "agents", "ticket", ticket=1)
        assert heard == []
    [(notices, seen)] = heard
    assert (notices[0].room, notices[0].name, notices[0].data, seen) == ("agents", "ticket", {"ticket": 1}, ["a"])
    forget()
    forget()
    with db.transaction() as session:
        db.tell(session, "agents", "more")
    assert len(heard) == 1


def test_a_listener_that_fails_undoes_nothing_and_stops_nobody(any_database):
    heard = []
    db.on_commit(lambda notices: 1 / 0)
    db.on_commit(heard.append)
    with db.transaction() as session:
        session.add(Tag(name="a"))
    assert tags() == ["a"] and len(heard) == 1


def test_reading_sees_one_state_while_others_write(any_database):
    with db.reading() as session:
        session.execute(text("SELECT 1" if db.is_sqlite() else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        before = session.scalar(select(func.count()).select_from(Tag))
        with db.transaction() as writing:
            writing.add(Tag(name="a"))
        assert session.scalar(select(func.count()).select_from(Tag)) == before
    assert tags() == ["a"]


def test_a_time_has_a_zone_and_comes_back_in_utc(any_database):
    at = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=2)))
    with db.transaction() as session:
        session.add(Event(name="X", actor="system", created_at=at))
    with db.reading() as session:
        found = session.scalar(select(Event.created_at))
    assert found == at and found.tzinfo is UTC
    with pytest.raises(Exception, match="without a zone"), db.transaction() as session:
        session.add(Event(name="X", actor="system", created_at=datetime(2026, 1, 1)))


def test_insert_new_leaves_what_is_there(any_database):
    with db.transaction() as session:
        session.add(Tag(id=7, name="a"))
        session.flush()
        assert db.insert_new(session, Tag, id=7, name="b") is None
        assert db.insert_new(session, Tag, id=8, name="c") == 8
    assert tags() == ["a", "c"]


def names(session):
    return session.scalars(select(Event.name).order_by(Event.id)).all()


def test_rows_for_later_are_there_for_the_next_question_and_after_the_commit_in_their_order(any_database):
    with db.transaction() as session:
        for name in ("a", "b"):
            db.insert_later(session, Event, name=name, actor="system")
        assert names(session) == ["a", "b"]
        db.insert_later(session, Event, name="c", actor="system")
        db.write_later(session, update(Event.__table__).where(Event.__table__.c.name == bindparam("old")).values(
            name="d"), old="b")
    with db.reading() as session:
        assert names(session) == ["a", "d", "c"]


def test_rows_for_later_are_gone_with_what_failed(any_database):
    with pytest.raises(ZeroDivisionError), db.transaction() as session:
        db.insert_later(session, Event, name="a", actor="system")
        raise ZeroDivisionError
    with db.transaction() as session:
        db.insert_later(session, Event, name="before", actor="system")
        with pytest.raises(ZeroDivisionError), db.savepoint(session):
            db.insert_later(session, Event, name="inside", actor="system")
            raise ZeroDivisionError
        with db.savepoint(session):
            db.insert_later(session, Event, name="good", actor="system")
        db.insert_later(session, Event, name="after", actor="system")
    with db.reading() as session:
        assert names(session) == ["before", "good", "after"]


def test_a_row_for_later_that_is_refused_is_a_lost_race_like_any_other(any_database):
    tries = []

    def unit(session):
        tries.append(1)
        db.insert_later(session, Tag, id=7, name="a")
        if len(tries) == 1:
            db.insert_later(session, Tag, id=8, name="a")
    db.run(unit)
    assert len(tries) == 2 and tags() == ["a"]
    with db.transaction() as session:
        db.insert_later(session, Tag, unless_there=True, id=7, name="b")
    assert tags() == ["a"]


def test_an_added_object_is_as_one_that_was_read(any_database):
    with db.transaction() as session:
        contact = Contact(name="Ann")
        db.add(session, contact)
        assert contact in session and contact not in session.dirty and session.get(Contact, contact.id) is contact
        seen = {key: getattr(contact, key) for key in Contact.__table__.c.keys()}
        assert contact.identities == []
        contact.company = "Kopi"
    with db.reading() as session:
        read = session.get(Contact, contact.id)
        assert {key: getattr(read, key) for key in seen} == seen | {"company": "Kopi"}
        assert (seen["claims"], seen["merged_into_id"]) == ({}, None)


def test_what_was_added_in_a_part_that_failed_leaves_its_id_to_others(any_database):
    with db.transaction() as session:
        lost, kept = Contact(name="lost"), Contact(name="kept")
        with pytest.raises(ZeroDivisionError), db.savepoint(session):
            db.add(session, lost)
            raise ZeroDivisionError
        assert lost not in session, "what it holds never was"
        db.add(session, kept)
        assert not db.is_sqlite() or kept.id == lost.id
        assert session.scalars(select(Contact.name)).all() == ["kept"]


def test_while_another_process_writes_this_one_does_other_things(database, config):
    """SQLite's own wait would hold every greenlet of the process."""
    other = sqlite3.connect(config.data_dir / "helpdesk.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    order = []

    def write():
        with db.transaction() as session:
            session.add(Tag(name="a"))
        order.append("written")

    def free():
        order.append("something else")
        other.execute("COMMIT")
    threads = [threading.Thread(target=write), threading.Thread(target=free)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    other.close()
    assert order == ["something else", "written"] and tags() == ["a"]


def test_a_database_that_stays_locked_is_away(database, config, monkeypatch):
    monkeypatch.setattr(db, "SQLITE_WAIT", 0)
    other = sqlite3.connect(config.data_dir / "helpdesk.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError) as error, db.transaction() as session:
        session.execute(text("SELECT 1"))
    assert db.away(error.value)
    other.execute("COMMIT")
    other.close()
    with db.transaction() as session:
        session.add(Tag(name="a"))
    assert tags() == ["a"]


def test_what_the_data_is_to_blame_for_is_no_absence(any_database):
    kinds = (IntegrityError, DataError, ProgrammingError, OperationalError)
    for statement in ("INSERT INTO tag (id, name) VALUES (1, NULL)", "SELECT nothing FROM nowhere",
                      f"INSERT INTO tag (name) VALUES ('{'x' * 60}')" if not db.is_sqlite() else "SELECT 1 +"):
        with pytest.raises(kinds) as error, db.transaction() as session:
            session.execute(text(statement))
        assert not db.away(error.value), statement
    assert not db.away(ValueError())


def test_a_server_that_hangs_up_is_away_and_back_at_the_next_try(postgres_url, config):
    engine = db.connect(postgres_url)
    try:
        with pytest.raises(OperationalError) as error, db.transaction() as session:
            pid = session.scalar(text("SELECT pg_backend_pid()"))
            run_sql(f"SELECT pg_terminate_backend({pid})")
            session.execute(text("SELECT 1"))
        assert db.away(error.value)
        with db.transaction() as session:
            session.add(Tag(name="a"))
        assert tags() == ["a"]
    finally:
        engine.dispose()


def test_a_server_that_cannot_be_reached_is_away(config):
    engine = db.connect(POSTGRES.rpartition("@")[0] + "@127.0.0.1:1/none")
    with pytest.raises(OperationalError) as error, db.transaction() as session:
        session.execute(text("SELECT 1"))
    assert db.away(error.value)
    engine.dispose()
