"""An agent answers a notice from their mail program.

It counts as theirs only when all of this holds: the mail names a notice by our own seal; it comes from the agent who
got that notice; that is proved (channels._mail_proof); inbox and agent have it switched on; and the agent may write
now. Otherwise it goes to nobody: it is kept in the ticket as a note with the reason, never as the agent's, and the
agent is told once (docs/decisions/0022-agents-by-mail.md).
"""
from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from channels import _mail_proof
from channels._mail_reply import DASHES, newly_written
from channels.base import Inbound
from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent, AgentNotice, Attachment, Inbox, Message, RawInbound, Ticket
from helpdesk.services import agent_notices, files, originals, replies, routes, tickets
from helpdesk.services.files import StoredFile

log = logging.getLogger(__name__)

LIVES = timedelta(days=30)
MOST_REFUSED = 5            # mails kept for one notice; whoever sends more fills no ticket with them
MARK = re.compile(r"^[\s>|]*##- .{1,80} -##", re.M)
NOTE = re.compile(r"\s*#?note:\s*", re.I)
PROBE = "> what-was-answered"


@dataclass(frozen=True)
class Taken:
    """The mail was an answer to a notice, whatever became of it."""
    message: Message | None


def take(session: Session, inbox: Inbox, item: Inbound, raw: RawInbound, external_id: str) -> Taken | None:
    """Deal with a mail that names a notice; None where it names none of ours."""
    named = _mail_proof.notices(item)
    notice = agent_notices.find(session, named) if named else None
    if notice is None:
        return None
    try:
        ticket = tickets.lock(session, notice.ticket_id)
    except NotFound:
        return None
    if item.by_machine:
        log.info("a machine answered notice %s: %s", notice.id, item.automatic)
        return Taken(None)
    if not notice.answers or set(_marks(item)).isdisjoint(notice.answers):
        agent = session.get(Agent, notice.agent_id)
        return Taken(_dealt_with(session, inbox, ticket, item, raw, notice, agent, external_id))
    return Taken(None)


def _dealt_with(session: Session, inbox: Inbox, ticket: Ticket, item: Inbound, raw: RawInbound, notice: AgentNotice,
                agent: Agent, external_id: str) -> Message | None:
    try:
        why = _objection(inbox, item, notice, agent)
        if not why:
            return _said(session, ticket, item, raw, notice, agent)
    except Invalid as error:
        why = str(error).rstrip(".")
    return _refuse(session, inbox, ticket, item, raw, notice, agent, why, external_id)


def _marks(item: Inbound) -> list[str]:
    """By what the same mail is known again: as it came, and by its words and date, which a signature covers; between
    them some signatures let white space change."""
    words = f"{item.sent_at.isoformat()}\n{' '.join(item.full_text.split())}"
    return [item.fingerprint, hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()]


def _objection(inbox: Inbox, item: Inbound, notice: AgentNotice, agent: Agent) -> str:
    """Why this mail is not to be taken as the agent's; '' where it is."""
    if not agent.may("answer"):
        return f"the account of {agent.name} is switched off"
    if item.address != agent.email:
        return f"the notice went to {agent.email}, and this comes from {item.address}"
    if not _mail_proof.on(inbox.settings or {}, "agent_replies"):
        return "answers by mail are switched off for this inbox"
    if not agent.answers_by_mail:
        return f"{agent.name} has not switched on answers by mail"
    if not item.proof:
        return f"it is not proved to come from {agent.email}: {item.doubt or 'nothing shows it'}"
    if notice.created_at < now() - LIVES:
        return f"the notice is older than {LIVES.days} days"
    return ""


def _said(session: Session, ticket: Ticket, item: Inbound, raw: RawInbound, notice: AgentNotice,
          agent: Agent) -> Message:
    """The agent's answer to the customer, or their note. Raises Invalid, before anything is written, when it cannot be
    sent."""
    text, stored = written(item), _files(item)
    as_note = NOTE.match(text)
    client_id = f"mail:{item.fingerprint[:50]}"
    if as_note or notice.kind == "mention":
        message = replies.note(session, ticket, text[as_note.end():] if as_note else text, agent, client_id, stored)
    else:
        route = routes.default(session, ticket)
        message = replies.send(session, ticket, text, agent=agent, route=route, files=stored, client_id=client_id)
    message.payload = {**(message.payload or {}), "by_mail": True}
    message.raw_id = raw.id
    message.trace = {"rung": "agent", "steps": [f"answers the notice {notice.id} that {agent.email} got",
                                                f"proved: {item.proof}"]}
    notice.answers = [*notice.answers, *_marks(item)]
    return message


def written(item: Inbound) -> str:
    """What the agent newly wrote: nothing of the notice may reach the customer. Raises Invalid when that is nothing."""
    if "forwarded" in item.marks:
        raise Invalid("It is a forwarded mail, not an answer")
    mark = MARK.search(item.text)
    above = item.text[:mark.start()] if mark else item.text
    new = newly_written(f"{above.rstrip()}\n\n{PROBE}") if mark else above
    if not new.strip() or PROBE in new or DASHES.match(new.strip().split("\n")[0]):
        raise Invalid("Nothing new is written above what it quotes")
    return new.strip()


def _files(item: Inbound) -> list[StoredFile]:
    """The files that were attached; not the pictures that stand in the text, which are a signature's."""
    return [files.put(one.name, one.content_type, one.content) for one in item.files
            if one.content is not None and not originals.shows(item.html, one.cid)]


def _refuse(session: Session, inbox: Inbox, ticket: Ticket, item: Inbound, raw: RawInbound, notice: AgentNotice,
            agent: Agent, why: str, external_id: str) -> Message | None:
    notice.refused += 1
    if notice.refused > MOST_REFUSED:
        log.warning("one more mail for notice %s is not kept in ticket %s: %s", notice.id, ticket.id, why)
        return None
    ticket.seq += 1
    message = Message(
        ticket_id=ticket.id, seq=ticket.seq, inbox_id=inbox.id, channel=inbox.channel, direction="out", kind="note",
        author_kind="system", subject=item.subject[:300], text=item.text, full_text=item.full_text,
        payload={"refused": {"why": why[:500], "from": item.address}}, external_id=external_id,
        fingerprint=item.fingerprint, raw_id=raw.id, trace={"rung": "agent", "steps": [
            f"answers the notice {notice.id} that {agent.email} got", f"not taken as {agent.name}'s: {why}"]},
        sent_at=min(item.sent_at, now()))
    db.add(session, message)
    message.attachments.extend(Attachment(name=one.name, content_type=one.content_type, size=one.size,
                                          sha256=one.sha256) for one in _files(item))
    session.flush()
    tell = notice.told_at is None
    if tell:
        notice.told_at = now()
        agent_notices.plan(session, agent, ticket, "refused", message)
    events.record(session, events.AgentMailRefused(message_id=message.id, agent_id=agent.id, why=why[:500], tell=tell),
                  ticket=ticket)
    return message
