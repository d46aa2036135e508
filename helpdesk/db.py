"""The database: one engine, and the only place that commits.

SQLite opens writes with BEGIN IMMEDIATE, because a deferred transaction that wants to write later fails at once,
whatever the time-out (https://sqlite.org/lang_transaction.html). Writers of this process queue on a lock of ours, and
for another process we ask again and again: SQLite's own wait would hold the whole event loop.
"""
from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    DateTime,
    Engine,
    Executable,
    Insert,
    MetaData,
    Row,
    SelectBase,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import DeclarativeBase, Session, make_transient_to_detached, sessionmaker

log = logging.getLogger(__name__)
T = TypeVar("T")

BUSY_TIMEOUT = "busy_timeout=10000"
DURABLY, LAZILY = "synchronous=FULL", "synchronous=NORMAL"
SQLITE_PRAGMAS = ("journal_mode=WAL", DURABLY, "foreign_keys=ON", BUSY_TIMEOUT,
                  "cache_size=-32768", "temp_store=MEMORY")
SQLITE_WAIT = 10            # seconds for another process that is writing, as busy_timeout
SQLITE_PAUSE = 0.02
DEADLOCK = "40P01"          # https://www.postgresql.org/docs/current/errcodes-appendix.html
AWAY = ("08", "40", "53", "55", "57", "58")     # connection, rollback, resources, locks, shutdown, disk
SQLITE_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY",
               "SQLITE_NOMEM", "SQLITE_PROTOCOL")


class Base(DeclarativeBase):
    """All models. Constraint names are fixed so that migrations can speak of them on every database."""
    metadata = MetaData(naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s"})


class UTCDateTime(TypeDecorator):
    """A point in time; always carries its zone in Python, always UTC in the database."""
    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect):
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(postgresql.JSONB(), "postgresql")


@dataclass(frozen=True)
class Notice:
    """Tells browsers *that* something changed. `room` is who may know; `data` holds ids, never content."""
    room: str
    name: str
    data: dict = field(default_factory=dict)


_engine: Engine | None = None
_sessions: sessionmaker[Session] | None = None
_lazy: sessionmaker[Session] | None = None
_reading: sessionmaker[Session] | None = None
_sqlite_lock = threading.Lock()
_together: Callable[[Any], Any] = nullcontext       # how several statements go to the database
_in_transaction: ContextVar[bool] = ContextVar("in_transaction", default=False)
_listeners: list[Callable[[list[Notice]], None]] = []


def connect(url: str, pool_size: int = 20) -> Engine:
    """Open the database of this process and return its engine. The lock and pool are made after monkey-patching."""
    global _engine, _sessions, _lazy, _reading, _sqlite_lock, _together
    _sqlite_lock = threading.Lock()
    if url.startswith("postgres"):
        from helpdesk import postgres  # its driver is optional
        _engine = postgres.connect("postgresql+psycopg://" + url.split("://", 1)[1], pool_size)
        _together = postgres.at_once
    else:
        _engine = create_engine(url, pool_size=pool_size, max_overflow=30,
                                connect_args={"timeout": 10, "check_same_thread": False})
        event.listen(_engine, "connect", _prepare_sqlite)
        event.listen(_engine, "begin", _begin_sqlite)
        _together = nullcontext
    _insert.cache_clear()
    _sessions = sessionmaker(_engine, expire_on_commit=False)
    _lazy = sessionmaker(_engine.execution_options(lazy=True), expire_on_commit=False)
    for writing in (_sessions, _lazy):
        event.listen(writing, "do_orm_execute", lambda asking: _write_out(asking.session))
    _reading = sessionmaker(_engine.execution_options(reading=True), expire_on_commit=False)
    return _engine


def _prepare_sqlite(connection, _record) -> None:
    connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection) -> None:
    options, raw = connection.get_execution_options(), connection.connection.dbapi_connection
    if options.get("reading"):
        raw.execute("BEGIN")
        return
    end = time.monotonic() + SQLITE_WAIT
    raw.execute("PRAGMA busy_timeout=0")
    raw.execute(f"PRAGMA {LAZILY if options.get('lazy') else DURABLY}")
    try:
        while time.monotonic() < end:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                    break
            time.sleep(SQLITE_PAUSE)        # another process writes; meanwhile this one does something else
        connection.exec_driver_sql("BEGIN IMMEDIATE")       # says why not, in SQLAlchemy's words
    finally:
        raw.execute(f"PRAGMA {BUSY_TIMEOUT}")


def engine() -> Engine:
    """The open database. Raises RuntimeError before connect()."""
    if _engine is None:
        raise RuntimeError("the database is not connected")
    return _engine


def is_sqlite() -> bool:
    """Whether this is the single-file database."""
    return engine().dialect.name == "sqlite"


