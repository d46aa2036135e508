"""Who may hear what we hold of a person. The assistant tells nobody; people tell whoever proved who they are.

An article that is marked `about_account` answers with what belongs to one account, so it is given only to whoever wrote
from an address that is proved, or that has answered what only it had received. Everybody else is a person's to check.
"""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.models import Contact, Identity, Message, Trust
from helpdesk.services.hearing import HEARD, places
from helpdesk.services.words import words

BROWSER = "visitor"     # the kind of an address that is a browser's


def asks_for_account_data(text: str) -> bool:
    """Whether somebody wants to be told what we hold of them, or of somebody else."""
    return bool(places(words(text[:HEARD]), "account_data", exactly=True))


def trust(session: Session, message: Message) -> str:
    """How sure we are of whoever wrote a message: claimed, replied or verified. A browser proves that it is the same
    browser, not who sits at it: there the best of the person's other addresses counts, or the site's own number."""
    identity = session.get(Identity, message.identity_id) if message.identity_id else None
    if identity is None:
        return str(Trust.CLAIMED)
    if identity.kind != BROWSER:
        return str(Trust(identity.trust))
    if session.get(Contact, identity.contact_id).external_id:
        return str(Trust.VERIFIED)
    others = session.scalars(select(Identity.trust).where(
        Identity.contact_id == identity.contact_id, Identity.kind != BROWSER)).all()
    return str(next((level for level in reversed(Trust) if level in others), Trust.CLAIMED))


def proved(session: Session, message: Message) -> bool:
    """Whether whoever wrote it may be told what belongs to their account."""
    return Trust(trust(session, message)).covers(Trust.REPLIED)
