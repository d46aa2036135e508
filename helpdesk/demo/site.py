"""What the demo's shop tells of its customers: the orders that they speak of, and what they looked at before they wrote
in its chat."""
from __future__ import annotations

import re
import zlib
from datetime import timedelta

from sqlalchemy.orm import Session

from channels.base import Order
from helpdesk import clock
from helpdesk.demo.people import Person
from helpdesk.models import Inbox, Visitor
from helpdesk.services import attributes, page_views, shop_orders

NUMBER = re.compile(r"\bK-\d{5}\b")
SHOP = "https://kopi.example"
GOODS = (("Bali Kintamani", "14.50"), ("Java Estate", "12.90"), ("Sumatra Lintong", "13.80"), ("Hand grinder", "48.60"),
         ("Gooseneck kettle", "64.00"), ("Cloth filter", "9.20"))
CLUBS = ("Monthly", "Fortnightly", "None")


def ordered(session: Session, inbox: Inbox, person: Person, text: str) -> None:
    """The orders whose numbers they wrote. Told twice, they are there once."""
    for number in NUMBER.findall(text):
        which = int(number[2:])
        name, price = GOODS[which % len(GOODS)]
        at = clock.now()
        shop_orders.receive(session, inbox, None, Order(
            number=number, at=at, email=person.email, phone=person.whatsapp, total=price,
            status=("Delivered", "On its way")[which % 2], currency="USD", items=({"name": name, "quantity": "1"},),
            placed_at=at - timedelta(days=3 + which % 4, hours=which % 20)))


def looked(session: Session, inbox: Inbox, visitor: Visitor, person: Person) -> None:
    """What the shop's pages knew of them."""
    which = zlib.crc32(person.id.encode())
    attributes.tell(session, inbox, visitor.identity_id, {
        "coffee_club": CLUBS[which % len(CLUBS)], "orders_so_far": 1 + which % 9})
    name = GOODS[which % len(GOODS)][0]
    at = clock.now().timestamp() * 1000
    page_views.record(session, inbox, visitor, [
        {"url": f"{SHOP}/?utm_source=newsletter", "title": "Kopi & Co", "at": at - 240_000},
        {"url": f"{SHOP}/{name.lower().replace(' ', '-')}", "title": f"{name} · Kopi & Co", "at": at - 150_000},
        {"url": f"{SHOP}/delivery", "title": "Delivery · Kopi & Co", "at": at - 40_000}])
