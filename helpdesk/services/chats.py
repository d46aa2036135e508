"""What a visitor writes in the widget: kept and put into its ticket in one transaction, before it is acknowledged. The
socket and the HTTP door both end here."""
from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from channels.base import Request
from channels.web import CLIENT_ID, FILE_ENDINGS, Web
from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Forbidden, Invalid
from helpdesk.models import Identity, Inbox, RawInbound, Visitor
from helpdesk.services import bounds, files, inbound, limits, prechat, visitors
from helpdesk.services.prechat import TOPIC_LIMIT

MESSAGES_PER_MINUTE = 20
FILES_PER_MINUTE = 10
PAYLOAD_LIMIT = 500
# One raw delivery of a browser, which begins with its visitor's id and a colon.
OF_VISITOR = select(RawInbound.id).where(RawInbound.inbox_id == bindparam("inbox"),
                                         RawInbound.source_key.like(bindparam("keys"))).limit(1)
HELD = select(Visitor, Identity.value).join(Identity, Identity.id == Visitor.identity_id).where(
    Visitor.id == bindparam("id")).with_for_update(of=Visitor)
WAITING = OF_VISITOR.where(RawInbound.state == "new")
SAID_SINCE = OF_VISITOR.where(RawInbound.received_at > bindparam("since"))


def write(session: Session, inbox: Inbox, visitor_id: int, given: Mapping, token_hash: str = "") -> None:
    """Keep one message: {"client_id", "text", "payload", "topic", "locale", "page"}. The same client_id again changes
    nothing. `token_hash`: what the visitor's token must still be, where it was checked some time ago.

    Raises Invalid when it cannot be understood or something must be answered before, TooMany beyond
    MESSAGES_PER_MINUTE, Forbidden for an old token.
    """
    message = _checked(given)
    if not message["text"]:
        raise Invalid("Write something first.")
    visitor, address = _held(session, visitor_id, token_hash)
    _demand(session, inbox, visitor, message)
    _keep(session, inbox, visitor, message, Request("WEB", {}, {}, _json(_whole(session, visitor, address, message))),
          "message", MESSAGES_PER_MINUTE)


def send_file(session: Session, inbox: Inbox, visitor_id: int, given: Mapping, name: str, content_type: str,
              content: bytes) -> None:
    """Keep one file as a message of its own. Raises Invalid for a kind or size that is not taken, TooMany beyond
    FILES_PER_MINUTE."""
    name = files.safe_name(name)
    if PurePosixPath(name).suffix.lower() not in FILE_ENDINGS:
        raise Invalid(f"Files of this kind cannot be sent: {name}")
    if not content:
        raise Invalid(f"{name} is empty.")
    if len(content) > Web.can.file_limit:
        raise Invalid(f"{name} is too large: at most {Web.can.file_limit // 1_000_000} MB.")
    message = _checked(given)
    visitor, address = _held(session, visitor_id)
    _demand(session, inbox, visitor, message)
    whole = _whole(session, visitor, address, message)
    whole["file"] = {"name": name, "content_type": content_type[:150] or "application/octet-stream"}
    _keep(session, inbox, visitor, message, Request("WEB", {}, {"message": _json(whole).decode()}, content),
          "file", FILES_PER_MINUTE)


def _checked(given: Mapping) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise Invalid("A message is an object.")
    message = {}
    for key, limit in (("client_id", 64), ("text", Web.can.text_limit), ("payload", PAYLOAD_LIMIT), ("locale", 16),
                       ("page", 500), ("topic", TOPIC_LIMIT)):
        value = given.get(key) or ""
        if not isinstance(value, str):
            raise Invalid(f"{key} must be text.")
        value = bounds.clean(value).strip()
        if len(value) > limit and key in ("text", "payload"):
            raise Invalid(f"That is too long: at most {limit:,} characters.")
        message[key] = value[:limit]
    if not CLIENT_ID.fullmatch(message["client_id"]):
        raise Invalid("client_id must be 8 to 64 letters, digits, - or _.")
    return message


def _whole(session: Session, visitor: Visitor, address: str, message: dict[str, str]) -> dict:
    visitors.touch(session, visitor, message["locale"], message["page"])
    return {**message, "visitor": address, "sent_at": now().isoformat(), "fresh": _begins_anew(session, visitor)}


def _held(session: Session, visitor_id: int, token_hash: str = "") -> tuple[Visitor, str]:
    """The visitor and their address, until the transaction ends: what one browser says is taken one after the other."""
    found = session.execute(HELD, {"id": visitor_id}).first()
    if found is None or token_hash not in ("", found[0].token_hash):
        raise Forbidden("This conversation was ended elsewhere.")
    return found[0], found[1]


def _demand(session: Session, inbox: Inbox, visitor: Visitor, message: dict[str, str]) -> None:
    """Whoever begins a conversation has answered what must be answered."""
    if not any(one.required for one in prechat.questions(inbox)) or visitors.ticket_of(session, visitor):
        return
    began = SAID_SINCE if visitor.ended_at else OF_VISITOR      # kept, and perhaps not in its ticket yet
    if not db.rows(session, began, _from(visitor) | ({"since": visitor.ended_at} if visitor.ended_at else {})):
        prechat.demand(session, inbox, visitors.contact_of(session, visitor), message["topic"])


def _begins_anew(session: Session, visitor: Visitor) -> bool:
    """Whether this is the first thing they write since they left a conversation. What is kept but not processed yet
    counts, or two quick messages would open two tickets."""
    return visitor.ended_at is not None and not db.rows(session, SAID_SINCE, _from(visitor) | {
        "since": visitor.ended_at})


def _keep(session: Session, inbox: Inbox, visitor: Visitor, message: dict, request: Request, kind: str,
          per_minute: int) -> None:
    waiting = db.rows(session, WAITING, _from(visitor))
    raw_id = inbound.store(session, inbox, request, f"{visitor.id}:{message['client_id']}", at_once=not waiting)
    if raw_id is None:
        return
    limits.hit(session, f"widget-{kind}:{visitor.id}", per_minute, 60)
    if not waiting:         # otherwise it would overtake what they said before
        inbound.process_now(session, raw_id, inbox, request)


def _from(visitor: Visitor) -> dict:
    return {"inbox": visitor.inbox_id, "keys": f"{visitor.id}:%"}


def _json(value: dict) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
