"""A small company for tests of services and pages: a database, a clock that can be set, and people who write."""
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from channels.base import Inbound, Request
from helpdesk import db, models
from helpdesk.services import accounts, inbound, inboxes, replies, sla, tickets

MONDAY = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)
VALUES = {
    "telegram": {"bot_token": "1:test", "webhook_secret": "test-secret"},
    "whatsapp": {"phone_number_id": "100", "access_token": "t", "app_secret": "s", "verify_token": "v"},
}


class Wall:
    """The clock on the wall; every module of the helpdesk reads it."""

    def __init__(self, at):
        self.at = at

    def now(self, zone=None):
        return self.at

    def set(self, at):
        self.at = at

    def go(self, **step):
        self.at += timedelta(**step)


class Desk:
    """The company. Each verb opens and commits a transaction of its own and returns what can be looked at after it."""

    def __init__(self, wall):
        self.wall, self.numbers = wall, itertools.count(1)
        self.inboxes = {}
        for channel, values in VALUES.items():
            with db.transaction() as session:
                self.inboxes[channel] = inboxes.create(session, channel, channel.title(), values).id
        with db.transaction() as session:
            self.agent = accounts.create(session, "Ada Agent", "ada@example.com").id
            self.manager = accounts.create(session, "Mia Manager", "mia@example.com", "manager").id
            sla.ensure_default(session)

    def do(self, verb, *args, **kwargs):
        with db.transaction() as session:
            return verb(session, *args, **kwargs)

    def on(self, ticket_id, verb, *args, **kwargs):
        with db.transaction() as session:
            return verb(session, tickets.lock(session, ticket_id), *args, **kwargs)

    def customer_writes(self, text="Where is my parcel?", who="4917011110001", channel="whatsapp", assistant=False,
                        **fields):
        with db.transaction() as session:
            inbox = session.get(models.Inbox, self.inboxes[channel])
            inbox.assistant = assistant
            number = next(self.numbers)
            raw = session.get(models.RawInbound, inbound.store(
                session, inbox, Request("POST", {}, {}, b"%d" % number), f"raw-{number}"))
            item = Inbound(external_id=f"in-{number}", address=who, sent_at=self.wall.at, text=text,
                           name=fields.pop("name", "Carla"), **fields)
            return inbound.receive(session, inbox, inboxes.open_channel(inbox), item, raw).ticket_id

    def agent_answers(self, ticket_id, text="On its way."):
        with db.transaction() as session:
            return replies.send(session, tickets.lock(session, ticket_id), text,
                                agent=session.get(models.Agent, self.agent)).id

    def assistant_answers(self, ticket_id, text="It takes three days.", outcome="answered"):
        with db.transaction() as session:
            ticket = tickets.lock(session, ticket_id)
            reply = replies.send(session, ticket, text, by="assistant")
            asked = session.scalar(select(models.Message.id).where(
                models.Message.ticket_id == ticket_id, models.Message.direction == "in")
                .order_by(models.Message.seq.desc()).limit(1))
            session.add(models.AssistantTurn(ticket_id=ticket_id, message_id=asked, reply_id=reply.id, outcome=outcome))

    def assistant_hands_over(self, ticket_id):
        def hand_over(session, ticket):
            ticket.with_assistant, ticket.handed_over_at = False, self.wall.at
            sla.handed_over(session, ticket, self.wall.at)
        self.on(ticket_id, hand_over)

    def set_status(self, ticket_id, status):
        self.on(ticket_id, tickets.set_status, status, f"agent:{self.agent}")

    def resolve(self, ticket_id):
        self.set_status(ticket_id, "resolved")

    def rows(self, model, **where):
        with db.reading() as session:
            found = list(session.scalars(select(model).filter_by(**where).order_by(model.id)))
            session.expunge_all()
            return found

    def ticket(self, ticket_id):
        return self.rows(models.Ticket, id=ticket_id)[0]

    def clocks(self, ticket_id):
        return {clock.kind: clock for clock in self.rows(models.SlaClock, ticket_id=ticket_id)}

    def events(self, ticket_id, name):
        return self.rows(models.Event, ticket_id=ticket_id, name=name)


@pytest.fixture
def wall(monkeypatch):
    """Monday morning, 2 June 2025, 09:00 UTC, until somebody sets it."""
    clock = Wall(MONDAY)
    monkeypatch.setattr("helpdesk.clock.datetime", clock)
    return clock


@pytest.fixture
def careless_disk(monkeypatch):
    """A database that need not survive a power cut."""
    monkeypatch.setattr(db, "DURABLY", "synchronous=OFF")


@pytest.fixture
def desk(careless_disk, database, wall):
    """A fresh company on SQLite."""
    return Desk(wall)


@pytest.fixture
def any_desk(careless_disk, any_database, wall):
    """The same company on both databases."""
    return Desk(wall)
