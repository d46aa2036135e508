"""System: what `helpdesk doctor` says, the figures, and work that was given up."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for

from helpdesk import __version__, db, doctor, settings
from helpdesk.rendering import page
from helpdesk.services import status, tasks
from helpdesk.web.access import needs

pages = Blueprint("settings_system", __name__, url_prefix="/settings/system")
BAD_FIRST = {"fail": 0, "warn": 1, "ok": 2}


@pages.get("")
@needs("system")
def show():
    """all=1 also tries every account and our own address over the network."""
    ask = request.args.get("all") == "1"
    findings = sorted(doctor.findings(settings.current(), ask), key=lambda one: BAD_FIRST[one.state])
    with db.reading() as session:
        return page("settings/system.html", findings=findings, asked=ask, figures=status.figures(session),
                    failed=tasks.failed(session), version=__version__)


@pages.post("/tasks/<int:task_id>/retry")
@needs("system")
def retry(task_id: int):
    """Try work again that was given up."""
    with db.transaction() as session:
        tasks.retry(session, task_id, g.agent.actor)
    flash("It is tried again now.", "good")
    return redirect(url_for("settings_system.show"))
