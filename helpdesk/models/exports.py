"""Archives of everything that is held of one person."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime


class PersonExport(Base):
    """One archive, made by the worker into `data_dir/exports/name`; it and its row are removed when it expires.
    `state`: waiting, ready or failed (with the reason)."""
    __tablename__ = "person_export"
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    with_notes: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    name: Mapped[str] = mapped_column(String(80), unique=True)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
