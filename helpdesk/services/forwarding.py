"""A colleague passes on a mail that a customer had sent to them: the customer is whom the ticket is about."""
from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels.base import Channel, Inbound
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Inbox
from helpdesk.services import identities


def original(session: Session, channel: Channel, item: Inbound) -> tuple[Inbound, Agent | None]:
    """The message as its original writer's, and who of us passed it on; unchanged and None for any other message.

    The words are all that says who wrote, so nothing is proved by it: the address counts as claimed.
    """
    name, address = item.forwarded_from
    if not address or item.automatic or address == item.address:
        return item, None
    agent = session.scalar(_of_agent(item.address))
    if agent is None or session.scalar(_of_agent(address)) or _is_ours(session, channel, address):
        return item, None
    try:
        identities.normal(channel.identity_kind, address)
    except Invalid:
        return item, None
    return replace(item, address=address, name=name), agent


def _of_agent(address: str):
    return select(Agent).where(func.lower(Agent.email) == address.lower(), Agent.disabled_at.is_(None))


def _is_ours(session: Session, channel: Channel, address: str) -> bool:
    local, _, domain = address.partition("@")
    return session.scalar(select(Inbox.id).where(
        Inbox.channel == channel.name, func.lower(Inbox.account) == f"{local.partition('+')[0]}@{domain}")) is not None
