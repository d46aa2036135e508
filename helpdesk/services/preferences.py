"""By which channel somebody wants to be answered: what they told us, or an agent for them."""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import Invalid
from helpdesk.models import Contact, Identity, Inbox
from helpdesk.services import inboxes

BY = ("agent", "contact")


def choices(session: Session, contact: Contact) -> list[str]:
    """The channels in use on which this person has an address, by name."""
    kinds = set(session.scalars(select(Identity.kind).where(Identity.contact_id == contact.id)))
    used = session.scalars(select(Inbox.channel).where(Inbox.enabled).distinct())
    return sorted((name for name in used if inboxes.kind(name).identity_kind in kinds), key=inboxes.label)


def told_by_mail(session: Session, contact: Contact) -> None:
    """A visitor of the chat asks for answers by mail. Nothing where there is no mail inbox to answer from."""
    mail = next((name for name in inboxes.mail_channels() if session.scalar(
        select(Inbox.id).where(Inbox.channel == name, Inbox.enabled).limit(1))), "")
    if mail:
        _keep(session, contact, mail, "contact", contact.actor)


def prefer(session: Session, contact: Contact, channel: str, by: str, actor: str) -> None:
    """Remember it; '' forgets it. `by`: agent or contact. Raises Invalid for a channel that does not reach them."""
    if channel and channel not in choices(session, contact):
        raise Invalid("This person has no address there.")
    _keep(session, contact, channel, by, actor)


def _keep(session: Session, contact: Contact, channel: str, by: str, actor: str) -> None:
    if (contact.prefers, contact.prefers_by) == (channel, by if channel else ""):
        return
    contact.prefers, contact.prefers_by = channel, by if channel else ""
    events.record(session, events.PreferenceStated(channel=channel, by=by), contact=contact, actor=actor)
