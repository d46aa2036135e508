"""What reactions planned: run once, in order, and a failing one stops no neighbour."""
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import NotFound
from helpdesk.jobs import tasks as running
from helpdesk.models import Tag, Task
from helpdesk.services import tasks


@pytest.fixture
def steps(any_database, monkeypatch):
    """Names of tasks that tests plan, and what they do: steps["services.x"] = function(session, ticket_id, **data)."""
    known = {}
    monkeypatch.setattr(running, "function", lambda name: known[name])
    return known


def plan(name, **more):
    with db.transaction() as session:
        task = tasks.plan(session, name, None, **more)
        session.flush()
        return task and task.id


def left() -> list[Task]:
    with db.reading() as session:
        return list(session.scalars(select(Task).order_by(Task.id)))


def write_tag(session, ticket_id, name):
    session.add(Tag(name=name))
    session.flush()


def tag_names():
    with db.reading() as session:
        return sorted(session.scalars(select(Tag.name)))


def test_a_task_runs_with_its_data_and_is_gone(steps):
    steps["services.tag"] = write_tag
    plan("services.tag", data={"name": "a"})
    assert [running.run_due(), running.run_due()] == [1, 0]
    assert tag_names() == ["a"] and left() == []


def test_what_it_did_and_its_removal_are_one(steps):
    def half(session, ticket_id):
        write_tag(session, ticket_id, "half")
        raise ValueError("midway")
    steps["services.half"] = half
    plan("services.half")
    running.run_due()
    [task] = left()
    assert tag_names() == [] and task.attempts == 1 and "midway" in task.error
    assert task.due_at > now(), "not at once again"


def test_a_failing_one_stops_no_neighbour_and_is_kept_in_the_end(steps):
    def broken(session, ticket_id):
        raise ValueError("always")
    steps |= {"services.broken": broken, "services.tag": write_tag}
    number = plan("services.broken")
    plan("services.tag", data={"name": "a"})
    for _ in range(len(running.BACK_OFF) + 1):
        running.run_due()
        with db.transaction() as session:
            session.get(Task, number).due_at = now()
    [task] = left()
    assert tag_names() == ["a"] and task.state == "failed" and running.run_due() == 0
    with db.transaction() as session:
        assert [t.id for t in tasks.failed(session)] == [number]
        tasks.retry(session, number, "agent:1")
        with pytest.raises(NotFound):
            tasks.retry(session, number, "agent:1")
    steps["services.broken"] = lambda session, ticket_id: None
    assert running.run_due() == 1 and left() == []


def test_an_unknown_name_is_kept_as_failed_too(any_database):
    plan("services.never_was.there")
    assert running.run_due() == 1
    assert "never_was" in left()[0].error


def test_not_before_its_time_and_not_when_cancelled(steps):
    steps["services.tag"] = write_tag
    plan("services.tag", data={"name": "a"}, due_at=now() + timedelta(hours=1), key="k")
    assert running.run_due() == 0
    with db.transaction() as session:
        tasks.cancel(session, "k")
    assert left() == []


def test_a_key_is_planned_once_and_anew_after_it_was_given_up(steps):
    assert plan("services.tag", key="k") and plan("services.tag", key="k") is None
    with db.transaction() as session:
        task = session.scalar(select(Task))
        task.state, task.error, task.attempts = "failed", "boom", 6
    assert plan("services.other", key="k", data={"name": "a"})
    [task] = left()
    assert (task.state, task.attempts, task.error) == ("due", 0, "")
    assert (task.name, task.data) == ("services.other", {"name": "a"})


def test_a_task_may_plan_itself_again_under_its_own_key(steps):
    steps["services.again"] = lambda session, ticket_id: tasks.plan(
        session, "services.again", ticket_id, due_at=now() + timedelta(hours=1), key="k") and None
    plan("services.again", key="k")
    assert running.run_due() == 1
    assert len(left()) == 1 and left()[0].due_at > now()


def test_many_workers_run_each_task_once(steps):
    steps["services.tag"] = write_tag
    for n in range(20):
        plan("services.tag", data={"name": f"{n:02}"})
    workers = [threading.Thread(target=running.run_due) for _ in range(5)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert tag_names() == [f"{n:02}" for n in range(20)] and left() == []


def test_slow_work_runs_outside_of_a_transaction_by_itself(steps):
    def fetch(ticket_id, name):
        with db.transaction() as session:       # would be refused inside another one
            session.add(Tag(name=name))
    steps["jobs.fetch"] = fetch
    plan("jobs.fetch", data={"name": "a"})
    assert running.run_due() == 0, "quick work does not wait for slow work"
    assert running.run_slow() == 1
    assert tag_names() == ["a"] and left() == []


def test_slow_work_is_leased_and_taken_over_when_its_worker_has_died(steps):
    ran = []

    def fetch(ticket_id):
        ran.append(running.run_slow())      # another worker comes by meanwhile
    steps["jobs.fetch"] = fetch
    number = plan("jobs.fetch")
    with db.transaction() as session:       # a worker claimed it, and was killed
        session.get(Task, number).lease_until = now() + timedelta(minutes=1)
    assert running.run_slow() == 0
    with db.transaction() as session:
        session.get(Task, number).lease_until = now() - timedelta(seconds=1)
    assert running.run_slow() == 1 and ran == [0] and left() == []


def test_putting_off_what_another_worker_has_finished_is_no_error(steps):
    number = plan("services.tag")
    with db.transaction() as session:
        session.delete(session.get(Task, number))
    db.run(running._put_off, number, "late")
    db.run(running._remove, number)


def test_reactions_that_set_each_other_off_stop_after_five(cast, monkeypatch, work):
    from helpdesk import events
    from helpdesk.services import notifications

    def again(session, ticket_id, *, name, what, **_):
        rounds.append(what)
        events.record(session, events.MailboxTrouble(1, name, f"round {len(rounds)}"))
    rounds = []
    monkeypatch.setattr(notifications, "alert_mailbox", again)
    with db.transaction() as session:
        events.record(session, events.MailboxTrouble(1, "Support", "round 0"))
    work()
    assert rounds == [f"round {n}" for n in range(5)]
    with db.reading() as session:
        [stopped] = session.scalars(select(Task).where(Task.state == "failed"))
        assert stopped.error == events.CIRCLE and stopped.depth == 6
