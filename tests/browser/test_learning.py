"""The queue of open questions, teaching and suggested answers in a real browser: keys, live news, the composer."""
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from helpdesk import db
from helpdesk.jobs import open_questions as job
from helpdesk.models import Agent, Article, Inbox, OpenQuestion, Question
from helpdesk.services import articles, open_questions, replies, tickets
from tests.people import written

pytestmark = pytest.mark.usefixtures("connected")

TITLE = "Are parrots allowed in the shop?"


@pytest.fixture
def asked(house, request):
    """An article about parrots, and two customers who asked for the like: their tickets."""
    ids = []
    with db.transaction() as session:
        if not session.scalar(select(Article.id).where(Article.title == TITLE)):
            articles.create(session, title=TITLE, body="Parrots are **welcome**.")
    for number, text in enumerate(("May I bring my parrot along to you?", "Can parrots come into the shop with me?")):
        with db.transaction() as session:
            inbox = session.query(Inbox).filter_by(key="mail").one()
            message = written(session, inbox, text, address=f"{request.node.name[:30]}{number}@example.com",
                              name="Ann Lee", external_id=f"{request.node.name}-{number}")
            ticket = tickets.lock(session, message.ticket_id)
            ticket.with_assistant = False
            ids.append(ticket.id)
        db.run(open_questions.keep, ids[-1], {message.id: "unanswered"})
    job.group()
    yield ids
    with db.transaction() as session:
        for one in session.scalars(select(OpenQuestion)):
            session.delete(one)


def test_the_queue_is_worked_off_with_keys_and_others_see_it_at_once(house, browse, asked):
    page, other = browse("mia"), browse("ada")
    for one in (page, other):
        one.goto(f"{house.url}/articles/review")
        expect(one.locator("[data-group]", has_text="parrot").first).to_be_visible()
    count = page.locator("[data-group]").count()
    page.keyboard.press("j")
    expect(page.locator("[data-group]").first).to_be_focused()
    page.locator("[data-group]", has_text="parrot").first.focus()
    page.keyboard.press("x")
    expect(page.locator(".toast")).to_contain_text("set aside")
    expect(page.locator("[data-group]")).to_have_count(count - 1)
    expect(other.locator("[data-group]")).to_have_count(count - 1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-group]")).to_have_count(count)
    expect(other.locator("[data-group]")).to_have_count(count)


def test_an_article_is_put_behind_the_draft_and_the_resolved_ticket_teaches_it(house, browse, asked):
    page = browse("alice")
    page.goto(f"{house.url}/inbox/all/{asked[0]}")
    text = page.locator("#composer-text")
    text.fill("Hello Ann,")
    suggestion = page.locator("[data-suggestion]", has_text="parrots allowed")
    suggestion.get_by_role("button", name="Insert").click()
    expect(text).to_have_value("Hello Ann,\n\nParrots are welcome.")
    expect(page.locator("#timeline")).to_contain_text("inserted “Are parrots allowed in the shop?”")
    suggestion.get_by_role("button", name="Attach").click()
    expect(page.locator("[data-chosen]")).to_contain_text(".txt")
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, asked[0]), "Welcome!",
                     agent=session.query(Agent).filter_by(email="bob@kopi.example").one())
    page.get_by_role("button", name="Resolve", exact=True).click()
    bar = page.locator("#teach-bar")
    expect(bar.locator("option").first).to_contain_text("used here")
    bar.get_by_role("button", name="Teach it").click()
    expect(bar).to_contain_text("knows it now")
    with db.reading() as session:
        assert "May I bring my parrot along to you?" in session.scalars(
            select(Question.text).where(Question.source == "learned")).all()
    expect(text).to_have_value("Hello Ann,\n\nParrots are welcome.")
    bar.get_by_role("button", name="Undo").click()
    expect(bar.get_by_role("button", name="Teach it")).to_be_visible()
