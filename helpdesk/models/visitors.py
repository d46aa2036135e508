"""Browsers that use the site's widget."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime


class Visitor(Base):
    """One browser on one site. It holds a 256-bit token; we hold the hash. `seen_seq` is how far the visitor has read
    in `ticket_id`, their current conversation."""
    __tablename__ = "visitor"
    id: Mapped[int] = mapped_column(primary_key=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"), index=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    seen_seq: Mapped[int] = mapped_column(default=0)
    locale: Mapped[str] = mapped_column(String(16), default="")
    page: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
