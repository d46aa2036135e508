"""People who asked to be forgotten."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class Erasure(Base):
    """One erasure and how far it is. `mode`: erase, or pseudonymise. `work` is what it needs to go on after a crash
    (what to look for, where it stood, files to remove); it is emptied at the end, so that nothing of the person is
    left in it. `counts` says what was done, in numbers."""
    __tablename__ = "erasure"
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True)
    mode: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(32))
    work: Mapped[dict] = mapped_column(Json, default=dict)
    counts: Mapped[dict] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
