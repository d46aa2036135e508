"""Who else could read an answer by mail: those an agent let in, and those who are only offered."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Contact, Identity, Participant, Ticket
from helpdesk.services.recipients import INSIDE
from helpdesk.services.routes import Route

PARTIES = select(Identity.value, Contact.name, Participant.role).join(
    Participant, Participant.identity_id == Identity.id).join(Contact, Contact.id == Identity.contact_id).where(
    Participant.ticket_id == bindparam("ticket"), Identity.kind == "email").order_by(Participant.added_at)
WHY = {"cc": "gets copies", "requester": "takes part", "bcc": "had a hidden copy", "third": "had something forwarded",
       "unverified": "wrote, not let in yet", "named": "in copy of the last mail"}
MOST = 12


@dataclass(frozen=True)
class Suggestion:
    """An address that can be added with one click, and why it is offered."""
    address: str
    name: str
    why: str


@dataclass(frozen=True)
class Readers:
    """`cc`: in copy unless the agent takes them out; `all`: whom a reply to all would add; `offered`: all others;
    `names` of those who are known, by address."""
    cc: list[str]
    all: list[str]
    offered: list[Suggestion]
    names: dict[str, str]


def of(session: Session, ticket: Ticket, ways: Sequence[Route], items: Sequence) -> Readers:
    """The readers that the composer proposes. Whom a mail from outside names is offered and never added by itself: a
    forged one would else let its sender's friends read along."""
    ours = {_base(way.inbox.account) for way in ways}
    main = next((way.identity.value for way in ways if way.open and way.can.subject), "")
    parties = {value: (name, role) for value, name, role in db.rows(session, PARTIES, {"ticket": ticket.id})}
    cc = [value for value, (_, role) in parties.items() if role == "cc" and value != main]
    named = [one for one in _named_last(items) if _base(one) not in ours and one != main]
    found = {value: Suggestion(value, name, WHY[role]) for value, (name, role) in parties.items() if value != main}
    for one in named:
        if one not in found or parties[one][1] not in INSIDE:
            found[one] = Suggestion(one, parties.get(one, ("", ""))[0], WHY["named"])
    names = {value: name for value, (name, _) in parties.items() if name and name != value}
    return Readers(cc, [one for one in named if one not in cc], list(found.values())[:MOST], names)


def _named_last(items: Sequence) -> list[str]:
    """Whom the customer's last mail was addressed to, besides us."""
    for item in reversed(items):
        if getattr(item, "direction", "") == "in" and item.kind == "message" and "to" in item.payload:
            return list(dict.fromkeys((*item.payload.get("to", ()), *item.payload.get("cc", ()))))
    return []


def _base(address: str) -> str:
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
