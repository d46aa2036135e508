"""Signing in and out, and one's own account."""
from __future__ import annotations

from zoneinfo import available_timezones

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for

from helpdesk import db
from helpdesk.errors import Forbidden, HelpdeskError, Invalid, TooMany
from helpdesk.models import Agent
from helpdesk.services import accounts, agent_notices, limits
from helpdesk.web.access import clear_session_cookie, needs, same_site, session_token, set_session_cookie

pages = Blueprint("auth", __name__)

THEMES = (("auto", "As the device"), ("light", "Light"), ("dark", "Dark"))
LINK_TRIES, LINK_SECONDS = 20, 15 * 60


@pages.get("/sign-in")
def sign_in():
    """The form; whoever is signed in goes on."""
    if g.agent:
        return redirect(_next())
    return render_template("auth/sign_in.html", next=request.args.get("next", ""))


@pages.post("/sign-in")
def start_session():
    """email, password, next. A failed try is counted in a transaction of its own."""
    email, address = request.form.get("email", ""), request.remote_addr or ""
    try:
        db.run(accounts.count_try, email, address)
        with db.transaction() as session:
            _, token = accounts.sign_in(session, email, request.form.get("password", ""), address, _browser())
    except (Forbidden, TooMany) as error:
        wait = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
        return render_template("auth/sign_in.html", next=request.form.get("next", ""), email=email,
                               error=str(error)), error.status, wait
    return set_session_cookie(make_response(redirect(_next())), token)


@pages.get("/sign-in/link/<token>")
def link(token: str):
    """Only a button: mail scanners open links, and must not use them up."""
    return render_template("auth/link.html", token=token), 200, {"Referrer-Policy": "no-referrer"}


@pages.post("/sign-in/link/<token>")
def use_link(token: str):
    """Sign in with a one-time link."""
    try:
        db.run(limits.hit, f"link:{request.remote_addr}", LINK_TRIES, LINK_SECONDS)
        with db.transaction() as session:
            _, secret = accounts.use_link(session, token, request.remote_addr or "", _browser())
    except (Forbidden, TooMany) as error:
        return render_template("auth/link.html", token=token, error=str(error)), error.status
    return set_session_cookie(make_response(redirect(url_for("tickets.inbox"))), secret)


@pages.post("/sign-out")
@needs("see")
def sign_out():
    """End this browser's session."""
    with db.transaction() as session:
        accounts.sign_out(session, session_token())
    return clear_session_cookie(make_response(redirect(url_for("auth.sign_in"))))


@pages.get("/account")
@needs("see")
def account(errors: dict | None = None):
    """Name, password, looks, and where one is signed in."""
    with db.reading() as session:
        sessions = accounts.sessions_of(session, g.agent)
        answering = agent_notices.answering(session)
    return render_template("auth/account.html", sessions=sessions, errors=errors or {}, themes=THEMES,
                           values=request.form, kinds=agent_notices.KINDS,
                           answering=answering)


@pages.post("/account")
@needs("see")
def change_account():
    """name, theme, time_zone."""
    name, theme = request.form.get("name", "").strip(), request.form.get("theme", "auto")
    zone = request.form.get("time_zone", "")
    errors = {}
    if not 1 <= len(name) <= 200:
        errors["name"] = "A name has 1 to 200 characters."
    if theme not in dict(THEMES):
        errors["theme"] = "Choose one of the list."
    if zone and zone not in available_timezones():
        errors["time_zone"] = "Choose a time zone of the list, as Europe/Paris."
    if errors:
        return account(errors), 422
    with db.transaction() as session:
        agent = session.get(Agent, g.agent.id)
        agent.name, agent.theme, agent.time_zone = name, theme, zone
    flash("Saved.", "good")
    return redirect(url_for("auth.account"))


@pages.post("/account/away")
@needs("see")
def away():
    """away=1 or 0. Resolved tickets that come back meanwhile go to the queue instead of waiting for them."""
    wanted = request.form.get("away") == "1"
    with db.transaction() as session:
        accounts.set_away(session, session.get(Agent, g.agent.id), wanted)
    flash("You are away. Resolved tickets that come back go to the queue." if wanted else "Welcome back.", "good")
    return redirect(url_for("auth.account"))


@pages.post("/account/mail")
@needs("see")
def change_mail():
    """notice (any number of agent_notices.KINDS), answers."""
    with db.transaction() as session:
        agent = session.get(Agent, g.agent.id)
        agent.mail_notices = [kind for kind in agent_notices.KINDS if kind in request.form.getlist("notice")]
        agent.answers_by_mail = "answers" in request.form
    flash("Saved.", "good")
    return redirect(url_for("auth.account"))


@pages.post("/account/password")
@needs("see")
def change_password():
    """old, new, again."""
    new = request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise Invalid("The two new passwords differ.")
        with db.transaction() as session:
            accounts.change_password(session, g.agent, request.form.get("old", ""), new, g.session.id)
    except HelpdeskError as error:
        return account({"old" if isinstance(error, Forbidden) else "new": str(error)}), error.status
    flash("Password changed. Other browsers were signed out.", "good")
    return redirect(url_for("auth.account"))


@pages.post("/account/sessions/<int:session_id>/end")
@needs("see")
def end_session(session_id: int):
    """Sign one of one's other browsers out."""
    with db.transaction() as session:
        accounts.end_session(session, g.agent, session_id)
    flash("That browser is signed out.", "good")
    return redirect(url_for("auth.account"))


def _browser() -> str:
    return request.headers.get("User-Agent", "")


def _next() -> str:
    return same_site(request.values.get("next")) or url_for("tickets.inbox")