@contextmanager
def transaction(lazy: bool = False) -> Iterator[Session]:
    """One unit of work: commits when the block ends, rolls back when it raises, then tells the browsers.

    Nothing slow may happen inside, and no second one may be opened inside: both would hold every other writer. A `lazy`
    one does not wait for the disk: see run_again.
    """
    if _in_transaction.get():
        raise RuntimeError("a transaction is already open here")
    token = _in_transaction.set(True)
    lock = _sqlite_lock if is_sqlite() else None
    if lock:
        lock.acquire()
    try:
        with (_lazy if lazy else _sessions).begin() as session:
            yield session
            _write_out(session)
        notices = session.info.pop("notices", [])
    finally:
        if lock:
            lock.release()
        _in_transaction.reset(token)
    for listener in _listeners:
        try:
            listener(notices)
        except Exception:       # the change is committed; a browser that missed the notice will catch up by itself
            log.exception("a commit listener failed")


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """A part of a transaction that may fail without the rest: what it wrote is undone when it raises. Objects of the
    session are then to be read anew."""
    session.flush()
    _write_out(session)
    nested = session.connection().begin_nested()        # the ORM's own one costs a fifth of a chat message
    try:
        yield
        session.flush()
        _write_out(session)
    except BaseException:
        session.info.pop("later", None)
        session.expunge_all()           # what it holds may never have been
        nested.rollback()
        raise
    nested.commit()


@contextmanager
def reading() -> Iterator[Session]:
    """A session that sees one consistent state and never commits. What was read stays readable afterwards."""
    with _reading() as session:
        yield session


def run(unit: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """unit(session, …) in a transaction; repeated once when it lost a race (two webhooks creating one contact)."""
    return _run(False, unit, *args, **kwargs)


def run_again(unit: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """The same for work that a durable row asks for, and that clears the row in its own transaction. Its commit does
    not wait for the disk, because a power cut that takes it leaves the row, and the work is done again. Commits keep
    their order: one by run() takes all before it to the disk (SQLite: PRAGMA synchronous; PostgreSQL manual, 30.4).
    """
    return _run(True, unit, *args, **kwargs)


def _run(lazy: bool, unit: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    for last in (False, True):
        try:
            with transaction(lazy) as session:
                return unit(session, *args, **kwargs)
        except IntegrityError:
            if last:
                raise
        except DBAPIError as error:
            if last or getattr(error.orig, "sqlstate", "") != DEADLOCK:
                raise
    raise AssertionError("unreachable")


def away(error: Exception) -> bool:
    """Whether the database itself is the trouble (gone, locked, full), so that the same work will pass later. False for
    what it refuses because of the data."""
    if isinstance(error, PoolExhausted):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return (getattr(error.orig, "sqlite_errorname", "") or "").startswith(SQLITE_AWAY)
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or (state.startswith(AWAY) if state else isinstance(error, OperationalError))


def rows(session: Session, statement: SelectBase, given: Mapping[str, Any] = {}) -> Sequence[Row]:
    """The rows of a statement that asks for columns, not for objects; without the ORM's part, which would cost as much
    again. What the session has not written yet is written first."""
    session.flush()
    _write_out(session)
    return session.connection().execute(statement, given).all()


def add(session: Session, row: Base) -> None:
    """session.add() and flush() of one new object with an id, in a third of their time. Other objects are not flushed;
    its relations are to be set by columns."""
    known, table = vars(row), row.__table__
    result = session.connection().execute(
        _insert(type(row)), {key: known[key] for key in table.c.keys() if key in known})
    known.update({key: None for key in table.c.keys()} | result.last_inserted_params(), id=result.scalar_one())
    make_transient_to_detached(row)
    session.add(row)


def insert_new(session: Session, model: type[Base], **values: Any) -> int | None:
    """Insert a row that nobody needs as an object and return its id; None if one with its key is there already, whoever
    put it there."""
    return session.connection().execute(_insert(model, unless_there=True), values).scalar()


def insert_later(session: Session, model: type[Base], *, unless_there: bool = False, **values: Any) -> None:
    """Insert a row whose id nobody needs either, before this session is asked anything else or commits. What it refers
    to must be flushed; the rows of one model name the same columns."""
    write_later(session, _insert(model, unless_there, returning=False), **values)


def write_later(session: Session, statement: Executable, **values: Any) -> None:
    """The same with any statement that returns nothing. What has gathered goes to the database together."""
    session.info.setdefault("later", {}).setdefault(statement, []).append(values)


@cache
def _insert(model: type[Base], unless_there: bool = False, returning: bool = True) -> Insert:
    statement = (sqlite if is_sqlite() else postgresql).insert(model.__table__)
    if unless_there:
        statement = statement.on_conflict_do_nothing()
    return statement.returning(model.__table__.c.id) if returning else statement.inline()


def _write_out(session: Session) -> None:
    if later := session.info.pop("later", None):
        connection = session.connection()
        with _together(connection):
            for statement, rows in later.items():
                connection.execute(statement, rows)


def tell(session: Session, room: str, name: str, /, **data: Any) -> None:
    """After this session's commit, send a notice to a room."""
    session.info.setdefault("notices", []).append(Notice(room, name, data))


def on_commit(listener: Callable[[list[Notice]], None]) -> Callable[[], None]:
    """Call listener(notices) after every commit of this process. Returns a function that stops it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener) if listener in _listeners else None
