"""Promises and their clocks."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base, Json, UTCDateTime

RUNNING = text("breached_at IS NULL AND met_at IS NULL")


class BusinessHours(Base):
    """When the house is open. `week` maps "0" (Monday) … "6" to lists of ["09:00", "17:30"]; no day at all means
    around the clock. `holidays` is a list of ISO dates."""
    __tablename__ = "business_hours"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    week: Mapped[dict] = mapped_column(Json, default=dict)
    holidays: Mapped[list] = mapped_column(Json, default=list)


class SlaPolicy(Base):
    """The promise: minutes of business time per priority. The one with the lowest `position` that fits is taken."""
    __tablename__ = "sla_policy"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    hours_id: Mapped[int | None] = mapped_column(ForeignKey("business_hours.id"))
    first_response: Mapped[dict] = mapped_column(Json, default=dict)    # {"normal": 60, "urgent": 15}
    resolution: Mapped[dict] = mapped_column(Json, default=dict)


class SlaClock(Base):
    """The running copy of a promise on one ticket. `due_at` is None while it stands still. `spent_seconds` is the
    business time used when it was met or paused."""
    __tablename__ = "sla_clock"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("sla_policy.id"))
    kind: Mapped[str] = mapped_column(String(16))           # first_response, resolution
    target_seconds: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    spent_seconds: Mapped[int] = mapped_column(default=0)
    met_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    breached_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("ticket_id", "kind"),
                      Index("ix_sla_clock_running", "due_at", "ticket_id", sqlite_where=RUNNING,
                            postgresql_where=RUNNING))
