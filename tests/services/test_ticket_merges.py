"""Two tickets become one matter, and two again."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.models import (
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
    changes,
    identities,
    letters,
    parts,
    replies,
    routes,
    sla,
    surveys,
    ticket_merges,
    tickets,
    timeline,
    views,
    visitors,
)
from tests.desk import wall  # noqa: F401
from tests.people import ANN, EVE, written

ACTOR = "agent:1"


def everything(session) -> dict:
    """All that a merge may touch, to be compared: how tickets stand, who takes part, what is where."""
    session.flush()
    columns = [c for c in Ticket.__table__.c if c.name != "seq"]
    return {"tickets": session.execute(select(*columns).order_by(Ticket.id)).all(),
            "parts": session.execute(select(Participant.ticket_id, Participant.identity_id, Participant.role).order_by(
                Participant.ticket_id, Participant.identity_id)).all(),
            "tags": sorted(session.execute(select(TicketTag.ticket_id, TicketTag.tag_id)).all()),
            "clocks": [row if row.due_at is None else row._asdict() | {"spent_seconds": "is in due_at"}
                       for row in session.execute(select(*SlaClock.__table__.c).order_by(SlaClock.id))],
            "keys": sorted(session.execute(select(ThreadKey.key, ThreadKey.ticket_id)).all()),
            "said": session.execute(select(Message.id, Message.ticket_id, Message.seq, Message.kind).order_by(
                Message.id)).all()}


@pytest.fixture
def two(wall, any_cast):  # noqa: F811
    """Ann's two mails, two tickets: their ids."""
    any_cast.mail.assistant = False
    with db.transaction() as session:
        first = written(session, any_cast.mail, "Where is it?", external_id="<1@x>", subject="Order").ticket_id
        wall.go(minutes=10)
        tickets.tag(session, tickets.lock(session, first), ["vip"], [], ACTOR)
        second = written(session, any_cast.mail, "And the invoice?", external_id="<2@x>", subject="Invoice").ticket_id
        wall.go(minutes=10)
        return first, second


def standing(state) -> list:
    return [(t.status, t.agent_id, t.resolved_at, t.waiting_since) for t in state["tickets"]]


def texts(session, ticket_id):
    ticket = tickets.lock(session, ticket_id)
    return [one.text for one in timeline.items(session, ticket) if isinstance(one, timeline.Said)]


@pytest.mark.parametrize("turned", (False, True))
def test_unmerged_both_are_as_they_were(two, turned):
    gone, stays = two[::-1] if turned else two
    with db.transaction() as session:
        before = everything(session)
        ticket_merges.merge(session, gone, stays, ACTOR)
        assert everything(session) != before
    with db.transaction() as session:
        ticket_merges.unmerge(session, gone, ACTOR)
    with db.transaction() as session:
        assert everything(session) == before
        with pytest.raises(Conflict, match="not merged"):
            ticket_merges.unmerge(session, gone, ACTOR)


def test_the_story_is_told_in_the_order_in_which_it_happened(two, any_cast, wall):  # noqa: F811
    first, second = two
    with db.transaction() as session:
        replies.note(session, tickets.lock(session, first), "He called", session.merge(any_cast.alice))
        wall.go(minutes=1)
        into = ticket_merges.merge(session, first, second, ACTOR)
        written(session, any_cast.mail, "Thank you", external_id="<3@x>", replies_to=["<1@x>"])
        assert texts(session, first) == ["Where is it?", "And the invoice?", "He called", "Thank you"]
        whole = timeline.items(session, into)
        places = [one.place for one in whole]
        assert places == sorted(set(places)), "each has a place of its own"
        assert all(one.place == one.seq for one in whole if one.ticket_id == into.id), "the survivor keeps its numbers"
        page = timeline.items(session, into, limit=3)
        assert page == whole[-3:] and page.earlier
        before = timeline.items(session, into, before=page[0].place)
        assert list(before) == whole[:-3] and not before.earlier
        assert timeline.items(session, into, after=whole[-2].place) == whole[-1:]


def test_a_reply_to_either_arrives_in_the_one_that_goes_on(two, any_cast, wall):  # noqa: F811
    first, second = two
    with db.transaction() as session:
        answer = replies.send(session, tickets.lock(session, first), "Tomorrow", agent=session.merge(any_cast.alice))
        sent = session.scalar(select(Delivery).where(Delivery.message_id == answer.id))
        ticket_merges.merge(session, first, second, ACTOR)
        for number, names in enumerate((["<1@x>"], [sent.mail_id], [])):
            message = written(session, any_cast.mail, "So?", external_id=f"<r{number}@x>", replies_to=names,
                              tokens=() if names else (sent.reply_token,))
            assert message.ticket_id == second and message.kind == "message"
            assert message.trace["through"] == first
        answer = replies.send(session, tickets.lock(session, first), "Here", agent=session.merge(any_cast.alice))
        delivery = session.scalar(select(Delivery).where(Delivery.message_id == answer.id))
        assert answer.ticket_id == second
        named = letters.replies_to(session, delivery, False)
        assert {"<1@x>", "<2@x>", sent.mail_id} <= set(named), "the mail is a part of both threads"


