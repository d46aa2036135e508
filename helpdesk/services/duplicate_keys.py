"""The keys that a contact's doubles are found by: whoever shares none with them is never compared.

A key is a hash of one thing that two records of a person have in common, in the plainest form in which they have it. It
says nothing by itself; helpdesk.services.duplicate_evidence judges.
"""
from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from itertools import combinations

from helpdesk.services import mail_boxes, person_names, phones
from helpdesk.services.contact_traits import UNSPOKEN, Traits

MOST_KEYS = 48
# How much sharing one says, for the order in which candidates are looked at.
ADDRESS, HANDLE, NAMED_AT, NAME, SOUND = 12, 6, 4, 2, 1


def keys(who: Traits) -> dict[int, int]:
    """Hash → how much it says, the most telling first. No key twice; not more than MOST_KEYS."""
    found: dict[int, int] = {}
    for weight, kind, *what in _things(who):
        found.setdefault(_hash(kind, *what), weight)
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0]))[:MOST_KEYS])


def name_keys(who: Traits, other: Traits) -> set[int]:
    """The keys of the words that both names share: how many contacts have them says how common the name is."""
    return {_hash(kind, *what) for _, kind, *what in _name_things(who)} & {
        _hash(kind, *what) for _, kind, *what in _name_things(other)}


def _things(who: Traits) -> Iterator[tuple]:
    for mail in who.mails:
        yield from _mail_things(mail)
    for number in who.phones:
        if tail := phones.tail(number):
            yield ADDRESS, "phone", tail
    for kind, value in who.claims:
        if kind == "email":
            yield from _mail_things(value)
        elif kind == "phone" and phones.tail(value):
            yield ADDRESS, "phone", phones.tail(value)
        elif kind not in UNSPOKEN:
            yield ADDRESS, "address", kind, value
    for kind, value in who.addresses:
        if kind not in ("email", "phone", *UNSPOKEN):
            yield ADDRESS, "address", kind, value
    for _, handle in who.handles:
        yield HANDLE, "handle", mail_boxes.squeezed(handle)
    yield from _name_things(who)
    for house in (*_companies(who.company), *who.firms):
        for pair in combinations(sorted(map(person_names.plain, who.person.words)), 2):
            yield NAMED_AT, "named at", *pair, house


def _mail_things(mail: str) -> Iterator[tuple]:
    local, domain = mail_boxes.box(mail)
    if not domain:
        return
    yield ADDRESS, "mailbox", local, mail_boxes.meant(domain)
    if not mail_boxes.door(mail) and len(squeezed := mail_boxes.squeezed(local)) > 3:
        yield HANDLE, "handle", squeezed


def _name_things(who: Traits) -> Iterator[tuple]:
    """Each two words of a name, in whatever order they stand."""
    words = sorted({person_names.plain(word) for word in who.person.words if len(word) > 1 or not word.isascii()})
    for pair in combinations(words, 2):
        yield NAME, "name", *pair
    heard = sorted({sound for word in words if (sound := person_names.sound(word))})
    for pair in combinations(heard, 2):
        if sum(map(len, pair)) > 3:
            yield SOUND, "sound", *pair


def _companies(company: str) -> tuple[str, ...]:
    return (squeezed,) if (squeezed := mail_boxes.squeezed(company)) else ()


def _hash(*parts: str) -> int:
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest(), signed=True)
