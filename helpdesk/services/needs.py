"""What an answer needs before it can be given: an order number, an address, a day; and proof of who asks.

What is known already is not asked for. What belongs to somebody's account is told only to a person who proved who they
are, over an address that is proved, and only of what the shop said is theirs.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache

import phonenumbers
from babel import Locale
from babel.dates import format_date, get_month_names
from babel.numbers import format_currency
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Article, Contact, Identity, Message, ShopOrder, Ticket, Trust
from helpdesk.services import bounds, identities, site_data
from helpdesk.services.phrases import LANGUAGES, hear, say
from helpdesk.services.words import fold, words

NEEDS = ("order_number", "email", "phone", "date")
PLACEHOLDER = re.compile(r"\{(order_number|order_status|order_total|order_items|order_date|email|phone|date)\}")
RECENT = timedelta(days=60)         # an older order is hardly meant without its number
SAMPLE, SHAPES = 200, 8             # orders whose numbers show what one looks like; different forms that are tried
VALUE_LIMIT = 200
LINKED_KINDS = ("email", "phone", "api")        # addresses by which a shop knows its customers
RUN = re.compile(r"[A-Za-z]+|\d+|[^A-Za-z\d]+")
PLAIN_NUMBER = re.compile(r"(?<![\w+])#?((?:[A-Za-z]{1,5}[-_/ ]?)?\d{3,12})(?![\w.@])")
EMAIL = re.compile(r"[^\s@<>(),;:\"']{1,64}@[^\s@<>(),;:\"']{3,255}")
NUMERIC_DATE = re.compile(r"(?<!\d)(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4}|\d\d))?)(?!\d)")
ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th|o|a)?")      # folded: 24th, 1º
ADDRESS = re.compile(r"(?i)\b(?:https?://|www\.)\S*")
MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~@:&])")


@dataclass(frozen=True)
class State:
    """How an article stands towards one person. `kind`: ready (`values` fill its places; `first`: what is said before
    it), ask (for `need`), prove (who they are), or people (`reason`)."""
    kind: str
    need: str = ""
    reason: str = ""
    values: dict[str, str] = field(default_factory=dict)
    first: str = ""


def state(session: Session, ticket: Ticket, message: Message, article: Article, given: Mapping[str, str],
          code: str) -> State:
    """What must happen before `article` answers `message`. `given`: what they told already, by need."""
    contact, told = ticket.contact, dict(given)
    places = set(PLACEHOLDER.findall(article.body))
    needed = [need for need in article.needs or () if need in NEEDS]
    for need in needed:
        if need not in told and (found := recognised(session, need, message.text, contact, code)):
            told[need] = found
    private = article.about_account or bool(places - {"date"})
    of_order = any(place.startswith("order_") for place in places)
    if of_order and "order_number" not in needed:
        needed.insert(0, "order_number")
    proven = (private or "order_number" in needed) and is_proven(session, contact, message)
    if private and not proven:
        return State("prove", values=told)
    orders = [one for one in site_data.orders(session, contact, SAMPLE) if one.proved] if proven else []
    for need in needed:
        if need not in told and (found := _known(contact, need, orders)):
            told[need] = found
        if need not in told:
            return State("ask", need, values=told)
    values, first = dict(told), ""
    if "order_number" in needed:
        order = next((one for one in orders if fold(one.number) == fold(told["order_number"])), None)
        if of_order and order is None:      # perhaps somebody else's: nothing is said of it, not even that it exists
            return State("people", reason="not_theirs", values=told)
        if order is not None:
            values |= _of_order(order, code)
            first = "" if of_order else _in_a_sentence(values, code)
    for kind in places & {"email", "phone"}:
        values[kind] = next((i.value for i in contact.identities if i.kind == kind and _proved(i)), "")
        if not values[kind]:
            return State("people", reason="unverified", values=told)
    if "date" in values:
        values["date"] = format_date(date.fromisoformat(values["date"]), "long", locale=Locale.parse(code))
    return State("ready", values=values, first=first)


def filled(body: str, values: Mapping[str, str]) -> str:
    """An article's Markdown with its places filled in. A value is never markup, and never a link."""
    return PLACEHOLDER.sub(lambda place: escaped(values[place[1]]) if place[1] in values else place[0], body)


