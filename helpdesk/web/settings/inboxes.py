"""Inboxes: the accounts by which customers reach us. The form is drawn from what the channel declares."""
from __future__ import annotations

from collections import Counter

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels import _mail_dkim, _oauth
from channels.base import Channel, SendError
from helpdesk import db, settings
from helpdesk.checks import inbox as checks
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Inbox, RawInbound, Team
from helpdesk.rendering import page
from helpdesk.services import inbox_forms, inbox_rules, inboxes, mailbox_health
from helpdesk.web.access import needs
from helpdesk.web.settings import mail_login, site_identity

pages = Blueprint("settings_inboxes", __name__, url_prefix="/settings/inboxes")


@pages.get("")
@needs("inboxes")
def index():
    """All of them, with how they are doing and when they last heard something."""
    with db.reading() as session:
        found = session.scalars(select(Inbox).order_by(Inbox.enabled.desc(), Inbox.name)).all()
        heard = dict(session.execute(select(RawInbound.inbox_id, func.max(RawInbound.received_at))
                                     .group_by(RawInbound.inbox_id)).all())
    return page("settings/inboxes/index.html", inboxes=found, heard=heard, kinds=inboxes.kinds())


@pages.get("/new")
@needs("inboxes")
def choose():
    """Which channel the new one is of."""
    with db.reading() as session:
        there = Counter(session.scalars(select(Inbox.channel)))
    return page("settings/inboxes/choose.html", kinds=inboxes.kinds().values(), there=there)


@pages.get("/new/<channel>")
@needs("inboxes")
def new(channel: str):
    """An empty form of this channel."""
    return _form(_kind(channel), None, inbox_forms.suggestions(_kind(channel)))


@pages.post("/new/<channel>")
@needs("inboxes")
def create(channel: str):
    """name, team, assistant, and the channel's own fields."""
    cls = _kind(channel)
    values, wrong = inbox_forms.values(cls, request.form, stored={})
    try:
        if wrong or not request.form.get("name", "").strip():
            raise Invalid("")
        with db.transaction() as session:
            inbox = inboxes.create(session, channel, request.form["name"], values, actor=g.agent.actor)
            inboxes.describe(session, inbox, **_ours(), actor=g.agent.actor)
            _rules(session, inbox)
            inbox_id = inbox.id
    except Invalid as error:
        return _form(cls, None, values, wrong, str(error)), error.status
    flash("Saved. Test it now, so that you know that it works.", "good")
    return redirect(url_for("settings_inboxes.show", inbox_id=inbox_id))


@pages.get("/<int:inbox_id>")
@needs("inboxes")
def show(inbox_id: int):
    """The form of one inbox, and what the other side must be told."""
    inbox = _one(inbox_id)
    values, problem = _values(inbox)
    return _form(_kind(inbox.channel), inbox, values, problem=problem)


@pages.post("/<int:inbox_id>")
@needs("inboxes")
def change(inbox_id: int):
    """The same fields as for a new one; a secret left empty keeps what it was."""
    inbox = _one(inbox_id)
    cls, (stored, _) = _kind(inbox.channel), _values(inbox)
    values, wrong = inbox_forms.values(cls, request.form, stored=stored)
    try:
        if wrong or not request.form.get("name", "").strip():
            raise Invalid("")
        with db.transaction() as session:
            inbox = session.get(Inbox, inbox_id)
            inboxes.describe(session, inbox, **_ours(), actor=g.agent.actor)
            inboxes.change(session, inbox, values, g.agent.actor)
            _rules(session, inbox)
    except Invalid as error:
        return _form(cls, _one(inbox_id), {**values, **_secrets(cls, stored)}, wrong, str(error)), error.status
    flash("Saved.", "good")
    return redirect(url_for("settings_inboxes.show", inbox_id=inbox_id))


@pages.post("/<int:inbox_id>/enabled")
@needs("inboxes")
def enable(inbox_id: int):
    """enabled=1 or 0."""
    wanted = request.form.get("enabled") == "1"
    with db.transaction() as session:
        inbox = session.get(Inbox, inbox_id)
        if inbox is None:
            raise NotFound("There is no such inbox.")
        inboxes.set_enabled(session, inbox, wanted, g.agent.actor)
    flash("Switched on." if wanted else "Switched off. Nothing is taken in here until you switch it on.", "good")
    return redirect(url_for("settings_inboxes.show", inbox_id=inbox_id))


@pages.post("/<int:inbox_id>/test")
@needs("inboxes")
def test(inbox_id: int):
    """Try the account step by step, outside of any transaction, and show each step."""
    inbox = _one(inbox_id)
    found = list(checks.steps(inbox))
    works = checks.account_works(found)
    with db.transaction() as session:
        if works:
            inboxes.reconnect(session, session.get(Inbox, inbox_id), g.agent.actor)
        else:
            inboxes.mark_health(session, inbox_id, next(one.says for one in found if one.state == "fail"))
    return page("settings/inboxes/test.html", inbox=inbox, found=found, works=works,
                was_disconnected=inbox.disconnected_at is not None)


@pages.post("/<int:inbox_id>/connect")
@needs("inboxes")
def connect(inbox_id: int):
    """Have the provider deliver to our webhook, where it can be told so."""
    def call(channel: Channel) -> str:
        if not hasattr(channel, "connect"):
            raise SendError("this provider is told the address on its own pages, not from here")
        channel.connect(inboxes.webhook(_one(inbox_id)))
        return "The provider delivers to this helpdesk now."
    return _tried(inbox_id, call)


