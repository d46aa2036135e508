"""By which ways can this person be answered?"""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Identity, Message, Participant, Ticket
from helpdesk.services import identities, inboxes, outbox, routes
from tests.people import ANN, written

PHONE = "+4917011110001"


@pytest.fixture
def whatsapp(any_cast):
    with db.transaction() as session:
        return inboxes.create(session, "whatsapp", "Shop number", {
            "phone_number_id": "4711", "access_token": "t", "app_secret": "s", "verify_token": "v"})


def of(session, message):
    return session.get(Ticket, message.ticket_id)


def test_where_the_customer_wrote_last_comes_first(any_cast, whatsapp):
    with db.transaction() as session:
        ticket = of(session, written(session, whatsapp, "Hi", address=PHONE))
        identities.claim(session, ticket.contact, "email", ANN)
        session.flush()
        found = routes.routes(session, ticket)
        assert [r.inbox.channel for r in found] == ["whatsapp", "email"] and all(r.open for r in found)
        assert found[0].current and found[0].heard_at and not found[1].current and found[1].heard_at is None
        assert routes.by_key(session, ticket, found[1].key) == found[1]
        assert routes.by_key(session, ticket, "1:999999") is None


def test_a_window_that_has_closed_is_shown_with_its_reason_and_not_used(any_cast, whatsapp):
    with db.transaction() as session:
        message = written(session, whatsapp, "Hi", address=PHONE)
        ticket = of(session, message)
        assert routes.default(session, ticket).closes_at == message.sent_at + timedelta(hours=24)
        session.get(Message, message.id).sent_at = now() - timedelta(hours=25)
        session.flush()
        [way] = routes.routes(session, ticket)
        assert not way.open and "24 hours" in way.why and routes.default(session, ticket) is None


def test_nobody_is_reached_over_a_platform_on_which_they_have_not_written(any_cast):
    with db.transaction() as session:
        values = {"bot_token": "1:t", "webhook_secret": "s"}
        first = inboxes.create(session, "telegram", "One bot", values)
        inboxes.create(session, "telegram", "Another bot", values)
        ticket = of(session, written(session, first, "Hi", address="77"))
        assert [r.inbox.id for r in routes.routes(session, ticket)] == [first.id]


def test_a_browser_belongs_to_the_widget_it_opened(any_cast):
    with db.transaction() as session:
        inboxes.create(session, "web", "Another site", {})
        ticket = of(session, written(session, any_cast.widget, "Hi", address="browser"))
        assert [r.inbox.id for r in routes.routes(session, ticket)] == [any_cast.widget.id]


def test_an_address_that_only_knew_a_secret_is_no_way_to_the_customer(any_cast):
    with db.transaction() as session:
        ticket = of(session, written(session, any_cast.mail, "Hi"))
        eve = identities.resolve(session, "email", "eve@example.net")
        session.add(Participant(ticket_id=ticket.id, identity_id=eve.id, role="unverified"))
        session.flush()
        assert [r.identity.value for r in routes.routes(session, ticket)] == [ANN]


def test_a_claimed_address_of_somebody_else_can_be_written_to_but_opens_nothing(any_cast):
    with db.transaction() as session:
        written(session, any_cast.mail, "I am Ann")
        chat = of(session, written(session, any_cast.widget, "I am Ann, too", address="browser"))
        identities.claim(session, chat.contact, "email", ANN)
        session.flush()
        assert [r.inbox.channel for r in routes.routes(session, chat)] == ["web", "email"]
        assert session.scalar(select(Identity.contact_id).where(Identity.value == ANN)) != chat.contact_id


def test_what_is_wrong_with_a_way_is_told(any_cast):
    with db.transaction() as session:
        ticket = of(session, written(session, any_cast.mail, "Hi"))
        session.get(Identity, ticket.reply_identity_id).failing_since = now()
        session.flush()
        assert routes.default(session, ticket).why == "Messages to this address have come back."
        session.get(Identity, ticket.reply_identity_id).failing_since = None
        inboxes.mark_health(session, any_cast.mail.id, "login refused", "Sending")
        session.flush()
        assert "login refused" in routes.default(session, ticket).why


def test_who_left_the_chat_and_answers_by_mail_is_answered_by_mail(any_cast):
    """Their mail does not lead the ticket, as nobody proved whose it is; but that is where they are just now."""
    with db.transaction() as session:
        ticket = of(session, written(session, any_cast.widget, "Hi", address="browser", external_id="c1"))
        identities.claim(session, ticket.contact, "email", ANN)
        session.flush()
        mail = next(one for one in routes.routes(session, ticket) if one.inbox.channel == "email")
        token = outbox.enqueue(session, ticket, session.get(Message, 1), mail).reply_token
        session.flush()
        assert routes.default(session, ticket).inbox.channel == "web"
        said = written(session, any_cast.mail, "By mail", external_id="<m@x>", tokens=[token])
        assert said.ticket_id == ticket.id
        assert routes.default(session, ticket).inbox.channel == "email"
        assert routes.default(session, ticket, "assistant").inbox.channel == "web"
        session.query(Message).update({"sent_at": now() - timedelta(minutes=16)})
        assert routes.default(session, ticket).inbox.channel == "web"


def test_a_preference_for_mail_is_for_whatever_carries_mail(any_cast):
    with db.transaction() as session:
        ticket = of(session, written(session, any_cast.widget, "Hi", address="browser", external_id="c1"))
        identities.claim(session, ticket.contact, "email", ANN)
        ticket.contact.prefers = "mail_api"
        session.flush()
        assert [one.inbox.channel for one in routes.routes(session, ticket) if one.preferred] == ["email"]
