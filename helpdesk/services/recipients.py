"""Who else reads a mail: addresses that an agent typed, and how the people behind them take part in the ticket.

Nobody is let in by a mail from outside: whoever a customer names in Cc is offered to the agent, who decides.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels._mail_headers import addresses
from helpdesk import events
from helpdesk.errors import Invalid
from helpdesk.models import Identity, Inbox, Participant, Ticket
from helpdesk.services import identities, inboxes

MOST = 50
INSIDE = ("requester", "cc")        # roles that belong to the customer's conversation
FORMER = {"to": "cc", "cc": "cc", "bcc": "bcc"}     # how somebody takes part who is written to as …


@dataclass(frozen=True)
class Others:
    """Further readers as they were typed: addresses with commas, semicolons or line breaks between."""
    to: str = ""
    cc: str = ""
    bcc: str = ""

    def __bool__(self) -> bool:
        return any(one.strip() for one in (self.to, self.cc, self.bcc))


@dataclass(frozen=True)
class Reader:
    """Somebody who gets a mail. `role`: to, cc or bcc."""
    role: str
    identity: Identity


def typed(text: str) -> list[tuple[str, str]]:
    """(name, address) of each reader in a form's field. Raises Invalid, naming what is no address."""
    found = {}
    for name, address in addresses(re.sub(r"[\r\n;]+", ",", text)):
        found.setdefault(identities.normal("email", address or name), name if address else "")
        if len(found) > MOST:
            raise Invalid(f"At most {MOST} readers at once.")
    return [(name, address) for address, name in found.items()]


def invite(session: Session, ticket: Ticket, first: Identity, others: Others, actor: str) -> list[Reader]:
    """The further readers, each once and in the place that shows most; they take part in the ticket from now on.
    Raises Invalid for what is no address, and for our own ones: a mail to ourselves is a loop."""
    readers: dict[int, Reader] = {}
    for role, text in (("to", others.to), ("cc", others.cc), ("bcc", others.bcc)):
        for name, address in typed(text):
            refuse_own(session, address)
            identity = identities.mentioned(session, "email", address, name)
            if identity.id != first.id and identity.id not in readers:
                readers[identity.id] = Reader(role, identity)
    if len(readers) > MOST:
        raise Invalid(f"At most {MOST} readers at once.")
    for reader in readers.values():
        join(session, ticket, reader.identity, FORMER[reader.role], actor)
    return list(readers.values())


def join(session: Session, ticket: Ticket, identity: Identity, role: str, actor: str) -> None:
    """An agent has somebody take part. A place in the customer's conversation is never lost by that."""
    row = session.get(Participant, (ticket.id, identity.id))
    if row and (row.role == role or row.role in INSIDE):
        return
    if row:
        row.role = role
    else:
        session.add(Participant(ticket_id=ticket.id, identity_id=identity.id, role=role))
    session.flush()
    events.record(session, events.ParticipantJoined(identity_id=identity.id, address=identity.value, role=role),
                  ticket=ticket, actor=actor)


def let_in(session: Session, ticket: Ticket, identity_id: int, actor: str) -> None:
    """What this person writes from now on belongs to the customer's conversation. Raises Invalid for somebody who has
    never written here."""
    if not session.get(Participant, (ticket.id, identity_id)):
        raise Invalid("This person does not take part in the ticket.")
    join(session, ticket, session.get(Identity, identity_id), "cc", actor)


def refuse_own(session: Session, address: str) -> None:
    """Raises Invalid for an address of an inbox of ours."""
    if is_own(session, address):
        raise Invalid(f"{address} is an address of our own: the mail would come straight back.")


def is_own(session: Session, address: str) -> bool:
    """Whether it is an inbox's, with or without a plus-part."""
    local, _, domain = address.rpartition("@")
    ours = (address, f"{local.partition('+')[0]}@{domain}")
    return session.scalar(select(Inbox.id).where(Inbox.channel.in_(inboxes.mail_channels()),
                                                 func.lower(Inbox.account).in_(ours)).limit(1)) is not None


def header(first: Identity, readers: Sequence[Reader]) -> dict[str, list[str]]:
    """What stands on the message: whom the mail names as its readers, and who gets it unnamed."""
    named = {"to": [first.value], "cc": [], "bcc": []}
    for reader in readers:
        named[reader.role].append(reader.identity.value)
    return named
