"""Privacy: how long things are kept, and which erasures took place."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Erasure
from helpdesk.rendering import page
from helpdesk.services import consents, retention
from helpdesk.web.access import needs

pages = Blueprint("settings_privacy", __name__, url_prefix="/settings/privacy")
SHOWN = 20


@pages.get("")
@needs("privacy")
def show():
    """What holds, and how much would go now."""
    return _form({}, {})


@pages.post("")
@needs("privacy")
def save():
    """days-<class>, how-<class>; look=1 only shows how much would go."""
    given, wrong, chosen = request.form, {}, {}
    for key in retention.CLASSES:
        try:
            chosen[key] = retention.days_from(key, given.get(f"days-{key}", ""))
        except Invalid as error:
            wrong[key] = str(error)
    if wrong or "look" in given:
        return _form(given, wrong, chosen), 422 if wrong else 200
    with db.transaction() as session:
        for key, days in chosen.items():
            retention.choose(session, key, days, given.get(f"how-{key}", "erase"), g.agent.actor)
    flash("Saved. What is older goes in the coming night, and every night from then on.", "good")
    return redirect(url_for("settings_privacy.show"))


def _form(given, wrong: dict[str, str], chosen: dict | None = None):
    with db.reading() as session:
        rules = retention.rules(session)
        days = {rule.key: rule.days for rule in rules} | (chosen or {})
        would_go = {key: retention.would_go(session, key, value) for key, value in days.items() if key not in wrong}
        return page("settings/privacy.html", rules=rules, given=given, wrong=wrong, would_go=would_go,
                    looked=chosen is not None, erasures=_erasures(session), purposes=consents.PURPOSES)


def _erasures(session: Session) -> list[tuple[Erasure, str]]:
    """The last ones, with the name of who asked for them."""
    names = {f"agent:{number}": name for number, name in session.execute(select(Agent.id, Agent.name))}
    rows = session.scalars(select(Erasure).order_by(Erasure.id.desc()).limit(SHOWN))
    return [(row, names.get(row.actor, "The shell")) for row in rows]
