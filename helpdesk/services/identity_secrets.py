"""Changing the secret by which a site says who is signed in, without anybody being unknown meanwhile: the new one and
the one before count side by side until the old one is retired."""
from __future__ import annotations

from sqlalchemy.orm import Session

from helpdesk import security
from helpdesk.errors import Conflict, NotFound
from helpdesk.models import Inbox
from helpdesk.services import inboxes, site_identity

FIELD = "identity_secret"


def renew(session: Session, inbox_id: int, actor: str) -> str:
    """Make a secret; returns it, to be shown once. Raises Conflict while two are live: a third would end one that is
    perhaps in use."""
    inbox, live = _live(session, inbox_id)
    if len(live) > 1:
        raise Conflict("Two secrets are in use already. Retire the old one first.")
    fresh = security.token()
    inboxes.change(session, inbox, {FIELD: " ".join((fresh, *live))}, actor)
    return fresh


def retire(session: Session, inbox_id: int, actor: str) -> None:
    """Only the newest counts from now on."""
    inbox, live = _live(session, inbox_id)
    if len(live) > 1:
        inboxes.change(session, inbox, {FIELD: live[0]}, actor)


def _live(session: Session, inbox_id: int) -> tuple[Inbox, list[str]]:
    inbox = session.get(Inbox, inbox_id, with_for_update=True)
    if inbox is None or inbox.channel != "web":
        raise NotFound("There is no such chat.")
    return inbox, site_identity.secrets_of(inbox)
