"""What contacts are compared by, read for many at once."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Contact, Identity
from helpdesk.services import identities, mail_boxes, person_names
from helpdesk.services.person_names import Name

MOST_ADDRESSES = 8      # of one kind; somebody with more is no person
UNSPOKEN = ("visitor",)     # kinds whose values only a machine knows
WHO = select(Contact.id, Contact.name, Contact.company, Contact.external_id, Contact.claims, Identity.kind,
             Identity.value, Identity.source).outerjoin(Identity, Identity.contact_id == Contact.id).where(
    Contact.id.in_(bindparam("ids", expanding=True)), Contact.merged_into_id.is_(None)).order_by(Identity.id)


@dataclass(frozen=True)
class Traits:
    """One contact, as far as two can be compared. `addresses` and `claims` are pairs (kind, value); a claim is an
    address that they named and that is somebody else's. `typed`: addresses of theirs that somebody only typed."""
    id: int
    name: str = ""
    company: str = ""
    external_id: str | None = None
    addresses: tuple[tuple[str, str], ...] = ()
    claims: tuple[tuple[str, str], ...] = ()
    typed: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """As Contact.label."""
        return self.name or f"Visitor {self.id}"

    @cached_property
    def mails(self) -> tuple[str, ...]:
        """Their mail addresses."""
        return self._of("email")

    @cached_property
    def phones(self) -> tuple[str, ...]:
        """Their numbers with country code; those who hide theirs have only an id."""
        return tuple(number for number in self._of("phone") if number.startswith("+"))

    @cached_property
    def handles(self) -> tuple[tuple[str, str], ...]:
        """Names on platforms: (kind, handle). A single odd word where the name stands ("annlee_84") is one too."""
        found = [(kind, value) for kind, value in self.addresses
                 if kind not in ("email", "phone", *UNSPOKEN) and any(c.isalpha() for c in value)]
        if self.name and " " not in self.name and "@" not in self.name and any(c in "_.0123456789" for c in self.name):
            found.append(("name", self.name))
        return tuple(found[:MOST_ADDRESSES])

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of addresses that they have."""
        return frozenset(kind for kind, _ in self.addresses if kind not in UNSPOKEN)

    @cached_property
    def given_name(self) -> Name:
        """The words of the name that they or an agent gave."""
        return person_names.parts(self.name)

    @cached_property
    def person(self) -> Name:
        """The same; for the nameless the one that a mail address spells, if it spells two words."""
        if self.given_name.words:
            return self.given_name
        spelt = next((words for mail in self.mails if len(words := mail_boxes.spoken(mail)) > 1
                      and not mail_boxes.door(mail)), ())
        return person_names.parts(" ".join(spelt))

    @cached_property
    def name_words(self) -> frozenset[str]:
        """Every word that they are called by."""
        return frozenset(self.given_name.words)

    @cached_property
    def firms(self) -> frozenset[str]:
        """The domains of the companies that they write from."""
        return frozenset(mail_boxes.firm(mail) for mail in self.mails) - {""}

    def _of(self, kind: str) -> tuple[str, ...]:
        return tuple(value for k, value in self.addresses if k == kind)[:MOST_ADDRESSES]


def traits(session: Session, contact_ids: Iterable[int]) -> dict[int, Traits]:
    """By id, in one statement. Who is not there, or was merged into somebody, is left out."""
    ids = sorted(set(contact_ids))
    rows = defaultdict(list)
    for row in db.rows(session, WHO, {"ids": ids}) if ids else ():
        rows[row.id].append(row)
    return {contact_id: _traits(of_one) for contact_id, of_one in sorted(rows.items())}


def _traits(rows: Sequence[Row]) -> Traits:
    one, found = rows[0], [row for row in rows if row.kind is not None]
    return Traits(one.id, one.name, one.company, one.external_id, tuple((row.kind, row.value) for row in found),
                  tuple(sorted((kind, str(value)) for kind, value in (one.claims or {}).items())),
                  frozenset(row.value for row in found if row.source == identities.TYPED))
