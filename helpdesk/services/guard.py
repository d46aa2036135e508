"""Before an answer leaves: will somebody read it who should not, or something that was meant for colleagues?

What speaks against it is named and has to be confirmed, once: who has got an answer here is known from then on. The
confirmation is of exactly these doubts, readers and words, so that anything else asks again.
"""
from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.errors import Conflict
from helpdesk.models import Agent, Contact, Delivery, Event, Identity, Inbox, Message, Participant, Ticket
from helpdesk.services import inboxes, note_marks, parts, recipients
from helpdesk.services.routes import Route

MANY = 10               # readers of one answer
LOOKED_BACK = 50        # mails and notes
OUTSIDE = {"unverified": "wrote here, but nobody has let them in", "third": "had something forwarded and takes no part "
           "in the customer's conversation", "bcc": "had a hidden copy so far, and would now be seen by the others"}
# Where many strangers have their address, a domain says nothing of who belongs together.
SHARED_DOMAINS = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com icloud.com me.com mac.com aol.com "
    "gmx.de gmx.net gmx.com web.de t-online.de proton.me protonmail.com mail.ru yandex.ru yandex.com qq.com 163.com "
    "orange.fr free.fr libero.it uol.com.br".split())


@dataclass(frozen=True)
class Doubt:
    """One thing to look at. `kind`: changed, unproved, outsider, left_out, new, many, mark, mention or note; `about`:
    the address or the words that it is about; `words`: a sentence."""
    kind: str
    about: str
    words: str


class Unconfirmed(Conflict):
    """Nothing was sent. `doubts` say why, `readers` who would read it; sent again with `token` it goes out."""

    def __init__(self, doubts: Sequence[Doubt], readers: Sequence[tuple[str, str]], token: str):
        super().__init__(" ".join(["Not sent yet.", *(doubt.words for doubt in doubts)]))
        self.doubts, self.readers, self.token = list(doubts), list(readers), token


def check(session: Session, ticket: Ticket, route: Route, others: recipients.Others, text: str, *,
          seen: int | None = None, confirmed: str = "") -> None:
    """Raise Unconfirmed unless nothing speaks against this answer, or all of it was confirmed. `seen`: the ticket's seq
    when the writer chose the readers; None where nobody looked at a page."""
    copies = [(role, address) for role in ("to", "cc", "bcc")
              for _, address in recipients.typed(getattr(others, role)) if address != route.identity.value]
    found = [*_unproved(session, ticket, route), *_about_text(session, ticket, text)]
    if copies or inboxes.is_mail(route.inbox.channel):
        found += _Readers(session, ticket, route).doubts(copies, seen)
    if not found:
        return
    readers = [("to", _name(session, ticket, route)), *copies]
    token = _token(route, copies, found, text)
    if confirmed != token:
        raise Unconfirmed(found, readers, token)


def _token(route: Route, copies: Sequence[tuple[str, str]], found: Sequence[Doubt], text: str) -> str:
    parts = [route.key, *(f"{role}:{address}" for role, address in sorted(copies)),
             *(f"{doubt.kind}:{doubt.about}" for doubt in found), text.replace("\r\n", "\n").strip()]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _name(session: Session, ticket: Ticket, route: Route) -> str:
    contact = session.get(Contact, ticket.contact_id)
    return contact.label if route.identity.kind == "visitor" else f"{contact.label}, {route.identity.value}"


def _unproved(session: Session, ticket: Ticket, route: Route) -> list[Doubt]:
    """An address that was only typed in, and to which nothing went yet."""
    identity = route.identity
    if route.known or session.scalar(select(Delivery.id).where(
            Delivery.ticket_id.in_(parts.ids(session, ticket)), Delivery.identity_id == identity.id).limit(1)):
        return []
    owner = session.get(Contact, identity.contact_id)
    whose = f" It is on record as {owner.label}'s." if owner.id != ticket.contact_id else ""
    return [Doubt("unproved", identity.value,
                  f"Nobody has written from {identity.value} yet: it was only typed in.{whose}")]


def _about_text(session: Session, ticket: Ticket, text: str) -> list[Doubt]:
    found = []
    if line := note_marks.mark(text):
        found.append(Doubt("mark", line[:80], f"It begins like an internal note: “{line[:80]}”."))
    if "@" in text:
        names = session.scalars(select(Agent.name).where(Agent.disabled_at.is_(None)))
        if name := note_marks.mention(text, names):
            found.append(Doubt("mention", name, f"It speaks to your colleague {name}, but the customer will read it."))
    said = select(Message.text).where(Message.ticket_id.in_(parts.all_ids(session, ticket))).order_by(
        Message.id.desc()).limit(LOOKED_BACK)
    if notes := session.scalars(said.where(Message.kind == "note")).all():
        if line := note_marks.quoted(text, notes, ()):
            line = note_marks.quoted(text, notes, session.scalars(said.where(Message.kind == "message")))
        if line:
            found.append(Doubt("note", line[:80], f"A line of an internal note stands in it: “{line[:80]}”."))
    return found


