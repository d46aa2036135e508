"""One story for every pair of channels: a matter begun on the one goes on on the other, for every channel there is.

A proved person has one ticket; their answer goes where they wrote last. A person who is not proved gets a ticket of
their own, and nobody's record is touched: what speaks for one person is shown to the agent.
"""
import time
from itertools import count, permutations

import jwt
import pytest
from sqlalchemy import select

import channels
from helpdesk import db
from helpdesk.jobs.duplicates import refresh_due
from helpdesk.models import Contact, Event, Identity, Inbox, Message, Ticket
from helpdesk.services import duplicates, identities, inboxes, replies, routes, tickets
from tests.house import wait_for
from tests.platforms import ADDRESS, SITE_SECRET, Platforms

KINDS = channels.load()
PAIRS = list(permutations(sorted(KINDS), 2))
BY_CODE = ("email", "phone")            # kinds of address that a one-time code or the site's token can prove
PEOPLE = count(1)


@pytest.fixture(scope="module")
def world(tmp_path_factory, sqlite_template):
    before, db.DURABLY = db.DURABLY, "synchronous=OFF"
    made = Platforms()
    made.start(tmp_path_factory.mktemp("platforms"), sqlite_template)
    yield made
    made.stop()
    db.DURABLY = before


def proves(world: Platforms, channel: str) -> bool:
    """Whether the platform itself says who writes there, so that a message needs no more proof."""
    with db.reading() as session:
        return inboxes.open_channel(session.get(Inbox, world.inboxes[channel])).proves_sender


def prove(world: Platforms, channel: str, person: int, contact_id: int) -> None:
    """This person's address there is the contact's: shown by a code, by the site, or by an agent who knows them."""
    kind, address = KINDS[channel].identity_kind, world.address(channel, person)
    with db.transaction() as session:
        contact = identities.survivor(session, session.get(Contact, contact_id))
        identities.verify(session, contact, kind, address,
                          "code" if kind in BY_CODE else "agent", world.scope(session, channel))


def sign_in(world: Platforms, person: int, **proved: str) -> None:
    """The site signs who uses this browser."""
    at = int(time.time())
    answer = world.browser(person).post("identify", token=jwt.encode(
        {"sub": f"customer-{person}", "aud": "web", "iat": at, "exp": at + 600, "jti": f"{person}-{at}", **proved},
        SITE_SECRET, algorithm="HS256"))
    assert answer.status_code == 200, answer.text
    world.browser(person).token = answer.get_json().get("token") or world.browser(person).token


def make_one(world: Platforms, first: str, second: str, person: int, contact_id: int) -> None:
    """Both addresses are proved to be one person's: by the site where a browser is one of them and it can, else as
    above."""
    kinds = {first: KINDS[first].identity_kind, second: KINDS[second].identity_kind}
    other = second if first == "web" else first
    prove(world, first, person, contact_id)
    if "web" in kinds and kinds[other] in BY_CODE:
        sign_in(world, person, **{kinds[other]: world.address(other, person)})
    else:
        prove(world, second, person, contact_id)


def contact_of(ticket_id: int) -> Contact:
    with db.reading() as session:
        ticket = session.get(Ticket, ticket_id)
        return identities.survivor(session, ticket.contact)


def answer(world: Platforms, ticket_id: int, text: str, by: str = "") -> None:
    """alice answers, over the way that is offered first, or by one channel."""
    with db.transaction() as session:
        ticket = tickets.lock(session, ticket_id)
        way = next(r for r in routes.routes(session, ticket) if r.open and by in ("", r.inbox.channel))
        replies.send(session, ticket, text, agent=world.alice(session), route=way)


def arrives(world: Platforms, channel: str, person: int, text: str) -> dict:
    return wait_for(lambda: next((m for m in world.got(channel, person) if text in m["text"]), None),
                    f"{text!r} to reach them by {channel}")


def test_every_channel_has_its_stories():
    assert set(KINDS) == {*ADDRESS, "web"}, "a new channel needs its platform in tests/platforms.py"


