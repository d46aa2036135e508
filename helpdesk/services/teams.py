"""Teams and who is in them."""
from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent, Team, TeamMember
from helpdesk.services import reopening


def create(session: Session, name: str, actor: str) -> Team:
    """A new team without members. Raises Invalid for a name that is empty or taken."""
    team = Team(name=_free_name(session, name))
    session.add(team)
    session.flush()
    events.record(session, events.SettingsChanged(what=f"team {team.name}", detail="new"), actor=actor)
    return team


def change(session: Session, team_id: int, name: str, members: list[int], actor: str,
           rule: Mapping[str, str] | None = None) -> None:
    """Its name, and exactly these members; unknown ids are left out. `rule`: what becomes of its settled tickets (see
    reopening.choose); None leaves that as it is. Raises NotFound, Invalid."""
    team = session.get(Team, team_id)
    if team is None:
        raise NotFound("There is no such team.")
    if name.strip() != team.name:
        team.name = _free_name(session, name)
    session.execute(delete(TeamMember).where(TeamMember.team_id == team_id))
    for agent_id in session.scalars(select(Agent.id).where(Agent.id.in_(members))):
        session.add(TeamMember(team_id=team_id, agent_id=agent_id))
    detail = f"{len(members)} members" + (f", {reopening.choose(team, rule)}" if rule is not None else "")
    events.record(session, events.SettingsChanged(what=f"team {team.name}", detail=detail), actor=actor)


def _free_name(session: Session, name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100:
        raise Invalid("A team's name has 1 to 100 characters.")
    if session.scalar(select(Team.id).where(Team.name == name)):
        raise Invalid(f"There is a team {name} already.")
    return name
