"""Proving an address by a code that only its owner reads, or by asking its owner.

A code is typed into the browser that asked for it, so it proves that who chats and who reads that mail are one person.
A link proves less, its owner may press it for somebody else's sake, so it is only sent to addresses that had written to
us: all it can say is "yes, that was me". Neither is stored; both are made of a nonce and the installation's key.
"""
from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from helpdesk import events, security, settings, texts
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound, TooMany
from helpdesk.models import Contact, Identity, Inbox, Ticket, Trust, Verification, Visitor
from helpdesk.services import identities, inboxes, limits, replies, routes, tickets, visitors

CODE_LIVES, LINK_LIVES = timedelta(minutes=10), timedelta(days=3)
HOUR, DAY = 3600, 86_400
PER_ADDRESS = ((3, HOUR), (6, DAY))     # whoever asks: with five tries each, a guesser finds one code in 33,000 days
PER_ASKER = ((5, HOUR), (10, DAY))      # each browser and contact
PER_NETWORK = ((20, HOUR), (50, DAY))   # an office shares one address
PER_INBOX = ((100, HOUR), (500, DAY))
KEPT = timedelta(days=30)
KINDS = {"email": ("email",), "both": ("email", "phone")}      # by the inbox's choice
WRITTEN = ("wrote", "reply")            # an address that mail came from, as identities.HOW_TRUST has it
MARK = "verification"                   # in a message's payload: the words are filled in when it leaves


def offered(session: Session, inbox: Inbox, contact: Contact, ticket: Ticket | None) -> Identity | None:
    """The address that a visitor typed last and could prove by a code; None when there is none, or no way to it."""
    kinds = KINDS.get((inbox.settings or {}).get("codes", "email"), ()) if ticket else ()
    if not kinds:
        return None
    named = [(Identity.kind == kind) & (Identity.value == value) for kind, value in (contact.claims or {}).items()]
    typed = session.scalars(select(Identity).where(Identity.kind.in_(kinds), or_(
        (Identity.contact_id == contact.id) & (Identity.source == identities.TYPED), *named), ~select(
        Verification.id).where(Verification.contact_id == contact.id, Verification.identity_id == Identity.id,
                               Verification.state == "used").exists()).order_by(
        Identity.kind, Identity.created_at.desc())).all()
    accounts = _accounts(session) if typed else {}
    return next((one for one in typed if one.kind in accounts), None)


def possible(session: Session, inbox: Inbox) -> bool:
    """Whether a visitor of this chat can prove a mail address at all."""
    return "email" in KINDS.get((inbox.settings or {}).get("codes", "email"), ()) and "email" in _accounts(session)


def masked(identity: Identity) -> str:
    """An address as it is shown where somebody may look on: a…@example.com, +49…01."""
    if identity.kind == "email":
        local, _, domain = identity.value.rpartition("@")
        return f"{local[:1]}…@{domain}"
    return f"{identity.value[:3]}…{identity.value[-2:]}"


def ask_in_chat(session: Session, inbox: Inbox, visitor: Visitor, network: str) -> None:
    """Send a code to the address that this visitor typed. Raises NotFound when there is none to prove, TooMany for who
    asks too often. Whether a code really leaves depends on the address, and is not told: that would say whether
    somebody else uses it."""
    contact, ticket = visitors.contact_of(session, visitor), visitors.ticket_of(session, visitor)
    identity = offered(session, inbox, contact, ticket)
    if identity is None:
        raise NotFound("There is no address to confirm.")
    for asker in (f"visitor:{visitor.id}", f"contact:{contact.id}"):
        _count(session, f"code-{asker}", PER_ASKER)
    _count(session, f"code-network:{network}", PER_NETWORK)
    _count(session, f"code-inbox:{inbox.id}", PER_INBOX)
    _send(session, tickets.lock(session, ticket.id), contact, identity, "code", contact.actor, visitor)


def ask(session: Session, contact: Contact, identity: Identity, actor: str) -> str:
    """An agent has the owner of an address asked; returns which way. Raises Invalid where neither would prove
    anything, TooMany."""
    asking = askable(session, contact).get(identity.id)
    if asking is None:
        raise Invalid("This address cannot be asked: it is proved already, or nobody has written from it and there is "
                      "no chat in which a code could be typed. They prove it by writing from there.")
    _count(session, f"code-contact:{contact.id}", PER_ASKER)
    if not _send(session, tickets.lock(session, asking.ticket_id), contact, identity, asking.way, actor,
                 asking.visitor):
        raise Invalid("Nothing was sent: this address was asked too often today, or mail to it has come back.")
    return asking.way


@dataclass(frozen=True)
class Asking:
    """How the owner of one address would be asked: `way`, and for a code the browser that may type it."""
    identity: Identity
    way: str
    ticket_id: int
    visitor: Visitor | None


