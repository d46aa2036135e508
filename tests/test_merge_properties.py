"""Whatever agents and customers do with tickets, in whatever order, nothing is lost, doubled or out of reach.

hypothesis makes up sequences of merging, un-merging, splitting, replying, answering and reopening; the real services
carry them out, and after each step the whole desk is looked at.
"""
from __future__ import annotations

import contextlib
import itertools
import os
import shutil

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text

from helpdesk import db
from helpdesk.errors import HelpdeskError, Invalid
from helpdesk.models import (
    Agent,
    Base,
    Contact,
    Delivery,
    Identity,
    Message,
    Participant,
    SlaClock,
    ThreadKey,
    Ticket,
    TicketTag,
)
from helpdesk.services import (
    contact_merges,
    contact_unmerges,
    parts,
    replies,
    ticket_merges,
    tickets,
    timeline,
)
from tests.desk import MONDAY, Wall
from tests.people import Cast, written

PEOPLE = ("ann@example.com", "eve@example.net", "bo@example.org")
ACTOR = "agent:1"
EXAMPLES = int(os.environ.get("HELPDESK_TEST_STORIES", "14"))


def state(session) -> dict:
    """Everything that a merge may touch, as it is."""
    session.flush()
    columns = [c for c in Ticket.__table__.c if c.name != "seq"]
    clocks = session.execute(select(*SlaClock.__table__.c).order_by(SlaClock.id))
    return {"tickets": session.execute(select(*columns).order_by(Ticket.id)).all(),
            "clocks": [row._asdict() | ({"spent_seconds": "is in due_at"} if row.due_at else {}) for row in clocks],
            "parts": session.execute(select(Participant.ticket_id, Participant.identity_id, Participant.role).order_by(
                Participant.ticket_id, Participant.identity_id)).all(),
            "tags": sorted(session.execute(select(TicketTag.ticket_id, TicketTag.tag_id)).all()),
            "keys": sorted(session.execute(select(ThreadKey.key, ThreadKey.ticket_id)).all()),
            "said": session.execute(select(Message.id, Message.ticket_id, Message.seq, Message.kind).order_by(
                Message.id)).all()}


