"""Roles that the house makes from the list of rights, and who has which role.

Nobody gives, or takes from somebody, more than they may do themselves. What a role may do is copied to everybody who
has it (models.Agent), in the transaction that changes the role.
"""
from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import events, rights
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.i18n import _
from helpdesk.models import Agent, Role
from helpdesk.models.agents import ROLES

SEES = ("all", "teams")


def listed(session: Session) -> Sequence[Role]:
    """The roles that the house made, by name."""
    return session.scalars(select(Role).order_by(func.lower(Role.name))).all()


def one(session: Session, role_id: int) -> Role:
    """A role that the house made. Raises NotFound."""
    role = session.get(Role, role_id)
    if role is None:
        raise NotFound(_("There is no such role."))
    return role


def choices(session: Session, giver: Agent) -> list[tuple[str, str]]:
    """What `giver` may give to others: (key, name); the key is a name of ROLES or the number of a role."""
    held = held_by(giver)
    return [(key, _(rights.NAMES[key])) for key in ROLES if rights.BUILT_IN[key] <= held] + [
        (str(role.id), role.name) for role in listed(session) if set(role.rights) <= held]


def key_of(agent: Agent) -> str:
    """The role of somebody as `choices` names it."""
    return str(agent.role_id) if agent.role == rights.CUSTOM else agent.role


def names(session: Session) -> dict[str, str]:
    """What each role is called, by its key."""
    return {key: _(name) for key, name in rights.NAMES.items()} | {
        str(role.id): role.name for role in listed(session)}


def held_by(agent: Agent) -> frozenset[str]:
    """What somebody may do."""
    return rights.of(agent.role, agent.rights or ())


def give(session: Session, agent: Agent, key: str) -> bool:
    """Let `agent` have the role of this key; whether that changes anything. Raises Invalid for one that is none."""
    if key_of(agent) == key:
        return False
    if key in ROLES:
        agent.role, agent.role_id, agent.rights, agent.sees = key, None, [], "all"
        return True
    role = session.get(Role, int(key)) if key.isdecimal() and len(key) < 10 else None
    if role is None:
        raise Invalid(_("There is no role %(name)s.", name=repr(key[:40])))
    agent.role, agent.role_id = rights.CUSTOM, role.id
    agent.rights, agent.sees = list(role.rights), role.sees
    return True


def require_within(giver: Agent, *whose: Collection[str]) -> None:
    """Raises Forbidden where somebody would give or take rights that they do not have themselves."""
    if any(not set(some) <= held_by(giver) for some in whose):
        raise Forbidden(_("Nobody gives or takes rights that they do not have themselves. Ask an admin."))


def rights_of_key(session: Session, key: str) -> frozenset[str]:
    """What the role of a key may do. Raises Invalid, NotFound."""
    if key in ROLES:
        return rights.BUILT_IN[key]
    if not key.isdecimal() or len(key) > 9:
        raise Invalid(_("There is no role %(name)s.", name=repr(key[:40])))
    return frozenset(one(session, int(key)).rights)


def save(session: Session, giver: Agent, role: Role | None, name: str, about: str, wanted: Collection[str],
         sees: str) -> Role:
    """Make a role, or change this one and everybody who has it. Raises Invalid, Forbidden."""
    name, chosen = " ".join(name.split()), sorted(set(wanted) & rights.ALL)
    if not 1 <= len(name) <= 100:
        raise Invalid(_("A role's name has 1 to 100 characters."))
    taken = session.scalar(select(Role.id).where(func.lower(Role.name) == name.lower()))
    if name.lower() in (known.lower() for known in rights.NAMES.values()) or taken and (
            role is None or taken != role.id):
        raise Invalid(_("There is a role %(name)s already.", name=name))
    if sees not in SEES:
        raise Invalid(_("Choose one of the list."))
    require_within(giver, chosen, role.rights if role else ())
    before = set(role.rights) if role else set()
    if role is None:
        role = Role()
        session.add(role)
    role.name, role.about, role.rights, role.sees = name, about.strip()[:300], chosen, sees
    session.flush()
    for agent in session.scalars(select(Agent).where(Agent.role_id == role.id).with_for_update()):
        agent.rights, agent.sees = list(chosen), sees
    detail = ", ".join([*(f"+{right}" for right in chosen if right not in before),
                        *(f"-{right}" for right in sorted(before - set(chosen)))]) or "described anew"
    events.record(session, events.SettingsChanged(what=f"role {name}", detail=f"{detail}; sees {sees}"),
                  actor=giver.actor)
    return role


def delete(session: Session, giver: Agent, role: Role) -> None:
    """Take a role away that nobody has. Raises Invalid where somebody has it."""
    require_within(giver, role.rights)
    if holders := count(session).get(role.id):
        raise Invalid(_("%(count)s people have this role. Give them another first.", count=holders))
    session.delete(role)
    events.record(session, events.SettingsChanged(what=f"role {role.name}", detail="deleted"), actor=giver.actor)


def count(session: Session) -> dict[int, int]:
    """How many people have each role that the house made."""
    found = select(Agent.role_id, func.count()).where(Agent.role_id.is_not(None)).group_by(Agent.role_id)
    return {role_id: number for role_id, number in session.execute(found)}
