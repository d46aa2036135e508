"""Many at once: one owner, one message, one delivery, and never an error that the database could have avoided."""
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import String, cast, func, select, update

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Conflict, HelpdeskError
from helpdesk.jobs import inbound as reading
from helpdesk.jobs import outbox as sending
from helpdesk.jobs import tasks as running
from helpdesk.models import (
    Agent,
    AgentSession,
    Article,
    ArticleVersion,
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
from helpdesk.services import (
    accounts,
    article_versions,
    articles,
    assistant,
    chats,
    contact_merges,
    contact_unmerges,
    identities,
    inboxes,
    outbox,
    replies,
    ticket_merges,
    tickets,
    visitors,
)
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


def test_an_agent_who_writes_while_the_assistant_decides_is_not_talked_over(any_cast):
    """Whoever has the ticket first speaks first; after a person's answer the assistant says nothing, and once only
    somebody is told that it handed over."""
    asked = []
    for n in range(12):
        with db.transaction() as session:
            message = written(session, any_cast.widget, "I want to talk to a human", address=f"visitor-{n}",
                              external_id=f"race-{n}")
            asked.append((message.ticket_id, message.id))

    def answers(number):
        return lambda: db.run(lambda session: replies.send(session, tickets.lock(session, number), "I am here.",
                                                           agent=session.get(Agent, any_cast.alice.id)))

    def decides(number, message_id):
        return lambda: db.run(assistant.answer, number, message_id=message_id)
    found = together(*[call for number, message_id in asked for call in (answers(number), decides(number, message_id))])
    assert not [one for one in found if isinstance(one, Exception)]
    with db.reading() as session:
        for number, _ in asked:
            said = session.scalars(select(Message.author_kind).where(
                Message.ticket_id == number, Message.direction == "out").order_by(Message.seq)).all()
            handed = session.scalar(select(func.count()).select_from(Event).where(
                Event.ticket_id == number, Event.name == "HandedOver"))
            assert said in (["agent"], ["assistant", "agent"]) and handed == (len(said) == 2)
            assert session.get(Ticket, number).with_assistant is False


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
    done = together(merge(first, second), merge(second, first))
    assert set(done) == {True, False}, "one merges, the other finds them one already"
    with db.reading() as session:
        stands = [session.get(Contact, one).merged_into_id for one in (first, second)]
        assert stands.count(None) == 1, "or nobody would be left"
        survivor = identities.survivor(session, session.get(Contact, first))
        assert {session.get(Ticket, number).contact_id for number in numbers[:2]} == {survivor.id}


def test_what_one_visitor_says_in_two_tabs_at_once_is_one_ticket(any_cast, monkeypatch):
    """A first message that is written but not committed yet: the second waits for it, and finds its ticket."""
    monkeypatch.setattr(chats.limits, "hit", lambda *_: 1)      # its row would queue them too, within one minute
    with db.transaction() as session:
        visitor = visitors.start(session, any_cast.widget)[0].id
    written_by_one, go_on = threading.Event(), threading.Event()

    def first():
        with db.transaction() as session:
            chats.write(session, any_cast.widget, visitor, {"client_id": "tab-one-1", "text": "Hello"})
            written_by_one.set()
            go_on.wait(1)

    def second():
        written_by_one.wait(10)
        return db.run(chats.write, any_cast.widget, visitor, {"client_id": "tab-two-1", "text": "Anybody there?"})
    assert together(first, second) == [None, None]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1
        assert session.scalars(select(Message.text).where(Message.direction == "in").order_by(Message.seq)).all() == [
            "Hello", "Anybody there?"]


def merged_both_ways(verb, ids):
    """The same two, joined at once in both directions, several times; then taken apart at once, twice each."""
    for _ in range(5):
        done = together(*(lambda pair=pair: db.run(verb[0], *pair) for pair in (ids, ids[::-1], ids, ids[::-1])))
        refused = [one for one in done if isinstance(one, Exception)]
        assert all(isinstance(one, Conflict) for one in refused) and len(refused) == 3, done
        with db.reading() as session:
            rows = session.scalars(select(verb[2]).where(verb[2].id.in_(ids))).all()
            assert sorted(one.merged_into_id is None for one in rows) == [False, True], "one goes on"
        done = together(*(lambda one=one: db.run(verb[1], one) for one in (*ids, *ids)))
        assert sum(not isinstance(one, Exception) for one in done) == 1
        assert all(isinstance(one, Conflict) for one in done if isinstance(one, Exception)), done
        with db.reading() as session:
            assert {one.merged_into_id for one in session.scalars(select(verb[2]).where(verb[2].id.in_(ids)))} == {None}


def test_two_tickets_that_are_merged_both_ways_at_once_are_merged_once(any_cast, numbers):
    merged_both_ways((lambda session, one, other: ticket_merges.merge(session, one, other, "agent:1").id,
                      lambda session, one: ticket_merges.unmerge(session, one, "agent:1").id, Ticket), numbers[:2])


def test_two_contacts_that_are_merged_both_ways_at_once_are_merged_once(any_cast, numbers):
    with db.reading() as session:
        ids = [session.get(Ticket, one).contact_id for one in numbers[:2]]
    merged_both_ways((lambda session, one, other: contact_merges.merge(session, one, other, "test", "agent:1").id,
                      lambda session, one: contact_unmerges.unmerge(session, one, "agent:1").id, Contact), ids)


def test_replies_that_come_while_tickets_are_merged_and_parted_are_all_kept(any_cast, numbers):
    first, second = numbers[:2]
    with db.transaction() as session:
        session.get(Ticket, second).contact_id = session.get(Ticket, first).contact_id

    def reply(n):
        return lambda: db.run(lambda session: written(
            session, any_cast.mail, f"reply {n}", address=f"p{n % 2}@example.com", external_id=f"<again{n}>",
            replies_to=[f"<{n % 2}>"]).id)

    def join():
        for _ in range(4):
            db.run(lambda session: ticket_merges.merge(session, first, second, "agent:1").id)
            db.run(lambda session: ticket_merges.unmerge(session, first, "agent:1").id)
    done = together(join, *(reply(n) for n in range(12)))
    assert not [one for one in done if isinstance(one, Exception)], done
    with db.reading() as session:
        where = dict(session.execute(select(Message.external_id, Message.ticket_id).where(
            Message.external_id.like("<again%"))).all())
        assert where == {f"<again{n}>": (first, second)[n % 2] for n in range(12)}, "each in its own ticket again"


def test_two_workers_publish_a_scheduled_article_once(any_cast):
    with db.transaction() as session:
        made = [articles.create(session, title=f"Article {n}", body="Old.") for n in range(5)]
        for one in made:
            article_versions.save(session, one, replace(article_versions.current(one), body="New."), then="schedule",
                                  publish_at=now() + timedelta(hours=1), actor="agent:1")
    with db.transaction() as session:       # an hour later
        session.execute(update(ArticleVersion).where(ArticleVersion.publish_at.is_not(None)).values(publish_at=now()))
    done = together(*[lambda: db.run(article_versions.publish_due)] * 4)
    assert sum(done) == 5, done
    with db.reading() as session:
        assert {one.body for one in session.scalars(select(Article))} == {"New."}
        told = select(func.count()).select_from(Event).where(Event.name == "SettingsChanged", Event.actor == "system")
        assert session.scalar(told.where(cast(Event.data, String).contains("published as scheduled"))) == 5
