"""Where a message from outside goes, and who is let in."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Contact, Delivery, Event, Identity, Message, Participant, Ticket, Trust
from helpdesk.services import identities, inboxes, replies, tickets
from tests.people import ANN, EVE, written


@pytest.fixture
def whatsapp(any_cast):
    with db.transaction() as session:
        return inboxes.create(session, "whatsapp", "Shop number", {
            "phone_number_id": "4711", "access_token": "t", "app_secret": "s", "verify_token": "v"}, key="wa")


def names(session, ticket):
    return list(session.scalars(select(Event.name).where(Event.ticket_id == ticket.id).order_by(Event.seq)))


def test_a_first_message_opens_a_ticket_with_its_reason(any_cast):
    with db.transaction() as session:
        message = written(session, any_cast.mail, "Where is my order?", subject="Order 12", name="Ann Lee")
        ticket = session.get(Ticket, message.ticket_id)
        assert (ticket.subject, ticket.status, ticket.contact.name) == ("Order 12", "open", "Ann Lee")
        assert message.trace["rung"] == "new"
        assert ticket.waiting_since == message.sent_at
        assert names(session, ticket) == ["TicketOpened", "MessageReceived"]


def test_the_same_message_twice_is_one_message(any_cast):
    with db.transaction() as session:
        first = written(session, any_cast.mail, "Hello", external_id="<a@x>", fingerprint="f1")
        again = inbound_again(session, any_cast.mail, "Hello", "<a@x>", "f1")
        assert again is None
        assert session.scalars(select(Message)).all() == [first]


def test_a_used_message_id_with_other_words_is_another_message(any_cast):
    with db.transaction() as session:
        written(session, any_cast.mail, "Hello", external_id="<a@x>", fingerprint="f1")
        other = inbound_again(session, any_cast.mail, "Something else", "<a@x>", "f2")
        assert other is not None and other.text == "Something else"


def inbound_again(session, inbox, text, external_id, fingerprint):
    from channels.base import Inbound
    from helpdesk.models import RawInbound
    from helpdesk.services import inbound
    raw = RawInbound(inbox_id=inbox.id, source_key=f"again-{fingerprint}", method="TEST", body=b"")
    session.add(raw)
    session.flush()
    item = Inbound(external_id=external_id, address=ANN, sent_at=now(), text=text, fingerprint=fingerprint)
    return inbound.receive(session, inbox, inboxes.open_channel(inbox), item, raw)


def answered(session, cast, message):
    """An agent answers; returns the Message-ID under which the customer got it."""
    ticket = tickets.lock(session, message.ticket_id)
    reply = replies.send(session, ticket, "Let me look.", agent=session.merge(cast.alice))
    return session.scalar(select(Delivery).where(Delivery.message_id == reply.id))


def test_an_answer_to_our_mail_goes_on_with_the_ticket_and_proves_the_address(any_cast):
    with db.transaction() as session:
        message = written(session, any_cast.mail, "Where is it?")
        delivery = answered(session, any_cast, message)
        reply = written(session, any_cast.mail, "Thanks", external_id="<b@x>", replies_to=[delivery.mail_id])
        assert reply.ticket_id == message.ticket_id
        assert reply.trace["rung"] == "thread"
        assert session.get(Identity, reply.identity_id).trust == Trust.REPLIED


def test_the_plus_address_alone_finds_the_ticket(any_cast):
    with db.transaction() as session:
        message = written(session, any_cast.mail, "Where is it?")
        delivery = answered(session, any_cast, message)
        reply = written(session, any_cast.mail, "Thanks", external_id="<b@x>", tokens=[delivery.reply_token.upper()])
        assert reply.ticket_id == message.ticket_id


def test_a_stranger_with_a_reference_is_not_let_in(any_cast):
    with db.transaction() as session:
        message = written(session, any_cast.mail, "Where is it?", external_id="<ann-1@x>")
        answered(session, any_cast, message)
        forged = written(session, any_cast.mail, "Send it to me", address=EVE, external_id="<eve@x>",
                         replies_to=["<ann-1@x>", f"<guess.{message.ticket_id}@kopi.example>"])
        assert forged.ticket_id != message.ticket_id
        assert "not let in" in " ".join(forged.trace["steps"])


def test_a_stranger_who_knows_a_secret_is_an_unverified_participant(any_cast):
    with db.transaction() as session:
        message = written(session, any_cast.mail, "Where is it?")
        delivery = answered(session, any_cast, message)
        ticket = session.get(Ticket, message.ticket_id)
        other = written(session, any_cast.mail, "I am her brother", address=EVE, external_id="<eve@x>",
                        replies_to=[delivery.mail_id])
        assert other.ticket_id == ticket.id
        assert session.get(Participant, (ticket.id, other.identity_id)).role == "unverified"
        assert ticket.contact.identities[0].value == ANN
        assert ticket.reply_identity_id == message.identity_id, "answers still go to Ann"
        assert session.get(Identity, other.identity_id).trust == Trust.CLAIMED


def test_a_new_mail_of_the_same_person_is_a_new_matter(any_cast):
    with db.transaction() as session:
        first = written(session, any_cast.mail, "Where is it?", external_id="<1@x>")
        second = written(session, any_cast.mail, "Another thing", external_id="<2@x>")
        assert second.ticket_id != first.ticket_id
        assert session.get(Ticket, second.ticket_id).follows_ticket_id == first.ticket_id


def test_a_messenger_goes_on_where_it_stopped(any_cast, whatsapp):
    with db.transaction() as session:
        first = written(session, whatsapp, "Hi", address="+6281234567890", external_id="w1")
        second = written(session, whatsapp, "Are you there?", address="+6281234567890", external_id="w2")
        assert second.ticket_id == first.ticket_id and second.trace["rung"] == "conversation"


def test_a_proved_person_keeps_one_ticket_over_two_channels(any_cast, whatsapp):
    with db.transaction() as session:
        first = written(session, any_cast.mail, "Where is it?", external_id="<1@x>")
        contact = session.get(Identity, first.identity_id).contact
        identities.verify(session, contact, "phone", "+62 812-3456-7890", how="token")
        second = written(session, whatsapp, "It is me", address="+6281234567890", external_id="w1")
        assert second.ticket_id == first.ticket_id and second.trace["rung"] == "person"
        assert "ChannelSwitched" in names(session, session.get(Ticket, first.ticket_id))


def test_a_typed_phone_number_joins_nothing(any_cast, whatsapp):
    with db.transaction() as session:
        first = written(session, any_cast.mail, "Where is it?", external_id="<1@x>")
        contact = session.get(Identity, first.identity_id).contact
        identities.claim(session, contact, "phone", "+6281234567890")
        second = written(session, whatsapp, "Who are you?", address="+6281234567890", external_id="w1")
        owner = session.get(Identity, second.identity_id).contact
        assert second.ticket_id != first.ticket_id
        assert owner.id != contact.id
        assert session.get(Contact, contact.id).claims == {"phone": "+6281234567890"}


def test_a_late_answer_opens_a_new_ticket_that_follows(any_cast):
    with db.transaction() as session:
        message = written(session, any_cast.mail, "Where is it?")
        delivery = answered(session, any_cast, message)
        ticket = tickets.lock(session, message.ticket_id)
        tickets.set_status(session, ticket, "resolved", "agent:1")
        ticket.resolved_at = ticket.last_message_at = now() - timedelta(days=60)
        late = written(session, any_cast.mail, "And now?", external_id="<late@x>", replies_to=[delivery.mail_id])
        assert session.get(Ticket, late.ticket_id).follows_ticket_id == ticket.id
        assert ticket.status == "resolved"


def test_a_customers_answer_reopens_a_resolved_ticket(any_cast):
    with db.transaction() as session:
        message = written(session, any_cast.mail, "Where is it?")
        delivery = answered(session, any_cast, message)
        ticket = tickets.lock(session, message.ticket_id)
        tickets.set_status(session, ticket, "resolved", "agent:1")
        written(session, any_cast.mail, "Still broken", external_id="<r@x>", replies_to=[delivery.mail_id])
        assert ticket.status == "open" and "TicketReopened" in names(session, ticket)


def test_a_machines_answer_reopens_nothing(any_cast):
    with db.transaction() as session:
        message = written(session, any_cast.mail, "Where is it?")
        delivery = answered(session, any_cast, message)
        ticket = tickets.lock(session, message.ticket_id)
        tickets.set_status(session, ticket, "resolved", "agent:1")
        written(session, any_cast.mail, "I am on holiday", external_id="<ooo@x>", replies_to=[delivery.mail_id],
                automatic="auto-submitted")
        assert ticket.status == "resolved" and ticket.waiting_since is None


def test_split_takes_the_message_and_later_ones_of_its_channel_away(any_cast, whatsapp):
    with db.transaction() as session:
        first = written(session, any_cast.mail, "Where is it?", external_id="<1@x>")
        contact = session.get(Identity, first.identity_id).contact
        identities.verify(session, contact, "phone", "+6281234567890", how="token")
        joined = written(session, whatsapp, "Other thing", address="+6281234567890", external_id="w1")
        ticket = tickets.lock(session, first.ticket_id)
        new = tickets.split(session, ticket, joined, "agent:1")
        session.flush()
        again = written(session, whatsapp, "More", address="+6281234567890", external_id="w2")
        assert joined.ticket_id == new.id == again.ticket_id
        assert (ticket.channel, ticket.reply_inbox_id) == ("email", any_cast.mail.id)


def test_people_may_answer_on_messenger_for_seven_days_and_machines_for_one(any_cast):
    from helpdesk.services import routes
    with db.transaction() as session:
        page = {"page_id": "4712", "access_token": "t", "app_secret": "s", "verify_token": "v"}
        inbox = inboxes.create(session, "messenger", "Page", {**page, "human_agent": "yes"}, key="fb")
        message = written(session, inbox, "Hello", address="9001", account="4712", at=now() - timedelta(days=3))
        ticket = session.get(Ticket, message.ticket_id)
        assert [r.open for r in routes.routes(session, ticket)] == [True]
        assert [r.open for r in routes.routes(session, ticket, by="system")] == [False]
        inbox.settings = {**inbox.settings, "human_agent": ""}
        assert [r.open for r in routes.routes(session, ticket)] == [False]


def test_a_ticket_that_was_silent_for_half_a_year_is_not_gone_on_with_though_it_is_open(any_cast):
    with db.transaction() as session:
        first = written(session, any_cast.mail, "Hello", external_id="<old@x>")
        ticket = session.get(Ticket, first.ticket_id)
        ticket.last_message_at = now() - timedelta(days=181)
        second = written(session, any_cast.mail, "And?", external_id="<new@x>", replies_to=["<old@x>"])
        assert second.ticket_id != first.ticket_id
        assert session.get(Ticket, second.ticket_id).follows_ticket_id == first.ticket_id
        ticket.last_message_at = now() - timedelta(days=179)
        third = written(session, any_cast.mail, "Well?", external_id="<third@x>", replies_to=["<old@x>"])
        assert third.ticket_id == first.ticket_id


def test_no_machine_answers_what_was_there_before_the_inbox(any_cast):
    with db.transaction() as session:
        for days, silent in ((2, True), (0, False)):
            message = written(session, any_cast.mail, "Hello", at=now() - timedelta(days=days), external_id=f"<{days}>",
                              address=f"p{days}@example.net")
            told = session.scalar(select(Event).where(Event.name == "MessageReceived",
                                                      Event.ticket_id == message.ticket_id))
            assert bool(told.data["automatic"]) is silent
            assert session.get(Ticket, message.ticket_id).with_assistant is not silent
