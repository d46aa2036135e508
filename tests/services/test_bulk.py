"""One action on many tickets."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.jobs import bulk as job
from helpdesk.models import Agent, BulkChange, BulkItem, Ticket
from helpdesk.services import bulk, tickets
from tests.people import written


@pytest.fixture
def ids(any_cast):
    with db.transaction() as session:
        return [written(session, any_cast.mail, "x", subject=f"Matter {n}", external_id=f"<b{n}>",
                        address=f"p{n}@example.org").ticket_id for n in range(5)]


@pytest.fixture
def ask(any_cast):
    """ask(do, value, ids) → the number of the change, by Alice."""
    def run(do, value, chosen):
        with db.transaction() as session:
            return bulk.start(session, session.get(Agent, any_cast.alice.id), do, value, chosen).id
    return run


def change(change_id) -> BulkChange:
    with db.reading() as session:
        return session.get(BulkChange, change_id)


def take_back(change_id):
    with db.transaction() as session:
        bulk.undo(session, session.get(BulkChange, change_id))
    job.work_due()


def values(ids, name) -> list:
    with db.reading() as session:
        return [getattr(session.get(Ticket, one), name) for one in ids]


@pytest.mark.parametrize(("do", "value", "name", "after"), [
    ("status", "resolved", "status", "resolved"), ("priority", "urgent", "priority", "urgent"),
    ("assign", "me", "agent_id", None), ("spam", None, "status", "closed"),
    ("snooze", "tomorrow 9", "priority", "normal")])
def test_what_is_asked_for_is_done_to_all_and_goes_back(any_cast, ids, ask, do, value, name, after):
    before = values(ids, name)
    number = ask(do, value, [*ids, ids[0], 10**6])
    assert values(ids, name) == before, "nothing waits for it"
    assert job.work_due() >= 0
    done = change(number)
    assert (done.done, done.failed, done.total) == (5, 0, 5) and done.done_at and done.lease_until is None
    assert values(ids, name) == [any_cast.alice.id if do == "assign" else after] * 5
    take_back(number)
    assert values(ids, name) == before and change(number).undone_at


def test_one_that_cannot_be_changed_keeps_its_reason_and_stops_no_other(any_cast, ids, ask):
    with db.transaction() as session:
        tickets.set_status(session, tickets.lock(session, ids[2]), "resolved", "agent:1")
    number = ask("snooze", "in 3 days", ids)
    job.work_due()
    assert (change(number).done, change(number).failed) == (4, 1)
    with db.reading() as session:
        assert [(one.ticket_id, "open or pending" in one.error) for one in bulk.problems(session, change(number))] == [
            (ids[2], True)]


def test_undo_leaves_what_somebody_changed_since_and_says_where(ids, ask):
    number = ask("priority", "high", ids)
    job.work_due()
    with db.transaction() as session:
        tickets.set_priority(session, tickets.lock(session, ids[1]), "urgent", "agent:99")
    take_back(number)
    assert values(ids, "priority") == ["normal", "urgent", "normal", "normal", "normal"]
    with db.reading() as session:
        [left] = bulk.problems(session, change(number))
    assert left.ticket_id == ids[1] and "priority" in left.error


def test_a_worker_that_died_half_way_is_followed_by_another(monkeypatch, ids, ask):
    monkeypatch.setattr(bulk, "STEP", 2)
    number = ask("status", "resolved", ids)
    with db.transaction() as session:
        assert bulk.claim(session, number)
    db.run(bulk.step, number)
    assert values(ids, "status").count("resolved") == 2
    assert job.work_due() == 0, "another worker holds it"
    with db.transaction() as session:
        session.get(BulkChange, number).lease_until = now()
    job.work_due()
    assert values(ids, "status") == ["resolved"] * 5 and change(number).done == 5


def test_stopped_it_changes_no_more_and_what_was_done_can_go_back(monkeypatch, ids, ask):
    monkeypatch.setattr(bulk, "STEP", 2)
    number = ask("status", "resolved", ids)
    db.run(bulk.step, number)
    with db.transaction() as session:
        bulk.stop(session, session.get(BulkChange, number))
        bulk.release(session, number)
    job.work_due()
    assert values(ids, "status").count("resolved") == 2 and change(number).done_at
    take_back(number)
    assert values(ids, "status") == ["open"] * 5


def test_browsers_hear_of_a_step_and_not_of_every_ticket(ids, ask):
    number, heard = ask("priority", "high", ids), []
    forget = db.on_commit(heard.extend)
    try:
        db.run(bulk.step, number)
    finally:
        forget()
    assert len([one for one in heard if one.room == "agents"]) == 1
    assert len([one for one in heard if one.room.startswith("ticket:")]) == 5
    assert [one.data for one in heard if one.name == "bulk"] == [{"bulk": number}]


def test_many_are_merged_into_one_and_parted_again(ids, ask):
    number = ask("merge", None, ids)
    job.work_due()
    assert values(ids, "merged_into_id") == [None, *[ids[0]] * 4]
    take_back(number)
    assert values(ids, "merged_into_id") == [None] * 5


def test_what_makes_no_sense_is_refused_at_once(ids, ask):
    for do, value, chosen in (("status", "lost", ids), ("reply", "Hi", ids), ("merge", None, ids[:1]),
                              ("status", "open", []), ("snooze", "someday", ids), ("status", "open", range(1, 10_002))):
        with pytest.raises(Invalid):
            ask(do, value, chosen)
    with db.reading() as session:
        assert not session.scalars(select(BulkItem)).all()
