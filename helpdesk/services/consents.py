"""What may be sent to somebody, and recorded about them, beyond answering what they wrote.

Each purpose has a rule: `none` needs no consent (an answer to a question), `optout` is allowed until they end it,
`optin` only after they agreed. Every word is a row with its time, its source and the text that was shown; the newest
that applies counts (GDPR art. 7, LGPD art. 8, India's DPDP Act s. 6, Indonesia's PDP law art. 20–24, Peru's law 29733
art. 5 ask for the proof).
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import Invalid
from helpdesk.models import Consent, Contact, Identity
from helpdesk.services import persons


@dataclass(frozen=True)
class Purpose:
    """One reason to write to somebody or to record something. `rule`: none, optout or optin."""
    label: str
    says: str
    rule: str


PURPOSES = {
    "service": Purpose("Answers", "Answering what they wrote, and news about their own matter", "none"),
    "surveys": Purpose("Surveys", "Being asked how it went", "optout"),
    "pages": Purpose("Pages visited", "Recording which pages of your site they look at", "optout"),
    "news": Purpose("News and offers", "Being written to without a matter of their own", "optin"),
    "notice": Purpose("Privacy notice", "Having read and accepted your privacy notice", "optin"),
}
SOURCES = {"widget": "in the chat", "agent": "told an agent", "mail": "by the link in a mail",
           "token": "told by your site", "import": "imported"}
MANUAL = tuple(key for key, purpose in PURPOSES.items() if purpose.rule != "none")


def allows(session: Session, identity: Identity, purpose: str) -> bool:
    """Whether this may be done with or at this address."""
    return identity.id in allowed(session, [identity], purpose)


def allowed(session: Session, identities: Iterable[Identity], purpose: str) -> set[int]:
    """The ids of those addresses, all of one person, where this is allowed; one look for all of them."""
    identities = list(identities)
    rule = PURPOSES[purpose].rule
    if rule == "none" or not identities:
        return {one.id for one in identities}
    words = _words(session, identities[0].contact_id, [one.id for one in identities], purpose)
    return {one.id for one in identities if _says(words, one, rule == "optout")}


def _words(session: Session, contact_id: int, identity_ids: list[int], purpose: str) -> list[Consent]:
    """Their words about this purpose, the newest first."""
    return list(session.scalars(select(Consent).where(
        Consent.purpose == purpose, or_(
            Consent.identity_id.in_(identity_ids),
            Consent.identity_id.is_(None) & Consent.contact_id.in_(persons.records(session, contact_id))))
        .order_by(Consent.id.desc())))


def _says(words: list[Consent], identity: Identity, unsaid: bool) -> bool:
    return next((word.given for word in words if word.identity_id == identity.id or (
        word.identity_id is None and word.channel in ("", identity.kind))), unsaid)


def record(session: Session, contact: Contact, purpose: str, given: bool, *, source: str, actor: str,
           identity: Identity | None = None, channel: str = "", wording: str = "", version: str = "",
           note: str = "") -> Consent | None:
    """Write down what somebody said. None when it is what they said last, in the same words and place. Raises Invalid
    for an unknown purpose or source, and for an address that is not theirs."""
    if purpose not in MANUAL:
        raise Invalid("There is nothing to agree to for this purpose.")
    if source not in SOURCES:
        raise Invalid(f"{source[:40]!r} is no source of a consent.")
    if identity is not None and identity.contact_id not in persons.records(session, contact.id):
        raise Invalid("This address belongs to somebody else.")
    said = {"identity_id": identity.id if identity else None, "channel": identity.kind if identity else channel,
            "given": given, "source": source, "wording": wording[:4000], "version": version[:300],
            "note": note.strip()[:300]}
    last = session.scalar(select(Consent).where(
        Consent.contact_id.in_(persons.records(session, contact.id)), Consent.purpose == purpose)
        .order_by(Consent.id.desc()).limit(1))
    if last and all(getattr(last, key) == value for key, value in said.items()):
        return None
    word = Consent(contact_id=contact.id, purpose=purpose, actor=actor, **said)
    session.add(word)
    session.flush()
    events.record(session, events.ConsentChanged(purpose=purpose, channel=word.channel, given=given, source=source),
                  contact=contact, actor=actor)
    return word


def history(session: Session, contact: Contact, limit: int = 100) -> list[Consent]:
    """All words of a person, the newest first."""
    return list(session.scalars(select(Consent).where(
        Consent.contact_id.in_(persons.records(session, contact.id))).order_by(Consent.id.desc()).limit(limit)))


@dataclass(frozen=True)
class Standing:
    """What holds now for one purpose at one place. `word` is None while nothing was ever said."""
    purpose: str
    label: str
    place: str
    given: bool
    word: Consent | None


def standing(words: list[Consent], identities: Iterable[Identity]) -> list[Standing]:
    """What holds now, of their words with the newest first: a line per purpose, and one for each address or channel
    that something else was said about."""
    names = {one.id: "this browser" if one.kind == "visitor" else one.value for one in identities}
    found = []
    for key in MANUAL:
        purpose, seen = PURPOSES[key], set()
        about = [word for word in words if word.purpose == key]
        if not any(word.identity_id is None and not word.channel for word in about):
            found.append(Standing(key, purpose.label, "", purpose.rule == "optout", None))
        for word in about:
            place = (word.identity_id, word.channel)
            if place not in seen:
                seen.add(place)
                found.append(Standing(key, purpose.label, names.get(word.identity_id, word.channel), word.given, word))
    return found
