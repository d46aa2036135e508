"""How much each agent has and whether they are there, for whoever gives work away."""
from datetime import timedelta

import pytest

from helpdesk import clock, db
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Inbox, Ticket
from helpdesk.services import accounts, tickets, workload
from tests.people import written


def given(cast, count, status=""):
    with db.transaction() as session:
        for n in range(count):
            number = written(session, session.get(Inbox, cast.mail.id), "Hello",
                             address=f"{status}{n}@example.com").ticket_id
            ticket = tickets.lock(session, number)
            tickets.assign(session, ticket, session.get(Agent, cast.alice.id), "system")
            if status == "later":
                session.get(Ticket, number).snoozed_until = clock.now() + timedelta(days=1)
            elif status:
                tickets.set_status(session, ticket, status, "system")


def alice(cast):
    with db.reading() as session:
        return workload.everybody(session)[cast.alice.id]


def set_capacity(cast, value):
    with db.transaction() as session:
        workload.set_capacity(session, session.get(Agent, cast.alice.id), value, "system")


def test_open_tickets_count_and_those_that_sleep_or_are_done_do_not(any_cast):
    given(any_cast, 2)
    given(any_cast, 1, "later")
    given(any_cast, 1, "resolved")
    set_capacity(any_cast, "6")
    assert (alice(any_cast).open, alice(any_cast).capacity) == (2, 6) and "2 of 6" in alice(any_cast).words
    set_capacity(any_cast, "")
    assert "of" not in alice(any_cast).words


@pytest.mark.parametrize("minutes, state", [(0, "online"), (14, "online"), (16, "idle"), (61, "offline")])
def test_who_does_nothing_is_idle_and_then_not_there_and_who_said_away_stays_away(cast, minutes, state):
    with db.transaction() as session:
        session.get(Agent, cast.alice.id).seen_at = clock.now()
    with clock.at(clock.now() + timedelta(minutes=minutes)):
        assert alice(cast).state == state
        assert alice(cast).words == ("" if state == "online" else state)
        with db.transaction() as session:
            accounts.set_away(session, session.get(Agent, cast.alice.id), True)
            session.get(Agent, cast.alice.id).seen_at = clock.now()
        assert alice(cast).state == "away"


@pytest.mark.parametrize("value", ["0", "-1", "many", "1001", "²"])
def test_a_room_that_cannot_be_is_refused(cast, value):
    with pytest.raises(Invalid):
        set_capacity(cast, value)


def test_an_admin_sets_it_and_whoever_assigns_sees_it(sign_in, cast):
    given(cast, 1)
    ada, bob = sign_in(cast.ada), sign_in(cast.bob)
    assert ada.post(f"/settings/agents/{cast.alice.id}/capacity", data={"capacity": "x"}).status_code == 422
    ada.post(f"/settings/agents/{cast.alice.id}/capacity", data={"capacity": "6"})
    assert "1 of" in ada.get("/settings/agents").text and "1 of 6" in bob.get("/inbox/all/1").text
    assert bob.post(f"/settings/agents/{cast.alice.id}/capacity", data={"capacity": "9"}).status_code == 403
