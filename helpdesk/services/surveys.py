"""Asking back: was it any good?

A survey is planned when a ticket is resolved and sent some time later, if the matter is still settled then, over the
channel the customer used last. It is the system's own message: it neither reopens the ticket nor answers anybody.
"""
from __future__ import annotations

import logging
from datetime import datetime, timedelta

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import db, events, paths, security, settings
from helpdesk.clock import now
from helpdesk.errors import HelpdeskError
from helpdesk.models import Event, Message, Status, Survey, Ticket
from helpdesk.services import automatic_mail, consents, identities, parts, replies, routes, survey_words, tickets

log = logging.getLogger(__name__)

FATIGUE = timedelta(days=30)            # nobody is asked more often than this
TOO_LATE = timedelta(days=7)            # after that nobody remembers; the worker may have been off
AGAIN = timedelta(minutes=15)           # when something went wrong
BATCH = 20
UNASKED_TAG = "spam"
_templates = Environment(loader=FileSystemLoader(paths.TEMPLATES / "mail" / "survey"), undefined=StrictUndefined,
                         autoescape=lambda name: bool(name and name.endswith(".html")))


def plan(session: Session, ticket_id: int, *, actor: str = "", **_) -> Survey | None:
    """Reaction to TicketResolved: have the customer asked after a while. Run twice it plans once. None when surveys
    are switched off or the ticket is open again."""
    chosen = settings.current()
    if not chosen.survey_enabled:
        return None
    ticket = tickets.lock(session, ticket_id)
    if ticket.status not in (Status.RESOLVED, Status.CLOSED):
        return None
    nth = session.scalar(select(func.count()).select_from(Event).where(
        Event.ticket_id == ticket.id, Event.name == "TicketResolved"))
    key = f"csat:{ticket.id}:{nth}"
    if known := session.scalar(select(Survey).where(Survey.key == key)):
        return known
    for earlier in session.scalars(select(Survey).where(Survey.ticket_id == ticket.id, Survey.state == "planned")):
        earlier.state, earlier.reason = "skipped", "resolved again later"
    agent_id = int(actor.removeprefix("agent:")) if actor.startswith("agent:") else ticket.agent_id
    survey = Survey(ticket_id=ticket.id, contact_id=identities.survivor(session, ticket.contact).id, agent_id=agent_id,
                    key=key, due_at=now() + timedelta(minutes=chosen.survey_delay_minutes))
    _skip(survey, _why_not(session, ticket, survey))
    session.add(survey)
    session.flush()
    return survey


def send_due(session: Session) -> int:
    """Tick: ask everybody whose time has come; returns how many were asked. One that fails stops no other."""
    due = session.execute(select(Survey.id, Survey.ticket_id).where(Survey.state == "planned", Survey.due_at <= now())
                          .order_by(Survey.due_at).limit(BATCH)).all()
    count = 0
    for survey_id, ticket_id in due:
        try:
            with db.savepoint(session):
                count += _send(session, survey_id, ticket_id)
        except HelpdeskError as error:
            _skip(session.get(Survey, survey_id), str(error))
        except Exception:
            log.exception("survey %s could not be sent", survey_id)
            session.get(Survey, survey_id).due_at = now() + AGAIN
    return count


def _send(session: Session, survey_id: int, ticket_id: int) -> bool:
    ticket = tickets.lock(session, ticket_id)
    survey = session.get(Survey, survey_id, populate_existing=True)
    if survey.state != "planned":       # another worker held the ticket before us
        return False
    if _skip(survey, _why_not(session, ticket, survey)):
        return False
    route = _route(session, ticket)
    if route is None:
        return not _skip(survey, "no open way to the customer")
    token = security.token()
    url = f"{settings.current().base_url}/r/{token}"
    words = survey_words.WORDS[survey_words.language(identities.survivor(session, ticket.contact).locale,
                                                     settings.current().default_locale)]
    about = "" if automatic_mail.typed(ticket, route.identity) else ticket.subject
    text, html, subject = (_templates.get_template(name).render(words=words, url=url, subject=about).strip()
                           for name in ("body.txt", "body.html", "subject.txt"))
    message = replies.send(session, ticket, text, by="system", route=route, html=html if route.can.html else "",
                           subject=subject if route.can.subject else "",
                           payload={"survey": {"id": survey.id, "url": url}})
    survey.state, survey.sent_at, survey.channel = "sent", now(), route.inbox.channel
    survey.token_hash, survey.message_id, survey.contact_id = security.token_hash(token), message.id, ticket.contact_id
    events.record(session, events.SurveySent(survey_id=survey.id, channel=survey.channel), ticket=ticket)
    return True


def _why_not(session: Session, ticket: Ticket, survey: Survey) -> str:
    """The reason not to ask; '' when there is none."""
    if ticket.id != survey.ticket_id:
        return "merged into another ticket"
    if ticket.status not in (Status.RESOLVED, Status.CLOSED):
        return "reopened"
    if now() > survey.due_at + TOO_LATE:
        return "too late"
    if ticket.spam_at or any(tag.name == UNASKED_TAG for tag in ticket.tags):
        return "marked as spam"
    if _last_words(session, ticket) is None:
        return "no person has written"
    if _asked_since(session, survey.contact_id, survey.due_at - FATIGUE):
        return f"asked within the last {FATIGUE.days} days"
    return ""


def _asked_since(session: Session, contact_id: int, since: datetime) -> bool:
    return session.scalar(select(Survey.id).where(Survey.contact_id == contact_id, Survey.sent_at > since)
                          .limit(1)) is not None


def _last_words(session: Session, ticket: Ticket) -> Message | None:
    """The last message of a person outside that was not written by a machine."""
    whole = parts.ids(session, ticket)
    automatic = select(Event.data["message_id"].as_integer()).where(
        Event.ticket_id.in_(whole), Event.name == "MessageReceived", Event.data["automatic"].as_string() != "")
    return session.scalar(select(Message).where(
        Message.ticket_id.in_(whole), Message.direction == "in", Message.kind == "message",
        Message.id.not_in(automatic))
        .order_by(Message.id.desc()).limit(1))


def _route(session: Session, ticket: Ticket) -> routes.Route | None:
    """The way the customer came last, or else the best open one."""
    last, found = _last_words(session, ticket), [way for way in routes.routes(session, ticket, "system") if way.open]
    wanted = consents.allowed(session, [way.identity for way in found], "surveys")
    found = [way for way in found if way.identity.id in wanted]
    return next((way for way in found if (way.inbox.id, way.identity.id) == (last.inbox_id, last.identity_id)),
                found[0] if found else None)


def _skip(survey: Survey, reason: str) -> bool:
    if reason:
        survey.state, survey.reason = "skipped", reason[:100]
    return bool(reason)
