"""Forgetting what is too old, and nothing else."""
from datetime import timedelta

from sqlalchemy import select, update

from channels.base import File
from helpdesk import db
from helpdesk.clock import now
from helpdesk.jobs import housekeeping
from helpdesk.models import AgentSession, BulkChange, BulkItem, Message, RawInbound, RetentionRule, SystemState
from helpdesk.services import accounts, files
from tests.people import customer_mail, deliver_mail, written

LONG_AGO = timedelta(days=91)


def age(state=None):
    with db.transaction() as session:
        session.execute(update(RawInbound).values(received_at=now() - LONG_AGO, **({"state": state} if state else {})))
        session.execute(update(RetentionRule).values(run_at=now() - LONG_AGO))      # it did not run just now


def test_old_originals_are_forgotten_with_their_files_and_the_messages_stay(any_cast, work, config):
    deliver_mail(any_cast.mail, customer_mail("small"))
    deliver_mail(any_cast.mail, customer_mail("large " * 60_000))
    work()
    with db.reading() as session:
        digest = session.scalar(select(RawInbound.sha256).where(RawInbound.sha256 != ""))
    assert files.path(digest).exists()
    housekeeping.run()
    assert files.path(digest).exists(), "not before their time"
    age()
    housekeeping.run()
    with db.reading() as session:
        assert all(raw.body is None and not raw.sha256 for raw in session.scalars(select(RawInbound)))
        assert len(session.scalars(select(Message.id)).all()) == 2
    assert not files.path(digest).exists()


def test_what_lies_in_quarantine_or_waits_is_never_forgotten(any_cast):
    for state in ("new", "quarantined"):
        deliver_mail(any_cast.mail, customer_mail(state))
        age(state)
    housekeeping.run()
    with db.reading() as session:
        assert all(raw.body for raw in session.scalars(select(RawInbound)))


def test_a_file_that_something_else_needs_stays(any_cast):
    raw = customer_mail("large " * 60_000)
    with db.transaction() as session:
        written(session, any_cast.mail, "forwarded", files=[File("mail.eml", "message/rfc822", content=raw)])
    deliver_mail(any_cast.mail, raw)
    age("processed")
    housekeeping.run()
    assert files.content(files.save(raw)) == raw
    with db.reading() as session:
        assert session.scalar(select(RawInbound.sha256).where(RawInbound.sha256 != "")) is None


def test_ended_sessions_are_kept_for_a_while_and_living_ones_for_ever(any_cast):
    with db.transaction() as session:
        for ended in (None, now() - timedelta(days=1), now() - LONG_AGO):
            accounts._open_session(session, session.merge(any_cast.alice), "127.0.0.1", "test")
            session.flush()
            session.scalar(select(AgentSession).order_by(AgentSession.id.desc())).ended_at = ended
    housekeeping.run()
    with db.reading() as session:
        assert len(session.scalars(select(AgentSession.id)).all()) == 2


def test_the_worker_leaves_signs_of_life(any_cast):
    for _ in range(2):
        housekeeping.heartbeat()
    with db.reading() as session:
        assert now() - session.get(SystemState, housekeeping.HEARTBEAT).updated_at < timedelta(minutes=1)


def test_changes_that_cannot_be_taken_back_any_more_are_forgotten(cast):
    with db.transaction() as session:
        number = written(session, cast.mail, "Hello", address="b@example.org", external_id="b1").ticket_id
        for days, done in ((8, True), (6, True), (8, False)):
            at = now() - timedelta(days=days)
            change = BulkChange(agent_id=cast.alice.id, action={"do": "status"}, created_at=at,
                                done_at=at if done else None)
            session.add(change)
            session.flush()
            session.add(BulkItem(bulk_id=change.id, ticket_id=number))
    housekeeping.run()
    with db.reading() as session:
        left = list(session.scalars(select(BulkChange).order_by(BulkChange.id)))
        assert len(left) == 2 and left[0].created_at > now() - timedelta(days=7) and left[1].done_at is None
        assert sorted(session.scalars(select(BulkItem.bulk_id))) == [one.id for one in left]
