"""Mailing what agents are told."""
from __future__ import annotations

from channels.base import Outbound
from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.models import Agent, AgentNotice, Inbox
from helpdesk.services import agent_notices, inboxes


def send(ticket_id: int, *, notice_id: int, **_) -> None:
    """Send one notice. Twice it is the same mail, under the same Message-ID. What fails is tried again by the task's
    own rules; nothing hangs on it, because the console tells the same."""
    with db.reading() as session:
        notice = session.get(AgentNotice, notice_id)
        agent = session.get(Agent, notice.agent_id) if notice else None
        if notice is None or notice.sent_at or agent.disabled_at:
            return
        inbox = session.get(Inbox, notice.inbox_id)
        channel = inboxes.open_channel(inbox)
        subject, text = agent_notices.words(session, notice)
        mail = Outbound(id=f"notice-{notice.id}", address=agent.email, subject=subject, text=text,
                        message_id=agent_notices.message_id(notice, inbox), reply_token=agent_notices.token(notice),
                        sender_name=settings.current().company_name, automatic=True, no_return=True)
    channel.send(mail)
    with db.transaction() as session:
        session.get(AgentNotice, notice_id).sent_at = now()
