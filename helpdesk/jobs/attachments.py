"""Fetching files that a provider keeps for us. Never inside a webhook: their links take time, and expire."""
from __future__ import annotations

from sqlalchemy import select

from channels.base import File, SendError
from helpdesk import db
from helpdesk.models import Attachment, Inbox, Message
from helpdesk.services import files, inboxes, unneeded


def fetch(ticket_id: int, *, message_id: int, **_) -> None:
    """Download what is missing of one message. Why a file is not there yet, or never will be, is noted on it; what may
    pass is tried again."""
    with db.reading() as session:
        rows = session.execute(select(Attachment, Inbox).join(Message, Message.id == Attachment.message_id)
                               .join(Inbox, Inbox.id == Message.inbox_id)
                               .where(Attachment.message_id == message_id, Attachment.sha256 == "",
                                      Attachment.ref != "")).all()
    for attachment, inbox in rows:
        try:
            content = inboxes.open_channel(inbox).download(
                File(attachment.name, attachment.content_type, ref=attachment.ref))
            _done(ticket_id, attachment.id, sha256=files.save(content), size=len(content), error="")
        except SendError as error:
            _done(ticket_id, attachment.id, error=str(error)[:500])
            if not error.permanent:
                raise


def _done(ticket_id: int, attachment_id: int, **values) -> None:
    with db.transaction() as session:
        attachment = session.get(Attachment, attachment_id)
        if attachment is None:      # its message was taken back meanwhile
            return
        for name, value in values.items():
            setattr(attachment, name, value)
        message = session.get(Message, attachment.message_id)
        db.tell(session, f"ticket:{ticket_id}", "delivery", ticket=ticket_id, message=message.id)


def forget(ticket_id: int, *, hashes: list[str], **_) -> None:
    """Remove files of messages that were taken back, unless something else holds the same bytes."""
    with db.reading() as session:
        gone = unneeded.unneeded(session, hashes)
    for sha256 in gone:
        files.forget(sha256)
