"""What no article answered: what is gathered, what never is, how it is grouped and decided on, and forgotten."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Conflict, Invalid
from helpdesk.jobs import erasures
from helpdesk.jobs import open_questions as job
from helpdesk.models import (
    Article,
    AssistantTurn,
    Event,
    HelpSearch,
    Message,
    OpenQuestion,
    Question,
    QuestionGroup,
    Ticket,
)
from helpdesk.services import (
    articles,
    assistant,
    erasure,
    grouping,
    learned_words,
    learning,
    open_questions,
    replies,
    reviewing,
    tickets,
)
from helpdesk.services.masks import Mask
from tests.people import written


def article(session):
    return articles.create(session, title="Where is my order?", body="Look at the link.",
                           questions=["How can I track my package?", "My parcel has not arrived"])


@pytest.fixture
def house(cast):
    return House(cast)


@pytest.fixture
def any_house(any_cast):
    """The same on both databases, for what is written in bulk."""
    return House(any_cast)


@pytest.fixture
def known(house):
    return house.known


class House:
    """Customers who write in the chat, and the people who answer."""

    def __init__(self, cast):
        self.cast, self.number, self.known = cast, 0, db.run(article)

    def asks(self, text, who="visitor-1", inbox=None, react=True, **fields):
        """A message, and what the assistant makes of it. Returns its ids."""
        with db.transaction() as session:
            self.number += 1
            message = written(session, inbox or self.cast.widget, text, address=who, external_id=f"m{self.number}",
                              **fields)
            ids = message.ticket_id, message.id
        if react:
            db.run(assistant.answer, ids[0], message_id=ids[1], channel="web", automatic=fields.get("automatic", ""))
        job.gather(ids[0])
        return ids

    def unanswered(self, text, who="visitor-1"):
        """A message that the assistant could not answer."""
        ticket_id, message_id = self.asks(text, who, react=False)
        db.run(open_questions.keep, ticket_id, {message_id: "unanswered"})
        return ticket_id, message_id

    def resolves(self, ticket_id, answer="We do that on Mondays, {name}."):
        with db.transaction() as session:
            ticket = tickets.lock(session, ticket_id)
            agent = session.merge(self.cast.alice)
            replies.send(session, ticket, answer, agent=agent)
            tickets.set_status(session, ticket, "resolved", agent.actor)
        job.gather(ticket_id)


def questions(**where):
    with db.reading() as session:
        return session.scalars(select(OpenQuestion).filter_by(**where).order_by(OpenQuestion.id)).all()


def decide(verb, *args):
    with db.transaction() as session:
        found = verb(session, *args)
        session.flush()
        return found


def add(ids, known, actor):
    return decide(lambda session: reviewing.add(session, ids, session.get(Article, known.id), actor))


# What comes in

def test_what_the_assistant_does_not_know_comes_in_once_and_small_talk_never(house):
    house.asks("Hello!")
    ticket_id, message_id = house.asks("Do you also sell espresso machines?")
    job.gather(ticket_id)
    (question,) = questions()
    assert (question.text, question.source, question.message_id) == (
        "Do you also sell espresso machines?", "unanswered", message_id)
    assert (question.locale, question.state, question.ticket_id) == ("en", "open", ticket_id)


def test_a_refused_answer_comes_in_and_goes_when_it_helped_after_all(house, known):
    ticket_id, message_id = house.asks("Where is my order?")
    assert questions() == []
    house.asks("(button)", payload=f"not_helped:{known.id}")
    (question,) = questions()
    assert (question.source, question.message_id) == ("refused", message_id)
    with db.transaction() as session:
        session.scalar(select(AssistantTurn).where(AssistantTurn.message_id == message_id)).helped = True
    job.gather(ticket_id)
    assert questions() == []


def test_what_people_resolved_comes_in_but_not_what_an_article_would_have_answered(house):
    asked, _ = house.asks("Can I bring my dog into the shop?", react=False)
    house.resolves(asked)
    answerable, _ = house.asks("How can I track my package?", who="visitor-2", react=False)
    house.resolves(answerable)
    assert [(one.text, one.source) for one in questions()] == [("Can I bring my dog into the shop?", "resolved")]


def test_machines_never_come_in(house):
    ticket_id, _ = house.asks("I am out of office, can I help you later?", who="eve@example.net",
                              inbox=house.cast.mail, react=False, automatic="an absence note")
    house.resolves(ticket_id)
    assert questions() == []


def test_what_was_searched_twice_and_never_found_comes_in_once_and_stays_decided(any_house):
    with db.transaction() as session:
        for text, found in (("oat milk", 0), ("Oat milk", 0), ("gift card", 0), ("gift card", 3), ("only once", 0)):
            session.add(HelpSearch(text=text, folded=text.lower(), locale="en", place="help", found=found))
    for _ in range(2):
        decide(open_questions.keep_searches)
    (question,) = questions()
    assert (question.text.lower(), question.source, question.ticket_id) == ("oat milk", "searched", None)
    decide(reviewing.ignore, [question.id], any_house.cast.mia.actor)
    decide(open_questions.keep_searches)
    assert [one.state for one in questions()] == ["ignored"]


@pytest.mark.parametrize("text, subject, asked", [
    ("Hi there,\n\nI bought a grinder last week. Can I return it?\n\nThanks, Ann", "Grinder", "Can I return it?"),
    ("My grinder is broken", "", "My grinder is broken"), ("Hello! My grinder is broken.", "", "My grinder is broken."),
    ("The grinder from order 12 makes no sound.", "Broken grinder", "Broken grinder"),
    ("thanks!", "", ""), ("Can I talk to a person?", "", ""),
    ("👍", "", ""), ("", "", ""), ("¿Hacen envíos a Canarias?", "", "¿Hacen envíos a Canarias?")])
def test_of_a_message_the_question_is_kept(text, subject, asked):
    assert learned_words.asked(text, subject) == asked


@pytest.mark.parametrize("text, kept", [
    ("Where is my order #12345-678?", "Where is my order …?"),
    ("Is ann@example.com still my login?", "Is … still my login?"),
    ("Please call +49 170 111 222 33 today", "Please call … today"), ("Will you deliver on 24 December?", None),
    ("It says Ann Lee on the card, is that right?", "It says … on the card, is that right?"),
    ("https://shop.example/x does not open", "… does not open"), ("12345678", "")])
def test_who_asks_is_not_kept(text, kept):
    found = learned_words.nameless(text, ("Ann", "Lee"), Mask(("ann@example.com",), ("+4917011122233",)))
    assert found == (text if kept is None else kept)


# Groups

def test_questions_that_mean_the_same_are_grouped_and_the_same_each_time(any_house):
    house = any_house
    for number, text in enumerate((
            "Can I bring my dog into the shop?", "Do you sell gift vouchers?", "May I bring a dog to your shop?",
            "Is it ok to bring dogs into the shop?", "Do you have gift vouchers to buy?", "¿Puedo llevar mi perro?")):
        house.unanswered(text, who=f"visitor-{number}")
    job.group()
    before = shape()
    assert sorted(map(len, before.values()), reverse=True) == [3, 2, 1]
    house.unanswered("Can my dog come into the shop?", who="visitor-9")
    job.group()
    grown = shape()
    assert sorted(map(len, grown.values()), reverse=True) == [4, 2, 1] and set(grown) == set(before)
    job.regroup()
    assert shape() == grown
    with db.reading() as session:
        sizes = {group.id: (group.size, group.locale) for group in session.scalars(select(QuestionGroup))}
    assert sorted(sizes.values()) == [(1, "es"), (2, "en"), (4, "en")]


def shape():
    found = {}
    for one in questions():
        found.setdefault(one.group_id, []).append(one.id)
    return found


def test_regrouping_forgets_groups_that_are_empty_and_is_due_after_edits(house, wall_clock):
    house.unanswered("Can I bring my dog into the shop?")
    with db.transaction() as session:
        session.add(QuestionGroup(title="Left over", locale="en"))
    assert job.refresh_due() and not job.refresh_due()
    with db.reading() as session:
        assert [one.title for one in session.scalars(select(QuestionGroup))] == ["Can I bring my dog into the shop?"]
    with db.transaction() as session:
        articles.create(session, title="Dogs in the shop", body="Yes.")
    assert not job.refresh_due(), "more edits may follow"
    wall_clock.go(minutes=11)
    assert job.refresh_due()


@pytest.fixture
def wall_clock(monkeypatch):
    from datetime import UTC, datetime

    from tests.desk import Wall
    wall = Wall(datetime.now(UTC).replace(hour=12))
    monkeypatch.setattr("helpdesk.clock.datetime", wall)
    return wall


def test_grouping_is_average_link_so_that_a_chain_is_not_one_group():
    import numpy as np
    angles = np.linspace(0, np.pi / 2, 7)
    chain = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = grouping.groups(chain, 0.9)
    assert len(set(found)) > 1 and found == grouping.groups(chain, 0.9) and found == sorted(found)


# Deciding

@pytest.fixture
def dogs(house):
    return ask_for_dogs(house)


def ask_for_dogs(house):
    """A group of three that one of our people has answered once."""
    ids = [house.unanswered(text, who=f"visitor-{n}") for n, text in enumerate((
        "Can I bring my dog into the shop?", "May I bring a dog to your shop?",
        "Is it ok to bring dogs into the shop?"))]
    house.resolves(ids[0][0], "Hi Ann,\n\ndogs are welcome.")
    job.group()
    return [one.id for one in questions()]


def test_a_group_becomes_phrasings_of_an_article_and_back(any_house):
    mia, dogs, known = any_house.cast.mia.actor, ask_for_dogs(any_house), any_house.known
    decided = add(dogs, known, mia)
    assert decided.ids == tuple(dogs) and {one.state for one in questions()} == {"added"}
    with db.reading() as session:
        learned = session.scalars(select(Question).where(Question.source == "learned")).all()
        assert len(learned) == 3 and reviewing.waiting(session) == 0
        assert articles.index(session).rank("can i bring a dog", 1, "en")[0].article_id == known.id
    assert decide(reviewing.undo, dogs, mia) == 3
    with db.reading() as session:
        assert session.scalars(select(Question).where(Question.source == "learned")).all() == []
        assert reviewing.waiting(session) == 1
    assert decide(reviewing.undo, dogs, mia) == 0, "twice does nothing"


def test_a_group_becomes_a_draft_with_what_people_answered_and_back(dogs, house):
    decided = decide(reviewing.draft, dogs, house.cast.mia.actor)
    with db.reading() as session:
        article = session.get(Article, decided.article.id)
        assert not article.published and "dogs are welcome" in article.body and "shop?" in article.title
        assert [one.source for one in article.questions] == ["learned"] * 2
    assert {(one.state, one.article_id) for one in questions()} == {("drafted", article.id)}
    decide(reviewing.undo, dogs, house.cast.mia.actor)
    with db.reading() as session:
        assert session.get(Article, article.id) is None
    assert {(one.state, one.article_id) for one in questions()} == {("open", None)}


def test_some_of_a_group_are_set_aside_and_the_rest_stays(dogs, house):
    decide(reviewing.ignore, dogs[:1], house.cast.mia.actor)
    with db.reading() as session:
        (group,), count = reviewing.groups(session, reviewing.Filters())
    assert (count, group.size) == (1, 2) and dogs[0] not in [one.id for one in group.questions]


def test_who_is_too_late_is_told_who_was_faster_and_the_rest_is_done(dogs, known, house):
    decide(reviewing.ignore, dogs, house.cast.ada.actor)
    with pytest.raises(Conflict, match="Ada was faster and set these aside"):
        add(dogs, known, house.cast.mia.actor)
    decide(reviewing.undo, dogs[1:], house.cast.ada.actor)
    decided = add(dogs, known, house.cast.mia.actor)
    assert (decided.ids, decided.late, decided.who) == (tuple(dogs[1:]), 1, "Ada")
    with pytest.raises(Invalid, match="Tick at least one"):
        add([], known, house.cast.mia.actor)


def test_the_queue_can_be_narrowed_and_ordered(dogs, house):
    house.unanswered("¿Puedo pagar con tarjeta de regalo?", who="visitor-7")
    job.group()
    with db.reading() as session:
        assert reviewing.choices(session) == (["en", "es"], ["unanswered"])
        by_size, _ = reviewing.groups(session, reviewing.Filters())
        newest, _ = reviewing.groups(session, reviewing.Filters(sort="newest"))
        spanish, count = reviewing.groups(session, reviewing.Filters(locale="es"))
        assert [one.locale for one in by_size] == ["en", "es"] and [one.locale for one in newest] == ["es", "en"]
        assert count == 1 and spanish[0].title.startswith("¿Puedo")


# Teaching from a ticket

def test_a_message_is_taught_once_told_in_the_timeline_and_taken_back(house, known):
    ticket_id, message_id = house.unanswered("Hi! Has the postman lost my things? Order 1234567")

    def both(session):
        message, article = session.get(Message, message_id), session.get(Article, known.id)
        learning.teach(session, article, message, house.cast.alice.actor)
        learning.teach(session, article, message, house.cast.alice.actor)
    decide(both)
    with db.reading() as session:
        (learned,) = session.scalars(select(Question).where(Question.source == "learned")).all()
        facts = session.scalars(select(Event.data).where(Event.name == "PhrasingLearned")).all()
    assert learned.text == "Has the postman lost my things?"
    assert [(fact["title"], fact["undone"]) for fact in facts] == [("Where is my order?", False)]
    assert [one.state for one in questions()] == ["added"]
    decide(lambda session: learning.unteach(session, session.get(Message, message_id), house.cast.alice.actor))
    with db.reading() as session:
        assert session.scalars(select(Question).where(Question.source == "learned")).all() == []
    assert [one.state for one in questions()] == ["open"], "it had been in the queue before"


def test_what_leads_elsewhere_already_is_not_taught_twice(house, known):
    _, message_id = house.asks("How can I track my package?", react=False)
    with db.transaction() as session:
        other = articles.create(session, title="Lost parcels", body="Write to us.")

    def teach(session):
        learning.teach(session, session.get(Article, other.id), session.get(Message, message_id), "agent:1")
    with pytest.raises(Conflict, match="leads to “Where is my order"):
        decide(teach)


def test_an_agents_own_words_are_not_taught(house, known):
    ticket_id, _ = house.asks("Can I bring my dog?")
    house.resolves(ticket_id)
    with db.reading() as session:
        answer = session.scalar(select(Message.id).where(Message.author_kind == "agent"))
    with pytest.raises(Invalid):
        decide(lambda session: learning.teach(session, session.get(Article, known.id), session.get(Message, answer),
                                              "agent:1"))


# Forgetting

@pytest.mark.parametrize("mode", ["erase", "pseudonymise"])
def test_with_a_person_their_questions_go_and_no_phrasing_names_them(house, known, mode):
    ticket_id, message_id = house.asks("Does Ann Lee get a discount on beans from ann@example.com?",
                                       who="ann@example.com", inbox=house.cast.mail, name="Ann Lee", react=False)
    house.resolves(ticket_id)
    decide(lambda session: learning.teach(session, session.get(Article, known.id), session.get(Message, message_id),
                                          "agent:1"))
    with db.transaction() as session:
        contact_id = session.get(Ticket, ticket_id).contact_id
        erased = erasure.begin(session, contact_id, mode, "agent:1").id
    erasures.run(erasure_id=erased)
    (question,) = questions()
    with db.reading() as session:
        learned = session.scalar(select(Question.text).where(Question.source == "learned"))
        assert "Ann" not in learned and "discount on beans" in learned
        assert reviewing.groups(session, reviewing.Filters())[1] == 0
    assert "Ann" not in question.text and (question.text == "") == (mode == "erase")
