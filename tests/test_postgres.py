"""PostgreSQL alone: lines that let others run, that are looked at after a rest, and on which much is said at once."""
import threading
import time

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from helpdesk import db, postgres
from helpdesk.models import Tag


@pytest.fixture
def on_postgres(postgres_url, config):
    engine = db.connect(postgres_url)
    yield engine
    engine.dispose()


def say(statement: str):
    with db.reading() as session:
        return session.scalar(text(statement))


def test_while_the_server_works_this_process_does_other_things(on_postgres):
    order = []

    def ask():
        say("SELECT pg_sleep(0.5)")
        order.append("answered")
    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.1)
    order.append("something else")
    thread.join(10)
    assert order == ["something else", "answered"]


def test_a_large_answer_comes_whole(on_postgres):
    assert len(say("SELECT repeat('x', 5000000)")) == 5_000_000
    assert len(say(f"SELECT '{'x' * 3_000_000}'")) == 3_000_000


def test_a_connection_that_died_at_rest_is_replaced_before_anybody_notices(on_postgres, monkeypatch):
    monkeypatch.setattr(postgres, "RESTED", -1)
    first = say("SELECT pg_backend_pid()")
    other = db.engine().pool.recreate().connect()
    other.dbapi_connection.execute(f"SELECT pg_terminate_backend({first})")
    other.close()
    time.sleep(0.2)
    assert say("SELECT pg_backend_pid()") != first


def test_one_that_dies_at_work_is_told_as_such_and_the_next_is_a_new_one(on_postgres):
    def lose(session):
        db.insert_later(session, Tag, name="lost")
        pid = session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar()
        other = db.engine().pool.recreate().connect()
        other.dbapi_connection.execute(f"SELECT pg_terminate_backend({pid})")
        other.close()
        time.sleep(0.2)
    with pytest.raises(DBAPIError) as lost:
        db.run(lose)
    assert db.away(lost.value)
    assert say("SELECT count(*) FROM tag") == 0


def test_what_is_said_at_once_is_refused_in_the_words_of_a_single_statement(on_postgres):
    with pytest.raises(IntegrityError) as refused, db.transaction() as session:
        for number in (1, 2):
            db.insert_later(session, Tag, id=number, name="same")
    assert refused.value.orig.sqlstate == "23505"
    with db.transaction() as session:
        db.insert_later(session, Tag, id=3, name="other")
    with db.reading() as session:
        assert session.scalars(select(Tag.name)).all() == ["other"]


@pytest.mark.parametrize("run, expected", [(db.run, "on"), (db.run_again, "off")])
def test_only_work_that_can_be_done_again_does_not_wait_for_the_disk(on_postgres, run, expected):
    for _ in range(2):      # of one connection
        assert run(lambda session: session.scalar(text("SHOW synchronous_commit"))) == expected
    assert say("SHOW synchronous_commit") == "on"