def escaped(value: str) -> str:
    """Some words as they stand in Markdown without meaning anything there."""
    return MARKUP.sub(r"\\\1", _clean(value))


def is_proven(session: Session, contact: Contact, message: Message) -> bool:
    """Whether an answer to this message goes to an address that is proved to be a person's whom the shop knows. A
    browser, or an account at a messenger, alone says nothing of whose orders may be seen there."""
    way = session.get(Identity, message.identity_id) if message.identity_id else None
    if way is None or way.contact_id != contact.id or not _proved(way):
        return False
    return bool(contact.external_id) or any(one.kind in LINKED_KINDS and _proved(one) for one in contact.identities)


def recognised(session: Session, need: str, text: str, contact: Contact, code: str) -> str:
    """What some words say of a need, in its one form; '' when nothing can be read as such."""
    text = text[:1_000]
    if need == "order_number":
        return _order_number(_shapes(session), text)
    if need == "email":
        return next((value for found in EMAIL.findall(text) if (value := _address("email", found.rstrip(".!?")))), "")
    if need == "phone":
        return _phone(text, contact.locale)
    if need == "date":
        return found.isoformat() if (found := _day(text, now().date())) else ""
    return ""


def example(session: Session) -> str:
    """What an order number of this house looks like, made up; '' when none is known."""
    shapes = _shapes(session)
    if not shapes:
        return ""
    digits = iter("1234567890" * 4)
    return "".join("".join(next(digits) for _ in range(run[1])) if isinstance(run, tuple) else run
                   for run in shapes[0])


def _proved(identity: Identity) -> bool:
    return Trust(identity.trust).covers(Trust.REPLIED)


def _known(contact: Contact, need: str, orders: list[site_data.Order]) -> str:
    """What need not be asked: the one recent order, an address that is on record."""
    if need == "order_number":
        recent = [one for one in orders if one.placed_at > now() - RECENT]
        return recent[0].number if len(recent) == 1 else ""
    if need in ("email", "phone"):
        own = sorted((one for one in contact.identities if one.kind == need), key=lambda one: not _proved(one))
        return own[0].value if own else ""
    return ""


def _of_order(order: site_data.Order, code: str) -> dict[str, str]:
    items = ", ".join(f"{one['quantity']} × {one['name']}" if one.get("quantity", "1") != "1" else one["name"]
                      for one in order.items if one.get("name"))
    return {"order_number": order.number, "order_status": order.status, "order_items": items,
            "order_total": _money(order.total, order.currency, code),
            "order_date": format_date(order.placed_at, "long", locale=Locale.parse(code))}


def _in_a_sentence(values: Mapping[str, str], code: str) -> str:
    """How their order stands, before an article that has no places for that."""
    status = _clean(values["order_status"])
    return say(code, "order_status" if status else "order_named", number=_clean(values["order_number"]),
               date=values["order_date"], **({"status": status} if status else {}))


def _clean(value: str) -> str:
    """In one line, and no address that would become a link."""
    return " ".join(ADDRESS.sub("", bounds.clean(value)).split())[:VALUE_LIMIT]


def _money(total: str, currency: str, code: str) -> str:
    try:
        return format_currency(Decimal(total), currency, locale=Locale.parse(code)) if currency else total
    except (InvalidOperation, ValueError):
        return total


