"""How long things are kept: found, counted, taken out, and nothing else."""
import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.jobs import retention as job
from helpdesk.models import (
    ArticleFeedback,
    AssistantTurn,
    Attachment,
    Contact,
    Event,
    Identity,
    Message,
    OpenQuestion,
    PageView,
    RawInbound,
    RetentionRule,
    Ticket,
    Visitor,
)
from helpdesk.services import articles, files, identities, retention, tickets, visitors
from tests.people import customer_mail, deliver_mail, written

LONG_AGO = timedelta(days=400)


def keep(key, days, how="erase"):
    with db.transaction() as session:
        retention.choose(session, key, days, how, "agent:1")
        session.execute(update(RetentionRule).values(run_at=now() - LONG_AGO))


def would_go(key, days):
    with db.reading() as session:
        return retention.would_go(session, key, days)


@pytest.fixture
def story(any_cast, work):
    """A ticket that was settled long ago, one that was settled now, an open old one, and a held one."""
    cast = any_cast
    for name in ("old", "new", "open", "held"):
        deliver_mail(cast.mail, customer_mail(f"A {name} matter of Nina Long", sender=f"{name}@long.example",
                                              name="Nina Long", subject=f"The {name} one"))
    work()
    with db.transaction() as session:
        for one in session.scalars(select(Ticket)):
            name = one.subject.split()[1]
            if name != "open":
                tickets.set_status(session, tickets.lock(session, one.id), "resolved", "agent:1")
            if name != "new":
                one.last_message_at = now() - LONG_AGO
            one.contact.hold = "court" if name == "held" else ""
        old = session.scalar(select(Message).where(Message.text.contains("old matter")))
        session.add(Attachment(message_id=old.id, name="bill.pdf", content_type="application/pdf", size=4,
                               sha256=files.save(b"bill")))
    return cast


def texts() -> set[str]:
    with db.reading() as session:
        return {one.strip() for one in session.scalars(select(Message.text).where(Message.direction == "in"))}


def test_words_of_settled_tickets_go_and_the_tickets_stay(story):
    assert would_go("messages", 365) == 1 and would_go("messages", None) == 0
    job.run_due()
    assert "A old matter of Nina Long" in texts(), "for ever is the default"
    keep("messages", 365)
    assert job.run_due()["messages"] == 1
    assert texts() == {"[erased]"} | {f"A {name} matter of Nina Long" for name in ("new", "open", "held")}
    assert not files.path(hashlib.sha256(b"bill").hexdigest()).exists()
    with db.reading() as session:
        assert len(session.scalars(select(Ticket)).all()) == 4
        rule = next(one for one in retention.rules(session) if one.key == "messages")
        assert rule.run_count == 1 and now() - rule.run_at < timedelta(minutes=1)
        assert session.scalar(select(Identity).where(Identity.value == "old@long.example")), "who they are stays known"
    keep("messages", 365)
    assert job.run_due()["messages"] == 0


def test_pseudonymised_they_say_the_same_without_the_name(story):
    keep("messages", 365, "pseudonymise")
    job.run_due()
    assert "A old matter of [erased]" in texts()


def test_originals_of_somebody_under_a_hold_stay(story):
    with db.transaction() as session:
        session.execute(update(RawInbound).values(received_at=now() - LONG_AGO))
    assert job.run_due()["raw"] == 3
    with db.reading() as session:
        kept = session.scalars(select(RawInbound).where(RawInbound.body.is_not(None))).one()
        assert b"held matter" in kept.body


def test_files_go_with_the_mail_that_brought_them(story):
    keep("attachments", 30)
    assert job.run_due()["attachments"] == 1
    with db.reading() as session:
        one = session.scalar(select(Attachment))
        assert (one.name, one.sha256) == ("bill.pdf", "") and "removed" in one.error
        raw = session.get(RawInbound, session.scalar(select(Message.raw_id).where(Message.id == one.message_id)))
        assert raw.body is None
    assert "A old matter of Nina Long" in texts()


