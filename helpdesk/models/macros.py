"""What agents say and do often."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class Macro(Base):
    """A text with {{ variables }}, actions on the ticket, or both, which an agent triggers. `shortcut`: what is typed
    after the slash; `mode`: reply or note; `actions`: as helpdesk.services.actions has them, in their order. For
    everybody, for a team, or for one agent alone (`agent_id`)."""
    __tablename__ = "macro"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    shortcut: Mapped[str] = mapped_column(String(40), default="", index=True)
    mode: Mapped[str] = mapped_column(String(8), default="reply")
    locale: Mapped[str] = mapped_column(String(16), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    actions: Mapped[list] = mapped_column(Json, default=list)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    used: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(default=1)             # whoever saves over a newer one is told
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    files: Mapped[list[MacroFile]] = relationship(back_populates="macro", cascade="all, delete-orphan",
                                                  order_by="MacroFile.id")


class MacroFile(Base):
    """A file that goes with a macro's text, in the file store under its hash."""
    __tablename__ = "macro_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    macro_id: Mapped[int] = mapped_column(ForeignKey("macro.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(150))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)

    macro: Mapped[Macro] = relationship(back_populates="files")
