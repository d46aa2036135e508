"""One thing said."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class Message(Base):
    """`direction` in or out; `kind` message, note (never leaves the house) or aside (to or from somebody who is not
    part of the customer's conversation: no customer ever sees it). `trace` says how it came to be in
    this ticket, or who or what wrote it. (inbox_id, external_id) is unique: a redelivery finds its own row."""
    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    seq: Mapped[int]
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    channel: Mapped[str] = mapped_column(String(32), default="")
    direction: Mapped[str] = mapped_column(String(3))
    kind: Mapped[str] = mapped_column(String(8), default="message")     # what customers may see has this one
    author_kind: Mapped[str] = mapped_column(String(12))        # contact, agent, assistant, system
    author_id: Mapped[int | None]
    author_name: Mapped[str] = mapped_column(String(200), default="")     # as it was when it was said
    subject: Mapped[str] = mapped_column(String(300), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    full_text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    payload: Mapped[dict] = mapped_column(Json, default=dict)   # buttons offered or pressed, article shown, recipients
    external_id: Mapped[str | None] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    client_id: Mapped[str | None] = mapped_column(String(64))   # chosen by the writer's browser: sent twice, kept once
    raw_id: Mapped[int | None] = mapped_column(ForeignKey("raw_inbound.id"))
    trace: Mapped[dict] = mapped_column(Json, default=dict)
    pictures_wanted: Mapped[bool] = mapped_column(default=False)    # an agent asked to see the remote ones
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    attachments: Mapped[list[Attachment]] = relationship(order_by="Attachment.id")

    __table_args__ = (UniqueConstraint("inbox_id", "external_id"), UniqueConstraint("ticket_id", "client_id"),
                      Index(None, "ticket_id", "seq"), Index(None, "identity_id", "inbox_id", "id"),
                      Index("ix_message_ticket_id_created_at", "ticket_id", "created_at", "seq"),
                      Index(None, "created_at"))

    @property
    def note(self) -> bool:
        """Whether only agents may see it."""
        return self.kind == "note"


class Attachment(Base):
    """A file of a message. Its bytes lie in the file store under their hash; without a hash they are still to be
    fetched from the provider (`ref`), or `error` says why they cannot be had. `inline`: a picture that the message's
    HTML shows where it belongs."""
    __tablename__ = "attachment"
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(150))
    size: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(String(64), default="")
    cid: Mapped[str] = mapped_column(String(255), default="")
    inline: Mapped[bool] = mapped_column(default=False)
    ref: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[str] = mapped_column(Text, default="")
