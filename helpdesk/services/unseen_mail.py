"""News that an agent has not looked at for a while, by mail: one mail for all of it, where they asked for that.

Each is mailed once: that it was stands in its row, written together with the task that sends the mail. What was mailed
when it came (services.agent_notices) is left out.
"""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import settings
from helpdesk.clock import now
from helpdesk.models import Agent, Notification
from helpdesk.services import agent_notices, agent_preferences, outbox, quiet_hours, senders, tasks
from helpdesk.services.notice_groups import groups

MOST = 100      # of one mail; what is older stands in the console


def plan_due(session: Session) -> None:
    """Plan the mails that are due now."""
    if outbox.held(session) or agent_notices.any_inbox(session) is None:
        return
    for agent in session.scalars(select(Agent).where(Agent.disabled_at.is_(None)).order_by(Agent.id)).all():
        minutes = agent_preferences.of(agent, "unseen_mail")
        if not minutes or quiet_hours.quiet(agent_preferences.of(agent, "quiet"), now(), quiet_hours.zone_of(agent)):
            continue
        if not senders.is_ours(session, agent.email):
            _plan(session, session.get(Agent, agent.id, with_for_update=True), minutes)


def words(session: Session, agent: Agent, ids: list[int]) -> tuple[str, str] | None:
    """(subject, text) of the mail about those of them that are still not seen; None when all are."""
    news = list(session.scalars(select(Notification).where(
        Notification.id.in_(ids), Notification.agent_id == agent.id, Notification.seen_at.is_(None))
        .order_by(Notification.id.desc())))
    if not news:
        return None
    base, lines = settings.current().base_url, []
    for group in groups(news):
        where = f"/tickets/{group.newest.ticket_id}" if group.newest.ticket_id else "/notifications"
        lines.append("\n".join(part for part in (group.words, group.newest.text, base + where) if part))
    first = news[0].text if len(news) == 1 else f"{len(news)} things that you have not looked at"
    return first, "\n\n".join(["This waits for you in the helpdesk, and you have not looked at it yet:", *lines,
                               f"An answer to this mail reaches nobody. When such mails come: {base}/account"])


def _plan(session: Session, agent: Agent, minutes: int) -> None:
    news = list(session.scalars(select(Notification).where(
        Notification.agent_id == agent.id, Notification.seen_at.is_(None), Notification.mailed_at.is_(None),
        Notification.kind.not_in(agent.mail_notices or ())).order_by(Notification.id.desc()).limit(MOST)))
    if news and news[-1].created_at <= now() - timedelta(minutes=minutes):
        for one in news:
            one.mailed_at = now()
        tasks.plan(session, "jobs.agent_mails.unseen", None, {"agent_id": agent.id, "ids": [one.id for one in news]})
