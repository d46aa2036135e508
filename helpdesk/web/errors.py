"""What people see when something goes wrong: a sentence, and what to do next. Never a trace."""
from __future__ import annotations

import logging
import uuid

from flask import Flask, jsonify, render_template, request
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from werkzeug.exceptions import HTTPException, SecurityError

from helpdesk import db
from helpdesk.errors import HelpdeskError

log = logging.getLogger(__name__)
RACE = "Somebody else did the same at this moment. Please look again and repeat it if it is still needed."
UNFIT = "A value in this request is too large, too long, or holds characters that cannot be stored."
BUSY = "The database is busy or away. Nothing was lost; please try again in a moment."


def install(app: Flask) -> None:
    """Answer every kind of failure."""
    app.register_error_handler(HelpdeskError, lambda e: answer(e.status, str(e), getattr(e, "retry_after", None)))
    app.register_error_handler(SecurityError, _foreign_host)
    app.register_error_handler(HTTPException, lambda e: e.response if e.response is not None and e.code < 400
                               else answer(e.code or 500, e.description or ""))
    app.register_error_handler(IntegrityError, _lost_race)
    for unfit in (DataError, OverflowError, UnicodeEncodeError):
        app.register_error_handler(unfit, _unfit)
    for trouble in (DBAPIError, PoolExhausted):
        app.register_error_handler(trouble, _database)
    app.register_error_handler(Exception, _unexpected)


def answer(status: int, message: str, retry_after: int | None = None, reference: str = ""):
    """A page, a sentence for a script's toast, or JSON: whatever was asked for."""
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    if request.accept_mimetypes.best == "application/json" or request.is_json or request.path.startswith("/widget/"):
        return jsonify(error=message, status=status, reference=reference), status, headers
    if request.headers.get("HX-Request") or request.headers.get("X-Fragment"):
        return message, status, {**headers, "Content-Type": "text/plain; charset=utf-8"}
    return render_template("errors/error.html", status=status, message=message, reference=reference), status, headers


def _foreign_host(error: SecurityError):
    """No page: its addresses would carry that name."""
    return "This host name is not served here.", 400, {"Content-Type": "text/plain; charset=utf-8"}


def _lost_race(error: IntegrityError):
    log.warning("lost a race: %s", error.orig)
    return answer(409, RACE)


def _unfit(error: Exception):
    log.info("refused: %s", type(error).__name__)
    return answer(422, UNFIT)


def _database(error: Exception):
    if not db.away(error):
        return _unexpected(error)
    log.error("database: %s", error)
    return answer(503, BUSY, retry_after=5)


def _unexpected(error: Exception):
    reference = uuid.uuid4().hex[:8]
    log.exception("unexpected, reference %s", reference)
    return answer(500, "Something went wrong on our side. It has been written down; if it happens again, tell us the "
                       "reference below.", reference=reference)
