"""What an agent has written and not said yet."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime

WAITING = text("done_at IS NULL")


class Draft(Base):
    """What one agent has begun to write in one ticket, a reply and a note apart. `fields`: the way out, further
    readers. `version` grows with each save, so that two windows of one agent notice each other."""
    __tablename__ = "draft"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True, index=True)
    mode: Mapped[str] = mapped_column(String(8), primary_key=True)     # reply or note
    text: Mapped[str] = mapped_column(Text, default="")
    fields: Mapped[dict] = mapped_column(Json, default=dict)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class LaterReply(Base):
    """A reply or note that leaves by itself at `due_at`: in a few seconds, so that it can be taken back, or when the
    agent chose. `fields`: the way out, further readers, what they had seen; `then`: what becomes of the ticket then
    (resolved, pending, snooze:<ISO time>). Done when `done_at` is set: as `message_id`, or taken back (neither that
    nor `error`), or refused for `error`, which its writer is told."""
    __tablename__ = "later_reply"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    mode: Mapped[str] = mapped_column(String(8), default="reply")
    client_id: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text, default="")
    fields: Mapped[dict] = mapped_column(Json, default=dict)
    then: Mapped[str] = mapped_column(String(60), default="")
    chosen: Mapped[bool] = mapped_column(default=False)         # the time was chosen; else it is only the grace
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    files: Mapped[list[LaterFile]] = relationship(back_populates="later", cascade="all, delete-orphan",
                                                  order_by="LaterFile.id")

    __table_args__ = (UniqueConstraint("ticket_id", "client_id"),
                      Index("ix_later_reply_due", "due_at", sqlite_where=WAITING, postgresql_where=WAITING),
                      Index("ix_later_reply_waiting", "agent_id", "due_at", sqlite_where=WAITING,
                            postgresql_where=WAITING))


class LaterFile(Base):
    """A file of a later reply, in the file store under its hash."""
    __tablename__ = "later_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    later_id: Mapped[int] = mapped_column(ForeignKey("later_reply.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(150))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)

    later: Mapped[LaterReply] = relationship(back_populates="files")
