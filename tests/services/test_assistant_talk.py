"""What the assistant makes of several questions, of what goes on with the one before, and of what it must ask first."""
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Article, Contact, Message, ShopOrder, Ticket, Verification
from helpdesk.services import (
    articles,
    confidence_fits,
    identities,
    needs,
    open_questions,
    tickets,
    understanding,
    verification,
)
from helpdesk.services.matching import Match
from helpdesk.services.phrases import say
from tests.services.test_assistant import Chat, buttons

TEXTS = (
    ("delivery", "How long does delivery take?", ["When will it be delivered?", "How many days until it arrives?"],
     "Two to four working days inside the country.\n\nTo **Bali** it takes five to seven days.", "en"),
    ("abroad", "Do you deliver abroad?", ["Do you ship to other countries?", "International shipping"],
     "Yes, to [these countries](https://kopi.example/countries).", "en"),
    ("refund", "When do I get my money back?", ["How long does a refund take?"], "Within *five* days.", "en"),
    ("gift", "Do you have gift cards?", ["Can I buy a voucher?"], "Yes, in the shop.", "en"),
    ("gift price", "How much is a gift card?", ["What does a voucher cost?", "Price of a voucher"],
     "From 10 to 100 dollars.", "en"),
    ("kirim", "Berapa lama pengiriman?", ["Kapan pesanan saya sampai?"], "Dua sampai empat hari kerja.", "id"),
    ("kembali", "Kapan uang saya kembali?", ["Berapa lama pengembalian dana?"], "Dalam lima hari.", "id"),
    ("envio", "¿Cuánto tarda el envío?", ["¿Cuándo llega mi pedido?"], "De dos a cuatro días.", "es"),
    ("reembolso", "¿Cuándo me devuelven el dinero?", ["¿Cuánto tarda un reembolso?"], "En cinco días.", "es"),
    ("entrega", "Quanto tempo demora a entrega?", ["Quando chega o meu pedido?"], "De dois a quatro dias.", "pt"),
    ("dinheiro", "Quando recebo meu dinheiro de volta?", ["Quanto demora o reembolso?"], "Em cinco dias.", "pt"),
    ("डिलीवरी", "डिलीवरी में कितना समय लगता है?", ["मेरा ऑर्डर कब आएगा?"], "दो से चार दिन।", "hi"),
    ("रिफंड", "मेरा पैसा कब वापस मिलेगा?", ["रिफंड में कितना समय लगता है?"], "पाँच दिन में।", "hi"))
STATUS = "Your order {order_number} of {order_date}: **{order_status}**. You ordered {order_items} for {order_total}."


@pytest.fixture
def known(cast):
    """Articles by a short name."""
    with db.transaction() as session:
        return {name: articles.create(session, title=title, body=body, questions=questions, locale=locale)
                for name, title, questions, body, locale in TEXTS}


@pytest.fixture
def chat(cast, known):
    return Chat(cast.widget)


@pytest.fixture
def mail(cast, known):
    return Chat(cast.mail, "ann@example.com")


def needing(name, title, body, needs=(), **fields):
    """One more article, with what it needs."""
    with db.transaction() as session:
        article = articles.create(session, title=title, body=body, questions=[name])
        article.needs = list(needs)
        for key, value in fields.items():
            setattr(article, key, value)
        session.flush()
        return article


def order(inbox, number, *, days=3, status="On its way", email="ann@example.com", name="Bali Kintamani"):
    """The shop tells of an order."""
    with db.transaction() as session:
        session.add(ShopOrder(inbox_id=inbox.id, number=number, email=email, status=status, total="14.50",
                              currency="USD", items=[{"name": name, "quantity": "2"}],
                              placed_at=now() - timedelta(days=days)))


def proves(chat, address="ann@example.com"):
    """The person of a chat proves a mail address."""
    with db.transaction() as session:
        ticket = tickets.lock(session, chat.ticket_id)
        identities.verify(session, ticket.contact, "email", address, how="code", ticket=ticket)


