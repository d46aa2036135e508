"""What the installation remembers of itself."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class SystemState(Base):
    """A named fact: that the demo company was loaded, that the outbox is held after a restore, when the worker was
    last alive."""
    __tablename__ = "system_state"
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict] = mapped_column(Json, default=dict)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, onupdate=now)


class RateCount(Base):
    """How often something was tried in one window of time. Shared by all processes."""
    __tablename__ = "rate_count"
    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    window: Mapped[int] = mapped_column(primary_key=True)       # seconds since the epoch, where the window begins
    count: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Notification(Base):
    """Something an agent should look at: shown live, and kept until they have seen it. `kind`: handover, assigned,
    mention, refused, rating, breach, failure, disconnected, mailbox, paused."""
    __tablename__ = "notification"
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)         # told by mail too
    escalated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)      # nobody looked: others were told

    __table_args__ = (Index(None, "agent_id", "seen_at", "id"),)
