"""Asking the owner of an address whether it is theirs."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime


class Verification(Base):
    """One code or link that was sent to an address. Neither is stored: both are made of `nonce` and the installation's
    key. `state`: live, used, denied (the owner says that it is not them), replaced or spent (too many wrong codes)."""
    __tablename__ = "verification"
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))          # who says that it is theirs
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)    # the address
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("visitor.id"))   # the browser in which a code is typed
    way: Mapped[str] = mapped_column(String(8))                # code or link
    nonce: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8), default="live")
    tries: Mapped[int] = mapped_column(default=0)
    asked_by: Mapped[str] = mapped_column(String(40))          # an actor, as of an event
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index(None, "contact_id", "identity_id"), Index(None, "expires_at"))
