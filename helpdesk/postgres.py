"""What PostgreSQL is asked for, with as few round trips as it takes. Used by helpdesk.db alone; psycopg is optional."""
from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from select import POLLIN, POLLOUT

import psycopg
from gevent.monkey import get_original
from psycopg import waiting
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

LAZILY = "SET LOCAL synchronous_commit TO OFF"
RESTED = 1      # seconds after which a connection is asked whether it still is one
ASKED = {waiting.WAIT_R: POLLIN, waiting.WAIT_W: POLLOUT, waiting.WAIT_RW: POLLIN | POLLOUT}

_poll = get_original("select", "poll")


class Line(psycopg.Connection):
    """A connection that yields to other greenlets only where it would have to wait: psycopg under gevent goes once
    around the whole loop for each thing that it sends, ready or not."""

    def wait(self, gen, interval=0.1, timeout=None):
        """As psycopg's own, which takes over where the kernel is not ready at once."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            state = next(gen)
            while ready := _ready(self.pgconn.socket, state):
                state = gen.send(ready)
        except StopIteration as end:
            return end.value
        return super().wait(_going_on(gen, state), interval)


def connect(url: str, pool_size: int) -> Engine:
    """An engine whose transactions begin as ours do."""
    engine = create_engine(url, pool_size=pool_size, max_overflow=10, connect_args={
        "options": "-c idle_in_transaction_session_timeout=60000", "autocommit": True})     # see _begin
    event.listen(engine, "do_connect", lambda dialect, record, given, named: Line.connect(*given, **named))
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkin", _rest)
    event.listen(engine, "checkout", _wake)
    return engine


@contextmanager
def at_once(connection: Connection) -> Iterator[None]:
    """Statements are sent without waiting for each one's answer (PostgreSQL manual, 34.5). None may return rows."""
    try:
        with connection.connection.dbapi_connection.pipeline():
            yield
    except psycopg.Error as error:
        gone = connection.dialect.is_disconnect(error, connection.connection, None)
        raise DBAPIError.instance(None, None, error, psycopg.Error, connection_invalidated=gone,
                                  dialect=connection.dialect) from error


def _begin(connection: Connection) -> None:
    """In one round trip; psycopg's own BEGIN would be another one, and so it is switched off."""
    lazy = connection.get_execution_options().get("lazy")
    connection.connection.dbapi_connection.execute(f"BEGIN; {LAZILY}" if lazy else "BEGIN")


def _rest(_connection: Line, record) -> None:
    record.info["rested_at"] = time.monotonic()


def _wake(connection: Line, record, _proxy) -> None:
    """The server may have gone while the connection lay idle. To ask each time would be one more round trip for each
    transaction."""
    if time.monotonic() - record.info.get("rested_at", math.inf) > RESTED:
        try:
            connection.execute("SELECT")
        except psycopg.Error as error:
            raise DisconnectionError("the connection was lost while nobody used it") from error


def _ready(fileno: int, state: waiting.Wait) -> int:
    poll = _poll()
    poll.register(fileno, ASKED[state])
    found = sum(happened for _, happened in poll.poll(0))
    return waiting.READY_R * bool(found & POLLIN) | waiting.READY_W * bool(found & POLLOUT)


def _going_on(gen: Generator, state: waiting.Wait) -> Generator:
    """The rest of a generator that has been asked for `state` already."""
    try:
        while True:
            state = gen.send((yield state))
    except StopIteration as end:
        return end.value
