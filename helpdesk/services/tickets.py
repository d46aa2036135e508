"""What can be done with a ticket."""
from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import (
    Agent,
    Contact,
    Identity,
    Inbox,
    Message,
    Participant,
    Status,
    Tag,
    Team,
    Ticket,
    TicketTag,
)
from helpdesk.models.tickets import PRIORITIES
from helpdesk.services import following, message_moves, parts, sla

WAKE_BATCH = 200
CONVERSATION_SUBJECT = 80       # characters
ON_REPLY = datetime(2999, 1, 1, tzinfo=UTC)     # snoozed until the customer answers, however long that takes


def lock(session: Session, ticket_id: int) -> Ticket:
    """The ticket, held until the transaction ends; a merged one gives its survivor. Raises NotFound."""
    for _ in range(parts.STEPS):
        ticket = session.get(Ticket, ticket_id, with_for_update=True, populate_existing=True)
        if ticket is None:
            break
        if ticket.merged_into_id is None:
            return ticket
        ticket_id = ticket.merged_into_id
    raise NotFound("There is no such ticket.")


def open_ticket(session: Session, contact: Contact, *, channel: str, subject: str = "", inbox: Inbox | None = None,
                identity_id: int | None = None, at: datetime | None = None, why: str = "", actor: str = "",
                with_assistant: bool = False, follows: Ticket | None = None) -> Ticket:
    """A new ticket of this contact, its clocks running."""
    at = at or now()
    ticket = Ticket(contact_id=contact.id, subject=subject[:300], channel=channel, created_at=at, last_message_at=at,
                    team_id=inbox.team_id if inbox else None, reply_inbox_id=inbox.id if inbox else None,
                    reply_identity_id=identity_id, with_assistant=with_assistant, seq=0,
                    follows_ticket_id=follows.id if follows else None)
    db.add(session, ticket)
    set_committed_value(ticket, "contact", contact)
    sla.start(session, ticket)
    if identity_id:
        db.insert_later(session, Participant, ticket_id=ticket.id, identity_id=identity_id, role="requester")
    events.record(session, events.TicketOpened(channel=channel, why=why), ticket=ticket,
                  actor=actor or contact.actor)
    return ticket


def subject_from(text: str) -> str:
    """What a conversation without a subject is called: how it begins."""
    return " ".join(text.split())[:CONVERSATION_SUBJECT]


def assign(session: Session, ticket: Ticket, agent: Agent | None, actor: str) -> None:
    """Give the ticket to an agent, or to nobody."""
    if ticket.agent_id == (agent.id if agent else None):
        return
    if agent and agent.disabled_at:
        raise Invalid(f"{agent.name} no longer works here.")
    previous, ticket.agent_id = ticket.agent_id, agent.id if agent else None
    ticket.agent = agent
    events.record(session, events.TicketAssigned(agent_id=ticket.agent_id, previous_id=previous,
                                                 agent_name=agent.name if agent else ""), ticket=ticket, actor=actor)


def set_team(session: Session, ticket: Ticket, team: Team | None, actor: str) -> None:
    """Move the ticket to a team's queue."""
    if ticket.team_id == (team.id if team else None):
        return
    ticket.team_id = team.id if team else None
    events.record(session, events.TeamChanged(team_id=ticket.team_id, team_name=team.name if team else ""),
                  ticket=ticket, actor=actor)


def set_status(session: Session, ticket: Ticket, status: Status | str, actor: str, why: str = "") -> None:
    """Open, pending, resolved or closed. The same again does nothing."""
    try:
        status = Status(status)
    except ValueError:
        raise Invalid(f"There is no status {status!r}; use one of {', '.join(Status)}.") from None
    previous = Status(ticket.status)
    if status == previous:
        return
    was_active, at = ticket.active, now()
    ticket.status = status
    ticket.snoozed_until = None
    if status == Status.RESOLVED:
        ticket.resolved_at, ticket.waiting_since = at, None
        fact = events.TicketResolved(previous=previous)
    elif not was_active and status in (Status.OPEN, Status.PENDING):
        ticket.resolved_at = None
        fact = events.TicketReopened(previous=previous, why=why, status=status)
    else:
        fact = events.StatusChanged(status=status, previous=previous)
    if status in (Status.CLOSED, Status.PENDING):
        ticket.waiting_since = None
    sla.status_changed(session, ticket, previous, status, at)
    events.record(session, fact, ticket=ticket, actor=actor)
    following.plan(session, ticket, "reopened" if isinstance(fact, events.TicketReopened) else str(status), actor)
    if isinstance(fact, events.TicketReopened) and ticket.agent_id and session.get(Agent, ticket.agent_id).disabled_at:
        assign(session, ticket, None, "system")


