"""Configured accounts: reading their secrets, opening their channel, keeping an eye on their health."""
from __future__ import annotations

import json
import secrets
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import channels
from channels._http import Http
from channels._mail_headers import normal_address
from channels.base import Channel
from helpdesk import db, events, security, settings
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Inbox, Team
from helpdesk.services import bounds, mail_tokens, published

PROBE_EVERY = timedelta(minutes=15)
LONGEST_REST = 3600         # seconds; whoever asks for more is asked again after an hour

_found: dict[str, type[Channel]] = {}


def kinds() -> dict[str, type[Channel]]:
    """Every channel there is, by name."""
    if not _found:
        _found.update(channels.load())
    return _found


def kind(name: str) -> type[Channel]:
    """The channel of this name. Raises Invalid when there is none."""
    try:
        return kinds()[name]
    except KeyError:
        raise Invalid(f"There is no channel {name!r}; there are {', '.join(sorted(kinds()))}.") from None


def by_key(session: Session, key: str, channel: str | None = None) -> Inbox:
    """The enabled inbox of this public key. Raises NotFound."""
    inbox = session.scalar(select(Inbox).where(Inbox.key == key, Inbox.enabled))
    if inbox is None or channel and inbox.channel != channel:
        raise NotFound("There is no such inbox.")
    return inbox


def named(session: Session, name: str) -> Inbox:
    """The inbox of this name or key. Raises Invalid when there is none, or when several have the name."""
    found = session.scalars(select(Inbox).where((Inbox.key == name) | (func.lower(Inbox.name) == name.lower()))).all()
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"{one.name} ({one.key})" for one in found or session.scalars(select(Inbox).order_by(Inbox.id)))
    raise Invalid(f"{'Several inboxes have' if found else 'No inbox has'} the name {name!r}. There are: {there}.")


def config(inbox: Inbox) -> dict[str, str]:
    """All values of the inbox's form, secrets opened. Raises ValueError when they were sealed with another key."""
    defaults = {s.key: s.default for s in kind(inbox.channel).settings if s.default}
    hidden = json.loads(security.decrypt(_key(), inbox.secrets, _place(inbox))) if inbox.secrets else {}
    held = mail_tokens.of(inbox)
    token = {"oauth_access_token": held.access_token} if held else {}
    return {**defaults, **(inbox.settings or {}), **hidden, **token}


def of_identity(identity_kind: str) -> str:
    """The channel whose mark stands for addresses of this kind; the kind's own name where several share it, or none."""
    found = [name for name, cls in kinds().items() if cls.identity_kind == identity_kind]
    return found[0] if len(found) == 1 else identity_kind


def label(name: str) -> str:
    """A channel's name in words, also of one whose code is gone."""
    return kinds()[name].label if name in kinds() else (name or "Other").capitalize()


def word(name: str) -> str:
    """A channel's name inside a sentence."""
    return kinds()[name].word or kinds()[name].label if name in kinds() else name or "another channel"


def is_mail(channel: str) -> bool:
    """Whether this channel carries mail, however it travels."""
    return channel in mail_channels()


def mail_channels() -> list[str]:
    """The names of the channels that carry mail."""
    return [name for name, cls in kinds().items() if cls.identity_kind == "email"]


def secret_names(channel: str) -> set[str]:
    """The keys of a channel's form that are secrets."""
    return {setting.key for setting in kind(channel).settings if setting.secret}


def webhook(inbox: Inbox) -> str:
    """Where a provider delivers this inbox's messages."""
    return f"{settings.current().base_url}/webhooks/{inbox.channel}/{inbox.key}"


def open_channel(inbox: Inbox) -> Channel:
    """The channel's code with this account's values, and `webhook_url`, where its provider may call us."""
    return kind(inbox.channel)({**config(inbox), "webhook_url": webhook(inbox)},
                               Http(allow_private=settings.current().allow_private_hosts), published.publish)


def create(session: Session, channel: str, name: str, values: dict[str, str], *, key: str = "",
           team_id: int | None = None, assistant: bool = True, actor: str = "system") -> Inbox:
    """A new account. Raises Invalid when a required value is missing."""
    inbox = Inbox(key=key or secrets.token_urlsafe(9), channel=channel, name=name[:100], team_id=team_id,
                  assistant=assistant, settings={})
    kind(channel)
    session.add(inbox)
    session.flush()
    change(session, inbox, values, actor=actor)
    return inbox


def change(session: Session, inbox: Inbox, values: dict[str, str], actor: str) -> None:
    """Store form values; a secret left empty keeps what it was. Raises Invalid naming what is missing."""
    cls = kind(inbox.channel)
    known, fresh = {s.key: s for s in cls.settings}, not inbox.settings and not inbox.secrets
    old = _config_if_readable(inbox)
    extra = {k: v for k, v in values.items() if k not in known}     # options of ours: origins, colour, greeting
    new = {k: values.get(k) if values.get(k) not in (None, "") else (old.get(k, "") if s.secret or k not in values
                                                                     else "") for k, s in known.items()}
    missing = [s.label for s in cls.settings if s.required and not (new[s.key] or s.default)]
    if missing:
        raise Invalid(f"Please fill in: {', '.join(missing)}.")
    hidden = {k: v for k, v in new.items() if known[k].secret and v}
    ours = {k: v for k, v in (inbox.settings or {}).items() if k not in known}
    inbox.settings = {**ours, **extra, **{k: v for k, v in new.items() if not known[k].secret and v}}
    inbox.secrets = security.encrypt(_key(), json.dumps(hidden), _place(inbox)) if hidden else ""
    inbox.account = str(next((new[k] for k in ("phone_number_id", "page_id", "account_id", "ig_id", "address")
                              if new.get(k)), ""))
    if cls.identity_kind == "email":
        inbox.account = normal_address(inbox.account)       # as it stands on what comes in
    _one_of_a_kind(session, inbox)
    if any(old.get(key, "") != new.get(key, "") for key in ("auth", "oauth_client_id", "address")):
        mail_tokens.forget(inbox)
    reconnect(session, inbox, actor)        # new values deserve a new try
    detail = ", ".join([*(["new"] if fresh else []), *_changed(known, old, new, ours, extra)])
    events.record(session, events.SettingsChanged(what=f"inbox {inbox.name}", detail=detail), actor=actor)


