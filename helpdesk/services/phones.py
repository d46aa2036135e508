"""Mobile numbers that are written in two ways and mean one person.

Brazil put a 9 before the eight digits of its mobiles; WhatsApp still names many of them without it. Argentina's mobiles
carry a 9 after the country code when they are called from abroad, and WhatsApp names them with and without it.
https://faq.whatsapp.com/1294841057948784 (Argentina); Anatel, resolution 553/2010 (Brazil)
"""
from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile

import phonenumbers

BRAZIL = re.compile(r"\+55(\d\d)(9?)([6-9]\d{7})")
ARGENTINA = re.compile(r"\+54(9?)(\d{10})")
TELLING = 8         # digits at the end that tell a line from others


def twin(number: str) -> str | None:
    """The other way to write an E.164 number; None where there is only one."""
    if found := BRAZIL.fullmatch(number):
        area, nine, rest = found.groups()
        return f"+55{area}{rest}" if nine else f"+55{area}9{rest}"
    if found := ARGENTINA.fullmatch(number):
        nine, rest = found.groups()
        return f"+54{rest}" if nine else f"+549{rest}"
    return None


def tail(number: str) -> str:
    """The last digits of a number: the same however its country, trunk and mobile prefixes are written. '' for what is
    too short to be told from others."""
    digits = number.lstrip("+")
    return digits[-TELLING:] if len(digits) >= TELLING else ""


def shared_end(one: str, other: str) -> int:
    """How many digits two numbers have in common at the end."""
    pairs = zip(reversed(one.lstrip("+")), reversed(other.lstrip("+")), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@lru_cache(maxsize=8192)
def national(number: str) -> str:
    """A number without its country code and trunk zero; '' for what is none."""
    try:
        return str(phonenumbers.parse(number, None).national_number)
    except phonenumbers.NumberParseException:
        return ""
