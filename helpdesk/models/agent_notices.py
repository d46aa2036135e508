"""Mails that tell agents of something."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class AgentNotice(Base):
    """One mail to one agent about one ticket. `kind`: assigned, reply, mention, handover or refused; `message_id`:
    what it shows. Its number stands in its own Message-ID, sealed, so that an answer finds back. `answers` are the
    fingerprints of those that were taken; `refused` counts those that were not, and `told_at` is when the agent heard
    of that."""
    __tablename__ = "agent_notice"
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    answers: Mapped[list] = mapped_column(Json, default=list)
    refused: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "agent_id", "created_at"),)
