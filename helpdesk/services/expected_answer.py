"""When a customer who waits for a person may expect an answer, and how it will reach them; in their language.

The number is the middle one (median) of the first answers of the last weeks, counted in business time, over the same
channel and for the same team; with fewer than ENOUGH of those over the same channel; with fewer still what the house
promises for the ticket's priority, and then it says that it is an aim. Without a promise there is no number. Numbers
are only ever rounded up. What ends after closing time is named by day and hour, in the customer's time zone where that
is known.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from statistics import median

from babel import Locale
from babel.dates import format_datetime
from babel.units import format_unit
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.models import Contact, Identity, Inbox, Message, Ticket
from helpdesk.services import inboxes, local_time, reports_rows, routes, sla
from helpdesk.services.hours import Hours
from helpdesk.services.phrases import say

WEEKS = timedelta(weeks=4)
ENOUGH, MOST = 10, 200      # answers: fewer prove nothing, more say nothing new
MINUTE, HOUR, DAY = 60, 3_600, 86_400
STEPS = (5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 20 * MINUTE, 30 * MINUTE, 45 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR,
         4 * HOUR, 6 * HOUR, 8 * HOUR, 12 * HOUR, *(days * DAY for days in range(1, 15)))
HALF_HOUR = timedelta(minutes=30)
FAR = timedelta(days=60)
NEAR = timedelta(days=6)    # within which the name of a weekday says which one is meant


@dataclass(frozen=True)
class Expected:
    """`basis`: median, promise, or '' when there is no number. `seconds`: business time, rounded up. `back`: when the
    house opens, if it is closed. `by`: when the answer is due, if that is not before closing time. Both in UTC."""
    basis: str = ""
    seconds: int = 0
    back: datetime | None = None
    by: datetime | None = None


def expected(session: Session, ticket: Ticket, channel: str, at: datetime | None = None) -> Expected:
    """What may be said to somebody who waits from `at` on, over this channel."""
    policy = sla.policy_of(session, ticket)
    return _expected(session, channel, (ticket.team_id, "any"), sla.hours_of(session, policy),
                     sla.promised_seconds(session, ticket, "first_response"), at or now())


def in_general(session: Session, channel: str, at: datetime | None = None) -> Expected:
    """The same for somebody who has not written yet, whoever would answer them."""
    return _expected(session, channel, ("any",), sla.hours_of(session, sla.policy_in_general(session)),
                     sla.promised_in_general(session, "first_response"), at or now())


def _expected(session: Session, channel: str, teams: Sequence[int | str | None], hours: Hours, promised: int | None,
              at: datetime) -> Expected:
    try:
        opens = hours.after(at, 0)
        basis, seconds = _seconds(session, channel, teams, hours, promised, at)
        rounded = rounded_up(seconds) if basis else 0
        by = hours.after(at, rounded)
    except ValueError:          # never open, or never long enough: nothing to promise
        return Expected()
    back = opens if opens > at else None
    if not rounded:
        return Expected(back=back)
    return Expected(basis, rounded, back, None if by <= _closes(hours, opens) else _half_hour_up(by, hours))


def sentence(session: Session, ticket: Ticket, code: str, route: routes.Route | None,
             at: datetime | None = None) -> str:
    """All of it for the customer, in language `code`, for an answer over `route`; '' when there is nothing to say."""
    channel = route.inbox.channel if route else ticket.channel
    found = expected(session, ticket, channel, at)
    zone = _zone(session, ticket, found.back or found.by or at or now())
    return " ".join(filter(None, (words(found, code, zone or _house_zone(session, ticket), at or now()),
                                  _arrives(session, ticket, code, route))))


def words(found: Expected, code: str, zone: tzinfo, at: datetime) -> str:
    """When, in words. `at`: now."""
    told = [say(code, "closed_now", time=_clock(found.back, code, zone, at))] if found.back else []
    if found.basis:
        kind = "usually" if found.basis == "median" else "aim"
        if found.by:
            told.append(say(code, f"{kind}_by", time=_clock(found.by, code, zone, at)))
        else:
            told.append(say(code, f"{kind}_{'then' if found.back else 'within'}", span=span(found.seconds, code)))
    return " ".join(told)


def rounded_up(seconds: float) -> int:
    """The next step that people use; 0 when it is so long that a number helps nobody."""
    return next((step for step in STEPS if seconds <= step), 0)


def span(seconds: int, code: str) -> str:
    """A rounded number of seconds: "20 minutes", "2 horas"."""
    size, unit = next((size, unit) for size, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")) if
                      seconds % size == 0)
    return format_unit(seconds // size, f"duration-{unit}", "long", locale=Locale.parse(code))


def _seconds(session: Session, channel: str, teams: Sequence[int | str | None], hours: Hours, promised: int | None,
             at: datetime) -> tuple[str, float]:
    """(basis, seconds)."""
    for team in dict.fromkeys(teams):
        taken = _taken(session, channel, team, hours, at)
        if len(taken) >= ENOUGH:
            return "median", median(taken)
    return ("promise", promised) if promised else ("", 0)


def _taken(session: Session, channel: str, team: int | str | None, hours: Hours, at: datetime) -> Sequence[int]:
    """Business seconds from asking (or from the assistant's handing over) to the first answer of a person."""
    asked = (select(func.min(Message.sent_at)).where(
        Message.ticket_id == Ticket.id, Message.direction == "in", Message.kind == "message",
        Message.author_kind == "contact").correlate(Ticket).scalar_subquery())
    began = case((Ticket.handed_over_at <= Ticket.first_response_at, Ticket.handed_over_at), else_=asked)
    found = select(began, Ticket.first_response_at).where(
        Ticket.created_at >= at - 2 * WEEKS, Ticket.first_response_at.between(at - WEEKS, at),
        Ticket.merged_into_id.is_(None), reports_rows.OPENED_OVER == channel, asked <= Ticket.first_response_at)
    if team != "any":
        found = found.where(Ticket.team_id.is_(None) if team is None else Ticket.team_id == team)
    return [hours.seconds_between(began, answered) for began, answered in session.execute(
        found.order_by(Ticket.id.desc()).limit(MOST))]


def _closes(hours: Hours, at: datetime) -> datetime:
    """When the stretch in which the house is open at `at` ends; far away when it hardly ever closes."""
    end = at
    for opens, closes in hours.spans(at, at + FAR):
        if opens > end:
            break
        end = closes
    return end


def _half_hour_up(moment: datetime, hours: Hours) -> datetime:
    """The next full or half hour, but not after the closing time of that stretch."""
    past = timedelta(minutes=moment.minute % 30, seconds=moment.second, microseconds=moment.microsecond)
    up = moment + HALF_HOUR - past if past else moment
    return min(up, _closes(hours, moment - timedelta(seconds=1)))


def _house_zone(session: Session, ticket: Ticket) -> tzinfo:
    return sla.hours_of(session, sla.policy_of(session, ticket)).zone


def _zone(session: Session, ticket: Ticket, at: datetime) -> tzinfo | None:
    """The customer's time zone, if anything tells."""
    contact = session.get(Contact, ticket.contact_id)
    if contact is None:
        return None
    phones = session.scalars(select(Identity.value).where(Identity.contact_id == contact.id, Identity.kind == "phone"))
    found = local_time.local_time(at, contact.time_zone, phones, contact.locale)
    return found.at.tzinfo if found else None


def _clock(moment: datetime, code: str, zone: tzinfo, at: datetime) -> str:
    local = moment.astimezone(zone)
    pattern = "EEEE HH:mm" if moment - at < NEAR else "EEEE d MMMM, HH:mm"
    name = local.tzname() or ""
    name = f"GMT{name}" if name.startswith(("+", "-")) else name
    return f"{format_datetime(local, pattern, locale=Locale.parse(code))} ({name})"


def _arrives(session: Session, ticket: Ticket, code: str, route: routes.Route | None) -> str:
    """How the answer comes, where that is not simply here."""
    if route is None:
        return ""
    if inboxes.is_mail(route.inbox.channel):
        return say(code, "arrives_by_mail", address=route.identity.value)
    inbox = session.get(Inbox, route.inbox.id)
    if route.inbox.channel != "web" or not inbox.mail_unseen:
        return ""
    mail = next((one for one in routes.routes(session, ticket)
                 if one.open and inboxes.is_mail(one.inbox.channel)), None)
    return say(code, "arrives_if_left", address=_masked(mail.identity.value)) if mail else ""


def _masked(address: str) -> str:
    """Enough of a mail address for its owner to know it: whoever else sits at that browser learns nothing."""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"