def heading(reply):
    return [one["title"] for one in reply.payload.get("sections", [])]


# Several questions in one message

@pytest.mark.parametrize("text, names", [
    ("How long does delivery take? And when do I get my money back?", ("delivery", "refund")),
    ("hi! how long does delivery take and how much is a gift card", ("delivery", "gift price")),
    ("1. How much is a gift card?\n2. How long does a refund take?", ("gift price", "refund")),
    ("How long does delivery take\nDo you ship to other countries", ("delivery", "abroad")),
    ("halo kak, berapa lama pengiriman? dan kapan uang saya kembali", ("kirim", "kembali")),
    ("¿Cuánto tarda el envío? y también ¿cuándo me devuelven el dinero?", ("envio", "reembolso")),
    ("quanto tempo demora a entrega e quando recebo meu dinheiro de volta", ("entrega", "dinheiro")),
    ("डिलीवरी में कितना समय लगता है और मेरा पैसा कब वापस मिलेगा", ("डिलीवरी", "रिफंड"))])
def test_several_questions_are_answered_together_each_under_its_own(chat, known, text, names):
    reply = chat.says(text)
    assert heading(reply) == [known[name].title for name in names]
    at = [reply.text.index(part) for name in names for part in (known[name].title, known[name].body[:6])]
    assert at == sorted(at)
    turn, = chat.turns
    assert (turn.outcome, turn.article_id) == ("answered", known[names[0]].id)
    assert [one["article"] for one in turn.also] == [known[name].id for name in names[1:]]
    assert [one["article"] for one in turn.understood] == [known[name].id for name in names]


def test_context_around_one_question_makes_no_second_one(chat, known):
    reply = chat.says("I ordered two bags of coffee for my mother. How long does delivery take? It is her birthday.")
    assert reply.payload["article"]["id"] == known["delivery"].id and "sections" not in reply.payload
    assert buttons(reply) == [f"helped:{known['delivery'].id}", f"not_helped:{known['delivery'].id}"]


def test_what_is_not_known_among_them_is_said_and_a_person_offered(chat, known):
    reply = chat.says("How long does delivery take? And do penguins like jazz music in winter?")
    assert "Two to four working days" in reply.text and reply.text.endswith(say("en", "also_unknown"))
    assert buttons(reply)[-1] == "person" and "penguins" not in reply.text
    assert [one["sure"] for one in chat.turns[0].understood] == [True, False]


def test_what_is_not_known_in_a_mail_is_a_persons(mail, known):
    reply = mail.says("How long does delivery take?\nDo penguins like jazz music in winter?", subject="Hi")
    assert "Two to four working days" in reply.text
    assert mail.facts("HandedOver")[0]["reason"] == "partly" and not mail.ticket.with_assistant


def test_that_several_answers_did_not_help_is_held_against_none(chat, known):
    chat.says("How long does delivery take? And when do I get my money back?")
    chat.presses(f"not_helped:{known['delivery'].id}")
    with db.reading() as session:
        assert {session.get(Article, known[name].id).not_helped for name in ("delivery", "refund")} == {0}
    assert chat.turns[0].helped is False


# What else it may be, once the first answer was refused

@pytest.fixture
def fitting(chat, known, monkeypatch):
    """fitting({name: score}): the articles that "Vouchers?" fits, the likeliest first."""
    def fits(scores):
        found = [Match(known[name].id, known[name].title, score, "en") for name, score in scores.items()]

        class Matcher:
            def rank(self, text, limit, locale):
                return found
        monkeypatch.setattr(articles, "index", lambda session: Matcher())
        return chat.says("Vouchers?")
    return fits


def test_what_else_the_words_fit_is_given_once_the_first_was_refused(chat, known, fitting):
    fitting({"gift": 0.75, "gift price": 0.22, "refund": 0.01})
    reply = chat.presses(f"not_helped:{known['gift'].id}")
    assert reply.payload["article"]["id"] == known["gift price"].id and "From 10 to 100" in reply.text
    first, second = chat.turns
    assert first.helped is False and (second.outcome, second.reason) == ("answered", "not_helped")
    assert second.understood[0]["text"] == "Vouchers?" and second.score == 0.22


