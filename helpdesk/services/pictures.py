"""Remote pictures in mail: who may be shown them, and fetching them so that the sender learns nothing but that.

A picture is fetched by us, never by the agent's browser: through the guarded door for outgoing calls, without cookies
or a referrer, and kept for a while, so that a second look asks nobody. Only an agent's wish makes the address work.
"""
from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode, urljoin

from gevent import Timeout
from gevent.lock import BoundedSemaphore
from sqlalchemy.orm import Session

from channels._http import Http
from channels.base import SendError
from helpdesk import events, security, settings
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Identity, Message
from helpdesk.services import files

LARGEST = 5_000_000
SECONDS = 20                # for one picture, with all its redirects
REDIRECTS = 3
KEPT_SECONDS, REFUSED_SECONDS = 14 * 86_400, 600
KEPT_BYTES = 500_000_000
LONGEST = 2_000
PURPOSE = "picture"
HEADERS = {"User-Agent": "Mozilla/5.0 (compatible; ImageProxy)", "Accept": "image/webp,image/png,image/jpeg,image/gif"}
_at_once = BoundedSemaphore(8)


def show(session: Session, message: Message, actor: str, always: bool = False) -> None:
    """Show the remote pictures of this message, or of everything that comes from its sender's address."""
    if not always:
        message.pictures_wanted = True
        return
    if message.identity_id is None or message.direction != "in":
        raise Invalid("This message has no sender whose pictures could always be shown.")
    trust_sender(session, message.identity_id, True, actor)


def trust_sender(session: Session, identity_id: int, wanted: bool, actor: str) -> Identity:
    """Whether the remote pictures in all mail from this address are shown. The same again does nothing."""
    identity = session.get(Identity, identity_id)
    if identity is None:
        raise NotFound("There is no such address.")
    if identity.pictures_wanted != wanted:
        identity.pictures_wanted = wanted
        detail = f"pictures from {identity.value} are {'always' if wanted else 'no longer'} shown"
        events.record(session, events.SettingsChanged(what="contact", detail=detail), contact=identity.contact,
                      actor=actor)
    return identity


def wanted(session: Session, message: Message) -> bool:
    """Whether somebody asked to see the remote pictures of this message."""
    if message.pictures_wanted or message.identity_id is None:
        return message.pictures_wanted
    return session.get(Identity, message.identity_id).pictures_wanted


def addresses(message_id: int) -> Callable[[str], str]:
    """A function that gives, for a remote picture of this message, our own address for it."""
    key = settings.current().secret().encode()
    return lambda url: (f"/messages/{message_id}/pictures/{security.sign(key, PURPOSE, str(message_id), url)}?"
                        + urlencode({"url": url}))


def signed(message_id: int, url: str, signature: str) -> bool:
    """Whether addresses() made an address of this."""
    return security.signed(settings.current().secret().encode(), signature, PURPOSE, str(message_id), url)


def fetched(url: str) -> tuple[str, bytes]:
    """Type and bytes of the picture at `url`, from the cache or from outside. Raises SendError with the reason."""
    place = _place(url)
    kept = _kept(place)
    if kept is None:
        with _at_once:
            try:
                with Timeout(SECONDS, SendError("this picture takes too long")):
                    kept = _fetch(url)
            except SendError:
                _keep(place, b"")
                raise
        _keep(place, kept)
    kind = files.picture_type(kept[:16])
    if kind is None:
        raise SendError("this picture could not be had a moment ago")
    return kind, kept


def forget_old() -> None:
    """Remove what has been kept long enough, and the oldest of what is too much."""
    folder, total = _folder(), 0
    found = sorted(((path.stat(), path) for path in folder.glob("*/*")), key=lambda one: -one[0].st_mtime)
    for about, path in found:
        total += about.st_size
        if time.time() - about.st_mtime > KEPT_SECONDS or total > KEPT_BYTES:
            path.unlink(missing_ok=True)


def forget_all() -> None:
    """Remove all of them: nobody knows any more in whose mail a picture was, once that person was erased."""
    for path in _folder().glob("*/*"):
        path.unlink(missing_ok=True)


def _fetch(url: str) -> bytes:
    http = Http(allow_private=settings.current().allow_private_hosts, limit=LARGEST)
    for _ in range(REDIRECTS + 1):
        if len(url) > LONGEST:
            raise SendError("the address of this picture is too long", permanent=True)
        reply = http.get(url, headers=HEADERS, timeout=10)
        if reply.status in (301, 302, 303, 307, 308) and reply.headers.get("location"):
            url = urljoin(url, reply.headers["location"])       # checked like the first one
            continue
        if not reply.ok:
            raise SendError(f"the sender's server says {reply.status}")
        if files.picture_type(reply.body[:16]) is None:
            raise SendError("this is no picture that can be shown", permanent=True)
        return reply.body
    raise SendError("this picture is sent from place to place", permanent=True)


def _folder() -> Path:
    return Path(settings.current().data_dir) / "cache" / "pictures"


def _place(url: str) -> Path:
    name = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()
    return _folder() / name[:2] / name


def _kept(place: Path) -> bytes | None:
    """What lies there, b"" for a refusal that is still fresh, None for nothing."""
    try:
        age, content = time.time() - place.stat().st_mtime, place.read_bytes()
    except FileNotFoundError:
        return None
    return content if age < (KEPT_SECONDS if content else REFUSED_SECONDS) else None


def _keep(place: Path, content: bytes) -> None:
    """A cache may be lost at any time, so nothing is synced; but half a picture is never seen."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=place.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(temporary, place)
