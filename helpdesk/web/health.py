"""Signs of life for machines."""
from __future__ import annotations

import hmac
from datetime import timedelta

from flask import Blueprint, Response, abort, jsonify, request
from sqlalchemy import text

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.jobs.housekeeping import HEARTBEAT
from helpdesk.models import SystemState
from helpdesk.services import status
from helpdesk.web.access import public

pages = Blueprint("health", __name__)
WORKER_SILENT = timedelta(minutes=2)


@pages.get("/health/live")
@public
def live():
    """The process answers."""
    return jsonify(status="ok")


@pages.get("/health/ready")
@public
def ready():
    """The database answers and a worker is alive."""
    with db.reading() as session:
        session.execute(text("SELECT 1"))
        beat = session.get(SystemState, HEARTBEAT)
    working = bool(beat and beat.updated_at > now() - WORKER_SILENT)
    return jsonify(status="ok" if working else "no worker", worker=working), 200 if working else 503


@pages.get("/metrics")
@public
def metrics():
    """Counts in Prometheus' text format; only with the token from the settings."""
    token = settings.current().metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    with db.reading() as session:
        lines = [f"helpdesk_{name} {value}" for name, value in status.figures(session).items()]
    return Response("\n".join(lines) + "\n", mimetype="text/plain; version=0.0.4")
