"""The one door for providers: /webhooks/<channel>/<inbox key>.

Signature wrong: 403, nothing stored. Right: the raw bytes are stored and committed, then 200. Our own trouble: 5xx, so
that the provider tries again.
"""
from __future__ import annotations

from flask import Blueprint, abort, request

from channels.base import BadSignature, Request, SendError
from helpdesk import db, settings
from helpdesk.services import inbound, inboxes
from helpdesk.web.access import public

pages = Blueprint("webhooks", __name__)


@pages.route("/webhooks/<channel>/<key>", methods=["GET", "POST"])
@public
def receive(channel: str, key: str):
    """One delivery, or a subscription check. Providers of mail also ask by HEAD whether there is somebody."""
    with db.reading() as session:
        inbox = inboxes.by_key(session, key, channel)
    opened = inboxes.open_channel(inbox)
    request.max_content_length = opened.body_limit
    incoming = Request(request.method, dict(request.headers), request.args.to_dict(), request.get_data(), _called())
    try:
        opened.verify(incoming)
        challenge = opened.handshake(incoming)
    except BadSignature:
        abort(403, "The signature does not fit.")
    except SendError:           # what it takes to check the call (Amazon's certificate) cannot be had just now
        abort(503, "Please try again.")
    if challenge is not None:
        kind = "application/json" if challenge.startswith("{") else "text/plain; charset=utf-8"
        return challenge, 200, {"Content-Type": kind}
    if request.method != "POST":
        abort(405)
    db.run(inbound.store, inbox, incoming, opened.source_key(incoming))
    return "ok", 200, {"Content-Type": "text/plain; charset=utf-8"}


def _called() -> str:
    """The address that was called, as the provider knows it: some sign it."""
    query = request.query_string.decode("ascii", "replace")
    return settings.current().base_url.rstrip("/") + request.path + (f"?{query}" if query else "")
