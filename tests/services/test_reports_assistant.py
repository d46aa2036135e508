"""Containment, deflection and wrong answers, each by its definition, and that each number is as long as its list."""
from datetime import date

import pytest

from helpdesk import db, models
from helpdesk.services import articles, reports, reports_assistant
from helpdesk.services.reports_filters import Filters

pytest_plugins = ["tests.desk"]
JUNE = Filters(date(2025, 6, 1), date(2025, 6, 30), "UTC")


def numbers(filters=JUNE):
    with db.reading() as session:
        return reports_assistant.numbers(session, filters)


def listed(metric, bucket="", **narrowed):
    with db.reading() as session:
        return reports.rows(session, Filters(**{**vars(JUNE), "metric": metric, "bucket": bucket, **narrowed}))


def buckets(metric):
    return sorted(row.bucket for row in listed(metric))


@pytest.fixture
def article(desk):
    return desk.do(articles.create, title="Where is my order?", body="On its way.").id


def answered(desk, who, article=None, outcome="answered", **turn):
    """A customer asks, and the assistant does something about it."""
    ticket = desk.customer_writes(who=who, assistant=True)
    desk.assistant_answers(ticket, outcome=outcome)
    with db.transaction() as session:
        row = session.query(models.AssistantTurn).filter_by(ticket_id=ticket).order_by(
            models.AssistantTurn.id.desc()).first()
        row.article_id, row.created_at = article, desk.wall.at
        for name, value in turn.items():
            setattr(row, name, value)
    return ticket


def viewed(desk, ticket, article, place="help", known=True):
    """The customer of a ticket reads an article, in the browser we know or in another one."""
    with db.transaction() as session:
        visitor = None
        if known:
            identity = session.query(models.Identity).filter_by(
                contact_id=session.get(models.Ticket, ticket).contact_id).first()
            visitor = models.Visitor(identity_id=identity.id, token_hash=f"{next(desk.numbers)}", inbox_id=1)
            session.add(visitor)
            session.flush()
        session.add(models.ArticleView(article_id=article, place=place, visitor_id=visitor.id if visitor else None,
                                       created_at=desk.wall.at))


# Containment

def test_contained_is_what_no_person_had_a_part_in_for_three_days(desk, wall):
    answered(desk, "4917000000001")
    assert buckets("assistant") == ["still running"]
    wall.go(hours=73)
    assert buckets("assistant") == ["contained"], "silent for three days, and no person since"


def test_a_resolved_one_is_too_young_for_three_days(desk, wall):
    desk.resolve(answered(desk, "4917000000001"))
    wall.go(hours=71)
    assert buckets("assistant") == ["too young"] and numbers().containment.rate is None
    wall.go(hours=2)
    assert buckets("assistant") == ["contained"] and numbers().containment.rate == 1.0


@pytest.mark.parametrize("hours, bucket", [(5, "came back to people"), (100, "contained")])
def test_who_turns_to_a_person_elsewhere_was_not_contained(desk, wall, hours, bucket):
    desk.resolve(answered(desk, "4917000000001"))
    wall.go(hours=hours)
    with db.transaction() as session:
        contact = session.query(models.Contact).one()
        other = models.Ticket(contact_id=contact.id, created_at=wall.at, last_message_at=wall.at, channel="whatsapp")
        session.add(other)
        session.flush()
        session.add(models.Message(ticket_id=other.id, seq=1, direction="out", kind="message", author_kind="agent",
                                   text="Hello", created_at=wall.at, sent_at=wall.at))
    wall.go(hours=200)
    assert buckets("assistant") == [bucket]


def test_one_person_with_two_records_is_one_person(desk, wall):
    desk.resolve(answered(desk, "4917000000001"))
    wall.go(hours=1)
    other = desk.customer_writes(who="4917000000002")
    wall.go(hours=200)
    assert buckets("assistant") == ["contained"]
    with db.transaction() as session:
        first, second = session.query(models.Contact).order_by(models.Contact.id)
        second.merged_into_id = first.id
    assert buckets("assistant") == ["came back to people"] and other


