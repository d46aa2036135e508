"""The list of macros, and the form of one with a preview on a real ticket."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import db, texts
from helpdesk.errors import HelpdeskError, NotFound
from helpdesk.models import Agent, Macro, Team, Ticket
from helpdesk.models.tickets import PRIORITIES
from helpdesk.rendering import page
from helpdesk.services import actions, macros, variables
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs
from helpdesk.web.replies import uploads

pages = Blueprint("settings_macros", __name__, url_prefix="/settings/macros")

STATUSES = [("", "Leave as it is"), *actions.STATUS_WORDS.items()]
SNOOZES = [("", "No"), ("4h", "4 hours"), ("1d", "1 day"), ("3d", "3 days"), ("1w", "1 week"), ("2w", "2 weeks")]
CHOSEN = ("status", "assign", "team", "priority", "snooze", "note")     # one action each
SHOWN_TICKETS = 15


@pages.get("")
@needs("answer")
def index():
    """All that this agent sees; q= narrows them, archived=1 shows what was put away."""
    q, archived = request.args.get("q", "").strip()[:100], request.args.get("archived") == "1"
    with db.reading() as session:
        found = macros.listed(session, g.agent, q, archived)
        return page("settings/macros/index.html", "settings/macros/_list.html", macros=found, q=q, archived=archived,
                    teams=dict(session.execute(select(Team.id, Team.name)).all()), may_change=macros.may_change,
                    words={one.id: [actions.describe(session, action) for action in one.actions] for one in found})


@pages.get("/new")
@needs("answer")
def new():
    """An empty form."""
    return _form(None, {"whose": "all" if g.agent.may("macros") else "own", "mode": "reply"})


@pages.get("/<int:macro_id>")
@needs("answer")
def edit(macro_id: int):
    """The form with what is kept."""
    with db.reading() as session:
        macro = macros.one(session, g.agent, macro_id)
        return _form(macro, _fields(macro))


@pages.post("")
@needs("answer")
def add():
    """name, shortcut, mode, locale, whose, text, files; status, assign, team, priority, snooze, tags, untags, follow,
    note: its actions."""
    return _save(None)


@pages.post("/<int:macro_id>")
@needs("answer")
def save(macro_id: int):
    """The same; seen=<version>, drop=<ids of files that go>."""
    return _save(macro_id)


@pages.post("/<int:macro_id>/copy")
@needs("answer")
def duplicate(macro_id: int):
    """One of one's own with the same content."""
    with db.transaction() as session:
        twin = macros.copy(session, session.get(Agent, g.agent.id), macros.one(session, g.agent, macro_id)).id
    flash("This one is yours: nobody else sees it.", "good")
    return redirect(url_for("settings_macros.edit", macro_id=twin))


@pages.post("/<int:macro_id>/archive")
@needs("answer")
def archive(macro_id: int):
    """archived=1 or 0."""
    away = request.form.get("archived") != "0"
    with db.transaction() as session:
        macros.archive(session, session.get(Agent, g.agent.id), macros.one(session, g.agent, macro_id), away)
    if away:
        flash({"text": "Archived.", "undo": url_for("settings_macros.archive", macro_id=macro_id),
               "fields": {"archived": "0"}}, "good")
    else:
        flash("It can be used again.", "good")
    return redirect(url_for("settings_macros.index"))


@pages.post("/preview")
@needs("answer")
def preview():
    """What the form's macro would write and do in ticket=<number>."""
    return render_template("settings/macros/_preview.html", **_preview(request.form))


