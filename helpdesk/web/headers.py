"""Security headers for every response. A view that needs others (the widget's frame, a mail's HTML) sets its own."""
from __future__ import annotations

from flask import Flask, Response, g, request

from helpdesk import settings

CONSOLE_CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
               "connect-src 'self'; frame-src 'self'; media-src 'self' blob:; manifest-src 'self'; form-action 'self'; "
               "base-uri 'none'; object-src 'none'; frame-ancestors 'none'")
YEAR = 31_536_000


def install(app: Flask) -> None:
    """Add what is missing after each request."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONSOLE_CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
    if settings.current().base_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}; includeSubDomains")
    if request.path.startswith("/static/") and response.status_code < 400:
        headers["Cache-Control"] = (f"public, max-age={YEAR}, immutable" if "-" in request.path.rsplit("/", 1)[-1]
                                    else "public, max-age=300")
        headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin")
    elif g.get("agent") or "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response
