"""The audit log: who did what, when, and from where."""
from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, flash, g, redirect, request, url_for

from helpdesk import audit as log
from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.i18n import _
from helpdesk.rendering import page, zone
from helpdesk.services import audit
from helpdesk.web.access import needs

pages = Blueprint("settings_audit", __name__, url_prefix="/settings/audit")


@pages.get("")
@needs("audit")
def index():
    """kind, actor, q, since, until (days), before (a line's number)."""
    filters = _filters()
    with db.reading() as session:
        found = audit.lines(session, filters, zone(), request.args.get("before", type=int))
        return page("settings/audit.html", "settings/_audit_lines.html", found=found, filters=filters,
                    kinds=audit.KINDS, actors=audit.actors(session), more=len(found) == audit.PAGE,
                    keep=audit.keep_days(session), given=_given(), at_least=audit.KEEP_AT_LEAST)


@pages.get("/log.csv")
@needs("audit")
def as_csv():
    """The same lines as a table. That it was taken is a line, too."""
    with db.transaction() as session:
        text = audit.as_csv(session, _filters(), zone())
        log.note(session, "export", "audit log", actor=g.agent.actor)
    name = f"audit-{now().astimezone(zone()):%Y-%m-%d}.csv"
    return Response("\ufeff" + text, mimetype="text/csv", headers={
        "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"})


@pages.post("/retention")
@needs("audit")
def keep():
    """days."""
    with db.transaction() as session:
        given = request.form.get("days", "")
        if not given.isdecimal() or len(given) > 5:
            raise Invalid(_("Write a number of days."))
        audit.set_keep_days(session, int(given), g.agent.actor)
    flash(_("Saved."), "good")
    return redirect(url_for("settings_audit.index"))


def _given() -> dict[str, str]:
    return {name: request.args.get(name, "")[:100] for name in ("kind", "actor", "q", "since", "until")
            if request.args.get(name)}


def _filters() -> audit.Filters:
    given = _given()
    return audit.Filters(given.get("kind", ""), given.get("actor", ""), given.get("q", ""),
                         _day(given.get("since", "")), _day(given.get("until", "")))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
