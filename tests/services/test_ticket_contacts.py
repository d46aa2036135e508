"""Whose ticket is it?"""
import pytest
from sqlalchemy import func, select

from helpdesk import db
from helpdesk.errors import Conflict
from helpdesk.models import Contact, Delivery, Identity, Participant, Ticket
from helpdesk.services import identities, replies, routes, ticket_contacts, tickets, visitors
from tests.people import EVE, written

ACTOR = "agent:1"


@pytest.fixture
def desk(any_cast):
    """Ann's ticket, which is Eve's really: (ticket id, Ann, Eve)."""
    any_cast.mail.assistant = False
    with db.transaction() as session:
        said = written(session, any_cast.mail, "For Eve", external_id="<1@x>")
        replies.send(session, tickets.lock(session, said.ticket_id), "Hello", agent=session.merge(any_cast.alice))
        eve = identities.mentioned(session, "email", EVE, "Eve").contact_id
        return said.ticket_id, session.get(Identity, said.identity_id).contact_id, eve


def state(session):
    session.flush()
    columns = [c for c in Ticket.__table__.c if c.name != "seq"]
    return (session.execute(select(*columns)).all(), session.execute(select(
        Participant.ticket_id, Participant.identity_id, Participant.role).order_by(Participant.identity_id)).all())


def test_answers_go_to_the_new_contact_and_nothing_is_sent_again(desk, any_cast):
    number, ann, eve = desk
    with db.transaction() as session:
        sent = session.scalar(select(func.count()).select_from(Delivery))
        ticket = tickets.lock(session, number)
        ticket_contacts.change(session, ticket, session.get(Contact, eve), ACTOR)
        assert {way.identity.value for way in routes.routes(session, ticket)} == {EVE}
        assert session.scalar(select(func.count()).select_from(Delivery)) == sent
        answer = replies.send(session, ticket, "For you", agent=session.merge(any_cast.alice))
        assert session.get(Identity, answer.identity_id).value == EVE
        delivery = session.scalar(select(Delivery).where(Delivery.message_id == answer.id))
        back = written(session, any_cast.mail, "Thanks", address=EVE, external_id="<e@x>",
                       replies_to=[delivery.mail_id])
        assert (back.ticket_id, back.kind) == (number, "message") and ticket.reply_identity_id == back.identity_id
        again = written(session, any_cast.mail, "Ann again", external_id="<a@x>", replies_to=["<1@x>"])
        assert (again.ticket_id, again.kind) == (number, "aside"), "who had it takes no part any more"
        with pytest.raises(Conflict, match="already"):
            ticket_contacts.change(session, ticket, session.get(Contact, eve), ACTOR)


def test_who_wrote_for_them_can_go_on_taking_part(desk, any_cast):
    number, ann, eve = desk
    with db.transaction() as session:
        ticket = tickets.lock(session, number)
        ticket_contacts.change(session, ticket, session.get(Contact, eve), ACTOR, keep=True)
        assert routes.routes(session, ticket)[0].identity.value == EVE, "by default the new one is answered"
        again = written(session, any_cast.mail, "Ann again", external_id="<a@x>", replies_to=["<1@x>"])
        assert (again.ticket_id, again.kind) == (number, "message")


@pytest.mark.parametrize("keep", (False, True))
def test_taken_back_it_is_as_it_was(desk, keep):
    number, ann, eve = desk
    with db.transaction() as session:
        before = state(session)
        ticket = tickets.lock(session, number)
        with pytest.raises(Conflict, match="no change"):
            ticket_contacts.change_back(session, ticket, ACTOR)
        ticket_contacts.change(session, ticket, session.get(Contact, eve), ACTOR, keep=keep)
        assert state(session) != before
        ticket_contacts.change_back(session, ticket, ACTOR)
        assert state(session) == before
        ticket_contacts.change_back(session, ticket, ACTOR)
        assert ticket.contact_id == eve, "taking that back changes it again"


def test_a_visitor_whose_chat_was_given_away_reads_it_no_more_and_begins_anew(any_cast):
    from helpdesk.models import Visitor
    with db.transaction() as session:
        said = written(session, any_cast.widget, "Hi", address="browser", external_id="c1")
        eve = identities.mentioned(session, "email", EVE, "Eve").contact
        ticket_contacts.change(session, tickets.lock(session, said.ticket_id), eve, ACTOR)
        visitor = Visitor(inbox_id=any_cast.widget.id, identity_id=said.identity_id, token_hash="")
        assert visitors.ticket_of(session, visitor) is None
        again = written(session, any_cast.widget, "Hello?", address="browser", external_id="c2")
        assert again.ticket_id != said.ticket_id and visitors.ticket_of(session, visitor).id == again.ticket_id
