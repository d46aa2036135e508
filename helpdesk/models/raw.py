"""Raw deliveries from outside, kept before anything is acknowledged."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from channels.base import Request
from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime

MISSING = "MISSING"


class RawInbound(Base):
    """The bytes as they came. `state`: new, processed, quarantined or discarded. (inbox_id, source_key) is unique: a
    provider that repeats itself is answered "yes" and nothing happens. Method MISSING: it lies at the provider and
    could not be had yet; `body` says what is known of it."""
    __tablename__ = "raw_inbound"
    id: Mapped[int] = mapped_column(primary_key=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    source_key: Mapped[str] = mapped_column(String(255))
    method: Mapped[str] = mapped_column(String(8))
    headers: Mapped[dict] = mapped_column(Json, default=dict)
    query: Mapped[dict] = mapped_column(Json, default=dict)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)     # small ones; a large one lies in the file store
    sha256: Mapped[str] = mapped_column(String(64), default="")
    size: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(12), default="new")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    error: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    processed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("inbox_id", "source_key"), Index(None, "state", "id"),
                      Index(None, "received_at"))

    def request(self, body: bytes) -> Request:
        """What the channel is asked to read."""
        return Request(self.method, self.headers, self.query, body)
