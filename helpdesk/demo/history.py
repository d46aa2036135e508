"""Telling the demo's stories: the real services and the real channels, with the clock set to then.

What customers write goes through the simulated platforms and is read by the channels' own code, what agents answer is
sent by it. Only the wire between is shorter (helpdesk.demo.wire). Everything happens in one transaction, so that a load
that is interrupted leaves nothing behind.
"""
from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import clock
from helpdesk.demo import site, wire
from helpdesk.demo.aftermath import MOMENT, Aftermath
from helpdesk.demo.people import People, Person
from helpdesk.demo.platforms import Platforms
from helpdesk.demo.stories import Step, Story, seconds
from helpdesk.models import Agent, Inbox, Message, Survey, Team, Ticket, Visitor
from helpdesk.services import (
    chats,
    identities,
    notifications,
    ratings,
    replies,
    routes,
    site_identity,
    tickets,
    visitors,
)

NEWS = timedelta(hours=20)


class History:
    """Tells all steps in order. `accounts` are the inboxes by channel, `agents` the agents by key; `post` is where
    the platforms' webhooks go."""

    def __init__(self, session: Session, platforms: Platforms, people: People, post: wire.Post,
                 accounts: Mapping[str, Inbox], agents: Mapping[str, Agent]):
        self.session, self.platforms, self.people = session, platforms, people
        self.accounts, self.agents, self.agents_looked = accounts, agents, False
        self.after = Aftermath(session, platforms, post, accounts)

    def tell(self, steps: list[Step], until: datetime) -> None:
        """Let everything happen, each step at its time, and between them what was due."""
        for step in steps:
            self._look_at_news(step.at, until)
            self.after.pass_time(step.at)
            with clock.at(step.at):
                getattr(self, f"_{step.what}")(step.story, *step.given)
                self.session.flush()
            with clock.at(step.at + MOMENT):
                self.after.settle()
                if step.story.channel == "web" and not step.story.away:
                    self._reads(step.story)     # the chat is open in front of them
        self.after.pass_time(until)

    # What customers do

    def _writes(self, story: Story, text: str, channel: str = "") -> None:
        person, channel = self.people.get(story.who), channel or story.channel
        site.ordered(self.session, self.accounts["web"], person, f"{story.subject} {text}")
        if channel == "web":
            self._write_on_site(story, person, {"text": text})
        else:
            answered = next((m["id"] for m in reversed(self.platforms.conversation(person, channel))
                             if m["from_business"]), "") if channel == "email" and story.ticket_id else ""
            self.platforms.write(person, channel, text, subject="" if answered else story.subject, replies_to=answered)
        self.after.deliver()
        if story.ticket_id is None:
            ticket = self.session.scalar(select(Ticket).order_by(Ticket.id.desc()).limit(1))
            story.ticket_id = ticket.id
            ticket.contact.name = ticket.contact.name or person.name
            ticket.contact.locale = ticket.contact.locale or person.locale

    def _presses(self, story: Story, beginning: str) -> None:
        """The button shown last whose payload begins so; its number where the platform shows none. Nothing when there
        was no such button."""
        person, found = self.people.get(story.who), self._button(story, beginning)
        if found is None:
            return
        number, button = found
        if story.channel == "web":
            self._write_on_site(story, person, {"text": button["label"], "payload": button["payload"]})
        elif self.platforms.shows(person, story.channel, button["payload"]):
            self.platforms.write(person, story.channel, button=button["payload"])
        else:
            self.platforms.write(person, story.channel, str(number))
        self.after.deliver()

    def _reads(self, story: Story) -> None:
        if story.channel == "web":
            visitor = self.session.get(Visitor, story.visitor_id)
            ticket = tickets.lock(self.session, story.ticket_id)
            visitors.seen(self.session, visitor, ticket, ticket.seq)
        else:
            self.platforms.read(self.people.get(story.who), story.channel)
            self.after.deliver()

    def _rates(self, story: Story, score: int, comment: str = "") -> None:
        message = self.session.scalar(select(Message).join(Survey, Survey.message_id == Message.id).where(
            Survey.ticket_id == story.ticket_id, Survey.state == "sent").order_by(Message.id.desc()).limit(1))
        if message:
            ratings.rate(self.session, message.payload["survey"]["url"].rpartition("/")[2], score, comment)

    # What the house does

    def _assigns(self, story: Story, key: str = "") -> None:
        agent = self.agents[key or story.agent]
        tickets.assign(self.session, self._ticket(story), agent, self.agents[story.agent or key].actor)

    def _answers(self, story: Story, text: str) -> None:
        agent, ticket = self.agents[story.agent], self._ticket(story)
        if routes.default(self.session, ticket) is None:
            return              # a weekend lay between, and the messenger's window has closed
        if ticket.agent_id is None:
            tickets.assign(self.session, ticket, agent, agent.actor)
        replies.send(self.session, ticket, text, agent=agent)

    def _notes(self, story: Story, text: str, key: str = "") -> None:
        replies.note(self.session, self._ticket(story), text, self.agents[key or story.agent])

    def _tags(self, story: Story, *names: str) -> None:
        tickets.tag(self.session, self._ticket(story), list(names), [], self.agents[story.agent].actor)

    def _priority(self, story: Story, priority: str) -> None:
        tickets.set_priority(self.session, self._ticket(story), priority, self.agents[story.agent].actor)

    def _team(self, story: Story, name: str) -> None:
        team = self.session.scalar(select(Team).where(Team.name == name))
        tickets.set_team(self.session, self._ticket(story), team, self.agents[story.agent].actor)

    def _pending(self, story: Story) -> None:
        tickets.set_status(self.session, self._ticket(story), "pending", self.agents[story.agent].actor)

    def _resolves(self, story: Story) -> None:
        tickets.set_status(self.session, self._ticket(story), "resolved", self.agents[story.agent].actor)

    def _closes(self, story: Story) -> None:
        tickets.set_status(self.session, self._ticket(story), "closed", self.agents[story.agent].actor)

    def _snoozes(self, story: Story, length: str) -> None:
        ticket, until = self._ticket(story), clock.now() + timedelta(seconds=seconds(length))
        tickets.snooze(self.session, ticket, until, self.agents[story.agent].actor)

    def _verifies(self, story: Story, kind: str) -> None:
        """An agent has checked that a further address is this person's."""
        person = self.people.get(story.who)
        value = person.whatsapp if kind == "phone" else person.email
        identities.verify(self.session, self._ticket(story).contact, kind, value, how="agent")

    def _look_at_news(self, at: datetime, until: datetime) -> None:
        """Up to the evening before, everybody has seen what there was to see."""
        if at > until - NEWS and not self.agents_looked:
            self.agents_looked = True
            for agent in self.agents.values():
                with clock.at(at):
                    notifications.mark_seen(self.session, agent)

    def _write_on_site(self, story: Story, person: Person, given: dict) -> None:
        inbox = self.accounts["web"]
        if story.visitor_id is None:
            visitor, _ = visitors.start(self.session, inbox, person.locale, "/demo/shop")
            site_identity.claim(self.session, visitors.contact_of(self.session, visitor), {
                "email": person.email, "name": person.name})
            site.looked(self.session, inbox, visitor, person)
            story.visitor_id = visitor.id
        chats.write(self.session, inbox, story.visitor_id,
                    {"client_id": secrets.token_urlsafe(12), "locale": person.locale, "page": "/demo/shop", **given})
        self.after.told = True

    def _button(self, story: Story, beginning: str) -> tuple[int, dict] | None:
        last = self.session.scalar(select(Message).where(
            Message.ticket_id == story.ticket_id, Message.direction == "out", Message.kind == "message")
            .order_by(Message.seq.desc()).limit(1))
        buttons = (last.payload or {}).get("buttons", ()) if last else ()
        return next(((number, button) for number, button in enumerate(buttons, 1)
                     if button["payload"].startswith(beginning)), None)

    def _ticket(self, story: Story) -> Ticket:
        return tickets.lock(self.session, story.ticket_id)
