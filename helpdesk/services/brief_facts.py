"""The three statements of the context brief. Built once: putting them together costs more than running them."""
from __future__ import annotations

from sqlalchemy import Integer, bindparam, case, cast, exists, func, literal, null, or_, select, union_all
from sqlalchemy.orm import aliased

from helpdesk.db import UTCDateTime
from helpdesk.models import Agent, AssistantTurn, Identity, Message, Pledge, Rating, SlaClock, Status, Ticket
from helpdesk.services.questions import READ

COMMENT = 400           # characters of a rating's comment

_CONTACT = bindparam("contact_id")
ACTIVE = Ticket.status.in_((Status.OPEN, Status.PENDING))
ADDRESSES = select(Identity.id, Identity.kind, Identity.value, Identity.trust, Identity.failing_since,
                   Identity.unwanted).where(Identity.contact_id == _CONTACT).order_by(Identity.id)


def _matters():
    """Their tickets, those that are not done first, with what is true of all of them beside each."""
    some = select(Ticket.id, Ticket.subject, Ticket.status, Ticket.channel, Ticket.preview, Ticket.preview_author,
                  Ticket.agent_id, Ticket.last_message_at, func.count().over().label("of"),
                  func.sum(case((ACTIVE, 1), else_=0)).over().label("active"),
                  func.min(Ticket.created_at).over().label("since"),
                  case((ACTIVE, 1), else_=0).label("is_active")).where(
        Ticket.contact_id == _CONTACT, Ticket.merged_into_id.is_(None)).order_by(
        case((ACTIVE, 0), else_=1), Ticket.id.desc()).limit(bindparam("matters")).subquery()
    late = select(func.count()).where(SlaClock.ticket_id == some.c.id, SlaClock.breached_at.is_not(None))
    return select(some, Agent.name.label("agent"), late.scalar_subquery().label("late")).outerjoin(
        Agent, Agent.id == some.c.agent_id).order_by(some.c.is_active.desc(), some.c.id.desc())


def _facts():
    """Ratings, promises and what was said since the last answer, in one statement."""
    nothing, no_time, no_words = cast(null(), Integer), cast(null(), UTCDateTime), literal("")
    rated = select(
        literal("rating").label("sort"), Rating.id, Rating.ticket_id, nothing.label("message_id"),
        Rating.created_at.label("at"), no_time.label("due_at"), no_time.label("kept_at"), no_words.label("judged"),
        Rating.score.label("score"), func.substr(Rating.comment, 1, COMMENT).label("text"),
        no_words.label("channel"), no_words.label("author")).join(Ticket, Ticket.id == Rating.ticket_id).where(
        Ticket.contact_id == _CONTACT).order_by(Rating.id.desc()).limit(bindparam("ratings")).subquery()
    promised = select(
        literal("pledge"), Pledge.id, Message.ticket_id, Pledge.message_id, Pledge.created_at, Pledge.due_at,
        Pledge.kept_at, Pledge.judged, nothing,
        func.substr(Message.text, Pledge.begins + 1, Pledge.ends - Pledge.begins), Message.channel,
        Message.author_name).join(Message, Message.id == Pledge.message_id).where(
        Pledge.identity_id.in_(select(Identity.id).where(Identity.contact_id == _CONTACT)),
        Pledge.judged != "none").order_by(Pledge.id.desc()).limit(bindparam("pledges")).subquery()
    said = select(
        literal("said"), Message.id, Message.ticket_id, Message.id.label("message_id"), Message.created_at,
        no_time.label("due"), no_time.label("kept"), no_words.label("judged"), nothing.label("score"),
        func.substr(Message.text, 1, READ), Message.channel, Message.author_name).select_from(Ticket).join(
        Message, Message.ticket_id == Ticket.id).where(
        Ticket.contact_id == _CONTACT, Ticket.last_message_at > bindparam("since"),
        Message.seq > func.coalesce(_last_answer(), 0), Message.direction == "in", Message.kind == "message",
        Message.author_kind == "contact", Message.payload["pressed"].as_string().is_(None)).order_by(
        Message.id.desc()).limit(bindparam("messages")).subquery()
    return union_all(*(select(*part.c) for part in (rated, promised, said)))


def _last_answer():
    """The seq of the last answer of a ticket: an agent's, or an article of the assistant's that was not said to be of
    no help. Asking back and saying hello answer nothing."""
    answer, turn = aliased(Message), aliased(AssistantTurn)
    of_assistant = exists().where(turn.ticket_id == answer.ticket_id, turn.reply_id == answer.id,
                                  turn.outcome == "answered", or_(turn.helped.is_(None), turn.helped))
    return select(answer.seq).where(
        answer.ticket_id == Ticket.id, answer.direction == "out", answer.kind == "message",
        or_(answer.author_kind == "agent", of_assistant)).order_by(answer.seq.desc()).limit(1).correlate(
        Ticket).scalar_subquery()


MATTERS, FACTS = _matters(), _facts()
