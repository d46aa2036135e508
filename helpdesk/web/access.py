"""Who is asking, may they, and is it really them? (sessions, roles, cross-site requests)

The session cookie holds an opaque token; everything else is in the database, so ending a session works at once.
"""
from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for

from helpdesk import audit, db, i18n, rights, settings
from helpdesk.clock import now
from helpdesk.errors import Forbidden
from helpdesk.i18n import _
from helpdesk.services import accounts

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
TOUCH_AFTER = timedelta(minutes=1)


def needs(need: str) -> Callable:
    """Only for signed-in agents who may do this: a right of helpdesk.rights, or the name of a role, which needs all
    that this role may do. Others are sent to sign in, or refused."""
    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(*args, **kwargs):
            if g.agent is None:
                reads_pages = "text/html" in request.headers.get("Accept", "")
                if request.method == "GET" and reads_pages and not wants_fragment():
                    return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))
                return "Please sign in again.", 401, {"HX-Redirect": url_for("auth.sign_in")}
            if not g.agent.may(need):
                raise Forbidden(_("Your role does not allow this (%(right)s). Ask an admin if you need it.",
                                  right=rights.words(need)))
            return view(*args, **kwargs)
        guarded.needs_right = need
        return guarded
    return decorate


def public(view: Callable) -> Callable:
    """Open to everybody: this view checks by itself who may ask (a signature, a token in the link or the header), and
    uses no cookie, so no other site can borrow anybody's rights for it."""
    view.open_to_all = True
    return view


def wants_fragment() -> bool:
    """Whether a script asked for a part of the page."""
    return bool(request.headers.get("HX-Request") or request.headers.get("X-Fragment"))


def cookie_name() -> str:
    """__Host- binds the cookie to this host and HTTPS (RFC 6265bis); browsers refuse that name on plain HTTP."""
    return "__Host-helpdesk" if _https() else "helpdesk_session"


def set_session_cookie(response: Response, token: str) -> Response:
    """Sign the browser in."""
    response.set_cookie(cookie_name(), token, max_age=settings.current().session_absolute_days * 86_400,
                        secure=_https(), httponly=True, samesite="Lax", path="/")
    return response


def clear_session_cookie(response: Response) -> Response:
    """Sign the browser out."""
    response.delete_cookie(cookie_name(), path="/", secure=_https(), httponly=True, samesite="Lax")
    return response


def session_token() -> str:
    """The token that this browser sent, or ''."""
    return request.cookies.get(cookie_name(), "")


def csrf_token() -> str:
    """What forms of this session send back."""
    return g.session.csrf_token if g.get("session") else ""


def same_site(path: str | None) -> str | None:
    """The path if it stays on this site, else None (no open redirects)."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or any(ord(c) < 32 for c in path):
        return None
    parts = urlsplit(path)
    return path if not parts.scheme and not parts.netloc else None


def install(app: Flask) -> None:
    """Look at every request before it reaches a view."""
    app.before_request(_identify)
    app.before_request(_refuse_cross_site)
    app.jinja_env.globals["csrf_token"] = csrf_token


def _identify() -> None:
    g.agent = g.session = None
    audit.from_here(request.remote_addr or "", request.headers.get("User-Agent", ""))
    i18n.use(i18n.best(*request.accept_languages.values(), settings.current().default_locale))
    token = session_token()
    if not token or request.endpoint == "static" or _open_view():
        return
    with db.reading() as session:
        found = accounts.session_of(session, token)
    if found is None:
        return
    g.agent, g.session = found
    if g.agent.locale:
        i18n.use(g.agent.locale)
    background = request.headers.get("X-Background")        # polling must not keep a forgotten browser signed in
    if not background and now() - g.session.seen_at > TOUCH_AFTER:
        with db.transaction() as session:
            accounts.touch(session, g.session.id)


def _refuse_cross_site() -> None:
    if request.method in SAFE_METHODS or _open_view():
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site and site not in ("same-origin", "none") or origin and urlsplit(origin).netloc != request.host:
        raise Forbidden("This request came from another site.")
    if g.session:
        given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
        if not hmac.compare_digest(given.encode(), g.session.csrf_token.encode()):
            raise Forbidden("This page is too old. Reload it and try again; what you wrote is kept.")


def _open_view() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "open_to_all", False))


def _https() -> bool:
    return settings.current().base_url.startswith("https://")
