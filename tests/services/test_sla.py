"""Clocks: when they start, stand still, are met and broken, and that they can be explained."""
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from helpdesk import db, models
from helpdesk.services import clocks, expected_answer, replies, sla, tickets

pytest_plugins = ["tests.desk"]

MONDAY = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)        # where tests.desk begins
HOUR = timedelta(hours=1)
OFFICE = {str(day): [["09:00", "17:00"]] for day in range(5)}


@pytest.fixture
def office(desk):
    """The promise in office hours: first answer in 1 hour (urgent: 15 minutes), resolved in 4 (urgent: 2)."""
    with db.transaction() as session:
        session.execute(delete(models.SlaPolicy))
        hours = models.BusinessHours(name="Office", time_zone="UTC", week=OFFICE)
        session.add(hours)
        session.flush()
        session.add(models.SlaPolicy(name="Office", hours_id=hours.id, first_response={"normal": 60, "urgent": 15},
                                     resolution={"normal": 240, "urgent": 120}))
    return desk


def test_a_customers_ticket_starts_both_clocks(office):
    ticket = office.customer_writes()
    found = office.clocks(ticket)
    assert {kind: clock.due_at for kind, clock in found.items()} == {
        "first_response": MONDAY + HOUR, "resolution": MONDAY + 4 * HOUR}
    assert office.ticket(ticket).due_at == MONDAY + HOUR


def test_a_human_reply_meets_the_first_response(office, wall):
    ticket = office.customer_writes()
    wall.go(minutes=20)
    office.agent_answers(ticket)
    clock = office.clocks(ticket)["first_response"]
    assert (clock.met_at, clock.spent_seconds, clock.due_at, clock.breached_at) == (wall.at, 1200, None, None)
    assert office.ticket(ticket).due_at == MONDAY + 4 * HOUR


def test_replies_of_the_assistant_and_the_system_meet_nothing(office, wall):
    ticket = office.customer_writes()
    wall.go(minutes=5)
    office.on(ticket, replies.send, "A machine speaks.", by="assistant")
    office.on(ticket, replies.send, "Another one.", by="system")
    assert office.clocks(ticket)["first_response"].met_at is None
    assert office.ticket(ticket).due_at == MONDAY + HOUR


def test_while_the_assistant_has_it_only_the_resolution_clock_runs(office):
    assert set(office.clocks(office.customer_writes(assistant=True))) == {"resolution"}


def test_the_first_response_starts_when_the_assistant_hands_over(office, wall):
    ticket = office.customer_writes(assistant=True)
    wall.go(hours=2)
    office.assistant_hands_over(ticket)
    wall.go(minutes=30)
    office.agent_answers(ticket)
    clock = office.clocks(ticket)["first_response"]
    assert (clock.started_at, clock.spent_seconds, clock.breached_at) == (MONDAY + 2 * HOUR, 1800, None)


def test_a_hand_over_after_a_human_reply_starts_nothing(office, wall):
    ticket = office.customer_writes(assistant=True)
    wall.go(minutes=1)
    office.agent_answers(ticket)
    office.assistant_hands_over(ticket)
    assert set(office.clocks(ticket)) == {"resolution"}


def test_a_customer_who_writes_on_after_the_assistant_was_silenced_gets_a_promise(office, wall):
    ticket = office.customer_writes(assistant=True)
    office.on(ticket, lambda session, row: setattr(row, "with_assistant", False))
    wall.go(minutes=10)
    office.customer_writes("Hello?")
    assert office.clocks(ticket)["first_response"].due_at == wall.at + HOUR


def test_waiting_for_the_customer_stops_the_resolution_clock(office, wall):
    ticket = office.customer_writes()
    wall.go(hours=1)
    office.agent_answers(ticket)
    office.set_status(ticket, "pending")
    assert office.ticket(ticket).due_at is None
    wall.go(days=1)
    office.customer_writes("Here is the number.")
    assert office.clocks(ticket)["resolution"].due_at == wall.at + 3 * HOUR == office.ticket(ticket).due_at


def test_being_snoozed_stops_the_resolution_clock(office, wall):
    ticket = office.customer_writes()
    wall.go(minutes=30)

    def snooze(session, row):
        tickets.snooze(session, row, wall.at + 3 * HOUR, "agent:1")
        sla.status_changed(session, row, row.status, row.status, wall.at)
    office.on(ticket, snooze)
    clock = office.clocks(ticket)["resolution"]
    assert (clock.due_at, clock.paused_at, clock.spent_seconds) == (None, wall.at, 1800)
    assert office.clocks(ticket)["first_response"].due_at == MONDAY + HOUR, "the customer still waits for a first word"
    wall.go(hours=3)

    def wake(session, row):
        tickets.wake(session, row, "due")
        sla.status_changed(session, row, row.status, row.status, wall.at)
    office.on(ticket, wake)
    assert office.clocks(ticket)["resolution"].due_at == wall.at + 3.5 * HOUR