class Story(RuleBasedStateMachine):
    """A desk with three customers who write mails, and agents who join and part what they wrote."""
    wall: Wall
    cast: Cast

    @initialize()
    def begin(self):
        self.numbers, self.said = itertools.count(1), {}       # message id → what was said
        for person in PEOPLE:
            self.mail(person)
        self.a_second_matter_is_split_off(PEOPLE[0])        # a story need not use every rule

    def tick(self):
        self.wall.go(seconds=7)

    def mail(self, person, names=()):
        self.tick()
        number = self.last = next(self.numbers)
        with db.transaction() as session:
            message = written(session, self.cast.mail, f"words {number}", address=person, external_id=f"<{number}@x>",
                              replies_to=list(names), name=person.partition("@")[0])
            self.said[message.id] = message.text
            return message.id, message.ticket_id

    def one_of(self, session, statement, pick):
        found = session.scalars(statement).all()
        return found[pick % len(found)] if found else None

    @rule(person=st.sampled_from(PEOPLE))
    def a_new_matter(self, person):
        self.mail(person)

    @rule(person=st.sampled_from(PEOPLE))
    def a_second_matter_is_split_off(self, person):
        """A reply that is about something else goes into a ticket of its own, and what answers it follows it there."""
        message_id, number = self.mail(person)
        names = [f"<{self.last}@x>"]
        message_id, landed = self.mail(person, names)
        assert landed == number
        with db.transaction() as session:
            made = tickets.split(session, tickets.lock(session, number), session.get(Message, message_id), ACTOR).id
        assert made != number and self.mail(person, [f"<{self.last}@x>"])[1] == made
        assert self.mail(person, names)[1] == number

    @rule(pick=st.integers(0, 999))
    def a_customer_replies_to_any_old_mail(self, pick):
        """Theirs or ours, however old and whatever became of its ticket: it ends in the live one."""
        with db.reading() as session:
            mails = session.execute(select(Message.external_id, Message.ticket_id, Message.identity_id).where(
                Message.direction == "in").union_all(
                select(Delivery.mail_id, Delivery.ticket_id, Delivery.identity_id).where(Delivery.mail_id != "")
            ).order_by("external_id")).all()
            key, ticket_id, identity_id = mails[pick % len(mails)]
            person = session.get(Identity, identity_id).value
            live = parts.live(session, session.get(Ticket, ticket_id)).id
        _, landed = self.mail(person, [key])
        assert landed == live, f"a reply to {key} of ticket {ticket_id} went to {landed}, not to {live}"

    @rule(pick=st.integers(0, 999), note=st.booleans())
    def an_agent_writes(self, pick, note):
        self.tick()
        with db.transaction() as session:
            ticket = tickets.lock(session, self.one_of(session, select(Ticket.id).order_by(Ticket.id), pick))
            agent = session.get(Agent, self.cast.alice.id)
            with contextlib.suppress(HelpdeskError):        # a ticket whose customer cannot be reached
                message = (replies.note(session, ticket, "note", agent) if note else
                           replies.send(session, ticket, "re", agent=agent))
                self.said[message.id] = message.text

    @rule(pick=st.integers(0, 999), status=st.sampled_from(("open", "pending", "resolved", "closed")))
    def an_agent_sets_the_status(self, pick, status):
        self.tick()
        with db.transaction() as session:
            ticket = tickets.lock(session, self.one_of(session, select(Ticket.id).order_by(Ticket.id), pick))
            tickets.set_status(session, ticket, status, ACTOR)

    @rule(first=st.integers(0, 999), second=st.integers(0, 999), together=st.booleans())
    def an_agent_merges(self, first, second, together):
        self.tick()
        with db.transaction() as session:
            query = select(Ticket.id).order_by(Ticket.id)
            with contextlib.suppress(HelpdeskError):
                ticket_merges.merge(session, self.one_of(session, query, first), self.one_of(session, query, second),
                                    ACTOR, together=together)

    @rule(first=st.integers(0, 999), second=st.integers(0, 999), together=st.booleans())
    def a_merge_that_is_taken_back_at_once_changes_nothing(self, first, second, together):
        self.tick()
        with db.transaction() as session:
            live = select(Ticket.id).where(Ticket.merged_into_id.is_(None)).order_by(Ticket.id)
            gone, stays = self.one_of(session, live, first), self.one_of(session, live, second)
            if gone == stays:
                return
            before = state(session)
            ticket_merges.merge(session, gone, stays, ACTOR, together=together)
            ticket_merges.unmerge(session, gone, ACTOR)
            after = state(session)
            for what, was in before.items():
                assert after[what] == was, what

    @rule(pick=st.integers(0, 999))
    def an_agent_takes_a_merge_back(self, pick):
        self.tick()
        with db.transaction() as session:
            merged = select(Ticket.id).where(Ticket.merged_into_id.is_not(None)).order_by(Ticket.id)
            if one := self.one_of(session, merged, pick):
                ticket_merges.unmerge(session, one, ACTOR)
                assert session.get(Ticket, one).merged_into_id is None

    @rule(pick=st.integers(0, 999))
    def an_agent_splits(self, pick):
        self.tick()
        with db.transaction() as session:
            heard = select(Message.id).where(Message.direction == "in").order_by(Message.id)
            message = session.get(Message, self.one_of(session, heard, pick))
            ticket = tickets.lock(session, message.ticket_id)
            try:
                made = tickets.split(session, ticket, message, ACTOR)
            except Invalid as error:
                assert "whole conversation" in str(error)
                return
            assert session.get(Message, message.id).ticket_id == made.id != ticket.id

    @rule(first=st.integers(0, 2), second=st.integers(0, 2))
    def a_manager_merges_contacts(self, first, second):
        self.tick()
        with db.transaction() as session:
            ids = [session.scalar(select(Identity.contact_id).where(Identity.value == PEOPLE[n]))
                   for n in (first, second)]
            with contextlib.suppress(HelpdeskError):
                contact_merges.merge(session, *ids, "test", ACTOR)

    @precondition(lambda self: self.said)
    @rule(pick=st.integers(0, 999))
    def a_manager_takes_that_back(self, pick):
        self.tick()
        with db.transaction() as session:
            merged = select(Contact.id).where(Contact.merged_into_id.is_not(None)).order_by(Contact.id)
            if one := self.one_of(session, merged, pick):
                contact_unmerges.unmerge(session, one, ACTOR)

    @invariant()
    def every_message_is_there_once_within_reach_and_in_order(self):
        with db.reading() as session:
            everything = session.scalars(select(Ticket).order_by(Ticket.id)).all()
            lives, shown = {}, []
            for ticket in everything:
                live, seen = ticket, {ticket.id}
                while live.merged_into_id is not None:
                    live = session.get(Ticket, live.merged_into_id)
                    assert live.id not in seen, f"ticket {ticket.id} goes round in a circle"
                    seen.add(live.id)
                lives[ticket.id] = live.id
                assert ticket.has_merged == any(one.merged_into_id == ticket.id for one in everything)
            for ticket in everything:
                if ticket.merged_into_id is not None:
                    assert ticket.due_at is None, "nothing is due on what was merged"
                    continue
                items = timeline.items(session, ticket, limit=10_000)
                places = [one.place for one in items]
                assert places == sorted(set(places)), "one place each, in order"
                for part in {one.ticket_id for one in items}:
                    numbers = [one.seq for one in items if one.ticket_id == part]
                    assert numbers == sorted(numbers), "each part keeps its own order"
                    assert lives[part] == ticket.id
                said = [one for one in items if isinstance(one, timeline.Said)]
                whole = []
                before = None
                while page := timeline.items(session, ticket, limit=12, before=before):
                    whole, before = [*page, *whole], page[0].place
                    assert page.earlier == (page[0].place != places[0]) or not ticket.has_merged
                assert [one.place for one in whole] == places, "page by page it is the same"
                shown += [(one.id, one.text) for one in said]
            assert sorted(shown) == sorted(self.said.items()), "each once, none lost"
            for key, ticket_id, message_ticket in session.execute(select(
                    ThreadKey.key, ThreadKey.ticket_id, Message.ticket_id).join(
                    Message, Message.external_id == ThreadKey.key)):
                assert ticket_id == message_ticket, f"{key} leads elsewhere"


