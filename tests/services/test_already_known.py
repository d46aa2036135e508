"""What the assistant takes from what is known already: nobody is asked or told anything twice."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Agent, Article, AssistantTurn, Contact, Event, Message, Pledge, Ticket
from helpdesk.services import already_known, articles, assistant, handover, pledges, replies, tickets
from tests.people import written


@pytest.fixture
def shop(cast):
    """Two articles and the cast; says(text) lets a visitor write in the chat and the assistant answer."""
    with db.transaction() as session:
        for title, asked in (("How long does delivery take?", "when will my parcel arrive"),
                             ("How do I return something?", "can I send it back")):
            articles.create(session, title=title, body=f"About: {title}", questions=[asked])
    cast.widget.reopen = "never"        # each time is a new matter
    cast.says = lambda text, **fields: says(cast, text, **fields)
    return cast


def says(cast, text, **fields):
    """(ticket id, the outcome and reason of the assistant's turn)."""
    with db.transaction() as session:
        message = written(session, cast.widget, text, address="browser", **fields)
        number, message_id = message.ticket_id, message.id
    db.run(assistant.answer, number, message_id=message_id)
    with db.reading() as session:
        turn = session.scalar(select(AssistantTurn).where(AssistantTurn.message_id == message_id))
        return number, turn and (turn.outcome, turn.reason)


def close(number):
    with db.transaction() as session:
        tickets.set_status(session, tickets.lock(session, number), "closed", "agent:1")


def promise(cast, number, text="I'll get back to you tomorrow."):
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, number), text, agent=session.get(Agent, cast.alice.id))


def let_days_pass(days):
    """Everything that was promised lies so many days further back."""
    with db.transaction() as session:
        for pledge in session.scalars(select(Pledge)):
            pledge.due_at -= timedelta(days=days)


def test_an_article_that_did_not_help_lately_is_not_given_again_elsewhere(shop):
    first, turn = shop.says("when will my parcel arrive")
    assert turn == ("answered", "")
    with db.transaction() as session:
        session.scalar(select(AssistantTurn)).helped = False
        ticket = session.get(Ticket, first)
        other = tickets.open_ticket(session, ticket.contact, channel="web")
        delivery = session.scalar(select(Article.id).where(Article.title.contains("delivery")))
        assert already_known.did_not_help(session, other) == {delivery}
        assert already_known.did_not_help(session, ticket) == set(), "its own turns are known anyway"
        session.scalar(select(AssistantTurn)).created_at = now() - timedelta(days=8)
        session.flush()
        assert already_known.did_not_help(session, other) == set(), "that was long ago"


def test_whom_somebody_owes_an_answer_is_given_to_people_at_once(shop):
    number, _ = shop.says("when will my parcel arrive")
    promise(shop, number)
    close(number)
    again, turn = shop.says("can I send it back", external_id="c2")
    assert again != number and turn == ("answered", ""), "its day has not passed"
    close(again)
    let_days_pass(2)
    third, turn = shop.says("can I send it back", external_id="c3")
    assert turn == ("handed_over", "promised")
    with db.reading() as session:
        fact = session.scalar(select(Event.data).where(Event.ticket_id == third, Event.name == "HandedOver"))
    assert any("I'll get back to you tomorrow." in line for line in fact["brief"]), "people see it with the handover"
    close(third)
    with db.transaction() as session:
        pledges.judge(session, session.scalar(select(Pledge.id)), "kept", session.get(Agent, shop.alice.id))
    assert shop.says("can I send it back", external_id="c4")[1] == ("answered", "")


def test_what_was_promised_long_ago_and_a_thank_you_are_no_reason(shop):
    number, _ = shop.says("when will my parcel arrive")
    promise(shop, number)
    close(number)
    let_days_pass(2)
    assert shop.says("thanks!", external_id="c2")[1][0] == "greeted"
    let_days_pass(20)
    close(number)
    with db.reading() as session:
        assert not already_known.owed(session, session.get(Ticket, number).contact_id)


def test_the_language_is_the_one_they_wrote_in_before_where_nothing_else_tells(shop):
    number, _ = shop.says("Hola, ¿cuándo llega mi pedido? Lo necesito para el viernes, por favor")
    close(number)
    with db.transaction() as session:
        ticket = session.get(Ticket, number)
        other = tickets.open_ticket(session, ticket.contact, channel="web")
        ticket.preview, ticket.preview_author = "Lo necesito para el viernes, por favor", "contact"
        session.flush()
        assert handover.customer_language(session, other, "4711") == "es"
        assert handover.customer_language(session, other, "when will it arrive please") == "en", "they say it now"
        ticket.contact.locale = "pt-BR"
        assert handover.customer_language(session, other, "4711") == "pt", "and so does their device"


def test_whoever_takes_over_gets_the_brief_in_sentences(shop):
    first, _ = shop.says("when will my parcel arrive")
    promise(shop, first)
    with db.transaction() as session:
        other = tickets.open_ticket(session, session.get(Ticket, first).contact, channel="web", subject="Grinder")
        lines = already_known.note(session, other)
    assert lines[0].startswith("New: 2 tickets since ")
    assert f"Promised (#{first}): “I'll get back to you tomorrow.”" in lines
    assert any(line.startswith(f"Also open: #{first} ") for line in lines)
    with db.transaction() as session:
        stranger = session.get(Message, written(session, shop.mail, "Hello", address="new@example.com").id).ticket_id
        assert already_known.note(session, session.get(Ticket, stranger)) == ("The first time that they write.",)
        assert session.get(Contact, 1)


def test_the_note_stands_in_the_conversation(shop, sign_in):
    number, _ = shop.says("I want to talk to a person")
    page = sign_in(shop.alice).get(f"/inbox/all/{number}").text
    assert "Handed over to people" in page and "The first time that they write." in page
