"""How long things are kept."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base, UTCDateTime


class RetentionRule(Base):
    """What an admin chose for one class of data, and when it last ran. Without a row the default holds
    (helpdesk.services.retention). `days` None: for ever."""
    __tablename__ = "retention_rule"
    data_class: Mapped[str] = mapped_column(String(24), primary_key=True)
    days: Mapped[int | None]
    how: Mapped[str] = mapped_column(String(16), default="erase")      # messages only: erase or pseudonymise
    run_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    run_count: Mapped[int] = mapped_column(default=0)                   # what went in the last run
