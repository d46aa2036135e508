"""Mails that nobody asked for, such as surveys, can be ended by whoever gets them (RFC 2369, RFC 8058).

The link is signed and names the address, so nothing needs to be stored for it, and it goes on working. Answers to what
somebody wrote are not ended by it.
"""
from __future__ import annotations

from sqlalchemy.orm import Session

from helpdesk import events, security, settings
from helpdesk.errors import NotFound
from helpdesk.models import Identity, Message
from helpdesk.services import consents

PURPOSE = "unsubscribe"      # of the signature
OPTIONAL = "surveys"         # what such a mail asks for (helpdesk.services.consents)


def due(message: Message) -> bool:
    """Whether this is a mail that its reader may end: written by the system itself, and no answer to anything."""
    return message.author_kind == "system" and "survey" in (message.payload or {})


def link(identity: Identity) -> str:
    """The address that ends such mails to `identity`."""
    return f"{settings.current().base_url}/u/{identity.id}.{_signature(identity.id)}"


def find(session: Session, token: str) -> Identity:
    """Whom a link speaks of. Raises NotFound."""
    number, _, signature = token.partition(".")
    known = number.isascii() and number.isdigit() and len(number) < 18 and security.signed(
        _key(), signature, PURPOSE, number)
    identity = session.get(Identity, int(number)) if known else None
    if identity is None:
        raise NotFound("There is no such link.")
    return identity


def stopped(session: Session, identity: Identity) -> bool:
    """Whether such mails no longer go to this address."""
    return not consents.allows(session, identity, OPTIONAL)


def stop(session: Session, identity: Identity) -> None:
    """No more such mails to this address. Twice is as once."""
    _record(session, identity, True)


def resume(session: Session, identity: Identity) -> None:
    """It was a mistake."""
    _record(session, identity, False)


def _record(session: Session, identity: Identity, stop: bool) -> None:
    if stopped(session, identity) == stop:
        return
    actor = identity.contact.actor
    consents.record(session, identity.contact, OPTIONAL, not stop, source="mail", identity=identity, actor=actor)
    events.record(session, events.Unsubscribed(address=identity.value, stopped=stop), contact=identity.contact,
                  actor=actor)


def _signature(number: int) -> str:
    return security.sign(_key(), PURPOSE, str(number))


def _key() -> bytes:
    return settings.current().secret().encode()