def _save(macro_id: int | None):
    macro = None
    try:
        stored = uploads()
        with db.transaction() as session:
            macro = macros.one(session, g.agent, macro_id) if macro_id else None
            given = macros.Fields(**{name: request.form.get(name, "") for name in (
                "name", "text", "shortcut", "mode", "locale", "whose")}, actions=_actions(request.form))
            macros.save(session, session.get(Agent, g.agent.id), given, macro=macro, files=stored,
                        seen=request.form.get("seen", 0, type=int), drop=request.form.getlist("drop", type=int))
    except macros.Newer as newer:
        return _form(newer.theirs, request.form, str(newer), theirs=newer.theirs), newer.status
    except NotFound:
        raise
    except HelpdeskError as error:
        with db.reading() as session:
            return _form(session.get(Macro, macro_id) if macro_id else None, request.form, str(error)), error.status
    flash("Saved.", "good")
    return redirect(url_for("settings_macros.index"))


def _actions(given) -> list[dict]:
    """The form's fields as a list of actions; what changes the status comes last, so that the rest happens before."""
    found = [{"do": name, "value": given[name]} for name in CHOSEN if str(given.get(name, "")).strip()]
    for do, name in (("tag", "tags"), ("untag", "untags")):
        found += [{"do": do, "value": one} for one in given.get(name, "").split(",") if one.strip()]
    if given.get("follow"):
        found.append({"do": "follow", "value": None})
    return sorted(found, key=lambda action: (action["do"] == "snooze", action["do"] == "status"))


def _fields(macro: Macro) -> dict:
    """A macro as the form's fields."""
    fields = {"name": macro.name, "shortcut": macro.shortcut, "mode": macro.mode, "locale": macro.locale,
              "text": macro.text, "whose": "own" if macro.agent_id else macro.team_id or "all"}
    for action in macro.actions:
        if action["do"] in CHOSEN:
            fields[action["do"]] = action["value"]
    for do, name in (("tag", "tags"), ("untag", "untags")):
        fields[name] = ", ".join(action["value"] for action in macro.actions if action["do"] == do)
    fields["follow"] = "1" if any(action["do"] == "follow" for action in macro.actions) else ""
    return fields


def _form(macro: Macro | None, fields, problem: str = "", theirs: Macro | None = None):
    with db.reading() as session:
        people = ctx.directory(session)
        whose = [("own", "Only me"), *((team, f"Team {name}") for team, name in people.teams), ("all", "Everybody")]
        return page("settings/macros/edit.html", macro=macro, fields=fields, problem=problem, theirs=theirs,
                    may=macro is None or macros.may_change(g.agent, macro), variables=variables.NAMES,
                    whose=whose if g.agent.may("macros") else whose[:1], statuses=STATUSES, snoozes=SNOOZES,
                    locales=[("", "Any"), *((one, one) for one in texts.locales())],
                    assignees=[("", "Leave as it is"), ("me", "Whoever uses it"), ("nobody", "Nobody"), *people.agents],
                    teams=[("", "Leave as it is"), ("nobody", "No team"), *people.teams],
                    priorities=[("", "Leave as it is"), *((one, one.capitalize()) for one in PRIORITIES)],
                    tickets=_recent(session), shown=_preview(fields))


def _recent(session: Session) -> list[tuple[int, str]]:
    rows = session.scalars(select(Ticket).where(Ticket.merged_into_id.is_(None)).order_by(
        Ticket.last_message_at.desc()).limit(SHOWN_TICKETS))
    return [(one.id, f"#{one.id} {one.contact.label}: {one.subject}"[:80]) for one in rows]


def _preview(given) -> dict:
    with db.reading() as session:
        number = given.get("ticket", "")
        ticket = session.get(Ticket, int(number)) if str(number).isdecimal() and len(str(number)) < 10 else None
        ticket = ticket or session.scalar(select(Ticket).where(Ticket.merged_into_id.is_(None)).order_by(
            Ticket.last_message_at.desc()).limit(1))
        agent = session.get(Agent, g.agent.id)
        text = given.get("text", "") or ""
        return {"ticket": ticket, "contact": ticket.contact if ticket else None,
                "filled": variables.fill(session, ticket, agent, text) if ticket else variables.Filled(text),
                "words": [actions.describe(session, action) for action in _actions(given)]}
