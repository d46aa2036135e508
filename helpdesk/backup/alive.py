"""A restore under a running helpdesk would be half overwritten at once: it is refused."""
from __future__ import annotations

import socket
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk import db
from helpdesk.checks import database, many
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid
from helpdesk.models import SystemState
from helpdesk.settings import Settings

BEAT = timedelta(seconds=30)
STOP = "Stop helpdesk serve (or web and worker) everywhere, wait half a minute and try again. Nothing was changed."


def refuse(config: Settings) -> None:
    """Raise Conflict when a worker gave a sign of life lately, a web server answers, or, on PostgreSQL, anybody else is
    connected. Raises Invalid when the database server cannot be asked."""
    if _answers(config):
        raise Conflict(f"A helpdesk answers on {config.host}:{config.port}. {STOP}")
    if not database.exists(config):
        return
    engine = db.connect(config.database_url, pool_size=1)
    try:
        if not db.is_sqlite():
            with engine.connect() as connection:
                others = connection.scalar(text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"))
            if others:
                raise Conflict(f"{many(others, 'other program')} connected to the database. {STOP}")
        try:
            with db.reading() as session:
                beat = session.get(SystemState, "worker")
        except SQLAlchemyError:
            if db.is_sqlite():
                return      # an empty or damaged file: that is what a restore is for
            with engine.connect() as connection:
                if connection.scalar(text("SELECT to_regclass('system_state')")) is None:
                    return
            raise
        if beat and now() - beat.updated_at < BEAT:
            raise Conflict(f"A worker is running. {STOP}")
    except SQLAlchemyError as problem:
        raise Invalid(f"The database cannot be reached: {str(problem).splitlines()[0]}") from problem
    finally:
        engine.dispose()


def _answers(config: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)
    try:
        with socket.create_connection((host, config.port), 2) as line:
            line.settimeout(5)
            line.sendall(f"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            return b'"status"' in b"".join(iter(lambda: line.recv(4096), b""))
    except OSError:
        return False
