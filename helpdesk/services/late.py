"""What lies at a provider and could not be had yet. It waits in quarantine with what is known of it, and becomes whole
when helpdesk.services.inbound.store gets it under the same key."""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Inbox, RawInbound
from helpdesk.models.raw import MISSING
from helpdesk.services import bounds, inboxes


def missing(session: Session, inbox: Inbox, source_key: str, about: bytes, why: str) -> RawInbound | None:
    """Set aside that something lies at the provider which could not be had; `about` tells what is known of it. None
    when it is here already."""
    source_key = bounds.source_key(source_key)
    raw = session.scalar(select(RawInbound).where(
        RawInbound.inbox_id == inbox.id, RawInbound.source_key == source_key).with_for_update())
    if raw is None:
        raw = RawInbound(inbox_id=inbox.id, source_key=source_key, method=MISSING, state="quarantined", body=about,
                         size=len(about))
        session.add(raw)
        db.tell(session, "agents", "quarantine")
    elif raw.method != MISSING:
        return None
    raw.error = bounds.clean(f"It could not be read from the mailbox yet: {why}")[:2000]
    raw.body, raw.size = about or raw.body, len(about or raw.body or b"")
    return raw


def ask_again(session: Session, raw: RawInbound) -> None:
    """Have the mailbox asked for it at once, whatever was agreed before."""
    inbox = session.get(Inbox, raw.inbox_id, with_for_update=True)
    if inbox.lease_until and inbox.lease_until > now():
        raise Invalid("The mailbox is being read just now. Try again in a minute.")
    try:
        cursor = inboxes.open_channel(inbox).rewound(inbox.cursor, raw.source_key)
    except ValueError as error:
        raise Invalid(str(error)) from error
    if not cursor:
        raise Invalid("The inbox reads another mailbox now, so this mail cannot be asked for again.")
    inbox.cursor, inbox.polled_at = cursor, None
    raw.error = f"Asked for again. Before: {raw.error}"[:2000]
