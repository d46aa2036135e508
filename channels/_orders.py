"""An order, as a shop's own code writes it in JSON. docs/channels.md, "Orders", is written for who sends these."""
from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from channels._payload import moment, objects, word
from channels.facts import Order

MOST_ITEMS = 50
CURRENCY = re.compile(r"[A-Z]{3}")


def order(given: Any, customer_id: str = "") -> Order:
    """One order of {"number", "customer": {"id", "email", "phone"}, "status", "total", "currency", "items": [{"name",
    "quantity"}], "url", "placed_at", "at"}; all but number may be missing. `customer_id`: whose it is, where that is
    known already. Raises KeyError, TypeError or ValueError."""
    if not isinstance(given, dict):
        raise TypeError("an order is an object")
    customer = given.get("customer") or {}
    if not isinstance(customer, dict):
        raise TypeError("customer is an object of id, email and phone")
    number = word(given["number"]).strip()
    if not number or len(number) > 100:
        raise ValueError("an order has a number of at most 100 characters")
    return Order(
        number=number, customer_id=customer_id or (word(customer["id"]).strip() if customer.get("id") else ""),
        email=_text(customer, "email"), phone=_text(customer, "phone"), status=" ".join(_text(given, "status").split()),
        total=_amount(given.get("total")), currency=_currency(_text(given, "currency")),
        items=tuple(map(_item, objects(given.get("items"))[:MOST_ITEMS])), url=_link(_text(given, "url")),
        placed_at=moment(given["placed_at"]) if given.get("placed_at") else None, at=moment(given.get("at")))


def _text(given: dict, key: str) -> str:
    value = given.get(key) or ""
    if not isinstance(value, str):
        raise TypeError(f"{key} must be text")
    return value


def _amount(value: Any) -> str:
    """A decimal number, written as a number or, which is better, as text."""
    if value in (None, ""):
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError("total is a number, such as 49.90")
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"the total {str(value)[:40]!r} is no number, such as 49.90") from None
    if not amount.is_finite() or abs(amount) >= 10**15 or amount.as_tuple().exponent < -4:
        raise ValueError(f"the total {str(value)[:40]!r} is no amount")
    return f"{amount:f}"


def _currency(value: str) -> str:
    if value and not CURRENCY.fullmatch(value.upper()):
        raise ValueError(f"the currency {value[:20]!r} is not written as EUR (ISO 4217)")
    return value.upper()


def _item(one: dict) -> dict[str, str]:
    quantity = one.get("quantity", 1)
    if isinstance(quantity, bool) or not isinstance(quantity, int | float | str):
        raise TypeError("quantity is a number")
    return {"name": " ".join(word(one["name"]).split())[:200], "quantity": str(quantity)[:12]}


def _link(url: str) -> str:
    """Where the shop shows it. Nothing but the web: an agent will press it."""
    url = url.strip()
    if url and (len(url) > 500 or not re.fullmatch(r"https?://[^\s]+", url)):
        raise ValueError("url is an address of the web of at most 500 characters")
    return url
