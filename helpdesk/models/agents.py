"""People who answer."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, true
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk import rights
from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime

ROLES = ("light", "agent", "manager", "admin")       # each may do what the ones before it may


class Agent(Base):
    """One member of staff. `role` is one of ROLES, or rights.CUSTOM for a role that the house made: its rights and what
    it sees are copied here whenever it changes (services.roles), so that no request has to ask for them."""
    __tablename__ = "agent"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(320), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    role: Mapped[str] = mapped_column(String(16), default="agent")
    role_id: Mapped[int | None] = mapped_column(ForeignKey("role.id"))
    rights: Mapped[list] = mapped_column(Json, default=list, server_default="[]")
    sees: Mapped[str] = mapped_column(String(8), default="all", server_default="all")    # or `teams`: services.sight
    languages: Mapped[list] = mapped_column(Json, default=list, server_default="[]")     # in which they answer
    two_step: Mapped[str] = mapped_column(String(4), default="", server_default="")      # on, due, or ''
    two_step_secret: Mapped[str] = mapped_column(String(200), default="", server_default="")     # encrypted
    two_step_last: Mapped[int] = mapped_column(default=0, server_default="0")    # the step whose code was used last
    recovery_codes: Mapped[list] = mapped_column(Json, default=list, server_default="[]")    # hashes of the unused
    time_zone: Mapped[str] = mapped_column(String(64), default="")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    locale: Mapped[str] = mapped_column(String(16), default="", server_default="")      # '' : as their browser says
    preferences: Mapped[dict] = mapped_column(Json, default=dict, server_default="{}")   # agent_preferences
    mail_notices: Mapped[list] = mapped_column(Json, default=list)      # what they are told of by mail, too
    answers_by_mail: Mapped[bool] = mapped_column(default=False)        # an answer to such a mail is their answer
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    capacity: Mapped[int | None]        # how much open work fits; None: no limit
    digest_at: Mapped[datetime | None] = mapped_column(UTCDateTime)     # when they last got the digest of their day
    away_since: Mapped[datetime | None] = mapped_column(UTCDateTime)    # what comes back does not wait for them

    @property
    def actor(self) -> str:
        """How events name this person."""
        return f"agent:{self.id}"

    @property
    def initials(self) -> str:
        """One or two letters for an avatar."""
        return "".join(word[0] for word in self.name.split()[:2]).upper() or "?"

    def may(self, need: str) -> bool:
        """Whether this person has a right; the name of a role stands for all that it may do."""
        return not self.disabled_at and rights.covers(rights.of(self.role, self.rights or ()), need)


class Role(Base):
    """What some agents may do: a set of rights that the house chose (helpdesk.rights). `sees`: the tickets of `all`,
    or only those of their `teams`."""
    __tablename__ = "role"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    about: Mapped[str] = mapped_column(String(300), default="")
    rights: Mapped[list] = mapped_column(Json, default=list)
    sees: Mapped[str] = mapped_column(String(8), default="all")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class AgentSession(Base):
    """A signed-in browser. The cookie holds the token; we hold its hash, so that ending it here ends it everywhere."""
    __tablename__ = "agent_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class SignInLink(Base):
    """A link that signs in once: the first start, an invitation, a forgotten password."""
    __tablename__ = "sign_in_link"
    id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Team(Base):
    """A group of agents with a queue."""
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    reopen: Mapped[str] = mapped_column(String(8), default="", server_default="")    # see services.reopening
    reopen_days: Mapped[int | None]
    reopen_keeps: Mapped[bool] = mapped_column(default=True, server_default=true())


class TeamMember(Base):
    """Who is in which team."""
    __tablename__ = "team_member"
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"), primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"), primary_key=True, index=True)
