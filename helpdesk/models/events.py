"""Facts."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime

OF_NO_TICKET = text("seq IS NULL")


class Event(Base):
    """Something that happened, in the past tense, never edited: timeline, audit, reports. Written by helpdesk.events.
    `actor` is agent:3, contact:9, assistant or system. `seq` is the ticket's, when it belongs to one."""
    __tablename__ = "event"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    seq: Mapped[int | None]
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"), index=True)
    actor: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    __table_args__ = (Index(None, "ticket_id", "seq"), Index(None, "name", "created_at"),
                      Index("ix_event_of_person", "contact_id", sqlite_where=OF_NO_TICKET,
                            postgresql_where=OF_NO_TICKET),
                      Index("ix_event_ticket_id_created_at", "ticket_id", "created_at", "seq", "name"))