def set_priority(session: Session, ticket: Ticket, priority: str, actor: str) -> None:
    """low, normal, high or urgent; the clocks follow."""
    if priority not in PRIORITIES:
        raise Invalid(f"There is no priority {priority!r}; use one of {', '.join(PRIORITIES)}.")
    if ticket.priority == priority:
        return
    previous, ticket.priority = ticket.priority, priority
    sla.priority_changed(session, ticket)
    events.record(session, events.PriorityChanged(priority=priority, previous=previous), ticket=ticket, actor=actor)


def tag(session: Session, ticket: Ticket, add: list[str], remove: list[str], actor: str) -> None:
    """Put labels on and take labels off; unknown labels are made."""
    have = {t.name: t for t in ticket.tags}
    add = [n for n in dict.fromkeys(name.strip().lower()[:50] for name in add) if n and n not in have]
    remove = [n for n in dict.fromkeys(name.strip().lower() for name in remove) if n in have]
    for name in add:
        label = session.scalar(select(Tag).where(Tag.name == name))
        if label is None:
            label = Tag(name=name)
            session.add(label)
            session.flush()
        session.add(TicketTag(ticket_id=ticket.id, tag_id=label.id))
    for name in remove:
        session.delete(session.get(TicketTag, (ticket.id, have[name].id)))
    if add or remove:
        session.flush()
        session.expire(ticket, ["tags"])
        events.record(session, events.TagsChanged(added=tuple(add), removed=tuple(remove)), ticket=ticket, actor=actor)


def snooze(session: Session, ticket: Ticket, until: datetime | None, actor: str) -> None:
    """Hide until a time; None brings it back."""
    if until is None:
        return wake(session, ticket, "agent", actor)
    if until <= now():
        raise Invalid("That time has passed; choose a later one.")
    if not ticket.active:
        raise Invalid("Only an open or pending ticket can be snoozed.")
    ticket.snoozed_until = until
    sla.status_changed(session, ticket, ticket.status, ticket.status)
    events.record(session, events.TicketSnoozed(until=until.isoformat()), ticket=ticket, actor=actor)


def wake(session: Session, ticket: Ticket, why: str, actor: str = "system") -> None:
    """Bring a snoozed ticket back."""
    if ticket.snoozed_until:
        ticket.snoozed_until = None
        sla.status_changed(session, ticket, ticket.status, ticket.status)
        events.record(session, events.TicketWoken(why=why), ticket=ticket, actor=actor)


def wake_due(session: Session) -> int:
    """Bring back every ticket whose time has come, however long ago; returns how many."""
    due = select(Ticket).where(Ticket.snoozed_until <= now(), Ticket.merged_into_id.is_(None)).limit(
        WAKE_BATCH).with_for_update(skip_locked=True)
    tickets = session.scalars(due).all()
    for ticket in tickets:
        wake(session, ticket, "due")
        ticket.last_message_at = now()      # back at the top of the lists
    return len(tickets)


def split_off(session: Session, ticket: Ticket, message: Message) -> list[Message]:
    """What would go with a message: what was said to and from its address from there on. Raises Invalid."""
    whole = parts.all_ids(session, ticket)
    if message.ticket_id not in whole or message.direction != "in" or message.identity_id is None:
        raise Invalid("Only a customer's message of this ticket can be split off.")
    found = [one for one in message_moves.with_address(session, whole, message.identity_id) if one.id >= message.id]
    stays = select(Message.id).where(Message.ticket_id.in_(whole), Message.kind != "note", or_(
        Message.identity_id != message.identity_id, Message.identity_id.is_(None), Message.id < message.id))
    if session.scalar(stays.limit(1)) is None:
        raise Invalid("This is the whole conversation: nothing would be left. Change its subject or contact instead.")
    return found


def split(session: Session, ticket: Ticket, message: Message, actor: str, *, subject: str = "",
          contact: Contact | None = None) -> Ticket:
    """Take a customer's message, and what was said to and from that address after it, into a ticket of its own: with
    its files, receipts and Message-IDs, so that what answers it arrives there. `subject` and `contact` are the new
    ticket's, if not the message's own. Raises Invalid for what is no customer's message of this ticket."""
    moved, identity = split_off(session, ticket, message), session.get(Identity, message.identity_id)
    new = open_ticket(session, contact or identity.contact, channel=message.channel,
                      subject=subject.strip() or message.subject or ticket.subject,
                      inbox=session.get(Inbox, message.inbox_id), identity_id=identity.id, at=message.sent_at,
                      why=f"split from {ticket.id}", actor=actor, follows=ticket)
    left = {one.ticket_id for one in moved}
    message_moves.move(session, moved, new)
    new.agent_id = ticket.agent_id
    answers = [one.sent_at for one in moved if one.author_kind == "agent" and one.kind == "message"]
    if answers:
        new.first_response_at = min(answers)
        sla.replied(session, new, new.first_response_at)
    for one in session.scalars(select(Ticket).where(Ticket.id.in_(left))):
        message_moves.show_last(session, one)
    message_moves.show_last(session, new)
    events.record(session, events.TicketSplit(message_id=message.id, into_ticket_id=new.id), ticket=ticket, actor=actor)
    return new