def test_what_answered_the_merged_one_goes_back_with_it(two, any_cast, wall):  # noqa: F811
    first, second = two
    with db.transaction() as session:
        ticket_merges.merge(session, first, second, ACTOR)
        to_first = written(session, any_cast.mail, "To the first", external_id="<r1@x>", replies_to=["<1@x>"])
        to_second = written(session, any_cast.mail, "To the second", external_id="<r2@x>", replies_to=["<2@x>"])
        ticket_merges.unmerge(session, first, ACTOR)
        assert texts(session, first) == ["Where is it?", "To the first"]
        assert texts(session, second) == ["And the invoice?", "To the second"]
        assert (to_first.ticket_id, to_second.ticket_id) == (first, second)
        again = written(session, any_cast.mail, "More", external_id="<r3@x>", replies_to=["<r1@x>"])
        assert again.ticket_id == first
        ticket = session.get(Ticket, second)
        assert (ticket.preview, session.get(Ticket, first).preview) == ("To the second", "More")


def test_a_chain_is_followed_and_taken_apart_from_any_end(two, any_cast, wall):  # noqa: F811
    first, second = two
    with db.transaction() as session:
        third = written(session, any_cast.mail, "And one more", external_id="<z@x>").ticket_id
        before = everything(session)
        ticket_merges.merge(session, first, second, ACTOR)
        ticket_merges.merge(session, first, third, ACTOR)         # meant is what goes on: the second
        assert session.get(Ticket, second).merged_into_id == third
        assert [t.id for t in ticket_merges.merged(session, session.get(Ticket, third))] == [second, first]
        assert texts(session, first) == ["Where is it?", "And the invoice?", "And one more"]
        ticket_merges.unmerge(session, first, ACTOR)
        assert texts(session, first) == ["Where is it?"]
        assert texts(session, second) == ["And the invoice?", "And one more"]
        ticket_merges.unmerge(session, second, ACTOR)
        after = everything(session)
        assert {key: after[key] for key in ("parts", "tags", "keys", "said")} == {
            key: before[key] for key in ("parts", "tags", "keys", "said")}
        assert [(t.status, t.merged_into_id, t.has_merged) for t in after["tickets"]] == [("open", None, False)] * 3


def test_what_cannot_be_merged_is_refused_in_words(two):
    first, second = two
    with db.transaction() as session:
        with pytest.raises(NotFound):
            ticket_merges.merge(session, first, 99_999, ACTOR)
        with pytest.raises(Conflict, match="itself"):
            ticket_merges.merge(session, first, first, ACTOR)
        ticket_merges.merge(session, first, second, ACTOR)
        for one, other in ((first, second), (second, first)):
            with pytest.raises(Conflict, match="one ticket already"):
                ticket_merges.merge(session, one, other, ACTOR)


def test_a_chain_that_could_not_be_followed_is_refused(two, any_cast, monkeypatch):
    monkeypatch.setattr(parts, "STEPS", 4)
    with db.transaction() as session:
        numbers = [*two, *(written(session, any_cast.mail, "x", external_id=f"<c{n}@x>").ticket_id for n in range(3))]
        ticket_merges.merge(session, numbers[0], numbers[1], ACTOR)
        ticket_merges.merge(session, numbers[1], numbers[2], ACTOR)
        with pytest.raises(Invalid, match=f"Merge #{numbers[3]} into #{numbers[2]} instead"):
            ticket_merges.merge(session, numbers[2], numbers[3], ACTOR)
        ticket_merges.merge(session, numbers[3], numbers[2], ACTOR)


