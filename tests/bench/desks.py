"""A desk that has been at work for a while: many tickets, written straight into the tables."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, func, insert, select, text
from sqlalchemy.exc import OperationalError

from helpdesk import db, schema
from helpdesk.clock import now
from helpdesk.models import Contact, Event, Identity, Message, Participant, SlaClock, ThreadKey, Ticket
from tests.bench.figures import POSTGRES, Missing

PEOPLE, MESSAGES, AT_ONCE = 2_000, 3, 2_000
WORDS = ("the parcel of my last order has not arrived and the page says it left the store on Monday please look where "
         "it is because the birthday is this week and I would rather have the money back than wait any longer").split()


def said(number: int) -> str:
    """Some eighty words, other ones for each number."""
    return " ".join(WORDS[(number * 7 + at * (number % 5 + 1)) % len(WORDS)] for at in range(80))


def fill(tickets: int, inbox_id: int) -> None:
    """That many tickets of the connected database's inbox, with three messages, their keys, clocks and events each; a
    quarter of them open."""
    start = now() - timedelta(days=90)
    with db.transaction() as session:
        first_contact = (session.scalar(select(func.max(Contact.id))) or 0) + 1
        first_identity = (session.scalar(select(func.max(Identity.id))) or 0) + 1
        session.execute(insert(Contact), [{"id": first_contact + n, "name": f"Person {n}"} for n in range(PEOPLE)])
        session.execute(insert(Identity), [
            {"id": first_identity + n, "contact_id": first_contact + n, "kind": "email",
             "value": f"person{n}@old.example"} for n in range(PEOPLE)])
        first = (session.scalar(select(func.max(Ticket.id))) or 0) + 1
    for low in range(0, tickets, AT_ONCE):
        with db.transaction() as session:
            for model, rows in _rows(range(low, min(low + AT_ONCE, tickets)), first, first_contact, first_identity,
                                     inbox_id, start):
                session.execute(insert(model), rows)
    with db.transaction() as session:
        if not db.is_sqlite():
            for model in (Contact, Identity, Ticket, Message):
                table = model.__tablename__
                session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
                                     f"(SELECT max(id) FROM {table}))"))
        session.execute(text("ANALYZE"))


def _rows(numbers: range, first: int, first_contact: int, first_identity: int, inbox_id: int, start):
    made = {model: [] for model in (Ticket, Message, ThreadKey, Participant, SlaClock, Event)}
    for n in numbers:
        ticket, who, at = first + n, n % PEOPLE, start + timedelta(seconds=n * 50)
        state = "open" if n % 4 == 0 else "resolved"
        made[Ticket].append({
            "id": ticket, "contact_id": first_contact + who, "subject": f"Order {n}", "status": state, "seq": 6,
            "channel": "email", "reply_inbox_id": inbox_id, "reply_identity_id": first_identity + who,
            "preview": said(n)[:200], "preview_author": "contact", "created_at": at,
            "last_message_at": at + timedelta(minutes=20)})
        made[Participant].append({"ticket_id": ticket, "identity_id": first_identity + who})
        made[SlaClock].append({"ticket_id": ticket, "kind": "resolution", "target_seconds": 86_400,
                               "started_at": at, "met_at": None if state == "open" else at + timedelta(hours=1)})
        for k in range(MESSAGES):
            key = f"<{ticket}.{k}@old.example>"
            made[Message].append({
                "ticket_id": ticket, "seq": 2 * k + 1, "inbox_id": inbox_id, "identity_id": first_identity + who,
                "channel": "email", "direction": "in" if k != 1 else "out", "author_kind": "contact",
                "text": said(n + k), "external_id": key, "sent_at": at + timedelta(minutes=10 * k)})
            made[ThreadKey].append({"key": key, "inbox_id": inbox_id, "ticket_id": ticket})
            made[Event].append({"name": "MessageReceived", "ticket_id": ticket, "seq": 2 * k + 2, "actor": "system",
                                "created_at": at})
    return made.items()


@contextmanager
def scratch(kind: str, folder: Path) -> Iterator[str]:
    """A migrated, empty database of its own, connected; gives its address. Raises Missing without PostgreSQL."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'helpdesk.db'}"
        yield from _connected(url)
        return
    name = f"helpdesk_bench_{uuid4().hex[:10]}"
    _on_server(f"CREATE DATABASE {name}")
    try:
        yield from _connected(f"{POSTGRES.rpartition('/')[0]}/{name}")
    finally:
        remove(name)


def remove(name: str) -> None:
    """Drop a database of the test server, if it is there."""
    _on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _connected(url: str) -> Iterator[str]:
    engine = db.connect(url)
    schema.upgrade()
    try:
        yield url
    finally:
        engine.dispose()


def _on_server(statement: str) -> None:
    engine = create_engine(POSTGRES.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    except OperationalError as error:
        raise Missing("no PostgreSQL answers at HELPDESK_TEST_DATABASE_URL") from error
    finally:
        engine.dispose()