def test_resolving_meets_one_clock_and_stops_the_other(office, wall):
    ticket = office.customer_writes()
    wall.go(minutes=30)
    office.resolve(ticket)
    found = office.clocks(ticket)
    assert (found["resolution"].met_at, found["resolution"].spent_seconds) == (wall.at, 1800)
    assert (found["first_response"].met_at, found["first_response"].due_at) == (None, None)
    assert office.ticket(ticket).due_at is None
    wall.go(days=3)
    assert office.do(sla.breach_due) == 0


def test_closing_a_resolved_ticket_keeps_the_time_of_its_resolution(office, wall):
    ticket = office.customer_writes()
    wall.go(minutes=30)
    office.resolve(ticket)
    wall.go(days=1)
    office.set_status(ticket, "closed")
    assert office.clocks(ticket)["resolution"].met_at == MONDAY + 0.5 * HOUR


def test_reopened_the_resolution_clock_goes_on_with_the_time_already_spent(office, wall):
    ticket = office.customer_writes()
    wall.go(hours=1)
    office.agent_answers(ticket)
    office.resolve(ticket)
    wall.go(days=1)
    office.customer_writes("It broke again.")
    found = office.clocks(ticket)
    assert (found["resolution"].met_at, found["resolution"].due_at) == (None, wall.at + 3 * HOUR)
    assert found["first_response"].met_at == MONDAY + HOUR, "the first response is given once"


def test_closing_time_is_not_counted(office, wall):
    wall.set(datetime(2025, 6, 6, 16, 30, tzinfo=UTC))
    ticket = office.customer_writes()
    assert office.ticket(ticket).due_at == datetime(2025, 6, 9, 9, 30, tzinfo=UTC)


def test_what_is_due_exactly_now_is_still_in_time(office, wall):
    ticket = office.customer_writes()
    wall.go(hours=1)
    assert office.do(sla.breach_due) == 0
    office.agent_answers(ticket)
    assert office.clocks(ticket)["first_response"].breached_at is None


def test_a_broken_promise_is_recorded_once(office, wall):
    ticket = office.customer_writes()
    wall.go(hours=1, seconds=1)
    assert office.do(sla.breach_due) == 1
    assert office.do(sla.breach_due) == 0
    (event,) = office.events(ticket, "SlaBreached")
    assert event.data == {"kind": "first_response", "due_at": (MONDAY + HOUR).isoformat()}
    clock = office.clocks(ticket)["first_response"]
    assert (clock.breached_at, clock.due_at) == (MONDAY + HOUR, MONDAY + HOUR)
    assert office.ticket(ticket).due_at == MONDAY + HOUR, "an overdue ticket stays at the top"


def test_a_late_reply_before_the_tick_is_a_breach_too(office, wall):
    ticket = office.customer_writes()
    wall.go(minutes=90)
    office.agent_answers(ticket)
    clock = office.clocks(ticket)["first_response"]
    assert (clock.breached_at, clock.met_at, clock.spent_seconds) == (MONDAY + HOUR, wall.at, 5400)
    assert len(office.events(ticket, "SlaBreached")) == 1
    assert office.do(sla.breach_due) == 0


def test_an_overdue_clock_that_is_paused_keeps_its_overrun(office, wall):
    ticket = office.customer_writes()
    wall.go(hours=5)
    office.set_status(ticket, "pending")
    assert office.clocks(ticket)["resolution"].spent_seconds == 5 * 3600
    wall.go(hours=2)
    office.set_status(ticket, "open")
    wall.go(minutes=30)
    office.resolve(ticket)
    clock = office.clocks(ticket)["resolution"]
    assert clock.spent_seconds == 5.5 * 3600 and clock.breached_at == MONDAY + 4 * HOUR


def test_another_priority_has_another_promise_and_the_time_spent_counts(office, wall):
    ticket = office.customer_writes()
    wall.go(minutes=10)
    office.on(ticket, tickets.set_priority, "urgent", "agent:1")
    assert {kind: clock.due_at for kind, clock in office.clocks(ticket).items()} == {
        "first_response": MONDAY + 0.25 * HOUR, "resolution": MONDAY + 2 * HOUR}
    assert office.ticket(ticket).due_at == MONDAY + 0.25 * HOUR


def test_a_priority_without_a_promise_has_no_clock(office):
    ticket = office.customer_writes()
    office.on(ticket, tickets.set_priority, "low", "agent:1")
    assert office.clocks(ticket) == {} and office.ticket(ticket).due_at is None


def test_the_first_policy_that_promises_something_for_the_priority_is_taken(office):
    with db.transaction() as session:
        session.add(models.SlaPolicy(name="VIP", position=-1, first_response={"urgent": 5}, resolution={}))
    ticket = office.customer_writes()
    assert office.clocks(ticket)["first_response"].target_seconds == 3600
    office.on(ticket, tickets.set_priority, "urgent", "agent:1")
    assert {kind: clock.target_seconds for kind, clock in office.clocks(ticket).items()} == {"first_response": 300}


def test_a_ticket_that_an_agent_started_has_no_promises(office):
    ticket = office.customer_writes()

    def as_started_by_agent(session, row):
        session.execute(delete(models.Message).where(models.Message.ticket_id == row.id))
        sla.replied(session, row)
    office.on(ticket, as_started_by_agent)
    assert office.clocks(ticket) == {} and office.ticket(ticket).due_at is None


