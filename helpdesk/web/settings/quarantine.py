"""Quarantine: what came in and could not be read, whole, until somebody replays or discards it."""
from __future__ import annotations

from flask import Blueprint, Response, flash, g, redirect, request, url_for

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Inbox, RawInbound
from helpdesk.rendering import page
from helpdesk.services import inbound, quarantine
from helpdesk.web.access import needs

pages = Blueprint("settings_quarantine", __name__, url_prefix="/settings/quarantine")
SHOWN = 4000        # bytes of a delivery on its page; the rest is in the download


@pages.get("")
@needs("quarantine")
def index():
    """The list, newest first."""
    with db.reading() as session:
        return page("settings/quarantine.html", items=quarantine.items(session))


@pages.get("/<int:raw_id>")
@needs("quarantine")
def show(raw_id: int):
    """Why it lies there, and how it begins."""
    with db.reading() as session:
        raw = quarantine.one(session, raw_id)
        beginning = _bytes(raw)[:SHOWN].decode("utf-8", "replace")
        return page("settings/quarantine_item.html", raw=raw, inbox=session.get(Inbox, raw.inbox_id),
                    beginning=beginning, more=raw.size > SHOWN)


@pages.get("/<int:raw_id>/raw")
@needs("quarantine")
def download(raw_id: int):
    """The bytes as they came, to be saved and never shown by the browser."""
    with db.reading() as session:
        raw = quarantine.one(session, raw_id)
        content = _bytes(raw)
    kind, ending = ("message/rfc822", "eml") if raw.method == "MAIL" else ("text/plain; charset=utf-8", "txt")
    return Response(content, headers={
        "Content-Type": kind, "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Content-Disposition": f'attachment; filename="delivery-{raw.id}.{ending}"'})


@pages.post("/replay")
@needs("quarantine")
def replay():
    """raw=<id>, any number of times; everything=1 for all."""
    numbers, everything = request.form.getlist("raw", type=int), request.form.get("everything") == "1"
    if not numbers and not everything:
        raise Invalid("Choose what is to be processed again.")
    with db.transaction() as session:
        says = quarantine.replay_numbers(session, numbers, everything, g.agent.actor)
    flash(says, "good")
    return redirect(url_for("settings_quarantine.index"))


@pages.post("/<int:raw_id>/discard")
@needs("quarantine")
def discard(raw_id: int):
    """Out of quarantine for good."""
    with db.transaction() as session:
        inbound.discard(session, quarantine.one(session, raw_id, lock=True), g.agent.actor)
    flash("Discarded. Its bytes are kept until they are too old.", "good")
    return redirect(url_for("settings_quarantine.index"))


def _bytes(raw: RawInbound) -> bytes:
    try:
        return inbound.body(raw)
    except (OSError, ValueError):
        raise NotFound("The bytes of this delivery are not there any more.") from None