def test_a_second_refusal_brings_a_person_and_a_button_is_nobodys_question(chat, known, fitting):
    fitting({"gift": 0.75, "gift price": 0.22})
    chat.presses(f"not_helped:{known['gift'].id}")
    chat.presses(f"not_helped:{known['gift price'].id}")
    assert chat.facts("HandedOver")[0]["reason"] == "not_helped" and not chat.ticket.with_assistant
    first, second, _ = chat.turns
    with db.reading() as session:
        assert second.helped is False and confidence_fits.count(session) == 1
        assert [one["article"] for one in confidence_fits.marks(session)] == [known["gift"].id]
        assert [*open_questions.found(session, chat.ticket_id)] == [first.message_id]


@pytest.mark.parametrize("scores", [
    {"gift": 0.75, "gift price": 0.12},                     # it may as well be something that is not known
    {"gift": 0.75, "gift price": 0.2, "refund": 0.18},      # or one of two
    {"gift": 0.95, "gift price": 0.04}])                    # hardly believed before
def test_what_is_still_unsure_after_a_refusal_is_offered(chat, known, fitting, scores):
    fitting(scores)
    reply = chat.presses(f"not_helped:{known['gift'].id}")
    assert reply.text == say("en", "offer_again") and f"article:{known['gift price'].id}" in buttons(reply)
    assert [turn.outcome for turn in chat.turns] == ["answered", "offered"]


# What goes on with the question before

def test_a_follow_up_is_read_with_the_question_before(chat, known, monkeypatch):
    gift, price = known["gift"].id, known["gift price"].id
    scores = {"Can I buy a voucher?": {gift: 1.0}, "and the price of that?": {price: 0.4},
              "Can I buy a voucher and the price of that?": {gift: 0.9, price: 0.85}}

    class Matcher:
        def rank(self, text, limit, locale):
            return [Match(number, "Can I buy a voucher?", score, "en") for number, score in scores[text].items()]
    monkeypatch.setattr(articles, "index", lambda session: Matcher())
    chat.says("Can I buy a voucher?")
    reply = chat.says("and the price of that?")
    assert reply.payload["article"]["id"] == price
    read, = chat.turns[1].understood
    assert read["text"] == "and the price of that?" and read["with"] == "Can I buy a voucher?"


def test_a_follow_up_that_the_article_itself_answers_quotes_it(chat, known):
    chat.says("How long does delivery take?")
    reply = chat.says("and to Bali?")
    assert "To Bali it takes five to seven days." in reply.text and "working days" not in reply.text
    assert reply.payload["article"]["id"] == known["delivery"].id and chat.turns[1].understood[0]["passage"]


def test_a_question_that_is_clear_by_itself_needs_no_earlier_one(chat, known):
    chat.says("Can I buy a voucher?")
    reply = chat.says("How long does delivery take?")
    assert reply.payload["article"]["id"] == known["delivery"].id and "with" not in chat.turns[1].understood[0]


def test_what_is_unknown_stays_unknown_after_an_answer(chat):
    chat.says("How long does delivery take?")
    assert chat.says("and jazz music?").text == say("en", "rephrase")


# Languages and readers

def test_a_translation_is_preferred_to_the_foreign_article(known):
    with db.transaction() as session:
        made = articles.create(session, title="Apakah ada kartu hadiah?", body="Ya.", locale="id")
        made.original_id = known["gift"].id
        session.flush()
        found = [Match(known["gift"].id, "Can I buy a voucher?", 0.9, "en"), Match(made.id, made.title, 0.3, "id")]
        for code, wanted in (("id", [(made.id, 0.9)]), ("en", [(known["gift"].id, 0.9)])):
            assert [(one.article_id, one.score) for one in understanding.usable(session, found, code)] == wanted