def test_with_people_is_with_people_however_it_ended(desk, wall):
    desk.assistant_hands_over(answered(desk, "4917000000001"))
    desk.agent_answers(answered(desk, "4917000000002"))
    answered(desk, "4917000000003", outcome="greeted")
    assert buckets("assistant") == ["with people"] * 2, "a greeting is no conversation"


# Deflection

def test_a_reading_without_a_ticket_within_a_day_was_deflected(desk, wall, article):
    ticket = desk.customer_writes(who="4917000000001")
    wall.go(days=3)
    viewed(desk, ticket, article)
    assert buckets("deflection") == ["too young"] and numbers().deflection.rate is None
    wall.go(hours=25)
    (row,) = listed("deflection")
    assert (row.bucket, row.ticket_id, row.article_id, row.note) == ("no ticket", None, article, "Where is my order?")
    viewed(desk, ticket, article)
    wall.go(hours=20)
    followed = desk.customer_writes(who="4917000000001", channel="telegram")
    assert followed
    with db.transaction() as session:
        session.get(models.Ticket, followed).contact_id = session.get(models.Ticket, ticket).contact_id
    assert buckets("deflection") == ["no ticket", "ticket followed"]
    assert listed("deflection", "ticket followed")[0].ticket_id == followed
    assert numbers().deflection.rate == 0.5


def test_an_answer_that_people_took_over_was_not_deflected(desk, wall, article):
    answered(desk, "4917000000001", article)
    handed = answered(desk, "4917000000002", article)
    wall.go(hours=1)
    desk.assistant_hands_over(handed)
    wall.go(hours=25)
    assert buckets("deflection") == ["no ticket", "ticket followed"]


def test_what_one_person_reads_in_a_day_is_one_occasion_and_strangers_are_only_counted(desk, wall, article):
    ticket = desk.customer_writes(who="4917000000001")
    wall.go(days=3)
    for _ in range(3):
        viewed(desk, ticket, article)
        wall.go(hours=2)
    viewed(desk, ticket, article, known=False)
    viewed(desk, ticket, article, place="console", known=False)
    wall.go(days=2)
    assert buckets("deflection") == ["no ticket"] and numbers().unknown_readers == 1


# Wrong answers

def test_refusals_and_the_same_question_again_are_wrong_answers(desk, wall, article):
    answered(desk, "4917000000001", article, helped=False)
    answered(desk, "4917000000002", article, helped=True)
    again = answered(desk, "4917000000003", article)
    answered(desk, "4917000000004", article)
    wall.go(minutes=5)
    with db.transaction() as session:
        message = models.Message(ticket_id=again, seq=90, direction="in", kind="message", author_kind="contact",
                                 text="But where is it?", sent_at=wall.at)
        session.add(message)
        session.flush()
        session.add(models.AssistantTurn(ticket_id=again, message_id=message.id, outcome="missed", created_at=wall.at,
                                         candidates=[{"article": article, "question": "", "score": 0.9}]))
    assert buckets("answers") == ["asked again", "helped", "refused", "too young"]
    wall.go(hours=25)
    found = numbers()
    assert (found.wrong.part, found.wrong.n) == (2, 4)
    assert len(listed("answers", "wrong")) == 2 and len(listed("answers", f"article {article}")) == 4
    (top,) = found.top
    assert (top.times, top.helped, top.wrong) == (4, 1, 2)


# The page

def test_each_number_is_as_long_as_its_list(any_desk, wall):
    for number, outcome in enumerate(("answered", "offered", "missed", "answered")):
        answered(any_desk, f"491700000000{number}", outcome=outcome)
    wall.go(days=10)
    found = numbers()
    assert found.turns.n == len(listed("turns")) == 4 and found.turns.channels == {
        "answered": 2, "offered": 1, "missed": 1}
    for share, metric in ((found.containment, "assistant"), (found.deflection, "deflection"), (found.wrong, "answers")):
        assert share.n == len(listed(metric, "judged")), metric
    with db.reading() as session:
        text = reports.table(session, Filters(**{**vars(JUNE), "metric": "deflection"}))
    assert text.count("\n") == 3


def test_an_empty_house_has_no_numbers_and_no_errors(desk):
    found = numbers()
    assert found.containment.rate is found.deflection.rate is found.wrong.rate is None
    assert (found.top, found.open, found.unknown_readers) == ([], [], 0)
