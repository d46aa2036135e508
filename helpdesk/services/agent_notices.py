"""Telling an agent by mail, where they asked for that. An answer to such a mail finds back by a seal that stands in its
Message-ID and its reply address: see helpdesk.services.agent_answers.

Such a mail is marked as a machine's and has no return path, so that a vacation notice, a bounce or another helpdesk
has nothing to answer. It goes to staff only, so many in an hour to each; so it does not count as the automatic mail by
which strangers could misuse us (services.mail_pause).
"""
from __future__ import annotations

import hmac
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from channels import _mail_proof
from channels._mail_headers import normal_address
from helpdesk import security, settings
from helpdesk.clock import now
from helpdesk.models import Agent, AgentNotice, Event, Inbox, Message, Ticket
from helpdesk.services import agent_preferences, inboxes, limits, outbox, quiet_hours, senders, tasks

KINDS = {"assigned": "A ticket is given to you", "reply": "Somebody writes in a ticket of yours",
         "mention": "Somebody names you in a note, as @name",
         "handover": "The assistant hands over a ticket of yours, of your team, or of nobody"}
ALWAYS = ("refused",)               # about a mail of their own that was not taken
PER_HOUR = 40                       # to one agent
QUIET_SECONDS = 600                 # a ticket in which much is written makes one mail in so long
KEPT = timedelta(days=90)
MARK = "##- Write your answer above this line -##"
COUNTED = 1_000_000                 # more than anybody counts to: here a count says "no more", and raises nothing


def plan(session: Session, agent: Agent | None, ticket: Ticket, kind: str,
         message: Message | None = None) -> AgentNotice | None:
    """Have the agent told by mail, if they want that and nothing speaks against it."""
    if agent is None or agent.disabled_at or kind not in (*(agent.mail_notices or ()), *ALWAYS):
        return None
    inbox = _inbox(session, ticket)
    if inbox is None or outbox.held(session) or senders.is_ours(session, agent.email):
        return None
    if limits.hit(session, f"agent mail:{agent.id}", COUNTED, 3600) > PER_HOUR:
        return None
    if kind == "reply" and limits.hit(session, f"agent mail:{agent.id}:{ticket.id}", COUNTED, QUIET_SECONDS) > 1:
        return None
    session.execute(delete(AgentNotice).where(AgentNotice.agent_id == agent.id, AgentNotice.created_at < now() - KEPT))
    notice = AgentNotice(agent_id=agent.id, ticket_id=ticket.id, inbox_id=inbox.id, kind=kind,
                         message_id=message.id if message else None)
    session.add(notice)
    session.flush()
    due_at = quiet_hours.over(agent_preferences.of(agent, "quiet"), now(), quiet_hours.zone_of(agent))
    tasks.plan(session, "jobs.agent_notices.send", ticket.id, {"notice_id": notice.id}, due_at)
    return notice


def plan_about(session: Session, ticket: Ticket, message: Message) -> None:
    """Somebody outside wrote in a ticket that has an agent."""
    plan(session, session.get(Agent, ticket.agent_id), ticket, "reply", message)


def seal(notice: AgentNotice) -> str:
    """What only we can write beside the notice's number."""
    return security.sign_caseless(settings.current().secret().encode(), "agent notice", str(notice.id),
                                  str(notice.agent_id), str(notice.ticket_id))


def token(notice: AgentNotice) -> str:
    """What stands behind the plus of the address that answers go to."""
    return f"agent-{notice.id}-{seal(notice)}"


def message_id(notice: AgentNotice, inbox: Inbox) -> str:
    """The notice's own Message-ID, the same however often it is sent."""
    return own_id(token(notice), inbox)


def own_id(name: str, inbox: Inbox) -> str:
    """The Message-ID of a mail to staff that is called so."""
    domain = normal_address(inbox.account).rpartition("@")[2] or "localhost"
    return f"<{name}@{domain}>"


