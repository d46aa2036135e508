"""What stands around an answer by mail: signature, quotes, and the mails it answers."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.jobs.outbox import prepare
from helpdesk.models import Contact, Delivery, Inbox, Message, Ticket
from helpdesk.services import inboxes, replies, tickets
from tests.people import ANN, EVE, written


@pytest.fixture
def talk(cast):
    """talk(**inbox settings) → what would be sent as the answer to Ann's second mail."""
    def run(locale: str = "en", words: str = "Where is my order?", **values):
        with db.transaction() as session:
            inbox = session.get(Inbox, cast.mail.id)
            inbox.assistant = False
            inboxes.change(session, inbox, values, actor="test")
            first = written(session, inbox, words, external_id="<1@ann>", subject="Order 7", name="Ann Lee")
            ticket = tickets.lock(session, first.ticket_id)
            session.get(Contact, ticket.contact_id).locale = locale
            alice = session.merge(cast.alice)
            replies.note(session, ticket, "secret note", alice)
            replies.send(session, ticket, "We look.", agent=alice)
            session.flush()
            theirs = session.scalar(select(Delivery.mail_id))
            written(session, inbox, words, external_id="<e@eve>", address=EVE, replies_to=(theirs,))
            written(session, inbox, f"{words} Any news?" if locale == "en" else words, external_id="<2@ann>",
                    address=ANN, replies_to=(theirs,))
            message = replies.send(session, tickets.lock(session, ticket.id), "It comes today.", agent=alice)
            session.flush()
            sent = session.scalar(select(Delivery.id).where(Delivery.message_id == message.id))
            return prepare(session, sent)[1][0], theirs
    return run


def test_the_last_message_is_quoted_unless_told_otherwise(talk):
    mail, _ = talk()
    assert [q.text for q in mail.history] == ["Where is my order? Any news?"]
    assert mail.history[0].attribution.startswith("On ") and mail.history[0].attribution.endswith(", Ann Lee wrote:")


def test_the_whole_conversation_leaves_out_notes_and_strangers(talk):
    mail, _ = talk(quote="thread")
    assert [q.text for q in mail.history] == ["Where is my order? Any news?", "We look.", "Where is my order?"]
    assert "Alice wrote:" in mail.history[1].attribution


def test_nothing_is_quoted_where_nothing_shall_be(talk):
    assert talk(quote="none")[0].history == []


@pytest.mark.parametrize("locale, words, end", [
    ("pt-PT", "Onde está o meu pedido? Ainda não chegou.", "escreveu:"),
    ("es-MX", "¿Dónde está mi pedido? Todavía no ha llegado.", "escribió:"),
    ("id", "Pesanan saya belum sampai, di mana ya?", "menulis:"), ("hi", "मेरा ऑर्डर कहाँ है?", "ने लिखा:")])
def test_the_attribution_speaks_the_customers_language(talk, locale, words, end):
    assert talk(locale, words)[0].history[0].attribution.endswith(end)


def test_the_signature_has_the_agents_name_and_the_mail_its_parents(talk):
    mail, theirs = talk(signature="{{agent.first_name}}, {{company.name}}\nTicket {{ticket.number}}",
                        signature_html="<b>{{agent.name}}</b>")
    with db.reading() as session:
        number = session.scalar(select(Ticket.id))
    assert (mail.signature, mail.signature_html) == (f"Alice, Kopi & Co\nTicket {number}", "<b>Alice</b>")
    assert mail.replies_to[0] == "<2@ann>" and mail.replies_to[-1] == "<1@ann>" and theirs in mail.replies_to


def test_a_signature_that_is_only_designed_is_told_in_words_too(talk):
    mail, _ = talk(signature_html="<p><b>{{agent.name}}</b><br>Kopi &amp; Co</p>")
    assert mail.signature.split("\n") == ["Alice", "Kopi & Co"]


def test_what_a_machine_writes_has_neither(cast):
    with db.transaction() as session:
        inbox = session.get(Inbox, cast.mail.id)
        inboxes.change(session, inbox, {"signature": "Us"}, actor="test")
        first = written(session, inbox, "Hello?", external_id="<1@ann>")
        replies.send(session, tickets.lock(session, first.ticket_id), "Hi.", by="assistant")
        session.flush()
        [mail] = prepare(session, session.scalar(select(Delivery.id)))[1]
    assert (mail.signature, mail.history) == ("", ()) and mail.automatic


def test_the_composer_shows_what_is_put_below(sign_in, cast):
    with db.transaction() as session:
        inbox = session.get(Inbox, cast.mail.id)
        inboxes.change(session, inbox, {"signature": "{{agent.name}} of <Kopi>"}, actor="test")
        number = written(session, inbox, "Hello?", external_id="<1@ann>").ticket_id
        assert session.scalar(select(Message.id))
    page = sign_in(cast.alice).get(f"/inbox/all/{number}").text
    assert 'data-signature dir="auto"' in page and "Alice of &lt;Kopi&gt;</div>" in page
