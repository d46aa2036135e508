"""What the shell does for a new installation and its accounts."""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.errors import Invalid
from helpdesk.models import Agent
from helpdesk.services import accounts, sla, tickets
from helpdesk.settings import Settings

FIRST_LINK = timedelta(days=1)


def first_admin(session: Session, config: Settings, name: str, email: str) -> str:
    """Make the first admin. Raises Invalid once there is one."""
    if session.scalar(select(Agent.id).limit(1)):
        raise Invalid("There are agents already. Use: helpdesk agents add, or helpdesk agents reset.")
    sla.ensure_default(session)
    agent = accounts.create(session, name, email, "admin")
    return (f"Database: {config.database_url.split('@')[-1]}\nYou are the first admin. Start with `helpdesk serve`, "
            f"then open:\n  {link(session, config, agent)}")


def add_agent(session: Session, config: Settings, name: str, email: str, role: str) -> str:
    """Make an account; the sentence carries its sign-in link."""
    agent = accounts.create(session, name or email.partition("@")[0], email, role)
    return f"{agent.email} is {role} now. This link signs in once, within a day:\n  {link(session, config, agent)}"


def new_link(session: Session, config: Settings, email: str) -> str:
    """A new sign-in link for an account."""
    agent = accounts.by_email(session, email)
    return f"This link signs {agent.email} in once, within a day:\n  {link(session, config, agent)}"


def link(session: Session, config: Settings, agent: Agent) -> str:
    """A one-time sign-in address."""
    return f"{config.base_url}/sign-in/link/{accounts.make_link(session, agent, FIRST_LINK)}"


def explain_clocks(session: Session, number: int) -> str:
    """Every interval of a ticket's clocks, one a line."""
    lines = [str(interval) for interval in sla.explain(session, tickets.lock(session, number))]
    return "\n".join(lines) or "No promise runs on this ticket."