@pytest.mark.parametrize("fields", [{"audience": "agents"}, {"published": False}, {"for_assistant": False}])
def test_what_is_not_for_customers_never_reaches_one(chat, known, fields):
    article = needing("Secret handshake of the roasters", "What is the secret handshake?", "HUSH", **fields)
    for text in ("What is the secret handshake?", "Secret handshake of the roasters"):
        chat.says(text)
    chat.presses(f"article:{article.id}")
    with db.reading() as session:
        for message in session.scalars(select(Message).where(Message.ticket_id == chat.ticket_id,
                                                             Message.direction == "out")):
            assert "HUSH" not in message.text and f"article:{article.id}" not in json.dumps(message.payload)


# What an answer needs

def test_it_asks_for_what_an_answer_needs_and_goes_on_with_the_reply(chat, cast):
    article = needing("I want to change my delivery day", "How do I change the day of delivery?",
                      "We have noted {date}.", ["date"])
    reply = chat.says("How do I change the day of delivery?")
    assert reply.text == say("en", "need_date") and reply.payload["form"]["type"] == "date"
    assert buttons(reply) == ["person"] and chat.turns[0].asks["need"] == "date"
    again = chat.says("hm, whenever")
    assert again.text.startswith(say("en", "need_again")) and again.payload["form"]
    done = chat.says("the 24th of december 2026")
    assert "We have noted December 24, 2026." in done.text and done.payload["article"]["id"] == article.id
    assert [turn.outcome for turn in chat.turns] == ["asked", "asked", "answered"]


@pytest.mark.parametrize("need, text, value", [
    ("email", "it is Ann@Example.com.", "ann@example.com"), ("phone", "call +62 812 3456 7890", "+6281234567890"),
    ("date", "2026-12-24", "2026-12-24"), ("date", "el 24 de diciembre de 2026", "2026-12-24"),
    ("date", "24/12/2026", "2026-12-24"), ("order_number", "its k 12345 i think", "K-12345"),
    ("order_number", "12345", "K-12345"), ("order_number", "#K-12345", "K-12345")])
def test_what_is_told_is_recognised_in_many_forms(chat, cast, need, text, value):
    order(cast.widget, "K-99887", email="eve@example.net")
    needing("I want a callback about my machine", "Can somebody look at my machine?", "Somebody looks at it.", [need])
    chat.says("Can somebody look at my machine?")
    assert chat.says(text).payload["article"]
    assert chat.turns[0].asks["need"] == need and chat.turns[1].outcome == "answered"
    with db.reading() as session:
        contact = session.get(Contact, chat.ticket.contact_id)
        assert needs.recognised(session, need, text, contact, "en") == value


def test_what_cannot_be_read_twice_is_a_persons(chat, cast):
    needing("Machine check", "Can somebody look at my machine?", "Yes.", ["order_number"])
    assert chat.says("Can somebody look at my machine?").text == say("en", "need_order_number")
    assert chat.says("I do not have it here").text.startswith(say("en", "need_again"))
    chat.says("really, I have lost it")
    assert chat.turns[-1].reason == "not_given" and not chat.ticket.with_assistant


def test_another_question_instead_of_the_reply_is_answered(chat, known):
    needing("Machine check", "Can somebody look at my machine?", "Yes.", ["order_number"])
    chat.says("Can somebody look at my machine?")
    assert chat.says("How long does delivery take?").payload["article"]["id"] == known["delivery"].id


def test_what_they_said_already_is_not_asked(chat, known):
    needing("Machine check", "Can somebody look at my machine?", "Yes.", ["email"])
    assert chat.says("Can somebody look at my machine? ann@example.com").payload["article"]


# Whose account it is

def test_a_proven_person_with_one_recent_order_is_told_of_it_without_a_question(chat, cast):
    needing("Status of my order", "Where is my order?", STATUS, ["order_number"])
    order(cast.widget, "K-12345")
    order(cast.widget, "K-10000", days=100)
    chat.says("hello")
    proves(chat)
    reply = chat.says("Where is my order?")
    assert "Your order K-12345" in reply.text and "On its way" in reply.text and "2 × Bali Kintamani" in reply.text
    assert "$14.50" in reply.text


