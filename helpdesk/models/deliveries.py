"""Outbound messages on their way."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from channels.base import Status as DeliveryStatus
from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime
from helpdesk.models.messages import Message


class Delivery(Base):
    """One message on its way through one inbox to one identity; a mail to several people has one for each. `role`: to,
    cc or bcc; `address`: the identity's, as it was sent to. `status` only moves forward. A worker holds it by a
    lease; `parts_sent` lets a long message go on where it stopped."""
    __tablename__ = "delivery"
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    role: Mapped[str] = mapped_column(String(8), default="to")
    address: Mapped[str] = mapped_column(String(320), default="")
    status: Mapped[DeliveryStatus] = mapped_column(String(16), default=DeliveryStatus.QUEUED)
    held: Mapped[bool] = mapped_column(default=False)           # restored from a backup: waits for an admin
    mail_id: Mapped[str] = mapped_column(Text, default="", index=True)  # fixed when queued: every copy is the same mail
    reply_token: Mapped[str] = mapped_column(String(64), default="", index=True)    # of this reader alone
    external_id: Mapped[str | None] = mapped_column(Text, index=True)
    parts_sent: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    message: Mapped[Message] = relationship(backref="deliveries")

    __table_args__ = (Index(None, "status", "next_try_at"),)