@pytest.mark.parametrize("first, second", PAIRS, ids=lambda name: name)
def test_a_proved_person_has_one_ticket(world, first, second):
    person = next(PEOPLE)
    begun = world.writes(first, person, f"My kettle {person} leaks", name=f"Ann {person}")
    make_one(world, first, second, person, contact_of(begun.ticket_id).id)
    went_on = world.writes(second, person, f"It is me again {person}", name=f"Ann {person}")
    if proves(world, second):
        with db.reading() as session:
            switched = session.scalars(select(Event.data).where(
                Event.ticket_id == begun.ticket_id, Event.name == "ChannelSwitched")).all()
        assert [(one["previous"], one["channel"]) for one in switched] == [(first, second)]
    else:
        assert went_on.ticket_id != begun.ticket_id, "an address that anybody can write is no proof by itself"
        assert any(f"ticket {begun.ticket_id}" in step for step in went_on.trace["steps"]), went_on.trace
        if not KINDS[second].can.subject:
            return      # an SMS names nothing that it answers: the agent joins the two
        answer(world, begun.ticket_id, f"We look into it {person}.", by=second)
        mail = arrives(world, second, person, f"We look into it {person}.")
        went_on = world.writes(second, person, f"Thank you {person}", answers=mail.get("message_id") or mail["id"])
    assert went_on.ticket_id == begun.ticket_id
    assert contact_of(begun.ticket_id).id == went_on.author_id
    answer(world, begun.ticket_id, f"A new one leaves today {person}.")
    arrives(world, second, person, f"A new one leaves today {person}.")


def test_people_of_one_name_who_are_not_proved_stay_apart_on_every_pair_of_channels(world):
    """One name, every channel: as many tickets and records as messages."""
    name, said = "Annika Lindqvist-Oyelaran", {}
    for channel in sorted(KINDS):
        said[channel] = (person := next(PEOPLE)), world.writes(channel, person, f"It is me, Annika, by {channel}", name)
    rooms = {channel: message.ticket_id for channel, (_, message) in said.items()}
    assert len(set(rooms.values())) == len(KINDS)
    people = {channel: contact_of(number) for channel, number in rooms.items()}
    assert len({contact.id for contact in people.values()}) == len(KINDS)
    with db.reading() as session:
        assert session.scalars(select(Event.id).where(Event.name == "ContactsMerged", Event.contact_id.in_(
            [contact.id for contact in people.values()]))).all() == []
    for channel, (person, message) in said.items():
        answer(world, message.ticket_id, f"Who are you on {channel}.")
        arrives(world, channel, person, f"Who are you on {channel}.")
    for channel, (person, _) in said.items():
        got = [one["text"] for one in world.got(channel, person)]
        assert len(got) == 1 and f"Who are you on {channel}." in got[0], "and nobody reads another's answer"


@pytest.mark.parametrize("first, second", zip(sorted(KINDS), sorted(KINDS)[1:], strict=False), ids=lambda name: name)
def test_what_speaks_for_one_person_is_suggested_and_not_done(world, first, second):
    person = next(PEOPLE)
    name = f"Annika{person} Lindqvist{person}"
    two = [contact_of(world.writes(channel, person, f"It is me by {channel} {person}", name).ticket_id)
           for channel in (first, second)]
    assert two[0].id != two[1].id
    if [one.name for one in two] != [name, name]:
        return          # a platform that tells no name tells nothing to go by
    while refresh_due():
        pass
    with db.reading() as session:
        found = duplicates.suggestions(session, session.get(Contact, two[1].id))
        assert two[0].id in [one.contact.id for one in found]


@pytest.mark.parametrize("channel", [name for name in sorted(KINDS) if KINDS[name].identity_kind in BY_CODE])
def test_an_address_that_is_only_typed_into_the_chat_joins_nothing(world, channel):
    person, kind = next(PEOPLE), KINDS[channel].identity_kind
    begun = world.writes("web", person, f"My kettle {person} leaks")
    world.browser(person).post("contact", **{kind: world.address(channel, person)}, name="Ann")
    owner = world.writes(channel, person, f"It is truly me {person}", name="Ann")
    assert owner.ticket_id != begun.ticket_id and contact_of(owner.ticket_id).id != contact_of(begun.ticket_id).id
    assert f"truly me {person}" not in str(world.browser(person).sees())
    assert contact_of(begun.ticket_id).claims[kind] == world.address(channel, person), "the agent sees the claim"


def test_the_phone_number_of_two_channels_is_one_person(world):
    """WhatsApp, Twilio's WhatsApp and SMS share numbers: the record is one, but only WhatsApp proves who writes."""
    number = "+628155500001"
    for channel in ("whatsapp", "whatsapp_twilio", "sms"):
        world.sims[channel].customer_writes(number, f"By {channel}", name="Ann")
        wait_for(lambda c=channel: world._stored(f"By {c}"), channel)
    with db.reading() as session:
        found = {m.text: m.ticket_id for m in session.scalars(select(Message).where(Message.text.startswith("By ")))}
        assert session.scalars(select(Identity).where(Identity.value == number)).one()
    assert found["By whatsapp"] == found["By whatsapp_twilio"] != found["By sms"]