def test_their_order_is_named_before_an_article_that_has_no_place_for_it(chat, cast):
    needing("Parcels", "Where is my order?", "Follow the link in your mail.", ["order_number"])
    order(cast.widget, "K-12345", status="On its way https://evil.example")
    asked = chat.says("Where is my order?")
    assert asked.payload["form"] and "K-12345" not in f"{chat.turns[0].asks}"
    reply = chat.says("it is K-12345")
    assert reply.text.endswith("Follow the link in your mail.") and "On its way" not in reply.text
    other = Chat(cast.widget, "visitor-2")
    other.says("hello")
    proves(other)
    reply = other.says("Where is my order?")
    assert "Your order K-12345 of " in reply.text and ": On its way." in reply.text
    assert "evil" not in reply.text and "Follow the link" in reply.text and "form" not in reply.payload


def test_with_several_orders_it_asks_which_and_says_nothing_of_somebody_elses(chat, cast):
    needing("Status of my order", "Where is my order?", STATUS, ["order_number"])
    for number in ("K-12345", "K-12346"):
        order(cast.widget, number)
    order(cast.widget, "K-77777", email="eve@example.net", status="EVES-STATUS")
    chat.says("hello")
    proves(chat)
    asked = chat.says("Where is my order?")
    assert asked.payload["form"]["like"] == "K-12345"[:2] + "12345"
    reply = chat.says("K-77777")
    assert "EVES-STATUS" not in reply.text and chat.turns[-1].reason == "not_theirs"


def test_somebody_unknown_is_asked_to_prove_who_they_are_and_then_answered(chat, cast, work):
    needing("Status of my order", "Where is my order?", STATUS, ["order_number"])
    order(cast.widget, "K-12345")
    reply = chat.says("Where is my order? It is K-12345")
    assert reply.text == say("en", "prove_address") and "On its way" not in reply.text
    assert chat.says("ann@example.com").text == say("en", "prove_code")
    with db.transaction() as session:
        ticket = session.get(Ticket, chat.ticket_id)
        identity = verification.offered(session, session.merge(cast.widget), ticket.contact, ticket)
        assert identity.value == "ann@example.com"
    proves(chat)
    work()
    with db.reading() as session:
        told = session.scalar(select(Message).where(Message.ticket_id == chat.ticket_id, Message.direction == "out")
                              .order_by(Message.seq.desc()))
        assert "Your order K-12345" in told.text and "On its way" in told.text
    assert [turn.outcome for turn in chat.turns] == ["asked", "answered"]


def test_who_writes_instead_of_proving_gets_a_person(chat, cast):
    needing("Status of my order", "Where is my order?", STATUS, ["order_number"])
    chat.says("Where is my order?")
    chat.says("ann@example.com")
    chat.says("I cannot get into that mailbox")
    assert chat.turns[-1].reason == "unverified" and not chat.ticket.with_assistant


def test_a_mail_about_an_account_is_asked_to_confirm_and_goes_to_people(mail, cast):
    needing("Points of my account", "How many points do I have?", "Look at your page.", about_account=True)
    mail.says("How many points do I have?", subject="Points")
    assert mail.turns[0].reason == "unverified" and not mail.ticket.with_assistant
    with db.reading() as session:
        assert session.scalars(select(Verification.way)).all() == ["link"]


def test_an_order_may_name_its_goods_as_it_likes(chat, cast):
    needing("Status of my order", "Where is my order?", STATUS, ["order_number"])
    order(cast.widget, "K-12345", name="[click](https://evil.example) <b>x</b> {order_total} www.evil.example")
    chat.says("hello")
    proves(chat)
    reply = chat.says("Where is my order?")
    assert "evil.example" not in reply.text and "[click](" in reply.text and "{order_total}" in reply.text