def test_the_more_urgent_of_the_two_decides_how_the_survivor_stands(two, any_cast, wall):  # noqa: F811
    first, second = two
    with db.transaction() as session:
        tickets.assign(session, tickets.lock(session, first), session.merge(any_cast.bob), ACTOR)
        replies.send(session, tickets.lock(session, second), "Attached", agent=session.merge(any_cast.alice))
        tickets.set_status(session, tickets.lock(session, second), "resolved", ACTOR)
        waiting = session.get(Ticket, first).waiting_since
        before = everything(session)
        wall.go(minutes=5)
        into = ticket_merges.merge(session, first, second, ACTOR)
        assert (into.status, into.resolved_at, into.waiting_since, into.agent_id) == ("open", None, waiting,
                                                                                     any_cast.bob.id)
        assert [one.kind for one in session.scalars(sla.CLOCKS, {"ticket_id": first}) if one.due_at] == []
        assert session.get(Ticket, first).due_at is None
        ticket_merges.unmerge(session, first, ACTOR)
        after = everything(session)
        assert standing(after) == standing(before)


def test_somebody_who_wrote_meanwhile_is_not_buried_by_taking_the_merge_back(two, any_cast):
    first, second = two
    with db.transaction() as session:
        tickets.set_status(session, tickets.lock(session, second), "resolved", ACTOR)
        ticket_merges.merge(session, first, second, ACTOR)
        written(session, any_cast.mail, "And now?", external_id="<n@x>", replies_to=["<2@x>"])
        ticket_merges.unmerge(session, first, ACTOR)
        stays = session.get(Ticket, second)
        assert (stays.status, stays.preview) == ("open", "And now?") and stays.waiting_since


def test_a_promise_stops_with_its_ticket_and_goes_on_with_it(two, wall):  # noqa: F811
    first, second = two

    def due(session, ticket_id):
        return session.scalars(select(SlaClock.due_at).where(SlaClock.ticket_id == ticket_id).order_by(
            SlaClock.kind)).all()
    with db.transaction() as session:
        owed, later = due(session, first), due(session, second)
        ticket_merges.merge(session, first, second, ACTOR)
        assert due(session, second) == owed and due(session, first) == [None, None], "the earlier promise goes over"
        wall.go(minutes=30)
        ticket_merges.unmerge(session, first, ACTOR)
        assert due(session, second) == later
        assert [(a - b).total_seconds() for a, b in zip(due(session, first), owed, strict=True)] == [1800, 1800]
        for one in (first, second):
            ticket = session.get(Ticket, one)
            spans = sla.explain(session, ticket)
            assert any(span.cause == "merged into another ticket" for span in spans) == (one == first)


def test_lists_and_reports_and_surveys_know_only_the_survivor(two, any_cast, wall, config):  # noqa: F811
    first, second = two
    with db.transaction() as session:
        tickets.set_status(session, tickets.lock(session, first), "resolved", ACTOR)
        planned = surveys.plan(session, first, actor=ACTOR)
        ticket_merges.merge(session, first, second, ACTOR)
        assert [row.id for row in views.tickets(session, views.VIEWS["all"], 1).rows] == [second]
        for words in ("Where is it", f"#{first}", "invoice", "vip"):
            found = views.tickets(session, views.VIEWS["all"], 1, views.Filters(q=words) if words != "vip"
                                  else views.Filters(tag="vip"))
            assert [row.id for row in found.rows] == [second], words
        planned.due_at = wall.at
        assert surveys.send_due(session) == 0 and planned.reason == "merged into another ticket"


@pytest.fixture
def strangers(wall, any_cast):  # noqa: F811
    """Ann's ticket and Eve's, both by mail: (ids)."""
    any_cast.mail.assistant = False
    with db.transaction() as session:
        ann = written(session, any_cast.mail, "Ann's secret", external_id="<a@x>").ticket_id
        wall.go(minutes=1)
        eve = written(session, any_cast.mail, "Eve's words", address=EVE, external_id="<e@x>", name="Eve").ticket_id
        wall.go(minutes=1)
        return ann, eve


def quoted(session, message):
    return [quote.text for quote in letters.quotes(session, session.get(Ticket, message.ticket_id), message, "thread")]


def test_two_customers_are_kept_apart(strangers, any_cast):
    ann, eve = strangers
    with db.transaction() as session:
        alice = session.merge(any_cast.alice)
        before = everything(session)
        into = ticket_merges.merge(session, eve, ann, ACTOR)
        assert into.reply_identity_id == session.scalar(select(Identity.id).where(Identity.value == ANN))
        assert {way.identity.value for way in routes.routes(session, into)} == {ANN}
        answer = replies.send(session, into, "For Ann only", agent=alice)
        assert quoted(session, answer) == ["Ann's secret"]
        back = written(session, any_cast.mail, "Eve again", address=EVE, external_id="<e2@x>", replies_to=["<e@x>"])
        assert (back.ticket_id, back.kind) == (ann, "aside")
        answer = replies.send(session, into, "For Ann again", agent=alice)
        assert "Eve again" not in quoted(session, answer)
        assert texts(session, ann) == ["Ann's secret", "Eve's words", "For Ann only", "Eve again", "For Ann again"]
        ticket_merges.unmerge(session, eve, ACTOR)
        assert (back.ticket_id, back.kind) == (eve, "message"), "in her own ticket she is the customer"
        assert everything(session)["parts"] == before["parts"]


