"""A change of channel stands above the ticket until somebody of ours answered it, accepted it or split it off."""
import pytest

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Inbox, Message, Ticket, Trust
from helpdesk.services import identities, inboxes, replies, switches, ticket_merges, tickets, timeline
from tests.people import ANN, written

PHONE = "+6281234567890"


@pytest.fixture
def matter(any_cast):
    """Ann began by mail and went on by WhatsApp, which proves her number."""
    with db.transaction() as session:
        phone = inboxes.create(session, "whatsapp", "Shop number", {
            "phone_number_id": "4711", "access_token": "t", "app_secret": "s", "verify_token": "v"})
        first = written(session, any_cast.mail, "Where is it?", external_id="<1@x>", name="Ann Lee")
        contact = session.get(Ticket, first.ticket_id).contact
        identities.verify(session, contact, "phone", PHONE, how="token")
        assert switches.open_one(session, session.get(Ticket, first.ticket_id)) is None
        second = written(session, phone, "Hello?", address=PHONE, external_id="w1", name="Ann Lee")
        assert second.ticket_id == first.ticket_id
        return first.ticket_id, second.id


def shown(ticket_id):
    with db.transaction() as session:
        return switches.open_one(session, tickets.lock(session, ticket_id))


def test_it_says_who_went_where_and_how_sure_we_are(matter):
    found = shown(matter[0])
    assert (found.message_id, found.name, found.channel, found.previous, found.address, found.trust) == (
        matter[1], "Ann Lee", "whatsapp", "email", PHONE, Trust.VERIFIED)


def test_it_is_accepted_once_for_everybody(matter):
    def accept(session):
        switches.accept(session, tickets.lock(session, matter[0]), "agent:1")
    db.run(accept)
    assert shown(matter[0]) is None
    with pytest.raises(Invalid, match="already"):
        db.run(accept)


def test_an_answer_of_a_person_ends_it_and_the_assistants_does_not(matter, any_cast):
    def answer(session, **who):
        replies.send(session, tickets.lock(session, matter[0]), "Here", **who)
    db.run(answer, by="assistant")
    assert shown(matter[0])
    db.run(lambda session: answer(session, agent=session.merge(any_cast.alice)))
    assert shown(matter[0]) is None


def test_split_off_it_is_gone_and_the_matter_goes_on_where_it_was(matter):
    with db.transaction() as session:
        new = tickets.split(session, tickets.lock(session, matter[0]), session.get(Message, matter[1]), "agent:1")
        new_id = new.id
    assert shown(matter[0]) is None and shown(new_id) is None


def test_going_on_twice_shows_the_last(matter, any_cast):
    with db.transaction() as session:
        written(session, any_cast.mail, "By mail again", external_id="<2@x>", replies_to=["<1@x>"], address=ANN)
    assert (shown(matter[0]).channel, shown(matter[0]).trust) == ("email", Trust.CLAIMED)


def test_a_split_is_taken_back_and_the_story_stands_in_its_order_again(matter, any_cast):
    def said():
        with db.reading() as session:
            found = timeline.items(session, session.get(Ticket, matter[0]))
            return [one.text for one in found if hasattr(one, "deliveries")]
    before = said()
    with db.transaction() as session:
        new_id = tickets.split(session, tickets.lock(session, matter[0]), session.get(Message, matter[1]), "agent:1").id
        phone = session.get(Inbox, session.get(Message, matter[1]).inbox_id)
        assert written(session, phone, "More", address=PHONE, external_id="w2").ticket_id == new_id
    assert said() == before[:1]
    assert db.run(ticket_merges.merge, new_id, matter[0], "agent:1").id == matter[0]
    assert said() == [*before, "More"] and shown(matter[0]) is None
    with db.transaction() as session:
        phone = session.get(Inbox, session.get(Message, matter[1]).inbox_id)
        assert written(session, phone, "Again", address=PHONE, external_id="w3").ticket_id == matter[0]