def _changed(known: dict, old: dict, new: dict, ours: dict, extra: dict) -> list[str]:
    """The names of what became another; of a secret only that it did."""
    names = [f"{key} (secret)" if known[key].secret else key for key in sorted(known)
             if (new.get(key) or known[key].default or "") != (old.get(key) or known[key].default or "")]
    return names + [key for key in sorted(extra) if extra[key] != ours.get(key, "")]


def _config_if_readable(inbox: Inbox) -> dict[str, str]:
    """What the form held; without the secrets where the key is another one now, so that they can be typed anew."""
    try:
        return config(inbox)
    except ValueError:
        return dict(inbox.settings or {})


def describe(session: Session, inbox: Inbox, *, name: str, team_id: int | None, assistant: bool,
             actor: str = "system") -> None:
    """What people call it, whose queue its tickets go to, and whether the assistant answers there first."""
    if not name.strip():
        raise Invalid("Please give the inbox a name.")
    if team_id and not session.get(Team, team_id):
        raise Invalid("There is no such team.")
    values = {"name": name.strip()[:100], "team_id": team_id, "assistant": assistant}
    changed = [key.removesuffix("_id") for key, value in values.items() if getattr(inbox, key) != value]
    for key, value in values.items():
        setattr(inbox, key, value)
    if changed:
        events.record(session, events.SettingsChanged(what=f"inbox {inbox.name}", detail=", ".join(changed)),
                      actor=actor)


def set_enabled(session: Session, inbox: Inbox, enabled: bool, actor: str) -> None:
    """Switch an account on or off. While it is off nothing is taken in; what was received before is still processed."""
    inbox.enabled = enabled
    _one_of_a_kind(session, inbox)
    events.record(session, events.SettingsChanged(what=f"inbox {inbox.name}",
                                                  detail="enabled" if enabled else "disabled"), actor=actor)


def mark_health(session: Session, inbox_id: int, error: str = "", about: str = "") -> None:
    """Remember that the account works, or why it does not. `about` names one of its two sides, "Sending" or
    "Receiving": that the one works says nothing of what the other complains of."""
    inbox = session.get(Inbox, inbox_id)
    error = bounds.clean(f"{about} fails: {error}" if about and error else error)[:1000]
    if about and not error and not inbox.error.startswith(f"{about} fails"):
        return
    if error != inbox.error:
        inbox.error, inbox.error_at = error, now() if error else None


def disconnect(session: Session, inbox: Inbox, error: str) -> None:
    """The provider refuses the account. What is due waits, admins are told, and it is tried again now and then."""
    inbox.resting_until = now() + PROBE_EVERY
    mail_tokens.expire(inbox)
    mark_health(session, inbox.id, error, "Sending")
    if inbox.disconnected_at is None:
        inbox.disconnected_at = now()
        events.record(session, events.InboxDisconnected(inbox_id=inbox.id, name=inbox.name, error=error[:500]))


def reconnect(session: Session, inbox: Inbox, actor: str = "system") -> None:
    """It works again: what waited goes out."""
    inbox.error, inbox.error_at, inbox.resting_until = "", None, None
    if inbox.disconnected_at:
        inbox.disconnected_at = None
        events.record(session, events.SettingsChanged(what=f"inbox {inbox.name}", detail="connected again"),
                      actor=actor)
    db.tell(session, "worker", "wake")


def rest(session: Session, inbox: Inbox, seconds: int) -> None:
    """The provider asked this account to send less."""
    inbox.resting_until = max(inbox.resting_until or now(), now() + timedelta(seconds=min(seconds, LONGEST_REST)))


def to_probe(session: Session) -> list[Inbox]:
    """Disconnected accounts that may be asked again whether they work."""
    return list(session.scalars(select(Inbox).where(Inbox.enabled, Inbox.disconnected_at.is_not(None),
                                                    Inbox.resting_until <= now())))


def _one_of_a_kind(session: Session, inbox: Inbox) -> None:
    """Two enabled inboxes for one address could not be told apart."""
    twin = inbox.account and inbox.enabled and session.scalar(select(Inbox.name).where(
        Inbox.channel == inbox.channel, func.lower(Inbox.account) == inbox.account.lower(), Inbox.id != inbox.id,
        Inbox.enabled))
    if twin:
        raise Invalid(f"The inbox {twin!r} has this address already.")


def _key() -> bytes:
    return settings.current().secret().encode()


def _place(inbox: Inbox) -> str:
    return f"inbox:secrets:{inbox.id}"
