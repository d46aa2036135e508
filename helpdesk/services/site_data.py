"""What sites told of a person: facts, pages, orders. Each is one statement, over all addresses that are theirs now, so
that joining two records, or taking that back, needs to move nothing here."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, case, delete, func, literal, select, union_all
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Contact, ContactAttribute, Identity, Inbox, PageView, ShopOrder, Trust, Visitor
from helpdesk.services import attribute_names, person_records

PROVED = (Trust.REPLIED, Trust.VERIFIED)


@dataclass(frozen=True)
class Attribute:
    """One fact. `value` is text, a number, true or false. `signed`: the site's server vouches for it; otherwise it is
    what a page in somebody's browser said. `source`: the inbox's name."""
    key: str
    label: str
    value: str | int | float | bool
    signed: bool
    source: str
    told_at: datetime


@dataclass(frozen=True)
class Page:
    """A page that they looked at."""
    url: str
    title: str
    seen_at: datetime


@dataclass(frozen=True)
class Order:
    """`total` is a decimal number as text, `items` are {"name", "quantity"}. `proved`: it is theirs beyond doubt;
    otherwise only the address fits, and nobody has proved whose that is. `source`: the inbox's name."""
    number: str
    status: str
    total: str
    currency: str
    items: list[dict]
    url: str
    placed_at: datetime
    told_at: datetime
    source: str
    proved: bool


def _orders_of() -> Select:
    """The ids of a person's orders, each with 1 where it is proved that it is theirs."""
    proved = case((Identity.trust.in_(PROVED), 1), else_=0)
    own = Identity.contact_id == bindparam("contact")
    return union_all(
        select(ShopOrder.id, literal(1).label("proved")).join(Contact, Contact.external_id == ShopOrder.customer_id)
        .where(Contact.id.in_(person_records.of(bindparam("contact"))), ShopOrder.customer_id != ""),
        select(ShopOrder.id, proved).join(Identity, Identity.value == ShopOrder.email)
        .where(own, Identity.kind == "email"),
        select(ShopOrder.id, proved).join(Identity, Identity.value == ShopOrder.phone)
        .where(own, Identity.kind == "phone"),
        select(ShopOrder.id, proved).join(Identity, Identity.value == ShopOrder.customer_id)
        .join(Inbox, Inbox.id == ShopOrder.inbox_id)
        .where(own, Identity.kind == "api", Identity.scope == Inbox.account)).subquery("theirs")


_THEIRS = _orders_of()
_MINE = select(_THEIRS.c.id, func.max(_THEIRS.c.proved).label("proved")).group_by(_THEIRS.c.id).subquery("mine")
# Built once: the ticket page asks these.
_ORDERS = select(ShopOrder.number, ShopOrder.status, ShopOrder.total, ShopOrder.currency, ShopOrder.items,
                 ShopOrder.url, ShopOrder.placed_at, ShopOrder.told_at, Inbox.name, _MINE.c.proved).join(
    _MINE, _MINE.c.id == ShopOrder.id).join(Inbox, Inbox.id == ShopOrder.inbox_id).order_by(
    ShopOrder.placed_at.desc(), ShopOrder.id.desc()).limit(bindparam("limit"))
_ATTRIBUTES = select(ContactAttribute.key, ContactAttribute.value, ContactAttribute.signed, ContactAttribute.told_at,
                     Inbox.name, Inbox.settings).join(Identity, Identity.id == ContactAttribute.identity_id).join(
    Inbox, Inbox.id == ContactAttribute.inbox_id).where(Identity.contact_id == bindparam("contact")).order_by(
    ContactAttribute.signed.desc(), ContactAttribute.told_at.desc(), ContactAttribute.id)
_PAGES = select(PageView.url, PageView.title, PageView.seen_at).join(Visitor, Visitor.id == PageView.visitor_id).join(
    Identity, Identity.id == Visitor.identity_id).where(Identity.contact_id == bindparam("contact")).order_by(
    PageView.seen_at.desc(), PageView.id.desc()).limit(bindparam("limit"))


def attributes(session: Session, contact: Contact) -> list[Attribute]:
    """The facts about a person, one per key: a signed one before a page's, then the latest. In the order, and under the
    names, that the inbox gives them; hidden ones are left out."""
    latest: dict[str, tuple] = {}
    for key, value, signed, told_at, source, settings in db.rows(session, _ATTRIBUTES, {"contact": contact.id}):
        names = attribute_names.read((settings or {}).get("attribute_names", ""))
        if key not in latest and names.shows(key):
            latest[key] = (names.place(key), Attribute(key, names.label(key), value, bool(signed), source, told_at))
    return [one for _, one in sorted(latest.values(), key=lambda found: found[0])]


def pages(session: Session, contact: Contact, limit: int = 20) -> list[Page]:
    """The pages that a person's browsers looked at last, the latest first."""
    return [Page(*row) for row in db.rows(session, _PAGES, {"contact": contact.id, "limit": limit})]


def orders(session: Session, contact: Contact, limit: int = 10) -> list[Order]:
    """A person's orders, the latest first: by the shop's own number for them, or by an address of theirs."""
    return [Order(*row[:-1], proved=bool(row.proved))
            for row in db.rows(session, _ORDERS, {"contact": contact.id, "limit": limit})]


def forget(session: Session, contact: Contact) -> None:
    """Remove all that sites told of a person. An order that only their unproved address fits stays: it may be somebody
    else's."""
    own = select(Identity.id).where(Identity.contact_id == contact.id)
    mine = db.rows(session, select(_MINE.c.id).where(_MINE.c.proved == 1), {"contact": contact.id})
    session.execute(delete(ContactAttribute).where(ContactAttribute.identity_id.in_(own)))
    session.execute(delete(PageView).where(PageView.visitor_id.in_(
        select(Visitor.id).where(Visitor.identity_id.in_(own)))))
    session.execute(delete(ShopOrder).where(ShopOrder.id.in_([row.id for row in mine])))


def forget_old(session: Session, *, attributes: datetime | None = None, pages: datetime | None = None,
               orders: datetime | None = None) -> int:
    """Remove what was told (pages: looked at; orders: placed) before a moment; None keeps that class. Returns how many
    rows went."""
    gone = 0
    for column, before in ((ContactAttribute.told_at, attributes), (PageView.seen_at, pages),
                           (ShopOrder.placed_at, orders)):
        if before is not None:
            gone += session.execute(delete(column.class_).where(column < before)).rowcount
    return gone
