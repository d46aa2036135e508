"""What waits, once a day at the beginning of an agent's shift, by mail, where they asked for that.

The hour is one of their own clock: on the day the clocks are set, too, there is one digest. That today's was planned
stands with the agent, written together with the task that sends it. On a quiet day and while they are away none comes.
"""
from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import settings
from helpdesk.clock import now
from helpdesk.models import Agent, Notification, SlaClock, Status, TeamMember, Ticket
from helpdesk.services import agent_notices, agent_preferences, outbox, quiet_hours, senders, tasks, when

LATE = timedelta(hours=4)       # after a standstill this long, the day's digest is no news any more
SHOWN = 10


def plan_due(session: Session) -> None:
    """Plan the digests that are due now."""
    if outbox.held(session) or agent_notices.any_inbox(session) is None:
        return
    at = now()
    for agent in session.scalars(select(Agent).where(Agent.disabled_at.is_(None)).order_by(Agent.id)).all():
        if not _due(agent, at) or senders.is_ours(session, agent.email):
            continue
        agent = session.get(Agent, agent.id, with_for_update=True, populate_existing=True)
        if _due(agent, at):
            agent.digest_at = at
            tasks.plan(session, "jobs.agent_mails.digest", None,
                       {"agent_id": agent.id, "day": at.astimezone(quiet_hours.zone_of(agent)).date().isoformat()})


def words(session: Session, agent: Agent) -> tuple[str, str] | None:
    """(subject, text) of the mail; None when nothing waits."""
    mine, free, overdue = _mine(session, agent), _free(session, agent), _overdue(session, agent)
    mentions = session.scalar(select(func.count()).select_from(Notification).where(
        Notification.agent_id == agent.id, Notification.seen_at.is_(None), Notification.kind == "mention"))
    waiting = [ticket for ticket in mine if ticket.waiting_since]
    if not (mine or free or mentions):
        return None
    base = settings.current().base_url
    counts = [f"Yours and open: {len(mine)}, waiting for an answer {len(waiting)}, overdue {len(overdue)}",
              f"Waiting, and nobody's: {free}", f"Notes that name you, not looked at yet: {mentions}"]
    lines = [f"#{ticket.id} {ticket.subject or ticket.contact.label}{' (overdue)' if ticket.id in overdue else ''}\n"
             f"{base}/tickets/{ticket.id}"
             for ticket in sorted(mine, key=lambda one: (one.id not in overdue, one.waiting_since is None,
                                                         one.waiting_since or one.created_at))[:SHOWN]]
    return f"Your day: {len(waiting)} waiting for your answer", "\n\n".join([
        "\n".join(counts), *lines, f"{base}/inbox/mine",
        f"An answer to this mail reaches nobody. When such mails come: {base}/account"])


def _due(agent: Agent, at: datetime) -> bool:
    wanted, zone = agent_preferences.of(agent, "digest"), quiet_hours.zone_of(agent)
    if not wanted or agent.away_since:
        return False
    today = at.astimezone(zone).date()
    start = when.at(today, time.fromisoformat(wanted), zone)
    return (start <= at < start + LATE and (agent.digest_at is None or agent.digest_at < start)
            and today.weekday() not in agent_preferences.of(agent, "quiet").get("days", ()))


def _mine(session: Session, agent: Agent) -> list[Ticket]:
    return list(session.scalars(select(Ticket).where(
        Ticket.agent_id == agent.id, Ticket.status == Status.OPEN, Ticket.snoozed_until.is_(None),
        Ticket.merged_into_id.is_(None), Ticket.spam_at.is_(None))))


def _free(session: Session, agent: Agent) -> int:
    """How many tickets that nobody has wait for an answer, of this agent's teams and of none."""
    teams = select(TeamMember.team_id).where(TeamMember.agent_id == agent.id)
    return session.scalar(select(func.count()).select_from(Ticket).where(
        Ticket.agent_id.is_(None), Ticket.status == Status.OPEN, Ticket.waiting_since.is_not(None),
        Ticket.with_assistant.is_(False), Ticket.snoozed_until.is_(None), Ticket.merged_into_id.is_(None),
        Ticket.spam_at.is_(None), Ticket.team_id.is_(None) | Ticket.team_id.in_(teams)))


def _overdue(session: Session, agent: Agent) -> set[int]:
    return set(session.scalars(select(SlaClock.ticket_id).join(Ticket, Ticket.id == SlaClock.ticket_id).where(
        Ticket.agent_id == agent.id, Ticket.status == Status.OPEN, SlaClock.breached_at.is_not(None),
        SlaClock.met_at.is_(None))))
