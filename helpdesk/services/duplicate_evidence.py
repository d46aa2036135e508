"""May two contacts be one person? What speaks for it and against it, in words, and a score.

Pure: the same two contacts give the same answer, whichever comes first. Each kind of evidence counts once, with its
strongest finding, so that a name which stands in the address too is not counted twice. The weights are set so that
nothing which many people share (a name, a company, info@, a switchboard) reaches LEAST by itself; the labelled pairs in
tests/services/duplicate_pairs.py hold them to it.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from helpdesk.services import mail_boxes, person_names, phones
from helpdesk.services.contact_traits import Traits
from helpdesk.services.mail_boxes import Same
from helpdesk.services.person_names import ALIKE, Likeness

LEAST = 55          # to be suggested
LIKELY = 75         # to be called likely
RARE, FEW, SOME = 2, 5, 20      # contacts that bear a name
LEGAL_FORMS = frozenset("""gmbh ag kg ug mbh ohg ltd limited llc inc incorporated corp corporation co company plc sa sas
    sarl srl spa sl ltda eireli pt cv tbk bv nv oy ab as aps pvt private pty""".split())


@dataclass(frozen=True)
class Evidence:
    """One finding; `weight` is negative where it speaks against. `said`: it rests on what somebody typed, and whoever
    wants to pass for another person types just that."""
    words: str
    weight: int
    said: bool = False


@dataclass(frozen=True)
class Comparison:
    """How likely two contacts are one person, 0 to 100, and why; the weightiest first."""
    score: int
    evidence: tuple[Evidence, ...]

    @property
    def enough(self) -> bool:
        """To be suggested."""
        return self.score >= LEAST

    @property
    def likely(self) -> bool:
        """Rather than only possible; never where something rests on what somebody typed."""
        return self.score >= LIKELY

    @property
    def reasons(self) -> str:
        """In one line: what speaks for it, then what speaks against it."""
        return "; but ".join(filter(None, ("; ".join(one.words for one in self.pro),
                                           " and ".join(one.words for one in self.contra))))

    @property
    def pro(self) -> tuple[Evidence, ...]:
        """What speaks for it."""
        return tuple(one for one in self.evidence if one.weight > 0)

    @property
    def contra(self) -> tuple[Evidence, ...]:
        """What speaks against it."""
        return tuple(one for one in self.evidence if one.weight < 0)


def compare(one: Traits, other: Traits, alike: int = RARE) -> Comparison:
    """Everything that speaks for and against. `alike`: how many contacts bear the name that they share."""
    first, second = sorted((one, other), key=lambda who: (who.name, who.addresses, who.claims, who.id, who.company,
                                                               who.external_id or ""))
    like = person_names.compare(first.person, second.person)
    found = [best for listed in (_mails(first, second), _phones(first, second), _handles(first, second),
                                 _names(first, second, like), _commonness(first, second, like, alike),
                                 _houses(first, second, like), _site_ids(first, second))
             if (best := max(listed, key=lambda e: (abs(e.weight), e.words), default=None))]
    found += _claims(first, second)
    most = LIKELY - 1 if any(e.said and e.weight > 0 for e in found) else 100
    score = max(0, min(most, sum(e.weight for e in found)))
    return Comparison(score, tuple(sorted(found, key=lambda e: (-abs(e.weight), e.words))))


def _mails(first: Traits, second: Traits) -> Iterator[Evidence]:
    """Two addresses that lead to one mailbox, or were meant to."""
    called = first.name_words | second.name_words
    for a, b in ((a, b) for a in first.mails for b in second.mails):
        local, both = mail_boxes.local_part(a), f"{a} and {b}"
        said = a in first.typed or b in second.typed
        typed = "; not verified" if said else ""
        match mail_boxes.same(a, b):
            case Same.MAILBOX if mail_boxes.door(a):
                yield Evidence(f"{both} are one mailbox, which several people may read", 10)
            case _ if mail_boxes.door(a) or mail_boxes.door(b):
                continue
            case Same.MAILBOX:
                yield Evidence(f"{both} are one mailbox{typed}", 85, said)
            case Same.SLIP:
                yield Evidence(f"{both}: the domain looks mistyped{typed}", 65 if len(local) > 3 else 40, said)
            case Same.ENDING:
                yield Evidence(f"{both} differ only in the ending", 30)
            case Same.LOCAL if mail_boxes.telling(local, called):
                yield Evidence(f"both addresses begin with {local}@{typed}", 40, said)
            case Same.LOCAL:
                yield Evidence(f"both addresses begin with {local}@, as others do too", 15)
            case Same.NEAR:
                yield Evidence(f"{both} differ in one letter", 20)


def _phones(first: Traits, second: Traits) -> Iterator[Evidence]:
    """Two ways to write one number."""
    for a, b in ((a, b) for a in first.phones for b in second.phones):
        if phones.twin(a) == b:
            ninth = "9th digit" if a.startswith("+55") else "9 of mobiles"
            yield Evidence(f"same phone but for the {ninth} ({a}, {b})", 85)
        elif (shared := phones.shared_end(a, b)) >= phones.TELLING and phones.national(a) == phones.national(b):
            yield Evidence(f"same phone but for the country ({a}, {b})", 45)
        elif shared >= phones.TELLING:
            yield Evidence(f"the phones have the same last {shared} digits ({a}, {b})", 12)
        elif len(a) == len(b) and OSA.distance(a, b, score_cutoff=1) == 1:
            yield Evidence(f"the phones differ in one digit ({a}, {b})", 5 if a[-1] != b[-1] else 12)


def _handles(first: Traits, second: Traits) -> Iterator[Evidence]:
    """A name on a platform that is also another platform's, or stands before the @."""
    called = first.name_words | second.name_words
    for here, there in ((first, second), (second, first)):
        for kind, handle in here.handles:
            squeezed = mail_boxes.squeezed(handle)
            places = [f"the name on {other_kind}" for other_kind, other in there.handles
                      if mail_boxes.squeezed(other) == squeezed and other_kind != kind]
            places += [f"the start of {mail}" for mail in there.mails
                       if mail_boxes.squeezed(mail_boxes.local_part(mail)) == squeezed and not mail_boxes.door(mail)]
            for place in places:
                yield Evidence(f"{handle} is also {place}", 40 if mail_boxes.telling(handle, called) else 12)


