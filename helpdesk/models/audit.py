"""Who did what, when, and from where."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime


class AuditEntry(Base):
    """One line of the audit log: written once by services.audit and never changed, which the database itself refuses.
    `actor` as in events, `actor_name` as they were called then. `kind` is one of services.audit.KINDS; `subject` what
    was changed, `detail` how. Customers are named by number only, secrets not at all."""
    __tablename__ = "audit_entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, index=True)
    actor: Mapped[str] = mapped_column(String(32))
    actor_name: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(200), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    browser: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (Index(None, "kind", "id"), Index(None, "actor", "id"))
