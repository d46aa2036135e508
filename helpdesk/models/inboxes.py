"""Configured accounts of channels."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, true
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class Inbox(Base):
    """support@, the shop's WhatsApp number, the site's widget. `key` is its public name in URLs."""
    __tablename__ = "inbox"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    channel: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(100))
    account: Mapped[str] = mapped_column(String(200), default="", index=True)   # page id, number id, mail address
    settings: Mapped[dict] = mapped_column(Json, default=dict)
    secrets: Mapped[str] = mapped_column(Text, default="")      # encrypted; see helpdesk.security
    tokens: Mapped[str] = mapped_column(Text, default="")       # encrypted: what opens a mailbox by OAuth
    token_lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)     # somebody is renewing them
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    assistant: Mapped[bool] = mapped_column(default=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    reopen: Mapped[str] = mapped_column(String(8), default="", server_default="")    # see services.reopening
    reopen_days: Mapped[int | None]
    reopen_keeps: Mapped[bool] = mapped_column(default=True, server_default=true())
    one_matter: Mapped[bool] = mapped_column(default=True, server_default=true())    # shared with other channels
    one_matter_days: Mapped[int | None]         # how long after the last message; None: as the house
    mail_unseen: Mapped[bool] = mapped_column(default=True, server_default=true())   # of a chat
    mail_after_seconds: Mapped[int | None]      # None: as the house
    undo_seconds: Mapped[int | None]            # how long a reply can be taken back; None: as its channel
    cursor: Mapped[str] = mapped_column(Text, default="")
    polled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lease_by: Mapped[str] = mapped_column(String(40), default="")      # who reads it just now
    reading: Mapped[dict] = mapped_column(Json, default=dict)          # how that goes: helpdesk.services.mailboxes
    error: Mapped[str] = mapped_column(Text, default="")        # '' while it works; otherwise why not
    error_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    resting_until: Mapped[datetime | None] = mapped_column(UTCDateTime)     # the provider asked us to send less
    disconnected_at: Mapped[datetime | None] = mapped_column(UTCDateTime)   # refused: nothing is sent until mended
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