def any_inbox(session: Session) -> Inbox | None:
    """A mail inbox that can tell of everything."""
    return next(iter(_mail_inboxes(session)), None)


def find(session: Session, named: list[tuple[int, str]]) -> AgentNotice | None:
    """The first of these that is truly ours, held until the transaction ends."""
    for number, given in named:
        notice = session.get(AgentNotice, number, with_for_update=True, populate_existing=True)
        if notice and hmac.compare_digest(seal(notice), given):
            return notice
    return None


def answerable(agent: Agent, inbox: Inbox) -> bool:
    """Whether an answer to a notice may count as this agent's."""
    return agent.answers_by_mail and _mail_proof.on(inbox.settings or {}, "agent_replies")


def answering(session: Session) -> list[str]:
    """The names of the mail inboxes at which agents may answer by mail."""
    return [one.name for one in _mail_inboxes(session) if _mail_proof.on(one.settings or {}, "agent_replies")]


def words(session: Session, notice: AgentNotice) -> tuple[str, str]:
    """(subject, text) of the mail."""
    ticket, agent = session.get(Ticket, notice.ticket_id), session.get(Agent, notice.agent_id)
    inbox = session.get(Inbox, notice.inbox_id)
    message = session.get(Message, notice.message_id) if notice.message_id else None
    about = " ".join((ticket.subject or ticket.contact.label).split())
    who = message.author_name or ticket.contact.label if message else ticket.contact.label
    fact = _handover(session, ticket) if notice.kind == "handover" else {}
    first = {"handover": f"{ticket.contact.label} needs a person in ticket #{ticket.id}: "
                         f"{fact.get('summary') or fact.get('asked') or about}",
             "assigned": f"Ticket #{ticket.id} of {ticket.contact.label} is yours now: {about}",
             "reply": f"{who} wrote in ticket #{ticket.id}: {about}",
             "mention": f"{who} names you in a note on ticket #{ticket.id}: {about}",
             "refused": f"Your mail about ticket #{ticket.id} was not sent to anybody, and stands in the ticket as a "
                        f"note. Why: {(message.payload or {}).get('refused', {}).get('why', '') if message else ''}."
             }[notice.kind]
    said = message.text.strip() if message and notice.kind != "refused" else "\n".join(fact.get("brief", ()))
    parts = [MARK if answerable(agent, inbox) else "", first, said,
             f"{settings.current().base_url}/tickets/{ticket.id}", _how(notice, agent, inbox, ticket)]
    return f"[#{ticket.id}] {about}", "\n\n".join(part for part in parts if part)


def _handover(session: Session, ticket: Ticket) -> dict:
    """What the assistant handed over last."""
    return session.scalar(select(Event.data).where(Event.ticket_id == ticket.id, Event.name == "HandedOver")
                          .order_by(Event.id.desc()).limit(1)) or {}


def _how(notice: AgentNotice, agent: Agent, inbox: Inbox, ticket: Ticket) -> str:
    if not answerable(agent, inbox):
        return "An answer to this mail reaches nobody: please answer in the helpdesk."
    if notice.kind == "mention":
        return "Your answer to this mail becomes an internal note."
    return (f"Your answer to this mail goes to {ticket.contact.label}, as yours. If it begins with “note:”, it becomes "
            "an internal note.")


def _inbox(session: Session, ticket: Ticket) -> Inbox | None:
    """The mail inbox that tells of this ticket: its own, else one whose answers count, else any."""
    return min(_mail_inboxes(session), default=None, key=lambda inbox: (
        inbox.id != ticket.reply_inbox_id, not _mail_proof.on(inbox.settings or {}, "agent_replies"), inbox.id))


def _mail_inboxes(session: Session) -> list[Inbox]:
    return list(session.scalars(select(Inbox).where(Inbox.enabled, Inbox.channel.in_(inboxes.mail_channels()))
                                .order_by(Inbox.id)))
