"""Orders of the shop's customers, as its server tells of them: by a signed call, or inside a signed identity."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels._orders import order as read
from channels.base import Order
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Inbox, ShopOrder
from helpdesk.services import bounds, identities

MOST_AT_ONCE = 50           # in a signed identity


def receive(session: Session, inbox: Inbox, _channel: object, order: Order) -> None:
    """One order into the store, known by its number in this inbox. Older news than what stands there changes nothing,
    so calls may repeat and overtake each other."""
    number = bounds.clean(order.number)
    row = session.scalar(select(ShopOrder).where(ShopOrder.inbox_id == inbox.id, ShopOrder.number == number)
                         .with_for_update())
    if row is None:
        row = ShopOrder(inbox_id=inbox.id, number=number, placed_at=min(order.placed_at or order.at, now()))
        session.add(row)
    elif row.told_at > order.at:
        return
    row.customer_id = bounds.clean(order.customer_id)[:200] or row.customer_id or ""
    row.email = _address("email", order.email) or row.email or ""
    row.phone = _address("phone", order.phone) or row.phone or ""
    row.status, row.total, row.currency = bounds.clean(order.status)[:60], order.total, order.currency
    row.items, row.url = [{key: bounds.clean(value) for key, value in one.items()} for one in order.items], order.url
    row.placed_at, row.told_at = order.placed_at or row.placed_at, min(order.at, now())
    session.flush()


def from_claims(session: Session, inbox: Inbox, subject: str, given: object, at: datetime) -> list[str]:
    """The orders that the site signed together with who somebody is, at `at`. Returns what was wrong with those that
    were left out."""
    if not isinstance(given, list):
        return ["orders: a list was expected"]
    wrong = []
    for one in given[:MOST_AT_ONCE]:
        try:
            order = read({"at": at.isoformat(), **one} if isinstance(one, dict) else one, customer_id=subject)
        except (KeyError, TypeError, ValueError) as error:
            wrong.append(f"orders: {error}")
        else:
            receive(session, inbox, None, order)
    return wrong


def _address(kind: str, value: str) -> str:
    """In the form in which addresses are looked up. What is none is left out; the order is good all the same."""
    try:
        return identities.normal(kind, value) if value.strip() else ""
    except Invalid:
        return ""
