"""Who wrote a mail that came: not we ourselves, and not the colleague who only passed it on."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from channels import _mail_proof
from channels._mail_phrases import FORWARD_SUBJECT
from channels.base import Channel, Inbound, Unreadable
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Inbox
from helpdesk.services import bounds, identities, inboxes

OF_OURS = select(Inbox.id).where(
    Inbox.channel.in_(bindparam("mail", expanding=True)), func.lower(Inbox.account) == bindparam("address")).limit(1)
OF_AGENT = select(Agent).where(func.lower(Agent.email) == bindparam("address"), Agent.disabled_at.is_(None))


def refuse_ourselves(session: Session, channel: Channel, item: Inbound) -> None:
    """Mail from one of our own addresses is a loop, or a forgery; it is kept aside for an admin to look at. So is mail
    that names nobody: there is no one to answer."""
    if not channel.can.subject:
        return
    if not item.address:
        raise Unreadable("It names no sender.")
    if is_ours(session, item.address):
        raise Unreadable(f"It comes from our own address {item.address}: a loop, or a forged sender.")


def is_ours(session: Session, address: str) -> bool:
    """Whether mail to this address, with whatever stands after its plus, comes to an inbox of ours."""
    local, _, domain = address.lower().rpartition("@")
    return session.scalar(OF_OURS, {"mail": inboxes.mail_channels(),
                                    "address": f"{local.partition('+')[0]}@{domain}"}) is not None


@dataclass(frozen=True)
class Carrier:
    """The agent who passed a customer's mail on, what they wrote above it, and when the customer wrote."""
    agent: Agent
    words: str
    said_at: datetime
    message_id: str = ""        # of the customer's mail, where it is known


def original(session: Session, inbox: Inbox, channel: Channel, item: Inbound) -> tuple[Inbound, Carrier | None]:
    """A forwarded mail as its original writer's, and who of us passed it on: the ticket is about the customer. Any
    other message unchanged, and None.

    Only where the inbox has that switched on, and the mail is proved to come from an agent of ours. Even so its words
    are all that says who wrote, so nothing is proved by it: the writer's address counts as claimed.
    """
    name, address = item.forwarded_from
    if not (item.proof and item.passed_on.get("text") and _mail_proof.on(inbox.settings or {}, "agent_forwards")):
        return item, None
    agent = session.scalar(OF_AGENT, {"address": item.address})
    if agent is None or item.automatic or not may_be_writer(session, channel.identity_kind, item.address, address):
        return item, None
    written = replace(item, address=address, name=name, text=bounds.clean(item.passed_on["text"]), full_text="",
                      html="", subject=FORWARD_SUBJECT.sub("", item.subject).strip() or item.subject)
    return written, Carrier(agent, bounds.clean(item.passed_on.get("above", "")), said_at(item.passed_on, item.sent_at),
                            bounds.key(item.passed_on.get("message_id", "")))


def may_be_writer(session: Session, kind: str, carrier: str, address: str) -> bool:
    """Whether a forwarded mail can be somebody else's: its writer is no agent, no inbox of ours, and has an address."""
    try:
        address = identities.normal(kind, address)
    except Invalid:
        return False
    return not (address == carrier or session.scalar(OF_AGENT, {"address": address}) or is_ours(session, address))


def said_at(passed_on: Mapping[str, str], at: datetime) -> datetime:
    """When a forwarded mail was written: as it says itself, and never after it was passed on."""
    try:
        return min(datetime.fromisoformat(passed_on["date"]), at)
    except (KeyError, ValueError, TypeError):
        return at
