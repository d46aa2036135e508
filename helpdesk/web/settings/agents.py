"""Agents: who works here, and what they may do. One-time links are shown once and kept nowhere."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy import select

from helpdesk import db, settings
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent, Team, TeamMember
from helpdesk.rendering import page
from helpdesk.services import accounts, roles, setup, teams, workload
from helpdesk.web.access import needs

pages = Blueprint("settings_agents", __name__, url_prefix="/settings/agents")


@pages.get("")
@needs("agents")
def index():
    """Everybody, the form for one more, and the teams."""
    return _page()


@pages.post("")
@needs("agents")
def add():
    """name, email, role. The answer shows the link that signs in once."""
    email, name = request.form.get("email", ""), request.form.get("name", "")
    try:
        with db.transaction() as session:
            roles.require_within(g.agent, roles.rights_of_key(session, request.form.get("role", "")))
            agent = accounts.create(session, name or email.partition("@")[0], email, request.form.get("role", ""),
                                    actor=g.agent.actor)
            link = setup.link(session, settings.current(), agent)
    except Invalid as error:
        return _page(problem=str(error)), error.status
    return _page(link=link, of=agent)


@pages.post("/<int:agent_id>/link")
@needs("agents")
def link(agent_id: int):
    """A new link that signs in once; the password stays until they change it."""
    with db.transaction() as session:
        agent = _managed(session, agent_id)
        if agent.disabled_at:
            raise Invalid("This account is switched off.")
        made = setup.link(session, settings.current(), agent)
    return _page(link=made, of=agent)


@pages.post("/<int:agent_id>/role")
@needs("agents")
def role(agent_id: int):
    """role. They sign in again."""
    with db.transaction() as session:
        agent, key = _managed(session, agent_id), request.form.get("role", "")
        roles.require_within(g.agent, roles.rights_of_key(session, key))
        accounts.set_role(session, agent, key, g.agent.actor)
    return _back("Saved.")


@pages.post("/<int:agent_id>/capacity")
@needs("agents")
def capacity(agent_id: int):
    """capacity=<number of open tickets>, or empty for no limit."""
    try:
        with db.transaction() as session:
            workload.set_capacity(session, _one(session, agent_id), request.form.get("capacity", "").strip(),
                                  g.agent.actor)
    except Invalid as error:
        return _page(problem=str(error)), error.status
    return _back("Saved.")


@pages.post("/<int:agent_id>/enabled")
@needs("agents")
def enable(agent_id: int):
    """enabled=1 or 0. Switched off, they are signed out everywhere at once."""
    wanted = request.form.get("enabled") == "1"
    with db.transaction() as session:
        (accounts.enable if wanted else accounts.disable)(session, _managed(session, agent_id), g.agent.actor)
    return _back("Switched on." if wanted else "Switched off and signed out everywhere.")


@pages.post("/teams")
@needs("agents")
def add_team():
    """name."""
    with db.transaction() as session:
        teams.create(session, request.form.get("name", ""), g.agent.actor)
    return _back("Saved.")


@pages.post("/teams/<int:team_id>")
@needs("agents")
def change_team(team_id: int):
    """name, member (any number of agents' ids), and the rule of services.reopening."""
    with db.transaction() as session:
        teams.change(session, team_id, request.form.get("name", ""), request.form.getlist("member", type=int),
                     g.agent.actor, request.form if "reopen" in request.form else None)
    return _back("Saved.")


def _page(problem: str = "", link: str = "", of: Agent | None = None):
    with db.reading() as session:
        agents = session.scalars(select(Agent).order_by(Agent.disabled_at.is_not(None), Agent.name)).all()
        groups = session.scalars(select(Team).order_by(Team.name)).all()
        loads = workload.everybody(session)
        kinds, names = roles.choices(session, g.agent), roles.names(session)
        members = {(m.team_id, m.agent_id) for m in session.scalars(select(TeamMember))}
    return page("settings/agents/index.html", agents=agents, teams=groups, members=members, roles=kinds, names=names,
                key_of=roles.key_of, loads=loads, problem=problem, link=link, of=of,
                given={} if link else request.form, house=settings.current())


def _back(words: str):
    flash(words, "good")
    return redirect(url_for("settings_agents.index"))


def _managed(session, agent_id: int) -> Agent:
    """An account that this person may manage: of somebody who may do no more than they."""
    agent = _one(session, agent_id)
    roles.require_within(g.agent, roles.held_by(agent))
    return agent


def _one(session, agent_id: int) -> Agent:
    agent = session.get(Agent, agent_id)
    if agent is None:
        raise NotFound("There is no such agent.")
    return agent
