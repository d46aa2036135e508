"""Who wrote a mail that came: not we ourselves, and not the colleague who only passed it on."""
from __future__ import annotations

from dataclasses import replace

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from channels.base import Channel, Inbound, Unreadable
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Inbox
from helpdesk.services import identities, inboxes

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


def original(session: Session, channel: Channel, item: Inbound) -> tuple[Inbound, Agent | None]:
    """A forwarded mail as its original writer's, and who of us passed it on: the ticket is about the customer. Any
    other message unchanged, and None.

    The words are all that says who wrote, so nothing is proved by it: the address counts as claimed.
    """
    name, address = item.forwarded_from
    if not address or item.automatic or address == item.address:
        return item, None
    agent = session.scalar(OF_AGENT, {"address": item.address})
    if agent is None or session.scalar(OF_AGENT, {"address": address}) or is_ours(session, address):
        return item, None
    try:
        identities.normal(channel.identity_kind, address)
    except Invalid:
        return item, None
    return replace(item, address=address, name=name), agent
