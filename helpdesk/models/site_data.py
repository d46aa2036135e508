"""What a site tells of the people who use its chat: facts about them, the pages they looked at, what they ordered."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class ContactAttribute(Base):
    """One fact, told about the person at one address (mostly a browser), so that it goes wherever that address goes.
    `signed`: the site's server vouches for it; otherwise it is what some page said."""
    __tablename__ = "contact_attribute"
    id: Mapped[int] = mapped_column(primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    key: Mapped[str] = mapped_column(String(60))
    value: Mapped[object] = mapped_column(Json)         # text, a number, true or false
    signed: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    __table_args__ = (UniqueConstraint("identity_id", "key"), Index(None, "told_at"))


class PageView(Base):
    """A page of the site that a browser looked at. The address carries no query but what helpdesk.services.page_views
    lets through."""
    __tablename__ = "page_view"
    id: Mapped[int] = mapped_column(primary_key=True)
    visitor_id: Mapped[int] = mapped_column(ForeignKey("visitor.id"))
    url: Mapped[str] = mapped_column(String(500))
    title: Mapped[str] = mapped_column(String(200), default="")
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    __table_args__ = (Index(None, "visitor_id", "seen_at"), Index(None, "seen_at"))


class ShopOrder(Base):
    """An order, as the shop's own server told of it. Whose it is, is asked when it is looked at: the shop names its
    customer (`customer_id`), a mail address or a phone number, and people may turn up long after they ordered."""
    __tablename__ = "shop_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))      # who told us
    number: Mapped[str] = mapped_column(String(100))
    customer_id: Mapped[str] = mapped_column(String(200), default="", index=True)
    email: Mapped[str] = mapped_column(String(320), default="", index=True)
    phone: Mapped[str] = mapped_column(String(40), default="", index=True)
    status: Mapped[str] = mapped_column(String(60), default="")
    total: Mapped[str] = mapped_column(String(24), default="")         # a decimal number, as "49.90"
    currency: Mapped[str] = mapped_column(String(3), default="")       # ISO 4217
    items: Mapped[list] = mapped_column(Json, default=list)            # of {"name", "quantity"}
    url: Mapped[str] = mapped_column(String(500), default="")
    placed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    told_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    __table_args__ = (UniqueConstraint("inbox_id", "number"), Index(None, "placed_at"))
