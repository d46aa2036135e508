"""One person's messages and events over all channels, page by page, on both databases."""
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, insert

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Contact, Identity, Message, Participant, Ticket
from helpdesk.services import contact_timeline, highlights, identities, replies, tickets
from helpdesk.services.contact_places import Narrowed, Place

pytest_plugins = ["tests.desk"]

MONDAY = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)        # where tests.desk begins


def read(contact_id, *args, **kwargs):
    with db.reading() as session:
        return contact_timeline.page(session, session.get(Contact, contact_id), *args, **kwargs)


def texts(page):
    return [item.message.text for item in page.items if item.message]


def contact_of(desk, ticket_id):
    return desk.ticket(ticket_id).contact_id


@pytest.fixture
def carla(any_desk):
    """Carla wrote by WhatsApp and by Telegram about three matters, and was answered: (the desk, her contact's id)."""
    desk = any_desk
    first = desk.customer_writes("Where is my parcel?")
    desk.wall.go(minutes=5)
    desk.agent_answers(first, "On its way to Köln.")
    desk.resolve(first)
    desk.wall.go(days=1)
    with db.transaction() as session:
        contact = session.get(Ticket, first).contact
        identities.verify(session, contact, "telegram", "70001", how="platform")
    second = desk.customer_writes("The grinder is loud", who="70001", channel="telegram")
    desk.wall.go(minutes=5)
    desk.agent_answers(second, "Is it new?")
    assert contact_of(desk, first) == contact_of(desk, second)
    return desk, contact_of(desk, first), first, second


def test_all_channels_stand_in_one_line_the_newest_first_with_their_events(carla):
    _, contact_id, first, second = carla
    page = read(contact_id)
    assert texts(page) == ["Is it new?", "The grinder is loud", "On its way to Köln.", "Where is my parcel?"]
    assert [item.message.channel for item in page.items if item.message] == ["telegram"] * 2 + ["whatsapp"] * 2
    names = [item.event.name for item in page.items if item.event]
    assert "TicketResolved" in names and "IdentityVerified" in names, "also what belongs to no ticket"
    assert not {"MessageReceived", "ReplySent"} & set(names), "the message itself tells it"
    assert [item.place for item in page.items] == sorted((item.place for item in page.items), reverse=True,
                                                         key=lambda place: (place.at, place.ticket_id, place.seq))
    assert {item.ticket.id for item in page.items if item.ticket} == {first, second}
    assert (page.older, page.newer) == (None, None)


def test_pages_go_on_in_both_directions_without_gap_or_repetition(carla):
    desk, contact_id, _, second = carla
    for n in range(60):
        desk.wall.go(seconds=1 if n % 3 else 0)         # some arrive in the same moment
        desk.customer_writes(f"line {n}", who="70001", channel="telegram")
    whole = [item.place for item in read(contact_id, limit=1_000).items]
    found, page = [], read(contact_id, limit=7)
    while page.older:
        found += [item.place for item in page.items]
        page = read(contact_id, before=page.older, limit=7)
    assert found + [item.place for item in page.items] == whole
    back, page = [], read(contact_id, after=whole[-1], limit=7)
    while page.newer:
        back = [item.place for item in page.items] + back
        page = read(contact_id, after=page.newer, limit=7)
    assert [item.place for item in page.items] + back == whole[:-1]


def test_what_came_meanwhile_shifts_no_page(carla):
    desk, contact_id, *_ = carla
    first = read(contact_id, limit=3)
    expected = [item.place for item in read(contact_id, before=first.older, limit=3).items]
    desk.customer_writes("One more thing", who="70001", channel="telegram")
    assert [item.place for item in read(contact_id, before=first.older, limit=3).items] == expected
    assert texts(read(contact_id, after=first.items[0].place)) == ["One more thing"]


def test_a_place_is_shown_with_what_came_before_and_after_it(carla):
    desk, contact_id, *_ = carla
    for n in range(40):
        desk.wall.go(seconds=1)
        desk.customer_writes(f"line {n}", who="70001", channel="telegram")
    [place] = [item.place for item in read(contact_id, limit=500).items
               if item.message and item.message.text == "line 20"]
    page = read(contact_id, Narrowed(kind="public"), around=place, limit=5)
    assert texts(page) == [f"line {n}" for n in range(30, 15, -1)]
    newer = read(contact_id, Narrowed(kind="public"), after=page.newer, limit=3)
    assert texts(newer) == ["line 33", "line 32", "line 31"]
    assert texts(read(contact_id, Narrowed(kind="public"), before=page.older, limit=2)) == ["line 15", "line 14"]


def test_channel_notes_and_public_narrow_it(carla):
    desk, contact_id, first, _ = carla
    desk.on(first, lambda session, ticket: replies.note(session, ticket, "A friend of the boss",
                                                        session.get(Agent, desk.agent)))
    assert texts(read(contact_id, Narrowed(channel="whatsapp"))) == ["On its way to Köln.", "Where is my parcel?"]
    assert texts(read(contact_id, Narrowed(kind="notes"))) == ["A friend of the boss"]
    assert "A friend of the boss" not in texts(read(contact_id, Narrowed(kind="public")))
    events = read(contact_id, Narrowed(kind="events"))
    assert events.items and texts(events) == []
    with pytest.raises(Invalid):
        read(contact_id, Narrowed(kind="secrets"))
    with db.reading() as session:
        assert contact_timeline.channels(session, session.get(Contact, contact_id)) == ["telegram", "whatsapp"]


