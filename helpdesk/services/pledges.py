"""Promises in agents' own words: noted when they are written, kept by the next answer, judged by people.

What counts as keeping: an agent's answer to the same person, on whatever channel, that is not merely the end of the
message that promised ("I'll call you tomorrow." "Have a nice day!"). Hence `counts_from`: a quarter of the way to the
date, at most half an hour after the promise. docs/decisions/0021-a-brief-without-a-model.md
"""
from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from helpdesk import db, events, settings
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent, BusinessHours, Identity, Message, Pledge, Ticket
from helpdesk.services import tickets
from helpdesk.services.hours import Hours
from helpdesk.services.promise_words import promises

NOT_BEFORE = timedelta(minutes=30)
UNDATED = timedelta(minutes=10)
JUDGEMENTS = ("kept", "none", "")
THEIRS = select(Identity.id).where(Identity.contact_id == bindparam("whose"))
KEEP = update(Pledge).where(Pledge.kept_at.is_(None), Pledge.judged == "", Pledge.counts_from <= bindparam("at"),
                            Pledge.identity_id.in_(THEIRS)).values(kept_at=bindparam("at"))


def answered(session: Session, contact_id: int, message: Message) -> None:
    """An agent answered: earlier promises to this person are kept, and those of this answer are noted."""
    at = message.sent_at
    db.write_later(session, KEEP, at=at, whose=contact_id)
    if not message.text:
        return
    found = promises(message.text, at, house_hours(session))
    for one in found:
        ahead = (one.due_at - at) / 4 if one.due_at else UNDATED
        db.insert_later(session, Pledge, unless_there=True, message_id=message.id, identity_id=message.identity_id,
                        begins=one.begins, ends=one.ends, due_at=one.due_at, counts_from=at + min(NOT_BEFORE, ahead),
                        kept_at=None, judged="", judged_by_id=None, created_at=at)


def judge(session: Session, pledge_id: int, judgement: str, agent: Agent) -> Ticket:
    """Say that a promise was kept ("kept"; by phone, say), that it was none ("none"), or take that back (""). Returns
    its ticket. The same again changes nothing. Raises NotFound, or Invalid for another judgement."""
    if judgement not in JUDGEMENTS:
        raise Invalid("A promise is kept, or was none.")
    ticket_id = session.scalar(select(Message.ticket_id).join(Pledge, Pledge.message_id == Message.id).where(
        Pledge.id == pledge_id))
    if ticket_id is None:
        raise NotFound("There is no such promise.")
    ticket, pledge = tickets.lock(session, ticket_id), session.get(Pledge, pledge_id)
    if pledge.judged != judgement:
        pledge.judged, pledge.judged_by_id = judgement, agent.id if judgement else None
        session.flush()
        events.record(session, events.PledgeJudged(pledge_id=pledge.id, message_id=pledge.message_id,
                                                   judgement=judgement), ticket=ticket, actor=agent.actor)
    return ticket


def house_hours(session: Session) -> Hours:
    """The opening hours of the house; around the clock in the house's time zone when it keeps none."""
    row = session.scalar(select(BusinessHours).order_by(BusinessHours.id).limit(1))
    return Hours(row.time_zone, row.week, row.holidays) if row else Hours(settings.current().time_zone)
