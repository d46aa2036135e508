"""What macros and bulk changes can do to a ticket."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Follower, Message, Ticket
from helpdesk.services import accounts, actions, teams
from tests.people import written


@pytest.fixture
def ticket(cast):
    with db.transaction() as session:
        return written(session, cast.mail, "Where is my parcel?").ticket_id


def do(cast, ticket, *given):
    with db.transaction() as session:
        row = session.get(Ticket, ticket)
        for action in actions.validate(session, given):
            actions.run(session, row, action, session.get(Agent, cast.alice.id))
    with db.reading() as session:
        row = session.get(Ticket, ticket)
        return row, [tag.name for tag in row.tags], session.scalars(
            select(Message.text).where(Message.ticket_id == ticket, Message.direction == "out")).all()


def test_each_action_does_what_it_says_through_the_usual_verbs(cast, ticket):
    team = db.run(teams.create, "Returns", "system").id
    row, tags, said = do(cast, ticket, {"do": "tag", "value": "Refund "}, {"do": "tag", "value": "vip"},
                         {"do": "untag", "value": "vip"}, {"do": "assign", "value": "me"},
                         {"do": "team", "value": str(team)}, {"do": "priority", "value": "high"},
                         {"do": "note", "value": "Asked the shop."}, {"do": "reply", "value": "We are looking."},
                         {"do": "follow"}, {"do": "status", "value": "pending"}, {"do": "snooze", "value": "3d"})
    assert (tags, row.agent_id, row.team_id, row.priority, row.status) == (
        ["refund"], cast.alice.id, team, "high", "pending")
    assert said == ["Asked the shop.", "We are looking."]
    assert timedelta(days=2) < row.snoozed_until - now() <= timedelta(days=3)
    with db.reading() as session:
        assert session.get(Follower, (ticket, cast.alice.id))


def test_the_same_again_changes_nothing(cast, ticket):
    first, _, _ = do(cast, ticket, {"do": "assign", "value": "me"}, {"do": "follow"}, {"do": "tag", "value": "a"})
    again, _, _ = do(cast, ticket, {"do": "assign", "value": "me"}, {"do": "follow"}, {"do": "tag", "value": "a"})
    assert again.seq == first.seq


@pytest.mark.parametrize("wrong, words", [
    ({"do": "explode"}, "Action 1: There is no such action"), ({}, "no such action"), ("status", "no such action"),
    ({"do": "status", "value": "lost"}, "no status 'lost'"), ({"do": "assign", "value": "999"}, "no such agent"),
    ({"do": "assign", "value": True}, "Choose the agent"), ({"do": "team", "value": None}, "Choose the team"),
    ({"do": "tag", "value": " "}, "1 to 50"), ({"do": "tag", "value": "a,b"}, "no comma"),
    ({"do": "snooze", "value": "soon"}, "until when"), ({"do": "snooze", "value": "2026-01-01T10:00"}, "until when"),
    ({"do": "note", "value": ""}, "Write something")])
def test_what_cannot_be_is_named(cast, wrong, words):
    with db.reading() as session, pytest.raises(Invalid, match=words):
        actions.validate(session, [wrong])


def test_an_action_that_went_stale_says_so_instead_of_running(cast, ticket):
    gone = db.run(accounts.create, "Gone", "gone@example.com").id
    action = {"do": "assign", "value": gone}
    with db.reading() as session:
        assert actions.describe(session, action) == "Assign to Gone"
    with db.transaction() as session:
        accounts.disable(session, session.get(Agent, gone), "system")
    with db.reading() as session:
        assert "does not work here any more" in actions.describe(session, action)
    with pytest.raises(Invalid):
        do(cast, ticket, action)


def test_actions_in_words(cast):
    said = {"status": "resolved", "priority": "urgent", "tag": "vip", "untag": "vip", "snooze": "1d",
            "follow": None, "team": "nobody", "note": "Hello", "reply": "Hello", "assign": "me"}
    assert set(said) == set(actions.KINDS)
    with db.reading() as session:
        words = [actions.describe(session, {"do": do, "value": value}) for do, value in said.items()]
    assert words == ["Resolve the ticket", "Set the priority to urgent", "Add the tag vip", "Take off the tag vip",
                     "Snooze for 1 day", "Follow the ticket", "Take out of its team", "Add the note “Hello”",
                     "Answer “Hello”", "Assign to whoever uses it"]
