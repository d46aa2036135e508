"""System: what `helpdesk doctor` says, the figures, work that was given up, and who changed what."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import __version__, db, doctor, settings
from helpdesk.models import Agent, Event
from helpdesk.rendering import page
from helpdesk.services import status, tasks
from helpdesk.web.access import needs

pages = Blueprint("settings_system", __name__, url_prefix="/settings/system")
AUDITED = ("SettingsChanged", "AgentSignedIn")
PER_PAGE = 50
BAD_FIRST = {"fail": 0, "warn": 1, "ok": 2}


@pages.get("")
@needs("admin")
def show():
    """all=1 also tries every account and our own address over the network."""
    ask = request.args.get("all") == "1"
    findings = sorted(doctor.findings(settings.current(), ask), key=lambda one: BAD_FIRST[one.state])
    with db.reading() as session:
        return page("settings/system.html", findings=findings, asked=ask, figures=status.figures(session),
                    failed=tasks.failed(session), audit=_audit(session, request.args.get("before", type=int)),
                    version=__version__, per_page=PER_PAGE)


@pages.post("/tasks/<int:task_id>/retry")
@needs("admin")
def retry(task_id: int):
    """Try work again that was given up."""
    with db.transaction() as session:
        tasks.retry(session, task_id, g.agent.actor)
    flash("It is tried again now.", "good")
    return redirect(url_for("settings_system.show"))


def _audit(session: Session, before: int | None) -> list[tuple[Event, str]]:
    """Events with the name of who did it, the newest first."""
    query = select(Event).where(Event.name.in_(AUDITED)).order_by(Event.id.desc()).limit(PER_PAGE)
    rows = session.scalars(query.where(Event.id < before) if before else query).all()
    names = {f"agent:{number}": name for number, name in session.execute(select(Agent.id, Agent.name))}
    return [(row, names.get(row.actor, "The shell" if row.actor == "system" else row.actor)) for row in rows]
