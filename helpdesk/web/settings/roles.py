"""Roles: what those that come with the helpdesk may do, and roles of the house's own."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy import func, select

from helpdesk import db, rights
from helpdesk.errors import Invalid
from helpdesk.i18n import _
from helpdesk.models import Agent, Role
from helpdesk.rendering import page
from helpdesk.services import roles
from helpdesk.web.access import needs

pages = Blueprint("settings_roles", __name__, url_prefix="/settings/roles")


@pages.get("")
@needs("agents")
def index():
    """Every role, and how many have it."""
    with db.reading() as session:
        known = dict(session.execute(select(Agent.role, func.count()).where(Agent.disabled_at.is_(None))
                                     .group_by(Agent.role)).all())
        return page("settings/roles/index.html", own=roles.listed(session), counts=roles.count(session), known=known,
                    rights=rights)


@pages.get("/new")
@needs("agents")
def new():
    """The form of a role that is not there yet; from=<key> begins with what another may do."""
    with db.reading() as session:
        given = roles.rights_of_key(session, request.args.get("from") or "agent")
    return _form(None, {"name": "", "about": "", "sees": "all"}, given)


@pages.get("/<int:role_id>")
@needs("agents")
def show(role_id: int):
    """The form of a role."""
    with db.reading() as session:
        role = roles.one(session, role_id)
        return _form(role, {"name": role.name, "about": role.about, "sees": role.sees}, role.rights)


@pages.post("")
@needs("agents")
def add():
    """name, about, right (any number), sees."""
    return _save(None)


@pages.post("/<int:role_id>")
@needs("agents")
def change(role_id: int):
    """The same for a role that is there."""
    return _save(role_id)


@pages.post("/<int:role_id>/delete")
@needs("agents")
def delete(role_id: int):
    """A role that nobody has."""
    with db.transaction() as session:
        roles.delete(session, g.agent, roles.one(session, role_id))
    flash(_("The role is gone."), "good")
    return redirect(url_for("settings_roles.index"))


def _save(role_id: int | None):
    wanted = request.form.getlist("right")
    try:
        with db.transaction() as session:
            role = roles.one(session, role_id) if role_id else None
            roles.save(session, g.agent, role, request.form.get("name", ""), request.form.get("about", ""), wanted,
                       request.form.get("sees", "all"))
    except Invalid as error:
        with db.reading() as session:
            role = roles.one(session, role_id) if role_id else None
            return _form(role, request.form, wanted, str(error)), error.status
    flash(_("Saved."), "good")
    return redirect(url_for("settings_roles.index"))


def _form(role: Role | None, values, chosen, problem: str = ""):
    areas: dict[str, list[rights.Right]] = {}
    for right in rights.RIGHTS:
        areas.setdefault(right.area, []).append(right)
    return page("settings/roles/edit.html", role=role, values=values, chosen=set(chosen), areas=areas,
                held=roles.held_by(g.agent), problem=problem)
