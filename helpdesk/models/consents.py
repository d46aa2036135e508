"""What people agreed to, and what they ended."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime


class Consent(Base):
    """One word of one person about one purpose: given or withdrawn. Never edited; the newest counts
    (helpdesk.services.consents). `channel` '' means all; `identity_id` is set where it is about one address. `wording`
    is the text that they saw, `version` the address of the notice it led to."""
    __tablename__ = "consent"
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True)
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str] = mapped_column(String(32), default="")
    given: Mapped[bool]
    source: Mapped[str] = mapped_column(String(16))     # widget, agent, mail, token, import
    wording: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[str] = mapped_column(String(300), default="")
    note: Mapped[str] = mapped_column(String(300), default="")
    actor: Mapped[str] = mapped_column(String(32), default="system")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
