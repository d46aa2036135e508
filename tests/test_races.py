"""Many at once: one owner, one message, one delivery, and never an error that the database could have avoided."""
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from helpdesk import db
from helpdesk.errors import HelpdeskError
from helpdesk.jobs import inbound as reading
from helpdesk.jobs import outbox as sending
from helpdesk.jobs import tasks as running
from helpdesk.models import (
    Agent,
    AgentSession,
    Contact,
    Delivery,
    Event,
    Identity,
    Inbox,
    Message,
    RawInbound,
    Tag,
    Ticket,
)
from helpdesk.services import accounts, identities, inboxes, outbox, replies, tickets
from tests.people import customer_mail, deliver_mail, written
from tests.services.smtp_sink import Sink

CLAIMS, TICKETS = 200, 20


def together(*calls) -> list:
    """Run all at once; their results or exceptions, in order."""
    start = threading.Barrier(len(calls))

    def one(call):
        start.wait()
        try:
            return call()
        except Exception as error:
            return error
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


@pytest.fixture
def numbers(any_cast):
    """The ids of some tickets."""
    with db.transaction() as session:
        return [written(session, any_cast.mail, f"{n}", address=f"p{n}@example.com", external_id=f"<{n}>").ticket_id
                for n in range(TICKETS)]


def test_many_who_take_tickets_leave_each_with_one_owner_and_a_true_history(any_cast, numbers):
    people = [any_cast.alice.id, any_cast.bob.id, any_cast.carol.id, any_cast.mia.id]

    def take(n):
        def unit(session):
            agent = session.get(Agent, people[n % len(people)])
            tickets.assign(session, tickets.lock(session, numbers[n % TICKETS]), agent, agent.actor)
        return lambda: db.run(unit)
    assert set(together(*map(take, range(CLAIMS)))) == {None}
    with db.reading() as session:
        for number in numbers:
            ticket = session.get(Ticket, number)
            history = session.scalars(select(Event).where(Event.ticket_id == number, Event.name == "TicketAssigned")
                                      .order_by(Event.seq)).all()
            assert ticket.agent_id == history[-1].data["agent_id"]
            chain = [None, *(event.data["agent_id"] for event in history)]
            assert [event.data["previous_id"] for event in history] == chain[:-1]
            seqs = [*session.scalars(select(Event.seq).where(Event.ticket_id == number)),
                    *session.scalars(select(Message.seq).where(Message.ticket_id == number))]
            assert sorted(seqs) == list(range(1, ticket.seq + 1))


def test_one_click_that_arrives_many_times_is_one_message(any_cast, numbers):
    def unit(session):
        return replies.send(session, tickets.lock(session, numbers[0]), "Hello", agent=session.get(Agent, 1),
                            client_id="click-1").id
    assert len(set(together(*[lambda: db.run(unit)] * 20))) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_a_stranger_who_writes_on_many_lines_at_once_is_one_contact(any_cast):
    found = together(*[lambda: db.run(lambda s: identities.resolve(s, "email", "new@example.com").contact_id)] * 20)
    assert len(set(found)) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Identity)) == 1
        assert session.scalar(select(func.count()).select_from(Contact)) == 1, "nobody is left over"


def test_one_mail_that_is_delivered_many_times_at_once_is_kept_once(any_cast):
    raw = customer_mail("Hello")
    assert set(together(*[lambda: deliver_mail(any_cast.mail, raw)] * 20)) == {None}
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(RawInbound)) == 1


def test_two_workers_make_each_delivery_one_message_in_its_order(any_cast):
    for n in range(15):
        deliver_mail(any_cast.mail, customer_mail(f"{n}", sender=f"p{n % 3}@example.com", message_id=f"<{n}@x>",
                                                  reply_to=f"<{n - 3}@x>" if n >= 3 else ""))
    for one in together(reading.drain, reading.drain):
        assert one == 15
    reading.drain()
    with db.reading() as session:
        rows = session.execute(select(Message.ticket_id, Message.text).order_by(Message.ticket_id, Message.seq)).all()
        assert session.scalars(select(RawInbound.state).distinct()).all() == ["processed"]
    assert sorted(int(text) for _, text in rows) == list(range(15))


def test_two_workers_run_each_reaction_once(any_cast, numbers):
    for _ in range(3):
        assert not [r for r in together(*[running.run_due] * 4) if isinstance(r, Exception)]
    with db.reading() as session:
        handed = session.scalars(select(Event.ticket_id).where(Event.name == "HandedOver")).all()
    assert sorted(handed) == sorted(numbers)


def test_two_workers_send_each_mail_once(any_cast, numbers):
    sink = Sink()
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, any_cast.mail.id), {"smtp_port": str(sink.port)}, actor="test")
        for number in numbers:
            replies.send(session, tickets.lock(session, number), f"Answer {number}", agent=session.get(Agent, 1))

    def worker():       # as another process, which knows nothing of this one's lanes
        while ids := db.run(outbox.claim_due, any_cast.mail.id, 3):
            for one in ids:
                sending._send(one)
    assert not [one for one in together(worker, worker, worker, sending.send_due) if isinstance(one, Exception)]
    sink.shutdown()
    sink.server_close()
    said = (mail.get_body(("plain",)).get_content().split("\r\n")[0] for mail in sink.parsed())
    assert sorted(said) == sorted(f"Answer {n}" for n in numbers)
    with db.reading() as session:
        assert session.scalars(select(Delivery.status).distinct()).all() == ["sent"]


def test_a_link_that_is_used_twice_at_once_lets_one_in(any_cast):
    with db.transaction() as session:
        link = accounts.make_link(session, any_cast.alice)
    found = together(*[lambda: db.run(accounts.use_link, link, "127.0.0.1", "test")] * 10)
    assert sum(not isinstance(one, HelpdeskError) for one in found) == 1
    assert not [one for one in found if isinstance(one, Exception) and not isinstance(one, HelpdeskError)]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(AgentSession)) == 1


def test_two_admins_who_disable_each_other_leave_one(any_cast):
    with db.transaction() as session:
        accounts.set_role(session, session.get(Agent, any_cast.mia.id), "admin", "test")

    def disable(who):
        return lambda: db.run(lambda session: accounts.disable(session, session.get(Agent, who), "test"))
    together(disable(any_cast.ada.id), disable(any_cast.mia.id))
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Agent).where(
            Agent.role == "admin", Agent.disabled_at.is_(None))) == 1


def test_one_new_tag_from_many_hands_is_one_tag(any_cast, numbers):
    def tag(number):
        return lambda: db.run(lambda s: tickets.tag(s, tickets.lock(s, number), ["new"], [], "agent:1"))
    assert set(together(*map(tag, numbers))) == {None}
    with db.reading() as session:
        assert session.scalars(select(Tag.name)).all() == ["new"]


def test_merges_in_a_circle_leave_people_reachable(any_cast, numbers):
    with db.reading() as session:
        first, second = (session.get(Ticket, number).contact_id for number in numbers[:2])

    def merge(one, other):
        return lambda: db.run(lambda session: identities.merge_into(
            session, session.get(Contact, one), session.get(Contact, other), why="test"))
    assert set(together(merge(first, second), merge(second, first))) == {None}
    with db.reading() as session:
        stands = [session.get(Contact, one).merged_into_id for one in (first, second)]
        assert stands.count(None) == 1, "or nobody would be left"
        survivor = identities.survivor(session, session.get(Contact, first))
        assert {session.get(Ticket, number).contact_id for number in numbers[:2]} == {survivor.id}
