"""The tokens that open mailboxes by OAuth: sealed like other secrets, renewed before they run out, by one at a time.

They stand apart from the inbox's form, so that saving a form never puts back an older token, and a renewal never an
older form. Talking to the provider is the caller's (helpdesk.jobs.mail_tokens), outside of any transaction.
"""
from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels._oauth import Tokens
from channels._oauth import used as by_token
from helpdesk import events, security, settings
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Inbox, SystemState

EARLY = timedelta(minutes=5)            # renewed so long before they run out
LEASE = timedelta(seconds=60)           # longer than asking for them takes
CONSENT = timedelta(minutes=15)         # to sign in and agree
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def of(inbox: Inbox) -> Tokens | None:
    """What opens this mailbox. Raises ValueError when it was sealed with another key."""
    if not inbox.tokens:
        return None
    held = json.loads(security.decrypt(_key(), inbox.tokens, _place(inbox)))
    return Tokens(held["access_token"], held["refresh_token"], datetime.fromisoformat(held["expires_at"]))


def connect(session: Session, inbox: Inbox, tokens: Tokens, actor: str) -> None:
    """Somebody signed in for this mailbox."""
    _seal(inbox, tokens)
    inbox.token_lease_until = None
    events.record(session, events.SettingsChanged(what=f"inbox {inbox.name}", detail="mailbox connected"), actor=actor)


def forget(inbox: Inbox) -> None:
    """Another account or application was entered: what opened the old one opens nothing."""
    inbox.tokens, inbox.token_lease_until = "", None


def expire(inbox: Inbox) -> None:
    """The server did not take the token although its time had not come: a new one is to be asked for."""
    try:
        tokens = of(inbox)
    except ValueError:
        return
    if tokens:
        _seal(inbox, Tokens(tokens.access_token, tokens.refresh_token, LONG_AGO))


def due(session: Session) -> list[int]:
    """The enabled mailboxes whose token is to be renewed."""
    found = session.scalars(select(Inbox).where(Inbox.enabled, Inbox.channel == "email")).all()
    return [inbox.id for inbox in found if needed(inbox)]


def needed(inbox: Inbox) -> bool:
    """Whether this mailbox needs a fresh token now."""
    given = inbox.settings or {}
    if not by_token(given) or inbox.disconnected_at and inbox.resting_until and inbox.resting_until > now():
        return False            # a refused account is asked now and then, not all the time
    try:
        tokens = of(inbox)
    except ValueError:
        return False
    if tokens is None:
        return given["auth"] == "microsoft_app"
    return tokens.expires_at < now() + EARLY


def claim(session: Session, inbox_id: int) -> Inbox | None:
    """The mailbox, if its token is to be renewed and nobody else is at it."""
    inbox = session.get(Inbox, inbox_id, with_for_update=True, populate_existing=True)
    if inbox is None or not needed(inbox) or inbox.token_lease_until and inbox.token_lease_until > now():
        return None
    inbox.token_lease_until = now() + LEASE
    return inbox


def keep(session: Session, inbox_id: int, before: Tokens | None, after: Tokens) -> None:
    """A renewal came through. Not kept when somebody signed in anew meanwhile: theirs is the better one."""
    inbox = session.get(Inbox, inbox_id, with_for_update=True, populate_existing=True)
    inbox.token_lease_until = None
    held = of(inbox)
    if (held.refresh_token if held else "") == (before.refresh_token if before else ""):
        _seal(inbox, after)


def release(session: Session, inbox_id: int) -> None:
    """It could not be renewed."""
    session.get(Inbox, inbox_id, with_for_update=True).token_lease_until = None


def begin(session: Session, inbox: Inbox, agent_id: int, state: str, verifier: str) -> None:
    """Remember who went off to sign in, for which mailbox, until they come back."""
    secret = json.dumps({"inbox": inbox.id, "agent": agent_id, "verifier": verifier,
                         "until": (now() + CONSENT).isoformat()})
    name = _row(state)
    session.add(SystemState(key=name, value={"sealed": security.encrypt(_key(), secret, name)}))


def come_back(session: Session, state: str, agent_id: int) -> tuple[int, str]:
    """(inbox id, PKCE verifier) of a sign-in that this agent began. Works once. Raises Invalid."""
    row = session.get(SystemState, _row(state), with_for_update=True)
    if row is None:
        raise Invalid("This sign-in was not begun here, or was used already. Begin again.")
    secret = json.loads(security.decrypt(_key(), row.value["sealed"], row.key))
    session.delete(row)
    if secret["agent"] != agent_id or datetime.fromisoformat(secret["until"]) < now():
        raise Invalid("This sign-in took too long, or was begun by somebody else. Begin again.")
    return secret["inbox"], secret["verifier"]


def sweep(session: Session) -> None:
    """Forget sign-ins that nobody came back from."""
    begun = select(SystemState).where(SystemState.key.like("oauth:%"), SystemState.updated_at < now() - CONSENT)
    for row in session.scalars(begun):
        session.delete(row)


def mailbox(session: Session, inbox_id: int) -> Inbox:
    """The inbox that is opened by a token. Raises NotFound."""
    inbox = session.get(Inbox, inbox_id, with_for_update=True)
    if inbox is None or not by_token(inbox.settings or {}):
        raise NotFound("There is no such mailbox.")
    return inbox


def _seal(inbox: Inbox, tokens: Tokens) -> None:
    text = json.dumps({"access_token": tokens.access_token, "refresh_token": tokens.refresh_token,
                       "expires_at": tokens.expires_at.isoformat()})
    inbox.tokens = security.encrypt(_key(), text, _place(inbox))


def _row(state: str) -> str:
    return f"oauth:{security.token_hash(state)[:32]}"


def _place(inbox: Inbox) -> str:
    return f"inbox:tokens:{inbox.id}"


def _key() -> bytes:
    return settings.current().secret().encode()