def _shapes(session: Session) -> list[list]:
    """What the house's order numbers look like, the commonest form first: runs of fixed text, and of digits as
    (fewest, most)."""
    numbers = session.scalars(select(ShopOrder.number).order_by(ShopOrder.id.desc()).limit(SAMPLE)).all()
    forms: Counter[tuple[str, ...]] = Counter()
    lengths: dict[tuple[str, ...], list[list[int]]] = {}
    for number in numbers:
        runs = RUN.findall(number.strip())
        if not any(run.isdigit() for run in runs):
            continue
        form = tuple("9" if run.isdigit() else run for run in runs)
        forms[form] += 1
        lengths.setdefault(form, []).append([len(run) for run in runs])
    shapes = []
    for form, _ in forms.most_common(SHAPES):
        columns = list(zip(*lengths[form], strict=True))
        shapes.append([(min(column), max(column)) if run == "9" else run
                       for run, column in zip(form, columns, strict=True)])
    return shapes


def _order_number(shapes: list[list], text: str) -> str:
    """An order number in some words: as the house's own look, or any plain one where none is known."""
    if not shapes:
        found = PLAIN_NUMBER.search(text)
        return found[1].upper() if found else ""
    for shape in shapes:
        pattern = "".join(rf"(\d{{{run[0]},{run[1] + 2}}})" if isinstance(run, tuple)
                          else rf"(?:{re.escape(run)})" if run.isalnum() else rf"(?:{re.escape(run)}|[-_/# ])?"
                          for run in shape)
        if found := re.search(rf"(?i)(?<!\w){pattern}(?![\w])", text):
            return _in_form(shape, found.groups())
    for shape in shapes:            # the digits alone, where there is one run of them
        runs = [run for run in shape if isinstance(run, tuple)]
        if len(runs) == 1 and runs[0][0] >= 4 and (found := re.search(
                rf"(?<![\w.@])#?(\d{{{runs[0][0]},{runs[0][1]}}})(?![\w@])", text)):
            return _in_form(shape, found.groups())
    return ""


def _in_form(shape: list, digits: tuple[str, ...]) -> str:
    left = iter(digits)
    return "".join(next(left) if isinstance(run, tuple) else run for run in shape)


def _address(kind: str, value: str) -> str:
    try:
        return identities.normal(kind, value)
    except Invalid:
        return ""


def _phone(text: str, locale: str) -> str:
    """The first valid number: with its country code, or as it is written in the country of the locale."""
    region = locale.replace("_", "-").partition("-")[2].upper()[-2:] or None
    for found in phonenumbers.PhoneNumberMatcher(text, region):
        return phonenumbers.format_number(found.number, phonenumbers.PhoneNumberFormat.E164)
    return ""


def _day(text: str, today: date) -> date | None:
    """The first day that is named: in figures, by the month's name in one of our languages, or as today's neighbour."""
    if found := NUMERIC_DATE.search(text):
        year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        year = int(year) + (2000 if len(year) == 2 else 0) if year else today.year
        return _date(year, int(month), int(day)) or (None if found[1] else _date(year, int(day), int(month)))
    said = words(text)
    for at, word in enumerate(said):
        if month := _months().get(word):
            near = [n[1] for word in (*said[max(0, at - 2):at][::-1], *said[at + 1:at + 2])
                    if (n := ORDINAL.fullmatch(word))]
            year = next((int(n) for n in said[at + 1:at + 4] if n.isdecimal() and len(n) == 4), today.year)
            if near and (found := _date(year, month, int(near[0]))):
                return found
    for kind, days in (("yesterday", -1), ("today", 0), ("tomorrow", 1)):
        if any(said[at:at + len(p)] == list(p) for _, p in hear(kind) for at in range(len(said))):
            return today + timedelta(days=days)
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@cache
def _months() -> dict[str, int]:
    """Folded names of months, whole and short, by number."""
    found: dict[str, int] = {}
    for code in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, locale=Locale.parse(code)).items():
                if len(said := words(name)) == 1 and len(said[0]) > 2:
                    found[said[0]] = number
    return found