@pages.post("/<int:inbox_id>/dkim")
@needs("inboxes")
def make_dkim_key(inbox_id: int):
    """A fresh key to sign mail with. The old one, if there was one, is forgotten."""
    _one(inbox_id)
    key = _mail_dkim.new_key()      # outside of the transaction: it takes a moment
    with db.transaction() as session:
        inbox = session.get(Inbox, inbox_id)
        if inbox.channel != "email":
            raise NotFound("Only mail is signed.")
        inboxes.change(session, inbox, {"dkim_key": key}, g.agent.actor)
    flash("Mail of this inbox is signed from now on. Put the record into the DNS, then test the account.", "good")
    return redirect(url_for("settings_inboxes.show", inbox_id=inbox_id))


def _tried(inbox_id: int, call):
    inbox = _one(inbox_id)
    try:
        says, error = call(inboxes.open_channel(inbox)), ""
    except (SendError, OSError, ValueError) as problem:
        says, error = "", str(problem)[:1000]
    with db.transaction() as session:
        if error:
            inboxes.mark_health(session, inbox_id, error)
        else:
            inboxes.reconnect(session, session.get(Inbox, inbox_id), g.agent.actor)
    flash(f"It works. {says}" if not error else f"It does not work: {error}", "bad" if error else "good")
    return redirect(url_for("settings_inboxes.show", inbox_id=inbox_id))


def _form(cls: type[Channel], inbox: Inbox | None, values: dict, wrong: dict | None = None, problem: str = ""):
    with db.reading() as session:
        teams = session.execute(select(Team.id, Team.name).order_by(Team.name)).all()
        heard = _last_heard(session, inbox)
        mailbox = mailbox_health.health(session, inbox) if inbox else None
    given = request.form
    ours = {"name": given.get("name", inbox.name if inbox else cls.label),
            "team": given.get("team", inbox.team_id or "" if inbox else ""),
            "assistant": "assistant" in given if given else inbox.assistant if inbox else True}
    return page("settings/inboxes/form.html", cls=cls, inbox=inbox, values=values, wrong=wrong or {}, problem=problem,
                ours=ours, rules=_given_rules(inbox), house=settings.current(),
                teams=[("", "Everybody"), *map(tuple, teams)], is_yes=inbox_forms.is_yes, heard=heard,
                mailbox=mailbox,
                webhook=inboxes.webhook(inbox) if inbox and cls.verify is not Channel.verify else "",
                can_connect=hasattr(cls, "connect"), polled=cls.fetch is not Channel.fetch,
                by_token=_oauth.used(values) and inbox is not None, redirect_uri=mail_login.redirect_uri(),
                provider=_oauth.WORDS.get(values.get("auth", ""), ""),
                dkim=_dkim_record(values) if inbox and cls.name == "email" else None,
                **site_identity.shown(inbox), shown=inbox_forms.OURS_TO_CHOOSE if not inbox else (),
                base_url=settings.current().base_url)


def _given_rules(inbox: Inbox | None) -> dict:
    """What the form shows of inbox_rules.FIELDS: what was typed, else what is stored."""
    if "reopen" in request.form:
        return request.form.to_dict()
    shown = inbox or Inbox(reopen="", reopen_keeps=True, one_matter=True, mail_unseen=True)
    after = shown.mail_after_seconds
    return {name: getattr(shown, name, None) for name in inbox_rules.FIELDS} | {
        "mail_after_minutes": None if after is None else inbox_rules.minutes(after)}


def _ours() -> dict:
    return {"name": request.form.get("name", ""), "team_id": request.form.get("team", type=int),
            "assistant": "assistant" in request.form}


def _rules(session: Session, inbox: Inbox) -> None:
    if "reopen" in request.form:        # a form that does not have them changes none
        inbox_rules.choose(session, inbox, request.form, g.agent.actor)


def _kind(channel: str) -> type[Channel]:
    try:
        return inboxes.kind(channel)
    except Invalid as error:
        raise NotFound(str(error)) from None


def _one(inbox_id: int) -> Inbox:
    with db.reading() as session:
        inbox = session.get(Inbox, inbox_id)
    if inbox is None:
        raise NotFound("There is no such inbox.")
    return inbox


def _values(inbox: Inbox) -> tuple[dict, str]:
    """What the form shows. Secrets that another key sealed count as missing, so that they can be typed in again."""
    try:
        return inboxes.config(inbox), ""
    except ValueError:
        return dict(inbox.settings or {}), ("The secrets of this inbox were sealed with another key. Put the old key "
                                            "back, or type them in again.")


def _secrets(cls: type[Channel], stored: dict) -> dict:
    return {s.key: stored[s.key] for s in cls.settings if s.secret and stored.get(s.key)}


def _dkim_record(values: dict) -> tuple[str, str] | None:
    """What the DNS must say, once there is a key."""
    try:
        return _mail_dkim.record(values) if values.get("dkim_key") else None
    except ValueError:
        return None


def _last_heard(session: Session, inbox: Inbox | None):
    return session.scalar(select(func.max(RawInbound.received_at)).where(RawInbound.inbox_id == inbox.id)) \
        if inbox else None