def play(monkeypatch, fresh, examples: int, steps: int) -> None:
    """Run made-up stories. `fresh` connects an empty desk and returns what closes it."""
    class Here(Story):
        def __init__(self):
            super().__init__()
            self.close, self.wall = fresh(), Wall(MONDAY)
            monkeypatch.setattr("helpdesk.clock.datetime", self.wall)
            self.cast = db.run(Cast.introduce)
            self.cast.mail.assistant = False

        def teardown(self):
            self.close()
    run_state_machine_as_test(Here, settings=settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, database=None, derandomize=True,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck)))


def test_made_up_stories_on_sqlite(monkeypatch, config, sqlite_template):
    monkeypatch.setattr(db, "DURABLY", "synchronous=OFF")

    def fresh():
        path = config.data_dir / "helpdesk.db"
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.copy(sqlite_template, path)
        return db.connect(f"sqlite:///{path}").dispose
    play(monkeypatch, fresh, EXAMPLES, steps=25)


def test_made_up_stories_on_postgresql(monkeypatch, config, postgres_url):
    names = ", ".join(table.name for table in Base.metadata.sorted_tables)

    def fresh():
        engine = db.connect(postgres_url)
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        return engine.dispose
    play(monkeypatch, fresh, EXAMPLES // 2, steps=20)
