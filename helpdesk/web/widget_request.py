"""How the widget's frame asks: the visitor's token is in the Authorization header, never in an address; no cookie is
used; bodies are JSON objects; and only the frame's own page may ask."""
from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, request
from sqlalchemy.orm import Session

from helpdesk.errors import Forbidden, HelpdeskError, Invalid
from helpdesk.models import Inbox, Visitor
from helpdesk.services import inboxes, visitors

JSON_LIMIT = 64_000             # bytes; a message of the longest text in any script fits


class Unknown(HelpdeskError):
    """No token, or one that opens nothing (any more)."""
    status = 401


def only_for_the_frame(pages: Blueprint) -> None:
    """Another site's script has no business at these doors, and could not read the answer."""
    @pages.before_request
    def refuse_other_sites() -> None:
        origin = request.headers.get("Origin")
        if request.method == "POST" and origin and urlsplit(origin).netloc != request.host:
            raise Forbidden("This request came from another site.")


def visitor_of(session: Session, key: str) -> tuple[Inbox, Visitor]:
    """The inbox, and who asks. Raises NotFound, or Unknown for whoever has no session."""
    inbox = inboxes.by_key(session, key, "web")
    visitor = visitors.by_token(session, inbox, token())
    if visitor is None:
        raise Unknown("This chat session is over.")
    return inbox, visitor


def token() -> str:
    """The visitor's token, or ''."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def given() -> dict:
    """The request's body. Raises Invalid unless it is an object."""
    request.max_content_length = JSON_LIMIT
    body = request.get_json(silent=True) if request.content_length else {}
    if not isinstance(body, dict):
        raise Invalid("The request's body must be a JSON object.")
    return body


def text(body: dict, key: str, limit: int = 500) -> str:
    """One word of the body, cut to `limit` characters. Raises Invalid for anything but text."""
    value = body.get(key) or ""
    if not isinstance(value, str):
        raise Invalid(f"{key} must be text.")
    return value.replace("\0", "")[:limit]