def askable(session: Session, contact: Contact) -> dict[int, Asking]:
    """The addresses of a contact that could be asked, by identity id: by a code, where a browser says that it is
    theirs, or by a link, where mail came from it."""
    ticket_id = session.scalar(select(Ticket.id).where(
        Ticket.contact_id == contact.id, Ticket.merged_into_id.is_(None)).order_by(
        Ticket.last_message_at.desc(), Ticket.id.desc()).limit(1))
    named = [(Identity.kind == kind) & (Identity.value == value) for kind, value in (contact.claims or {}).items()]
    found = session.scalars(select(Identity).where(
        or_((Identity.contact_id == contact.id) & (Identity.trust != Trust.VERIFIED), *named),
        Identity.kind.in_(KINDS["both"]))).all()
    if not found or ticket_id is None:
        return {}
    accounts = _accounts(session)
    visitor = session.scalar(select(Visitor).join(Identity, Identity.id == Visitor.identity_id).where(
        Identity.contact_id == contact.id).order_by(Visitor.seen_at.desc()).limit(1))
    asking = {}
    for one in found:
        if one.kind not in accounts:
            continue
        if one.contact_id == contact.id and one.source in WRITTEN:
            if one.kind == "email":
                asking[one.id] = Asking(one, "link", ticket_id, None)
        elif visitor:
            asking[one.id] = Asking(one, "code", ticket_id, visitor)
    return asking


def words(session: Session, number: int, locale: str) -> str:
    """What the message says when it leaves."""
    row, company = session.get(Verification, number), settings.current().company_name
    if row.way == "code":
        return texts.text("code", locale, company=company, code=security.six_digits(key(), row.nonce),
                          minutes=str(int(CODE_LIVES.total_seconds() // 60)))
    return texts.text("confirm", locale, company=company, url=link(row))


def link(row: Verification) -> str:
    """The address of the page that asks."""
    return f"{settings.current().base_url}/confirm/{row.id}.{security.sign(key(), MARK, row.nonce)}"


def latest(session: Session, contact: Contact) -> dict[int, Verification]:
    """What was asked last about each address of theirs, by identity id."""
    rows = session.scalars(select(Verification).where(Verification.contact_id == contact.id).order_by(Verification.id))
    return {row.identity_id: row for row in rows}


def forget_old(session: Session) -> None:
    """Remove what was over long ago."""
    session.execute(delete(Verification).where(Verification.expires_at < now() - KEPT))


def _accounts(session: Session) -> dict[str, Inbox]:
    """The inbox for each kind of address to which something can be sent that nobody wrote about before: not where a
    window must be open."""
    found = {}
    for inbox in session.scalars(select(Inbox).where(Inbox.enabled).order_by(Inbox.id.desc())):
        cls = inboxes.kind(inbox.channel)
        if cls.window(inbox.settings or {}, "system") is None and not cls.person_first:
            found[cls.identity_kind] = inbox
    return found


def _count(session: Session, key: str, caps: tuple[tuple[int, int], ...]) -> None:
    for most, seconds in caps:
        limits.hit(session, f"{key}:{seconds}", most, seconds)


def _send(session: Session, ticket: Ticket, contact: Contact, identity: Identity, way: str, actor: str,
          visitor: Visitor | None) -> bool:
    """Plan the message; what was sent before is worth nothing from now on. False when nothing leaves; the ticket says
    why."""
    others = (Verification.contact_id == contact.id) & (Verification.identity_id == identity.id)
    if visitor:
        others |= Verification.visitor_id == visitor.id
    session.execute(update(Verification).where(Verification.state == "live", others).values(state="replaced"))
    row = Verification(contact_id=contact.id, identity_id=identity.id, ticket_id=ticket.id, way=way,
                       asked_by=actor[:40], visitor_id=visitor.id if visitor else None, nonce=secrets.token_hex(16),
                       expires_at=now() + (CODE_LIVES if way == "code" else LINK_LIVES))
    session.add(row)
    session.flush()
    try:
        _count(session, f"code-address:{identity.id}", PER_ADDRESS)
    except TooMany:
        return _withheld(session, ticket, "This address was asked too often.")
    inbox, locale = _accounts(session)[identity.kind], contact.locale
    route = routes.Route(inbox, identity, inboxes.kind(inbox.channel).can, True, None, "")
    message = replies.send(session, ticket, texts.text(f"{way}_sent", locale, address=masked(identity)), by="system",
                           route=route, subject=texts.text("confirm_subject", locale) if route.can.subject else "",
                           payload={MARK: row.id})
    events.record(session, events.ConfirmationAsked(identity.value, way), ticket=ticket, contact=contact, actor=actor)
    return not any(one.error for one in message.deliveries)


def _withheld(session: Session, ticket: Ticket, why: str) -> bool:
    events.record(session, events.AutomaticMailWithheld(what="code", why=why), ticket=ticket)
    return False


def key() -> bytes:
    """What codes and links are made with."""
    return settings.current().secret().encode()
