"""What comes back of a code or a link: typed, answered, proved or not. Each counts once, whoever is first."""
from __future__ import annotations

import hmac
import unicodedata

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk import events, security
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.models import Contact, Identity, Verification, Visitor
from helpdesk.services import identities, tickets, visitors
from helpdesk.services.verification import MARK, key

TRIES = 5


def waiting(session: Session, visitor: Visitor) -> Verification | None:
    """The code that this browser may type now."""
    return session.scalar(select(Verification).where(
        Verification.visitor_id == visitor.id, Verification.state == "live", Verification.way == "code",
        Verification.expires_at > now(), Verification.tries < TRIES).order_by(Verification.id.desc()).limit(1))


def check(session: Session, visitor: Visitor, given: str) -> tuple[str, int]:
    """A visitor types a code. Returns ("right", 0), ("wrong", tries left) or ("over", 0): none is waiting (any more).

    Commit whatever it returns: the try is counted by one conditional update, so that guesses side by side are not more
    than TRIES together.
    """
    code = "".join(str(unicodedata.digit(c)) for c in given[:40] if c.isdigit())
    found = session.execute(update(Verification).where(
        Verification.visitor_id == visitor.id, Verification.way == "code", Verification.state == "live",
        Verification.expires_at > now(), Verification.tries < TRIES).values(tries=Verification.tries + 1).returning(
        Verification.id, Verification.nonce, Verification.tries)).first()
    if found is None:
        return "over", 0
    right = hmac.compare_digest(security.six_digits(key(), found.nonce).encode(), code.encode())
    if not right and found.tries < TRIES:
        return "wrong", TRIES - found.tries
    row = _taken(session, found.id, "used" if right else "spent")
    if row is None:
        return "over", 0
    if right:
        _confirmed(session, row, visitors.contact_of(session, visitor))
        return "right", 0
    _note(session, row, events.AddressDenied(_value(session, row), "wrong codes"))
    return "over", 0


def by_link(session: Session, token: str) -> tuple[Verification, Identity]:
    """What a link asks about; whether it still can be answered says its state. Raises NotFound."""
    number, _, signature = token.partition(".")
    row = session.get(Verification, int(number)) if number.isascii() and number.isdigit() and len(number) < 18 else None
    if row is None or row.way != "link" or not security.signed(key(), signature, MARK, row.nonce):
        raise NotFound("There is no such link.")
    return row, session.get(Identity, row.identity_id)


def answerable(row: Verification) -> bool:
    """Whether it is still waiting."""
    return row.state == "live" and row.expires_at > now()


def answer(session: Session, token: str, mine: bool) -> str:
    """The owner of an address says whether it was them: once. Returns the state afterwards."""
    row, _ = by_link(session, token)
    if not answerable(row) or (taken := _taken(session, row.id, "used" if mine else "denied")) is None:
        return row.state if row.state != "live" else "expired"
    if mine:
        _confirmed(session, taken, identities.survivor(session, session.get(Contact, taken.contact_id)))
    else:
        _note(session, taken, events.AddressDenied(_value(session, taken), "denied"))
    return taken.state


def _taken(session: Session, number: int, state: str) -> Verification | None:
    """End it, if nobody else just did."""
    ended = session.execute(update(Verification).where(Verification.id == number, Verification.state == "live")
                            .values(state=state)).rowcount
    return session.get(Verification, number, populate_existing=True) if ended else None


def _confirmed(session: Session, row: Verification, contact: Contact) -> None:
    """It is theirs: proved, and joined with whoever had proved it before. Two of the site's customers stay two; they
    share a mailbox."""
    ticket, identity = tickets.lock(session, row.ticket_id), session.get(Identity, row.identity_id)
    again = identity.verified
    try:
        identities.verify(session, contact, identity.kind, identity.value, how=row.way, ticket=ticket)
    except (Conflict, Invalid):     # two customers of the site: see services.contact_merges
        identities.claim(session, contact, identity.kind, identity.value)
    if again:
        _note(session, row, events.AddressConfirmed(identity.value, row.way))


def _note(session: Session, row: Verification, fact: events.Fact) -> None:
    """Tell it in the ticket, to the agents who look and to the visitor's page."""
    session.flush()
    ticket = tickets.lock(session, row.ticket_id)
    events.record(session, fact, ticket=ticket, actor=ticket.contact.actor)


def _value(session: Session, row: Verification) -> str:
    return session.get(Identity, row.identity_id).value