@dataclass(frozen=True)
class _Mail:
    """What came from inside. `seq` is 0 for what came with a ticket that was merged into this one."""
    id: int
    seq: int
    writer: str
    named: set[str]


class _Readers:
    """Who took part in the mails of a ticket so far."""

    def __init__(self, session: Session, ticket: Ticket, route: Route):
        self.session, self.ticket, self.first = session, ticket, route.identity.value
        whole = parts.ids(session, ticket)
        rows = session.execute(select(Message.id, Message.ticket_id, Message.seq, Message.payload, Message.author_name,
                                      Identity.value).join(Identity, Identity.id == Message.identity_id).where(
            Message.ticket_id.in_(whole), Message.direction == "in", Message.kind == "message",
            Identity.kind == "email").order_by(Message.id.desc()).limit(LOOKED_BACK)).all()
        self.mails = [_Mail(row.id, row.seq if row.ticket_id == ticket.id else 0, row.author_name,
                            _named(row.payload) | {row.value}) for row in rows]
        self.roles = dict(session.execute(select(Identity.value, Participant.role).join(
            Participant, Participant.identity_id == Identity.id).where(
            Participant.ticket_id == ticket.id, Identity.kind == "email")).all())
        self.got = {address: number for address, number in session.execute(select(Delivery.address, Message.id).join(
            Message, Message.id == Delivery.message_id).where(
            Delivery.ticket_id.in_(whole), Message.kind == "message").order_by(Message.id))}
        self.ours = {_domain(account) for account in session.scalars(select(Inbox.account).where(
            Inbox.channel.in_(inboxes.mail_channels())))} - SHARED_DOMAINS - {""}

    def doubts(self, copies: Sequence[tuple[str, str]], seen: int | None) -> list[Doubt]:
        """What there is to look at about these further readers."""
        addresses = [address for _, address in copies]
        found = [doubt for role, address in copies if (doubt := self._about(role, address, addresses))]
        if len(addresses) + 1 > MANY:
            found.append(Doubt("many", str(len(addresses) + 1), f"{len(addresses) + 1} people will read it."))
        return (self._changed(addresses, seen) if seen is not None else []) + found

    def _about(self, role: str, address: str, all_of_them: Sequence[str]) -> Doubt | None:
        answered = self.mails[0] if self.mails else _Mail(0, 0, "", set())
        takes_part = self.roles.get(address, "")
        if takes_part in OUTSIDE and not (takes_part == "bcc" == role):
            return Doubt("outsider", address, f"{address} {OUTSIDE[takes_part]}.")
        if address in answered.named or self.got.get(address, 0) > answered.id:
            return None
        if any(address in mail.named for mail in self.mails[1:]):
            return Doubt("left_out", address, f"{address} was in copy before, but not of {answered.writer or 'the'}"
                                              f"{'’s' if answered.writer else ''} last mail.")
        if address in self.got or takes_part in ("cc", "bcc") or _domain(address) in self.ours:
            return None
        why = "was not in the mail that you answer" if self.mails else "takes no part in this ticket yet"
        return Doubt("new", address, f"{address} {why}.{self._strange(address, all_of_them)}")

    def _strange(self, address: str, all_of_them: Sequence[str]) -> str:
        """Whether they come from somewhere else than all others."""
        domain = _domain(address)
        others = {_domain(one) for one in (self.first, *all_of_them) if one != address and "@" in one}
        if others and others <= self.ours:
            return f" {domain} is outside, and all other readers are of {', '.join(sorted(others))}."
        known = {*self.roles, *self.got, *(one for mail in self.mails for one in mail.named), self.first}
        if domain not in SHARED_DOMAINS and domain not in {_domain(one) for one in known}:
            return f" Nobody at {domain} took part here so far."
        return ""

    def _changed(self, addresses: Sequence[str], seen: int) -> list[Doubt]:
        """Who came in after the writer chose the readers, and would get nothing."""
        let_in = self.session.scalars(select(Event.data).where(
            Event.ticket_id == self.ticket.id, Event.seq > seen, Event.name == "ParticipantJoined"))
        joined = {data["address"]: "a colleague let them in" for data in let_in if data.get("role") == "cc"}
        before = set().union(*(mail.named for mail in self.mails if mail.seq <= seen))
        for mail in self.mails:
            if mail.seq > seen:
                joined |= {one: f"{mail.writer or 'the customer'} wrote meanwhile and has them in copy"
                           for one in mail.named - before - set(joined)}
        missing = {one: why for one, why in joined.items() if one not in addresses and one != self.first
                   and not self._is_ours(one)}
        return [Doubt("changed", one, f"{one} would get no copy: {why}.") for one, why in sorted(missing.items())]

    def _is_ours(self, address: str) -> bool:
        return _domain(address) in self.ours or recipients.is_own(self.session, address)


def _named(payload: dict | None) -> set[str]:
    return {one.lower() for field in ("to", "cc") for one in (payload or {}).get(field, ())}


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
