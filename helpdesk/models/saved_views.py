"""Views that people made for themselves and for each other."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime


class SavedView(Base):
    """A search with a name, in the words that the search box understands. `shared`: own (its owner alone), team
    (`team_id`) or all. `sort`: newest, waiting, due or priority."""
    __tablename__ = "saved_view"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    icon: Mapped[str] = mapped_column(String(40), default="")
    query: Mapped[str] = mapped_column(String(500), default="")
    sort: Mapped[str] = mapped_column(String(16), default="newest")
    shared: Mapped[str] = mapped_column(String(8), default="own")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