def _names(first: Traits, second: Traits, like: Likeness) -> Iterator[Evidence]:
    """How the names relate; half of it where one is only what an address spells."""
    a, b = first.name, second.name
    sure = bool(first.given_name.words and second.given_name.words)
    if like in (Likeness.KIN, Likeness.OTHER):
        if sure:
            what = "only a part of the names agrees" if like == Likeness.KIN else "the names differ"
            single = 1 in (len(first.person.words), len(second.person.words))
            yield Evidence(f"{what} ({a}, {b})", -15 if single else -25 if like == Likeness.KIN else -30)
    elif like == Likeness.GENERATION:
        later = first.person.generation or second.person.generation
        yield Evidence(f"one of them is called {later}", -40)
    elif like != Likeness.NONE:
        if not sure:
            yield from _spelt(first, second, like)
            return
        share = person_names.percent(a, b)
        words, weight = {
            Likeness.SAME: ("same name" if a == b else f"same name ({a}, {b})", 40),
            Likeness.SOUND: (f"the names sound alike ({a}, {b})", 30),
            Likeness.FULLER: (f"one name is the other one in full ({a}, {b})", 30),
            Likeness.INITIAL: (f"the same name with an initial ({a}, {b})", 20),
            Likeness.NEAR: (f"name {share} % alike ({a}, {b})", 25),
            Likeness.FIRST: (f"a name that they share ({a}, {b})", 8)}[like]
        yield Evidence(words, weight)


def _spelt(first: Traits, second: Traits, like: Likeness) -> Iterator[Evidence]:
    if like in ALIKE and first.given_name.words != second.given_name.words:
        nameless, named = (first, second) if second.given_name.words else (second, first)
        yield Evidence(f"the address {nameless.mails[0]} spells the name {named.name}", 20)


def _commonness(first: Traits, second: Traits, like: Likeness, alike: int) -> Iterator[Evidence]:
    """A name says more when nobody else bears it, and most when each record knows another way to reach them."""
    if like not in ALIKE:
        return
    whole = like in (Likeness.SAME, Likeness.SOUND, Likeness.FULLER)
    apart = whole and not first.kinds & second.kinds
    if alike <= RARE:
        words = "nobody else here is called that" + (", and each is known from another channel" if apart else "")
        weight = 25 if apart else 5 if whole else 0
    elif alike <= FEW:
        words, weight = "some others are called that too", 0 if apart else -10
    else:
        words, weight = "many are called that", -15 if alike <= SOME else -25
    if weight:
        yield Evidence(words, weight)


def _houses(first: Traits, second: Traits, like: Likeness) -> Iterator[Evidence]:
    """Where they work supports a name, and says nothing without one."""
    if first.firms and second.firms:
        shared = sorted(first.firms & second.firms)
        if not shared and not _akin(first.firms, second.firms):
            yield Evidence("they write from different companies", -20)
        elif shared and like in ALIKE:
            yield Evidence(f"both write from {shared[0]}", 10)
    here, there = _firm_words(first.company), _firm_words(second.company)
    if here and there:
        if fuzz.token_sort_ratio(here, there) >= 90:
            if like in ALIKE:
                yield Evidence(f"same company ({first.company})", 15)
        elif fuzz.token_set_ratio(here, there) < 60:
            yield Evidence(f"different companies ({first.company}, {second.company})", -20)


def _site_ids(first: Traits, second: Traits) -> Iterator[Evidence]:
    """The site tells its customers apart by its own ids, and signs them."""
    if first.external_id and second.external_id and first.external_id != second.external_id:
        yield Evidence(f"the site knows them as two customers ({first.external_id}, {second.external_id})", -60)


def _claims(first: Traits, second: Traits) -> list[Evidence]:
    """What one says is theirs and is the other's. Everybody can say so: never more than a suggestion."""
    found = [Evidence(f"{here.label} said that {value} is theirs; not verified", 15 if _door(kind, value) else 70,
                      said=True)
             for here, there in ((first, second), (second, first)) for kind, value in here.claims
             if any(_one_address(kind, value, k, v) for k, v in there.addresses)]
    if not found:
        found = [Evidence(f"both said that {value} is theirs; not verified", 5 if _door(kind, value) else 30, said=True)
                 for kind, value in first.claims if (kind, value) in second.claims]
    return found[:1]


def _one_address(kind: str, value: str, other_kind: str, other: str) -> bool:
    if kind != other_kind:
        return False
    if kind == "email":
        return mail_boxes.same(value, other) == Same.MAILBOX
    return value == other or kind == "phone" and phones.twin(value) == other


def _door(kind: str, value: str) -> bool:
    return kind == "email" and mail_boxes.door(value)


def _akin(some: frozenset[str], others: frozenset[str]) -> bool:
    return bool({mail_boxes.name_of_domain(d) for d in some} & {mail_boxes.name_of_domain(d) for d in others})


def _firm_words(company: str) -> str:
    return " ".join(sorted(word for word in person_names.words(company) if word not in LEGAL_FORMS))