@pytest.mark.parametrize(("query", "found"), [
    ("grinder", ["The grinder is loud"]), ("GRIND", ["The grinder is loud"]), ("koln", ["On its way to Köln."]),
    ("is", ["Is it new?", "The grinder is loud", "Where is my parcel?"]), ("is parcel", ["Where is my parcel?"]),
    ("unicorn", []), ("%", []), ('"', [])])
def test_words_are_found_within_this_person_only(carla, query, found):
    desk, contact_id, *_ = carla
    desk.customer_writes("My grinder is in Köln, parcel", who="4917099990009", name="Otto")
    assert texts(read(contact_id, Narrowed(q=query))) == found


def test_in_tickets_of_others_only_their_own_words_are_theirs(carla):
    desk, contact_id, *_ = carla
    other = desk.customer_writes("Our order for the office", who="4917099990009", name="Otto")
    with db.transaction() as session:
        ticket = tickets.lock(session, other)
        mine = session.query(Identity).filter_by(kind="telegram").one()
        session.add(Participant(ticket_id=other, identity_id=mine.id, role="cc"))
        ticket.seq += 1
        session.add(Message(ticket_id=other, seq=ticket.seq, identity_id=mine.id, channel="telegram", direction="in",
                            author_kind="contact", author_name="Carla", text="I need two of them"))
        ticket.seq += 1
        session.add(Message(ticket_id=other, seq=ticket.seq, identity_id=mine.id, channel="telegram", direction="out",
                            kind="aside", author_kind="agent", text="What we told her about Otto's order"))
    page = read(contact_id)
    assert "What we told her about Otto's order" not in texts(page)
    assert "I need two of them" in texts(page) and "Our order for the office" not in texts(page)
    [item] = [item for item in page.items if item.message and item.message.text == "I need two of them"]
    assert not item.own and item.ticket.id == other
    theirs = read(contact_of(desk, other))
    assert {"I need two of them", "Our order for the office"} <= set(texts(theirs))


def test_joined_records_have_one_story(carla):
    desk, contact_id, *_ = carla
    other = desk.customer_writes("It is me, from my other number", who="4917099990009", name="Carla")
    with db.transaction() as session:
        identities.merge_into(session, session.get(Ticket, other).contact, session.get(Contact, contact_id), "the same")
    page = read(contact_id)
    assert "It is me, from my other number" in texts(page) and "Where is my parcel?" in texts(page)
    assert "ContactsMerged" in [item.event.name for item in page.items if item.event]


@pytest.mark.parametrize("text", ["", "x", "1.2", "1.2.3.4", "9" * 40 + ".1.1", "1.-2.3", "1.2." + "9" * 20, "１.x.3"])
def test_a_made_up_place_is_refused_in_words(text):
    if text == "":
        assert Place.read(text) is None
        return
    with pytest.raises(Invalid):
        Place.read(text)
    assert Place.read(str(Place(MONDAY + timedelta(microseconds=7), 3, 9))) == Place(
        MONDAY + timedelta(microseconds=7), 3, 9)


def test_five_thousand_messages_take_as_many_statements_as_ten(carla):
    desk, contact_id, first, second = carla

    def statements(**kwargs):
        seen = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        with db.reading() as session:
            contact = session.get(Contact, contact_id)
            event.listen(db.engine(), "before_cursor_execute", listener)
            try:
                contact_timeline.page(session, contact, **kwargs)
            finally:
                event.remove(db.engine(), "before_cursor_execute", listener)
        return len(seen)
    few = statements(), statements(narrowed=Narrowed(q="grinder"))
    with db.transaction() as session:
        session.execute(insert(Message), [
            {"ticket_id": (first, second)[n % 2], "seq": 1_000 + n, "channel": "telegram", "direction": "in",
             "author_kind": "contact", "text": f"line {n} about the grinder",
             "created_at": MONDAY + timedelta(seconds=n)} for n in range(5_000)])
    assert (statements(), statements(narrowed=Narrowed(q="grinder"))) == few
    middle = read(contact_id, around=Place(MONDAY + timedelta(seconds=2_500), 0, 0), limit=20)
    assert len(middle.items) == 30 and statements(before=middle.older) == few[0]


def test_what_was_looked_for_is_marked_whatever_its_case_and_accents():
    assert highlights.marked("Nach Köln, KOLN und Kölner", "koln") == [
        ("Nach ", False), ("Köln", True), (", ", False), ("KOLN", True), (" und ", False), ("Kölner", True)]
    assert highlights.marked("nothing", "") == [("nothing", False)] and highlights.marked("", "x") == []
    text = "a " * 400 + "grinder " + "b " * 400
    cut = highlights.excerpt(text, "grind", 300)
    assert "grinder" in cut and cut.startswith("…") and cut.endswith("…") and len(cut) <= 302
    assert highlights.excerpt("short", "x", 300) == "short"
