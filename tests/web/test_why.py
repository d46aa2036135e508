"""On the assistant's message stands why it said that, and the way to put it right."""
import re

import pytest

from helpdesk import db
from helpdesk.services import articles
from tests.services.test_assistant import Chat


@pytest.fixture
def chat(cast):
    with db.transaction() as session:
        for title, questions, body in (
                ("How long does delivery take?", ["When will it be delivered?"], "Two days."),
                ("When do I get my money back?", ["How long does a refund take?"], "In five days."),
                ("How do I cancel an order?", ["Stop an order"], "Write to us."),
                ("How do I change an order?", ["Add to an order"], "Write to us, too.")):
            articles.create(session, title=title, body=body, questions=questions)
    return Chat(cast.widget)


def shown(sign_in, cast, chat):
    """The ticket page as Alice sees it, its white space as one space."""
    return re.sub(r"\s+", " ", sign_in(cast.alice).get(f"/inbox/all/{chat.ticket_id}").text)


def test_an_answer_tells_the_phrasing_its_confidence_and_the_next_ones(chat, cast, sign_in):
    chat.says("When will it be delivered <b>now</b>? And how long does a refund take?")
    page = shown(sign_in, cast, chat)
    assert "Why this answer?" in page and "When will it be delivered?</a>" in page and "was taken for" in page
    assert "&lt;b&gt;now" in page and "<b>now" not in page
    assert "Read as English." in page
    assert f"/tickets/{chat.ticket_id}/teach?message={chat.turns[0].message_id}" in page


def test_what_was_offered_or_left_to_people_is_explained_too(chat, cast, sign_in):
    chat.says("I have a question about an order")
    assert "Why these?" in shown(sign_in, cast, chat) or "How was this read?" in shown(sign_in, cast, chat)
    other = Chat(cast.mail, "ann@example.com")
    assert other.says("something about an order", subject="Hello") is None
    page = shown(sign_in, cast, other)
    assert "How was this read?" in page and "not sure enough to answer" in page


def test_a_greeting_needs_no_reason(chat, cast, sign_in):
    chat.says("hello")
    assert "Why this" not in shown(sign_in, cast, chat) and "How was this read" not in shown(sign_in, cast, chat)