def test_two_customers_are_together_only_if_an_agent_says_so(strangers, any_cast):
    ann, eve = strangers
    with db.transaction() as session:
        into = ticket_merges.merge(session, eve, ann, ACTOR, together=True)
        assert {way.identity.value for way in routes.routes(session, into)} == {ANN, EVE}
        back = written(session, any_cast.mail, "Eve again", address=EVE, external_id="<e2@x>", replies_to=["<e@x>"])
        assert (back.ticket_id, back.kind) == (ann, "message")


def chat(session, cast, text, browser="b1", **fields):
    return written(session, cast.widget, text, address=browser, **fields)


def reads(session, browser):
    from helpdesk.models import Visitor
    identity = identities.find(session, "visitor", browser)
    visitor = Visitor(inbox_id=1, identity_id=identity.id, token_hash="")
    ticket = visitors.ticket_of(session, visitor)
    return ticket.id, [one.text for one in timeline.public_items(session, ticket, reader=identity.id)]


def test_a_visitor_reads_their_own_chat_and_what_is_said_after_the_merge(any_cast, wall):  # noqa: F811
    with db.transaction() as session:
        mail = written(session, any_cast.mail, "By mail", external_id="<m@x>")
        wall.go(minutes=1)
        first = chat(session, any_cast, "Hello", external_id="c1")
        contact = session.get(Identity, mail.identity_id).contact
        identities.merge_into(session, session.get(Identity, first.identity_id).contact, contact, "test")
        wall.go(minutes=1)
        replies.send(session, tickets.lock(session, mail.ticket_id), "Mailed", agent=session.merge(any_cast.alice))
        wall.go(minutes=1)
        into = ticket_merges.merge(session, first.ticket_id, mail.ticket_id, ACTOR)
        wall.go(minutes=1)
        way = next(one for one in routes.routes(session, into) if one.inbox.channel == "web")
        replies.send(session, into, "In the chat", agent=session.merge(any_cast.alice), route=way)
        wall.go(minutes=1)
        again = chat(session, any_cast, "I see", external_id="c2")
        assert again.ticket_id == into.id
        assert reads(session, "b1") == (into.id, ["Hello", "In the chat", "I see"])
        ticket_merges.unmerge(session, first.ticket_id, ACTOR)
        assert reads(session, "b1") == (first.ticket_id, ["Hello", "In the chat", "I see"])
        assert texts(session, into.id) == ["By mail", "Mailed"]


def test_a_visitor_who_is_kept_apart_keeps_what_was_theirs_and_begins_anew(any_cast, wall):  # noqa: F811
    with db.transaction() as session:
        ann = written(session, any_cast.mail, "Ann's secret", external_id="<m@x>").ticket_id
        wall.go(minutes=1)
        theirs = chat(session, any_cast, "Hello", external_id="c1").ticket_id
        into = ticket_merges.merge(session, theirs, ann, ACTOR)
        replies.send(session, into, "For Ann only", agent=session.merge(any_cast.alice))
        assert reads(session, "b1") == (theirs, ["Hello"])
        again = chat(session, any_cast, "Anybody there?", external_id="c2")
        assert again.ticket_id not in (ann, theirs)
        assert reads(session, "b1") == (again.ticket_id, ["Anybody there?"])


def test_a_correction_of_what_was_merged_is_shown_in_the_one_that_goes_on(any_cast, wall):  # noqa: F811
    from channels.base import Edited
    from helpdesk.services import inboxes
    with db.transaction() as session:
        inbox = inboxes.create(session, "telegram", "Bot", {"bot_token": "1:test", "webhook_secret": "test-secret"})
        first = written(session, inbox, "Helo", address="77", external_id="t1")
        wall.go(minutes=1)
        second = written(session, any_cast.mail, "Mail", external_id="<m@x>").ticket_id
        into = ticket_merges.merge(session, first.ticket_id, second, ACTOR, together=True)
        seen = into.seq
        changes.edit(session, inbox, inboxes.open_channel(inbox),
                     Edited(external_id="t1", address="77", text="Hello", at=wall.at))
        assert changes.changed_since(session, into, seen) == [first.id]
        [shown] = timeline.by_id(session, into, [first.id], until=seen)
        assert (shown.text, shown.ticket_id) == ("Hello", first.ticket_id) and shown.place < 1
