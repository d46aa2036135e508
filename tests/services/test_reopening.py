"""What becomes of a settled ticket whose customer writes again, by whose rule, and who has it then."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Event, Inbox, Team, ThreadKey, Ticket
from helpdesk.services import identities, inbox_rules, inboxes, reopening, teams, tickets
from tests.people import ANN, EVE, written

PHONE = "+6281234567890"


@pytest.fixture
def whatsapp(any_cast):
    with db.transaction() as session:
        return inboxes.create(session, "whatsapp", "Shop number", {
            "phone_number_id": "4711", "access_token": "t", "app_secret": "s", "verify_token": "v"}, key="wa")


class Story:
    """One customer in one inbox; every verb is a transaction of its own."""

    def __init__(self, cast, inbox, address):
        self.cast, self.inbox, self.address, self.count = cast, inbox, address, 0

    def writes(self, text="Hello", **fields):
        self.count += 1
        with db.transaction() as session:
            message = written(session, session.get(Inbox, self.inbox.id), text, address=self.address,
                              external_id=f"<{self.count}@x>", **fields)
            self.trace = message.trace
            return message.ticket_id

    def settled(self, ticket_id, status="resolved", agent=None, days_ago=0):
        with db.transaction() as session:
            ticket = tickets.lock(session, ticket_id)
            if agent:
                tickets.assign(session, ticket, session.get(Agent, agent.id), "agent:1")
            tickets.set_status(session, ticket, status, "agent:1")
            if days_ago:
                ticket.last_message_at = now() - timedelta(days=days_ago)
                ticket.resolved_at = ticket.resolved_at and now() - timedelta(days=days_ago)

    def rule(self, **form):
        with db.transaction() as session:
            reopening.choose(session.get(Inbox, self.inbox.id), form)


@pytest.fixture
def mail(any_cast):
    return Story(any_cast, any_cast.mail, ANN)


@pytest.fixture
def chat(any_cast):
    return Story(any_cast, any_cast.widget, "browser")


@pytest.fixture
def phone(any_cast, whatsapp):
    return Story(any_cast, whatsapp, PHONE)


def ticket(ticket_id):
    with db.reading() as session:
        return session.get(Ticket, ticket_id)


@pytest.fixture(params=["mail", "chat", "phone"])
def story(request, mail, chat, phone):
    return {"mail": mail, "chat": chat, "phone": phone}[request.param]


def again(story, first, **fields):
    """The customer goes on: in mail with an answer, elsewhere just so."""
    return story.writes("And now?", **({"replies_to": ["<1@x>"]} if story.address == ANN else {}), **fields)


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_without_any_rule_it_is_opened_again_for_as_long_as_the_house_says(story, status):
    first = story.writes()
    story.settled(first, status)
    assert again(story, first) == first and ticket(first).status == "open"
    assert "opened again within 14 days (the house's rule)" in story.trace["steps"][-1]
    story.settled(first, status, days_ago=15)
    second = again(story, first)
    assert second != first and ticket(second).follows_ticket_id == first and ticket(first).status == status


def test_never_means_a_new_one_that_follows_and_the_reason_is_told(story):
    story.rule(reopen="never")
    first = story.writes()
    story.settled(first)
    second = again(story, first)
    assert second != first and ticket(first).status == "resolved"
    assert ticket(second).follows_ticket_id == first
    assert story.trace["rung"] == "follows" and "never opened again (rule of the inbox" in story.trace["steps"][-1]
    assert again(story, first) == second, "who goes on writing stays in the new one"


def test_an_open_ticket_is_gone_on_with_whatever_the_rule(story):
    story.rule(reopen="never")
    first = story.writes()
    assert again(story, first) == first
    story.settled(first, "pending")
    assert again(story, first) == first and ticket(first).status == "open"


def test_always_opens_what_was_settled_long_ago_but_not_what_was_silent_for_half_a_year(story):
    story.rule(reopen="always")
    first = story.writes()
    story.settled(first, days_ago=179)
    assert again(story, first) == first and "always opened again" in story.trace["steps"][-1]
    story.settled(first, days_ago=181)
    assert again(story, first) != first


def test_within_days_counts_from_when_it_was_resolved(story):
    story.rule(reopen="days", reopen_days="3")
    first = story.writes()
    story.settled(first)
    with db.transaction() as session:
        session.get(Ticket, first).last_message_at = now() - timedelta(days=10)
    assert again(story, first) == first, "it was resolved today"
    story.settled(first, days_ago=4)
    assert again(story, first) != first


def test_the_teams_rule_comes_before_the_inboxes(story):
    story.rule(reopen="never")
    first = story.writes()
    with db.transaction() as session:
        team = session.get(Team, story.cast.support.id)
        reopening.choose(team, {"reopen": "always", "reopen_keeps": "1"})
        tickets.set_team(session, tickets.lock(session, first), team, "agent:1")
    story.settled(first)
    assert again(story, first) == first
    assert "rule of the team Support" in story.trace["steps"][-1]


def test_its_agent_keeps_it_unless_the_rule_says_otherwise(story):
    first = story.writes()
    story.settled(first, agent=story.cast.alice)
    again(story, first)
    assert ticket(first).agent_id == story.cast.alice.id
    story.rule(reopen="days", reopen_days="14", reopen_keeps="")
    story.settled(first)
    again(story, first)
    assert ticket(first).agent_id is None and "back to the queue" in story.trace["steps"][-1]
    with db.reading() as session:
        names = list(session.scalars(select(Event.name).where(Event.ticket_id == first).order_by(Event.seq.desc())
                                     .limit(3)))
    assert names == ["MessageReceived", "TicketReopened", "TicketAssigned"]


@pytest.mark.parametrize("field", ["away_since", "disabled_at"])
def test_nobody_who_is_not_there_keeps_it(story, field):
    first = story.writes()
    story.settled(first, agent=story.cast.alice)
    with db.transaction() as session:
        setattr(session.get(Agent, story.cast.alice.id), field, now())
    again(story, first)
    assert ticket(first).agent_id is None
    assert ("away" if field == "away_since" else "no longer works here") in story.trace["steps"][-1]


def test_an_agent_who_is_away_keeps_what_is_open(story):
    first = story.writes()
    story.settled(first, "pending", agent=story.cast.alice)
    with db.transaction() as session:
        session.get(Agent, story.cast.alice.id).away_since = now()
    again(story, first)
    assert ticket(first).agent_id == story.cast.alice.id


def test_an_absence_note_opens_nothing_new_where_nothing_is_opened_again(mail):
    mail.rule(reopen="never")
    first = mail.writes()
    mail.settled(first)
    assert again(mail, first, automatic="auto-replied") == first
    assert ticket(first).status == "resolved"


def test_whoever_answers_an_old_mail_twice_gets_one_new_ticket_not_two(mail):
    mail.rule(reopen="never")
    first = mail.writes()
    mail.settled(first)
    second = again(mail, first)
    assert again(mail, first) == second and f"which is there already: {second}" in mail.trace["steps"][-1]
    mail.settled(second)
    assert again(mail, first) not in (first, second)


def test_another_matter_that_came_after_it_is_not_taken_for_what_follows(mail):
    mail.rule(reopen="never")
    first = mail.writes()
    mail.settled(first)
    other = mail.writes("Something else")
    assert ticket(other).follows_ticket_id == first
    assert again(mail, first) not in (first, other)


def test_a_stranger_with_our_secret_learns_nothing_of_what_went_before(mail):
    first = mail.writes()
    mail.settled(first, days_ago=15)
    mail.address = EVE
    with db.transaction() as session:
        session.get(ThreadKey, ("<1@x>", mail.inbox.id)).secret = True
    second = mail.writes("Me too", replies_to=["<1@x>"])
    assert second != first and ticket(second).follows_ticket_id is None


@pytest.mark.parametrize(("form", "words"), [
    ({"reopen": "sometimes"}, "no such rule"), ({"reopen": "days"}, "how many days"),
    ({"reopen": "days", "reopen_days": "-1"}, "whole number"), ({"reopen": "days", "reopen_days": "1e3"}, "whole"),
    ({"reopen": "days", "reopen_days": "99999"}, "at most 3,650")])
def test_what_is_no_rule_is_refused_in_words(any_cast, form, words):
    with db.transaction() as session, pytest.raises(Invalid, match=words):
        reopening.choose(session.get(Inbox, any_cast.mail.id), form)


def test_the_rules_of_an_inbox_are_kept_and_told_to_the_log_once(any_cast):
    form = {"reopen": "days", "reopen_days": "0", "one_matter_days": "0", "mail_unseen": "1",
            "mail_after_minutes": "0,5"}
    with db.transaction() as session:
        inbox = session.get(Inbox, any_cast.widget.id)
        inbox_rules.choose(session, inbox, form, "agent:1")
        inbox_rules.choose(session, inbox, form, "agent:1")
        session.flush()
        assert (inbox.reopen_days, inbox.reopen_keeps, inbox.one_matter, inbox.mail_after_seconds) == (0, False, False,
                                                                                                     30)
        told = session.scalars(select(Event.data).where(Event.name == "SettingsChanged",
                                                        Event.actor == "agent:1")).all()
        assert [one["detail"] for one in told] == [
            "reopen days (0 days), goes back to the queue, keeps to itself, unseen answers are mailed (30 seconds)"]
        with pytest.raises(Invalid, match="Minutes"):
            inbox_rules.choose(session, inbox, {**form, "mail_after_minutes": "nan"}, "agent:1")


def test_a_team_keeps_its_rule_when_only_its_members_change(any_cast):
    with db.transaction() as session:
        teams.change(session, any_cast.support.id, "Support", [], "agent:1", {"reopen": "never"})
        teams.change(session, any_cast.support.id, "Support", [any_cast.alice.id], "agent:1")
        assert session.get(Team, any_cast.support.id).reopen == "never"


@pytest.mark.parametrize(("where", "values", "joined"), [
    ("phone", {"one_matter_days": 4}, False), ("phone", {"one_matter_days": 6}, True), ("phone", {}, True),
    ("phone", {"one_matter": False}, False), ("mail", {"one_matter": False}, False)])
def test_the_window_of_one_matter(any_cast, whatsapp, where, values, joined):
    mail, phone = Story(any_cast, any_cast.mail, ANN), Story(any_cast, whatsapp, PHONE)
    first = mail.writes()
    with db.transaction() as session:
        identities.verify(session, session.get(Ticket, first).contact, "phone", PHONE, how="token")
        session.get(Ticket, first).last_message_at = now() - timedelta(days=5)
        for name, value in values.items():
            setattr(session.get(Inbox, {"phone": whatsapp.id, "mail": any_cast.mail.id}[where]), name, value)
    assert (phone.writes() == first) is joined
