"""Business hours, and the promise that is measured in them."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for

from helpdesk import db, settings
from helpdesk.errors import Invalid
from helpdesk.models.tickets import PRIORITIES
from helpdesk.rendering import page
from helpdesk.services import promises
from helpdesk.web.access import needs

pages = Blueprint("settings_hours", __name__, url_prefix="/settings/hours")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@pages.get("")
@needs("hours")
def show():
    """The form, with what holds now."""
    with db.reading() as session:
        policy, hours = promises.present(session)
    defaults = settings.current()
    fields = {"time_zone": hours.time_zone if hours else defaults.time_zone,
              "holidays": "\n".join(hours.holidays) if hours else ""}
    fields |= {f"day-{n}": promises.words_of((hours.week if hours else {}).get(str(n), [])) for n in range(7)}
    for kind in promises.KINDS:
        fallback = dict.fromkeys(PRIORITIES, getattr(defaults, f"{kind}_minutes"))
        for priority, minutes in (getattr(policy, kind) if policy else fallback).items():
            fields[f"{kind}-{priority}"] = minutes
    return _form(fields)


@pages.post("")
@needs("hours")
def save():
    """time_zone, day-0 … day-6, holidays, first_response-<priority>, resolution-<priority>."""
    given = request.form
    try:
        with db.transaction() as session:
            promises.save(session, time_zone=given.get("time_zone", "").strip(), holidays=given.get("holidays", ""),
                          week={str(n): given.get(f"day-{n}", "") for n in range(7)},
                          minutes={kind: {p: given.get(f"{kind}-{p}", "") for p in PRIORITIES}
                                   for kind in promises.KINDS}, actor=g.agent.actor)
    except Invalid as error:
        return _form(given, str(error)), error.status
    flash("Saved. Clocks that start from now on use it.", "good")
    return redirect(url_for("settings_hours.show"))


def _form(fields, problem: str = ""):
    return page("settings/hours.html", fields=fields, problem=problem, days=list(enumerate(DAYS)),
                any_day=any(fields.get(f"day-{n}") for n in range(7)),
                priorities=PRIORITIES)
