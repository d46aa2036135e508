"""Contacts that may be one person: suggested, never joined (docs/decisions/0003-identity.md).

`suggestions` answers for one contact at once, from the keys of all others. The whole base is gone through by the worker
as contacts change (helpdesk.jobs.duplicates), and the pairs found are stored.
"""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import bindparam, select, union_all
from sqlalchemy.orm import Session, joinedload

from helpdesk import db
from helpdesk.models import Contact, ContactKey
from helpdesk.services import duplicate_evidence, duplicate_keys, told_apart
from helpdesk.services.contact_traits import Traits, traits
from helpdesk.services.duplicate_evidence import Comparison

COMMON = 40         # a key that more contacts have leads to nobody: "maria silva", info@
CANDIDATES = 40     # looked at closely, those that share the rarest keys first
SHOWN = 5
SIZES = (8, 16, 32, duplicate_keys.MOST_KEYS)       # of the statement, so that it is built and planned but a few times


@dataclass(frozen=True)
class Suggestion:
    """Another contact that may be the same person, and why. `alike`: how many bear the name they share."""
    contact: Contact
    comparison: Comparison
    alike: int


@dataclass(frozen=True)
class Found:
    """The same by id."""
    contact_id: int
    comparison: Comparison
    alike: int


def suggestions(session: Session, contact: Contact, limit: int = SHOWN) -> list[Suggestion]:
    """The contacts that are most likely the same person, with their addresses; none that is merged, or that an agent
    told apart from this one."""
    found = likely(session, contact.id)[:limit]
    if not found:
        return []
    others = {other.id: other for other in session.scalars(select(Contact).where(
        Contact.id.in_([one.contact_id for one in found])).options(joinedload(Contact.identities))).unique()}
    return [Suggestion(others[one.contact_id], one.comparison, one.alike) for one in found]


def likely(session: Session, contact_id: int) -> list[Found]:
    """All that are likely enough, the likeliest first; none for a contact that is merged."""
    who = traits(session, [contact_id]).get(contact_id)
    if who is None:
        return []
    sharing = _sharing(session, who)
    candidates = traits(session, _best(sharing, duplicate_keys.keys(who), contact_id))
    found = []
    for other in candidates.values():
        alike = _alike(sharing, who, other)
        comparison = duplicate_evidence.compare(who, other, alike)
        if comparison.enough:
            found.append(Found(other.id, comparison, alike))
    away = told_apart.ids(session, contact_id) if found else set()
    return sorted((one for one in found if one.contact_id not in away),
                  key=lambda one: (-one.comparison.score, one.contact_id))


def between(session: Session, contact_id: int, other_id: int) -> Comparison | None:
    """What speaks for and against two contacts being one person, however little; None when one of them is merged."""
    both = traits(session, (contact_id, other_id))
    if len(both) < 2:
        return None
    one, other = both[contact_id], both[other_id]
    return duplicate_evidence.compare(one, other, _alike(_sharing(session, one), one, other))


def _sharing(session: Session, who: Traits) -> Mapping[int, Sequence[int]]:
    """For each of the contact's keys, who has it; at most COMMON + 1 of them."""
    keys = list(duplicate_keys.keys(who))
    if not keys:
        return {}
    size = next(size for size in SIZES if size >= len(keys))
    given = {f"key{n}": keys[n] if n < len(keys) else keys[0] for n in range(size)}
    found = defaultdict(set)
    for key, contact_id in db.rows(session, _lookup(size), given):
        found[key].add(contact_id)
    return {key: sorted(found[key]) for key in keys}


def _best(sharing: Mapping[int, Sequence[int]], weights: Mapping[int, int], contact_id: int) -> list[int]:
    """Who shares most, where a rare key counts for more than a common one."""
    rank: Counter[int] = Counter()
    for key, contact_ids in sharing.items():
        if len(contact_ids) <= COMMON:
            for other in contact_ids:
                rank[other] += weights[key] / len(contact_ids)
    rank.pop(contact_id, None)
    return sorted(rank, key=lambda other: (-rank[other], other))[:CANDIDATES]


def _alike(sharing: Mapping[int, Sequence[int]], who: Traits, other: Traits) -> int:
    """How many contacts, these two among them, bear the name that both share."""
    counts = [len({*sharing.get(key, ()), who.id, other.id}) for key in duplicate_keys.name_keys(who, other)]
    return min(counts, default=duplicate_evidence.RARE)


@cache
def _lookup(size: int):
    """Each key by itself and bounded, so that a key which thousands have costs no more than another."""
    parts = (select(ContactKey.key, ContactKey.contact_id).where(ContactKey.key == bindparam(f"key{n}"))
             .limit(COMMON + 1).subquery() for n in range(size))
    return union_all(*(select(part) for part in parts))

