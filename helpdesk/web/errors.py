"""What people see when something goes wrong: a sentence, and what to do next. Never a trace."""
from __future__ import annotations

import logging
import uuid

from flask import Flask, jsonify, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from helpdesk.errors import HelpdeskError

log = logging.getLogger(__name__)
BUSY = "The database is busy or away. Nothing was lost; please try again in a moment."


def install(app: Flask) -> None:
    """Answer every kind of failure."""
    app.register_error_handler(HelpdeskError, lambda e: answer(e.status, str(e), getattr(e, "retry_after", None)))
    app.register_error_handler(HTTPException, lambda e: e.response if e.response is not None and e.code < 400
                               else answer(e.code or 500, e.description or ""))
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(Exception, _unexpected)


def answer(status: int, message: str, retry_after: int | None = None, reference: str = ""):
    """A page, a sentence for a script's toast, or JSON: whatever was asked for."""
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    if request.accept_mimetypes.best == "application/json" or request.is_json or request.path.startswith("/widget/"):
        return jsonify(error=message, status=status, reference=reference), status, headers
    if request.headers.get("HX-Request") or request.headers.get("X-Fragment"):
        return message, status, {**headers, "Content-Type": "text/plain; charset=utf-8"}
    return render_template("errors/error.html", status=status, message=message, reference=reference), status, headers


def _busy(error: OperationalError):
    log.error("database: %s", error)
    return answer(503, BUSY, retry_after=5)


def _unexpected(error: Exception):
    reference = uuid.uuid4().hex[:8]
    log.exception("unexpected, reference %s", reference)
    return answer(500, "Something went wrong on our side. It has been written down; if it happens again, tell us the "
                       "reference below.", reference=reference)