def test_browsers_that_said_nothing_go_and_the_others_stay(any_cast):
    with db.transaction() as session:
        for name in ("silent", "spoke", "known", "fresh"):
            visitor, _ = visitors.start(session, any_cast.widget, page=f"https://shop.example/{name}")
            session.add(PageView(visitor_id=visitor.id, url=f"https://shop.example/{name}",
                                 seen_at=now() - timedelta(days=10)))
            visitor.seen_at = now() if name == "fresh" else now() - LONG_AGO
            identity = session.get(Identity, visitor.identity_id)
            if name == "spoke":
                written(session, any_cast.widget, "Hi", address=identity.value)
            if name == "known":
                identities.claim(session, identity.contact, "email", "k@example.com")
    assert would_go("visitors", 30) == 1
    assert job.run_due()["visitors"] == 1
    with db.reading() as session:
        assert {one.rpartition("/")[2] for one in session.scalars(select(Visitor.page))} == {"spoke", "known", "fresh"}
        assert {one.rpartition("/")[2] for one in session.scalars(select(PageView.url))} == {"spoke", "known", "fresh"}
        assert len(session.scalars(select(Contact)).all()) == 3


def test_the_other_classes_lose_what_is_old_and_no_more(story):
    with db.transaction() as session:
        session.execute(update(AssistantTurn).values(
            created_at=now() - LONG_AGO, score=0.5, candidates=[{"article": 1}]))
        session.execute(update(Event).values(created_at=now() - LONG_AGO))
        raw = session.scalar(select(RawInbound).order_by(RawInbound.id))
        raw.state, raw.received_at = "quarantined", now() - LONG_AGO
    job.run_due()
    with db.reading() as session:
        assert session.get(RawInbound, raw.id).body, "what could not be read is kept for ever, until somebody chooses"
        counted = len(session.scalars(select(Event)).all())
    keep("quarantine", 30)
    keep("audit", 365)
    went = job.run_due()
    with db.reading() as session:
        again = session.get(RawInbound, raw.id)
        assert (again.body, again.state) == (None, "discarded")
        assert {one.outcome for one in session.scalars(select(AssistantTurn))} and not any(
            one.candidates for one in session.scalars(select(AssistantTurn)))
        assert len(session.scalars(select(Event)).all()) == counted + 2 - went["audit"]


def test_what_cannot_be_a_number_of_days_is_refused(any_cast):
    assert retention.days_from("messages", " ") is None and retention.days_from("messages", "365") == 365
    for wrong in ("0", "-1", "29", "x", "3.5", "999999", "١٢٣"):
        with pytest.raises(Invalid, match="from 30"):
            retention.days_from("messages", wrong)
    with pytest.raises(Invalid), db.transaction() as session:
        retention.choose(session, "messages", 365, "burn", "agent:1")


def test_a_choice_waits_for_the_night(any_cast):
    with db.transaction() as session:
        retention.choose(session, "messages", 365, "erase", "agent:1")
    assert "messages" not in job.run_due() or now().hour in job.compact.NIGHT


def test_one_class_that_fails_stops_no_other(story, monkeypatch):
    keep("messages", 365)
    real = retention.batch
    monkeypatch.setattr(retention, "batch", lambda session, key, most: 1 / 0 if key == "messages" else real(
        session, key, most))
    went = job.run_due()
    assert went["messages"] == 0 and "visitors" in went


def test_questions_and_comments_have_their_time_but_not_those_of_who_is_held(story):
    with db.transaction() as session:
        held = session.scalar(select(Ticket).join(Contact).where(Contact.hold != ""))
        article = articles.create(session, title="Opening hours", body="9 to 5.")
        for text, ticket in (("do you open on sundays", None), ("a question of a held person", held.id), ("new", None)):
            session.add(OpenQuestion(text=text, locale="en", source="unanswered", ticket_id=ticket,
                                     created_at=now() if text == "new" else now() - LONG_AGO))
        session.add_all(ArticleFeedback(article_id=article.id, helped=False, comment=text, place="help",
                                        created_at=now() - LONG_AGO) for text in ("Call Nina on 555", ""))
    keep("questions", 30)
    keep("feedback", 30)
    assert (would_go("questions", 30), would_go("feedback", 30)) == (1, 1)
    job.run_due()
    with db.reading() as session:
        left = set(session.scalars(select(OpenQuestion.text)))
        assert {"a question of a held person", "new"} <= left and "do you open on sundays" not in left
        assert list(session.scalars(select(ArticleFeedback.comment))) == ["", ""]
