"""What agents told customers they would do."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime

WAITING = text("kept_at IS NULL AND judged = ''")


class Pledge(Base):
    """A promise in an agent's own words, made to an address: the characters from `begins` to `ends` of a message, whose
    words are kept nowhere else. `due_at` is None when no time was named. The first answer after `counts_from` keeps it
    (`kept_at`), or an agent says so: `judged` is '', kept, or none (it was no promise)."""
    __tablename__ = "pledge"
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id", ondelete="CASCADE"))
    begins: Mapped[int]
    ends: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    counts_from: Mapped[datetime] = mapped_column(UTCDateTime)
    kept_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    judged: Mapped[str] = mapped_column(String(8), default="", server_default="")
    judged_by_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    __table_args__ = (UniqueConstraint("message_id", "begins"), Index(None, "identity_id", "id"),
                      Index("ix_pledge_waiting", "identity_id", sqlite_where=WAITING, postgresql_where=WAITING))

    @property
    def kept(self) -> bool:
        """Whether it was kept, and in time."""
        return self.judged == "kept" or bool(self.kept_at and (self.due_at is None or self.kept_at <= self.due_at))
