"""Agents' accounts: making them, signing in and out."""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from helpdesk import db, events, security, settings
from helpdesk.clock import now
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.i18n import _
from helpdesk.models import Agent, AgentSession, Role, SignInLink, Status, Ticket
from helpdesk.rights import CUSTOM
from helpdesk.services import identities, limits, roles, tickets

LINK_VALID = timedelta(hours=1)
SIGN_IN_TRIES, SIGN_IN_SECONDS = 5, 15 * 60
PASSWORD_LENGTHS = (10, 256)
WRONG = "That e-mail address and password do not go together."
GOOD = (AgentSession.ended_at.is_(None), Agent.disabled_at.is_(None),
        AgentSession.seen_at > bindparam("seen_since"), AgentSession.created_at > bindparam("begun_since"))
BY_TOKEN = select(Agent, AgentSession).join(AgentSession, AgentSession.agent_id == Agent.id).where(
    AgentSession.token_hash == bindparam("token_hash"), *GOOD)


def create(session: Session, name: str, email: str, role: str = "agent", password: str = "",
           actor: str = "system") -> Agent:
    """A new account. Raises Invalid for a bad address, role or password, or an address that has one."""
    email = identities.normal("email", email)
    if session.scalar(select(Agent.id).where(Agent.email == email)):
        raise Invalid(_("%(email)s has an account already.", email=email))
    agent = Agent(name=name.strip()[:200] or email, email=email, role="light")
    roles.give(session, agent, role)
    if password:
        agent.password_hash = security.hash_password(_checked(password))
    session.add(agent)
    session.flush()
    events.record(session, events.SettingsChanged(what="agent", detail=f"{email} is {_role(session, agent)}"),
                  actor=actor)
    return agent


def set_away(session: Session, agent: Agent, away: bool) -> None:
    """They are not there for a while, or are back. What they have stays theirs; what was settled and comes back does
    not wait for them (services.reopening)."""
    if bool(agent.away_since) != away:
        agent.away_since = now() if away else None
        events.record(session, events.SettingsChanged(what="agent", detail="away" if away else "back"),
                      actor=agent.actor)


def by_email(session: Session, email: str) -> Agent:
    """The account of this address. Raises NotFound."""
    agent = session.scalar(select(Agent).where(Agent.email == email.strip().lower()))
    if agent is None:
        raise NotFound(f"There is no agent {email}.")
    return agent


def sign_in(session: Session, email: str, password: str, address: str, user_agent: str) -> tuple[Agent, str]:
    """Check a password; returns the agent and a new session token. Raises Forbidden with the same words whatever is
    wrong. Call `count_try` first, in a transaction of its own, so that a failed try counts."""
    agent = session.scalar(select(Agent).where(Agent.email == email.strip().lower()[:320]))
    fits = security.password_matches(agent.password_hash if agent else "", password[:PASSWORD_LENGTHS[1]])
    if not fits or agent.disabled_at:
        raise Forbidden(WRONG)
    return agent, _open_session(session, agent, address, user_agent)


def count_try(session: Session, email: str, address: str) -> None:
    """Count one try to sign in for this account and address. Raises TooMany."""
    limits.hit(session, f"sign-in:{email.strip().lower()[:100]}:{address}", SIGN_IN_TRIES, SIGN_IN_SECONDS)
    limits.hit(session, f"sign-in:{address}", 10 * SIGN_IN_TRIES, SIGN_IN_SECONDS)


def make_link(session: Session, agent: Agent, valid: timedelta = LINK_VALID) -> str:
    """A new one-time sign-in token for this agent."""
    token = security.token()
    session.add(SignInLink(agent_id=agent.id, token_hash=security.token_hash(token), expires_at=now() + valid))
    return token


def use_link(session: Session, token: str, address: str, user_agent: str) -> tuple[Agent, str]:
    """Sign in with a one-time token. Raises Forbidden when it is unknown, used or too old."""
    used = session.execute(update(SignInLink).where(
        SignInLink.token_hash == security.token_hash(token), SignInLink.used_at.is_(None),
        SignInLink.expires_at > now()).values(used_at=now()).returning(SignInLink.agent_id)).first()
    agent = session.get(Agent, used.agent_id) if used else None
    if agent is None or agent.disabled_at:
        raise Forbidden("This link has been used or is too old. Ask for a new one.")
    return agent, _open_session(session, agent, address, user_agent)


def session_of(session: Session, token: str) -> tuple[Agent, AgentSession] | None:
    """Who this token belongs to; None when it has ended, was idle too long, is too old, or the agent is disabled."""
    row = session.execute(BY_TOKEN, {"token_hash": security.token_hash(token), **_since()}).first()
    return tuple(row) if row else None


def alive(session: Session, session_ids: set[int]) -> set[int]:
    """Those of some sessions that are still good."""
    return set(session.scalars(select(AgentSession.id).join(Agent, Agent.id == AgentSession.agent_id).where(
        AgentSession.id.in_(session_ids), *GOOD), _since()))


def _since() -> dict:
    rules, at = settings.current(), now()
    return {"seen_since": at - timedelta(hours=rules.session_idle_hours),
            "begun_since": at - timedelta(days=rules.session_absolute_days)}


