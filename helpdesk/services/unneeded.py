"""Files of the store that nothing refers to any more. Equal bytes lie there once, however many messages have them."""
from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.models import ArticlePicture, Attachment, LaterFile, MacroFile, RawInbound

CHUNK = 500


def unneeded(session: Session, hashes: Iterable[str]) -> set[str]:
    """Those of the hashes that no message, sent or planned, no delivery from outside, no article or macro needs."""
    left = set(hashes) - {""}
    for at in range(0, len(ordered := sorted(left)), CHUNK):
        for column in (Attachment.sha256, RawInbound.sha256, ArticlePicture.sha256, LaterFile.sha256, MacroFile.sha256):
            left.difference_update(session.scalars(select(column).where(column.in_(ordered[at:at + CHUNK]))))
    return left
