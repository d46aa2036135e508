"""The assistant on every kind of medium, by its real protocol: answer, buttons or numbers, several questions, a
question back, and a person. Media with buttons get them; elsewhere they are numbered lines, and "2" is understood."""
import re

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Article, AssistantTurn, Inbox, Ticket
from helpdesk.services import articles
from helpdesk.services.phrases import say
from tests.platforms import Platforms

BUTTONS = ("telegram", "whatsapp", "messenger")
ARTICLES = (
    ("How long does delivery take?", ["When will it be delivered?"],
     "Two to four **working days**.\n\n- Java: two\n- [Elsewhere](https://kopi.example/areas): four", []),
    ("When do I get my money back?", ["How long does a refund take?"], "Within *five* days.", []),
    ("How do I cancel an order?", ["Stop an order"], "Write to us.", []),
    ("How do I change an order?", ["Add to an order"], "Write to us, too.", []),
    ("How do I send a machine in for repair?", ["My machine is broken"], "Pack it well. We expect it on {date}.",
     ["date"]))


@pytest.fixture(scope="module")
def world(tmp_path_factory, sqlite_template):
    before, db.DURABLY = db.DURABLY, "synchronous=OFF"
    made = Platforms()
    made.start(tmp_path_factory.mktemp("assistant"), sqlite_template)
    with db.transaction() as session:
        for inbox in session.scalars(select(Inbox)):
            inbox.assistant = True
        for title, questions, body, needs in ARTICLES:
            articles.create(session, title=title, questions=questions, body=body).needs = needs
    yield made
    made.stop()
    db.DURABLY = before


def article(title):
    with db.reading() as session:
        return session.scalar(select(Article.id).where(Article.title.startswith(title)))


def ticket_of(message):
    with db.reading() as session:
        return session.get(Ticket, message.ticket_id)


def turns_of(message):
    with db.reading() as session:
        return session.scalars(select(AssistantTurn.outcome).where(
            AssistantTurn.ticket_id == message.ticket_id).order_by(AssistantTurn.id)).all()


@pytest.mark.parametrize("number, channel", enumerate((
    "telegram", "whatsapp", "messenger", "sms", "whatsapp_twilio"), 600))
def test_a_chat_app_gets_each_outcome_in_its_own_form(world, number, channel):
    first = world.writes(channel, number, f"{'hi! ' * (channel == 'sms')}When will it be delivered? ({channel})")
    answer = world.got(channel, number)[-1]
    assert "Two to four working days." in answer["text"] and "**" not in answer["text"]
    assert "Elsewhere (https://kopi.example/areas)" in answer["text"]
    offered = [button["label"] for button in answer.get("buttons", [])]
    if channel in BUTTONS:
        assert offered == [say("en", "helped_button"), say("en", "not_helped_button")]
        assert "1. " + offered[0] not in answer["text"]
    else:
        assert not offered and f"2. {say('en', 'not_helped_button')}" in answer["text"]
    # Several questions in one message, and one that is not sure: up to three titles and a person.
    world.writes(channel, number, f"How long does a refund take? And how do I cancel an order ({channel})")
    both = world.got(channel, number)[-1]["text"]
    assert both.index("Within five days.") < both.index("Write to us.")
    world.writes(channel, number, f"I have something about an order {channel}")
    unsure = world.got(channel, number)[-1]
    shown = [button["label"] for button in unsure.get("buttons", [])] or re.findall(r"(?m)^\d\. (.+)$", unsure["text"])
    if turns_of(first)[-1] == "offered":
        assert shown[-1] == say("en", "person_button") and 2 <= len(shown) <= 4
    # A person.
    asked = world.writes(channel, number, f"Can I talk to a human please, {channel}")
    assert world.got(channel, number)[-1]["text"].startswith(say("en", "handed_over"))
    assert asked.ticket_id == first.ticket_id and not ticket_of(first).with_assistant
    before = len(world.got(channel, number))
    world.writes(channel, number, f"Hello? When will it be delivered, {channel}")
    assert len(world.got(channel, number)) == before


def test_a_number_chooses_where_there_are_no_buttons(world):
    first = world.writes("sms", 650, "When will it be delivered? thanks")
    world.writes("sms", 650, "2")
    assert turns_of(first)[0] == "answered" and len(turns_of(first)) == 2
    with db.reading() as session:
        assert session.scalar(select(AssistantTurn.helped).where(
            AssistantTurn.ticket_id == first.ticket_id).order_by(AssistantTurn.id)) is False


@pytest.mark.parametrize("number, channel", [(660, "telegram"), (661, "sms")])
def test_what_an_answer_needs_is_asked_in_words(world, number, channel):
    world.writes(channel, number, f"My machine is broken! {channel}")
    assert world.got(channel, number)[-1]["text"].startswith(say("en", "need_date"))
    world.writes(channel, number, f"on 24 December 2026, {channel}")
    assert "We expect it on December 24, 2026." in world.got(channel, number)[-1]["text"]


def test_a_mail_gets_one_suggestion_and_the_word_that_a_person_reads_it_too(world):
    first = world.writes("email", 670, "Hello,\n\nwhen will it be delivered?\n\nAnn")
    mail, = world.got("email", 670)
    assert "Two to four working days." in mail["text"] and say("en", "read_too") in mail["text"]
    assert f"1. {say('en', 'helped_button')}" in mail["text"]
    assert f"/help/en/{'how-long-does-delivery-take'}" in mail["text"]
    assert ticket_of(first).with_assistant and turns_of(first) == ["answered"]
    second = world.writes("email", 671, "Do penguins like jazz music?")
    assert world.got("email", 671) == [] and not ticket_of(second).with_assistant