def touch(session: Session, session_id: int) -> None:
    """The person did something (background polling does not count)."""
    row = session.get(AgentSession, session_id)
    row.seen_at = now()
    session.get(Agent, row.agent_id).seen_at = row.seen_at


def sign_out(session: Session, token: str) -> None:
    """End the session of this token."""
    row = session.scalar(select(AgentSession).where(AgentSession.token_hash == security.token_hash(token)))
    if row:
        _end(session, row)


def sessions_of(session: Session, agent: Agent) -> list[AgentSession]:
    """The browsers in which this agent is signed in, the last used first."""
    return list(session.scalars(select(AgentSession).where(
        AgentSession.agent_id == agent.id, AgentSession.ended_at.is_(None)).order_by(AgentSession.seen_at.desc())))


def end_session(session: Session, agent: Agent, session_id: int) -> None:
    """Sign one of the agent's own browsers out. Raises NotFound."""
    row = session.get(AgentSession, session_id)
    if row is None or row.agent_id != agent.id:
        raise NotFound("There is no such session.")
    _end(session, row)


def change_password(session: Session, agent: Agent, old: str, new: str, keep_session_id: int | None) -> None:
    """Set a new password and sign every other browser out. Raises Forbidden when the old one is wrong."""
    agent = session.get(Agent, agent.id)
    if agent.password_hash and not security.password_matches(agent.password_hash, old):
        raise Forbidden("The present password is not right.")
    agent.password_hash = security.hash_password(_checked(new))
    _void_links(session, agent)
    for row in sessions_of(session, agent):
        if row.id != keep_session_id:
            _end(session, row)


def set_password(session: Session, agent: Agent, new: str) -> None:
    """An admin, or the shell, gives a new password; every browser is signed out."""
    agent.password_hash = security.hash_password(_checked(new))
    _void_links(session, agent)
    _end_all(session, agent)


def disable(session: Session, agent: Agent, actor: str) -> None:
    """End an account and everything that is signed in with it; its open tickets go back to the queue. The last admin
    cannot be disabled."""
    if agent.role == "admin" and _admins(session) == [agent.id]:
        raise Invalid(_("The last admin cannot be disabled; make somebody else admin first."))
    agent.disabled_at = now()
    _void_links(session, agent)
    _end_all(session, agent)
    for ticket in session.scalars(select(Ticket).where(Ticket.agent_id == agent.id, Ticket.status.in_(
            (Status.OPEN, Status.PENDING))).order_by(Ticket.id).with_for_update()):
        tickets.assign(session, ticket, None, actor)
    events.record(session, events.SettingsChanged(what="agent", detail=f"{agent.email} disabled"), actor=actor)


def enable(session: Session, agent: Agent, actor: str) -> None:
    """Give a disabled account back."""
    agent.disabled_at = None
    events.record(session, events.SettingsChanged(what="agent", detail=f"{agent.email} enabled"), actor=actor)


def set_role(session: Session, agent: Agent, role: str, actor: str) -> None:
    """Change what an agent may do: a name of models.agents.ROLES, or the number of a role; they sign in again."""
    before = _role(session, agent)
    if agent.role == "admin" and role != "admin" and _admins(session) == [agent.id]:
        raise Invalid(_("The last admin cannot step down; make somebody else admin first."))
    if not roles.give(session, agent, role):
        return
    _end_all(session, agent)
    detail = f"{agent.email} is {_role(session, agent)} (before: {before})"
    events.record(session, events.SettingsChanged(what="agent", detail=detail), actor=actor)


def _role(session: Session, agent: Agent) -> str:
    return agent.role if agent.role != CUSTOM else session.get(Role, agent.role_id).name


def _open_session(session: Session, agent: Agent, address: str, user_agent: str) -> str:
    token = security.token()
    session.add(AgentSession(agent_id=agent.id, token_hash=security.token_hash(token), csrf_token=security.token(),
                             address=address[:64], user_agent=user_agent[:300]))
    events.record(session, events.AgentSignedIn(agent_id=agent.id, address=address), actor=agent.actor)
    return token


def _admins(session: Session) -> list[int]:
    """Held until the transaction ends: two admins who remove each other at once must not both succeed."""
    return list(session.scalars(select(Agent.id).where(Agent.role == "admin", Agent.disabled_at.is_(None))
                                .order_by(Agent.id).with_for_update()))


def _void_links(session: Session, agent: Agent) -> None:
    session.execute(update(SignInLink).where(SignInLink.agent_id == agent.id, SignInLink.used_at.is_(None))
                    .values(used_at=now()))


def _end_all(session: Session, agent: Agent) -> None:
    for row in sessions_of(session, agent):
        _end(session, row)


def _end(session: Session, row: AgentSession) -> None:
    row.ended_at = now()
    db.tell(session, f"agent:{row.agent_id}", "signed-out", session=row.id)


def _checked(password: str) -> str:
    low, high = PASSWORD_LENGTHS
    if not low <= len(password) <= high:
        raise Invalid(f"A password has {low} to {high} characters.")
    return password
