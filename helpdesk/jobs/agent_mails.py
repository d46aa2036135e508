"""Mailing agents what waits: the news that they have not looked at, and the digest of their day. Twice it is the same
mail, under the same Message-ID; what fails is tried again by the task's own rules."""
from __future__ import annotations

from channels.base import Outbound
from helpdesk import db, settings
from helpdesk.models import Agent
from helpdesk.services import agent_notices, digests, inboxes, unseen_mail


def unseen(ticket_id: None, *, agent_id: int, ids: list[int], **_) -> None:
    """The news `ids`, as far as they still were not seen."""
    _send(agent_id, f"unseen-{agent_id}-{max(ids)}", unseen_mail.words, ids)


def digest(ticket_id: None, *, agent_id: int, day: str, **_) -> None:
    """What waits on this day."""
    _send(agent_id, f"digest-{agent_id}-{day}", digests.words)


def _send(agent_id: int, name: str, words, *args) -> None:
    with db.reading() as session:
        agent, inbox = session.get(Agent, agent_id), agent_notices.any_inbox(session)
        said = words(session, agent, *args) if inbox and not agent.disabled_at else None
        if said is None:
            return
        channel = inboxes.open_channel(inbox)
        mail = Outbound(id=name, address=agent.email, subject=said[0], text=said[1],
                        message_id=agent_notices.own_id(name, inbox), sender_name=settings.current().company_name,
                        automatic=True, no_return=True)
    channel.send(mail)
