"""The people outside, and the addresses they are reached at."""
from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class Trust(StrEnum):
    """How sure we are that an address is this person's. Ordered: claimed < replied < verified."""
    CLAIMED = "claimed"         # somebody typed it, or a mail's From says so
    REPLIED = "replied"         # an answer came from there to something only that address had received
    VERIFIED = "verified"       # a signed token, a one-time code, or the platform's own authentication

    def covers(self, other: Trust) -> bool:
        """Whether this level is at least `other`."""
        order = list(Trust)
        return order.index(self) >= order.index(other)


class Contact(Base):
    """One person. Merged ones stay and point to the survivor."""
    __tablename__ = "contact"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    company: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str] = mapped_column(String(16), default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    external_id: Mapped[str | None] = mapped_column(String(200), unique=True)     # the site's own id (token `sub`)
    prefers: Mapped[str] = mapped_column(String(32), default="", server_default="")      # the channel they want
    prefers_by: Mapped[str] = mapped_column(String(12), default="", server_default="")   # agent or contact: who said so
    claims: Mapped[dict] = mapped_column(Json, default=dict)     # addresses they named that belong to somebody else
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    hold: Mapped[str] = mapped_column(String(200), default="", server_default="")   # why nothing of theirs may go
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    identities: Mapped[list[Identity]] = relationship(back_populates="contact", order_by="Identity.id")

    @property
    def actor(self) -> str:
        """How events name this person."""
        return f"contact:{self.id}"

    @property
    def label(self) -> str:
        """A name to show, also for somebody who never gave one."""
        return self.name or f"{'Erased person' if self.erased_at else 'Visitor'} {self.id}"


class Identity(Base):
    """One address of a contact. `scope` is the page or app id where ids are page-scoped, otherwise ''."""
    __tablename__ = "identity"
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str] = mapped_column(String(100), default="")
    value: Mapped[str] = mapped_column(String(320))
    trust: Mapped[Trust] = mapped_column(String(16), default=Trust.CLAIMED)
    source: Mapped[str] = mapped_column(String(24), default="")    # how we know: typed, wrote, reply, platform, token
    verified_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failing_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    unwanted: Mapped[str] = mapped_column(String(60), default="", server_default="")    # what they did against our mail
    pictures_wanted: Mapped[bool] = mapped_column(default=False)    # remote ones in mail from here are always shown
    blocked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)    # what comes from here goes to spam
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    contact: Mapped[Contact] = relationship(back_populates="identities")
    is_new = False      # nobody ever wrote from here before the message that is being read

    __table_args__ = (UniqueConstraint("kind", "scope", "value"), Index(None, "value"))

    @property
    def verified(self) -> bool:
        """Whether it is proved beyond doubt."""
        return self.trust == Trust.VERIFIED
