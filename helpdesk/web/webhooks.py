"""The one door for providers: /webhooks/<channel>/<inbox key>.

Signature wrong: 403, nothing stored. Right: the raw bytes are stored and committed, then 200. Our own trouble: 5xx, so
that the provider tries again.
"""
from __future__ import annotations

from flask import Blueprint, abort, request

from channels.base import BadSignature, Request
from helpdesk import db
from helpdesk.services import inbound, inboxes
from helpdesk.web.access import public

pages = Blueprint("webhooks", __name__)
BODY_LIMIT = 3_000_000      # Meta's batches stay below this


@pages.route("/webhooks/<channel>/<key>", methods=["GET", "POST"])
@public
def receive(channel: str, key: str):
    """One delivery, or a subscription check."""
    request.max_content_length = BODY_LIMIT
    incoming = Request(request.method, dict(request.headers), request.args.to_dict(), request.get_data())
    with db.reading() as session:
        inbox = inboxes.by_key(session, key, channel)
    opened = inboxes.open_channel(inbox)
    try:
        opened.verify(incoming)
    except BadSignature:
        abort(403, "The signature does not fit.")
    challenge = opened.handshake(incoming)
    if challenge is not None:
        return challenge, 200, {"Content-Type": "text/plain; charset=utf-8"}
    if request.method != "POST":
        abort(405)
    db.run(inbound.store, inbox, incoming, opened.source_key(incoming))
    return "ok", 200, {"Content-Type": "text/plain; charset=utf-8"}