def test_a_mail_that_was_long_on_its_way_does_not_turn_the_clock_back(office, wall):
    ticket = office.customer_writes()
    wall.go(hours=2)
    office.set_status(ticket, "pending")
    wall.go(hours=1)

    def arrives(session, row):
        row.status = "open"
        sla.status_changed(session, row, "pending", "open", MONDAY + HOUR)
    office.on(ticket, arrives)
    assert office.clocks(ticket)["resolution"].due_at == MONDAY + 4 * HOUR


def test_the_default_policy_comes_from_the_settings_and_is_made_once(desk):
    first, again = desk.do(sla.ensure_default), desk.do(sla.ensure_default)
    assert first.id == again.id
    assert (first.first_response["normal"], first.resolution["urgent"]) == (60, 1440)


def test_starting_twice_changes_nothing(office, wall):
    ticket = office.customer_writes()
    wall.go(minutes=5)
    office.on(ticket, sla.start)
    assert office.clocks(ticket)["first_response"].started_at == MONDAY


def test_explain_lists_what_counted_and_why_the_rest_did_not(office, wall):
    wall.set(datetime(2025, 6, 2, 16, 0, tzinfo=UTC))
    ticket = office.customer_writes()
    wall.set(datetime(2025, 6, 3, 10, 0, tzinfo=UTC))
    office.set_status(ticket, "pending")
    wall.go(hours=2)
    office.set_status(ticket, "open")
    wall.go(minutes=30)
    with db.reading() as session:
        found = [one for one in sla.explain(session, session.get(models.Ticket, ticket)) if one.kind == "resolution"]
    assert [(one.starts_at.hour, one.ends_at and one.ends_at.hour, one.counted, one.cause, one.seconds)
            for one in found] == [
        (16, 17, True, "open", 3600), (17, 9, False, "outside business hours", 0), (9, 10, True, "open", 3600),
        (10, 12, False, "pending", 0), (12, None, True, "open", 1800)]
    assert [" ".join(str(one).split()) for one in found[-2:]] == [
        "resolution 2025-06-03 10:00:00 2025-06-03 12:00:00 not counted pending",
        "resolution 2025-06-03 12:00:00 now counted 0:30:00 open"]


moves = st.lists(st.tuples(st.sampled_from(["pending", "open", "resolved", "closed", "snooze", "wake"]),
                           st.integers(1, 9000)), max_size=8)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves)
def test_the_rows_and_the_history_say_the_same(office, story):
    """Kept as things happen and derived from the events afterwards, a clock shows the same."""
    clock = office.wall
    ticket = office.customer_writes(who=f"49170{next(office.numbers):07}")
    for move, minutes in story:
        clock.go(minutes=minutes)

        def act(session, row, move=move):
            if move == "pending" and not row.active:
                move = "open"
            if move == "snooze" and row.active:
                tickets.snooze(session, row, clock.at + timedelta(days=100), "agent:1")
            elif move == "wake":
                tickets.wake(session, row, "agent")
            elif move != "snooze":
                return tickets.set_status(session, row, move, "agent:1")
            return sla.status_changed(session, row, row.status, row.status, clock.at)
        office.on(ticket, act)
    with db.reading() as session:
        row = session.get(models.Ticket, ticket)
        history = session.query(models.Event).filter_by(ticket_id=ticket).order_by(models.Event.seq).all()
        for kept in office.clocks(ticket).values():
            hours = sla.hours_of(session, session.get(models.SlaPolicy, kept.policy_id))
            walk = clocks.steps(kept.kind, kept.started_at, history)
            until = kept.met_at or kept.paused_at or clock.at
            assert clocks.due(hours, walk, kept.target_seconds) == kept.due_at
            if kept.due_at is None:
                assert clocks.spent(hours, walk, until) == kept.spent_seconds
            told = sum(one.seconds for one in sla.explain(session, row) if one.kind == kept.kind)
            assert told == clocks.spent(hours, walk, clock.at)


def test_hours_that_never_open_promise_nothing_and_let_tickets_in(office, wall):
    with db.transaction() as session:
        hours = session.query(models.BusinessHours).filter_by(name="Office").one()
        hours.holidays = [(MONDAY.date() + timedelta(days=n)).isoformat() for n in range(-3, 3_700)]
    ticket = office.customer_writes()
    assert {clock.due_at for clock in office.clocks(ticket).values()} == {None}
    assert office.ticket(ticket).due_at is None
    with db.reading() as session:
        assert expected_answer.expected(session, office.ticket(ticket), "email", MONDAY) == expected_answer.Expected()
    wall.go(minutes=20)
    with db.reading() as session:
        assert {one.cause for one in sla.explain(session, office.ticket(ticket))} == {"outside business hours"}
    office.agent_answers(ticket)
    assert office.clocks(ticket)["first_response"].met_at == wall.at
    office.on(ticket, tickets.set_status, "resolved", "agent:1")
    assert office.clocks(ticket)["resolution"].met_at == wall.at
