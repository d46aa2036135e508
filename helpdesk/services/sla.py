"""Promises and their clocks.

Two clocks measure a ticket: `first_response` until a human answers in public, `resolution` until it is resolved. The
rules, in the words of the documentation:

- A ticket that a customer opened starts both. While the assistant has it, the first response waits: it starts when
  the assistant hands over, so that no promise of people is kept or broken by a machine.
- Pending and snoozed stop the resolution clock. Resolved or closed meets it and stops the other.
- Reopened, the resolution clock goes on with the time already spent. The first response is given once.
- A promise broken stays broken; a clock that breached goes on until it is met.

The verbs are called by the services that make the change, in its transaction and with the ticket locked. They keep
`ticket.due_at`, the nearest running deadline.
"""
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from helpdesk import db, events, settings
from helpdesk.clock import now
from helpdesk.models import BusinessHours, Event, Message, SlaClock, SlaPolicy, Ticket
from helpdesk.models.tickets import PRIORITIES
from helpdesk.services import clocks
from helpdesk.services.clocks import Interval
from helpdesk.services.hours import Hours

KINDS = ("first_response", "resolution")
CLOCK = tuple(name for name in SlaClock.__table__.c.keys() if name != "id")
USUAL = "normal"        # the priority of a ticket until somebody says otherwise
BATCH = 100
POLICIES = select(SlaPolicy).order_by(SlaPolicy.position, SlaPolicy.id)
CLOCKS = select(SlaClock).where(SlaClock.ticket_id == bindparam("ticket_id")).order_by(SlaClock.id).execution_options(
    populate_existing=True)


def ensure_default(session: Session) -> SlaPolicy:
    """The first policy, made from the settings when there is none. Around the clock until somebody sets hours."""
    policy = session.scalar(select(SlaPolicy).order_by(SlaPolicy.position, SlaPolicy.id).limit(1))
    if policy is None:
        chosen = settings.current()
        policy = SlaPolicy(name="Default", first_response=dict.fromkeys(PRIORITIES, chosen.first_response_minutes),
                           resolution=dict.fromkeys(PRIORITIES, chosen.resolution_minutes))
        session.add(policy)
        session.flush()
    return policy


def hours_of(session: Session, policy: SlaPolicy | None) -> Hours:
    """The business hours of a policy; around the clock when it has none."""
    row = session.get(BusinessHours, policy.hours_id) if policy and policy.hours_id else None
    return Hours(row.time_zone, row.week, row.holidays) if row else Hours()


def policy_of(session: Session, ticket: Ticket) -> SlaPolicy:
    """The policy that holds for this ticket: the first one that promises something for its priority."""
    return _policy(session, ticket)


def policy_in_general(session: Session) -> SlaPolicy | None:
    """The policy that holds for a ticket of which nothing is known yet; None while there is none."""
    policies = session.scalars(POLICIES).all()
    return next((one for one in policies if any(getattr(one, kind).get(USUAL) for kind in KINDS)),
                policies[0] if policies else None)


def promised_in_general(session: Session, kind: str) -> int | None:
    """What is promised for such a ticket, in seconds of business time; None when nothing is."""
    policy = policy_in_general(session)
    minutes = getattr(policy, kind).get(USUAL) if policy else None
    return round(minutes * 60) if minutes else None


def promised_seconds(session: Session, ticket: Ticket, kind: str) -> int | None:
    """What is promised for this ticket, in seconds of business time; None when nothing is."""
    return _target(_policy(session, ticket), kind, ticket)


def start(session: Session, ticket: Ticket, at: datetime | None = None) -> None:
    """A customer opened this ticket. Started twice it stays as it is."""
    if ticket.seq and _clocks(session, ticket):
        return
    at, policy = at or ticket.created_at or now(), _policy(session, ticket)
    kinds = KINDS[1:] if ticket.with_assistant else KINDS
    begun = list(filter(None, (_clock(ticket, policy, kind, at) for kind in kinds)))
    _settle(session, ticket, at, begun)
    for clock in begun:
        db.insert_later(session, SlaClock, **{name: getattr(clock, name) for name in CLOCK})


def customer_wrote(session: Session, ticket: Ticket, at: datetime | None = None) -> None:
    """The customer wrote. Where no clock waits for a first answer although people have the ticket and none of them
    has answered yet (an agent silenced the assistant), it starts now."""
    at = min(at or now(), now())
    with session.no_autoflush:      # the ticket is about to change once more: it is written once
        found = _clocks(session, ticket)
    if not ticket.with_assistant and ticket.first_response_at is None and [c.kind for c in found] == ["resolution"]:
        found.append(_begin(session, ticket, _policy(session, ticket), "first_response", at))
    _settle(session, ticket, at, found)


def handed_over(session: Session, ticket: Ticket, at: datetime | None = None) -> None:
    """The assistant gave the ticket to people: the promise of a first response starts here, unless one has
    answered already or it is broken."""
    at, known = at or now(), {clock.kind: clock for clock in _clocks(session, ticket)}
    clock = known.get("first_response")
    if not known or ticket.first_response_at or (clock and (clock.met_at or clock.breached_at)):
        return
    if clock:
        clock.started_at, clock.spent_seconds = at, 0
        clock.due_at, clock.paused_at = None, at
    else:
        _begin(session, ticket, _policy(session, ticket), "first_response", at)
    _settle(session, ticket, at)


def handed_back(session: Session, ticket: Ticket) -> None:
    """The assistant has the ticket again: the first response of people, as far as it is still to be given and not
    late, waits until it hands over again."""
    for clock in _clocks(session, ticket):
        if clock.kind == "first_response" and not clock.met_at and not clock.breached_at:
            session.delete(clock)
    session.flush()
    _settle(session, ticket, now())


def replied(session: Session, ticket: Ticket, at: datetime | None = None) -> None:
    """A human answered in public. Replies of the assistant and of the system are not told to this function. If no
    customer has written at all, an agent started the ticket and nothing was promised."""
    at = at or now()
    for clock in _clocks(session, ticket):
        if clock.kind == "first_response" and not clock.met_at:
            if not session.scalar(select(exists().where(Message.ticket_id == ticket.id, Message.direction == "in"))):
                return _forget(session, ticket)
            _stop(session, ticket, clock, at)
            clock.met_at, clock.paused_at = at, None
    _settle(session, ticket, at)


def status_changed(session: Session, ticket: Ticket, previous: str, new: str, at: datetime | None = None) -> None:
    """The ticket stands at `new` now. Also to be called, with the same status twice, after it was snoozed or woken."""
    _settle(session, ticket, at or now(), status=new)


def priority_changed(session: Session, ticket: Ticket, at: datetime | None = None) -> None:
    """Another priority, another promise: the targets change, the time already spent does not. A clock that is met or
    broken stays so."""
    at, known = at or now(), {clock.kind: clock for clock in _clocks(session, ticket)}
    if not known:
        return
    policy = _policy(session, ticket)
    for clock in known.values():
        if clock.met_at or clock.breached_at:
            continue
        _stop(session, ticket, clock, at)
        target = _target(policy, clock.kind, ticket)
        if target is None:
            session.delete(clock)
        else:
            clock.target_seconds, clock.policy_id = target, policy.id
    session.flush()
    _settle(session, ticket, at)


def stand_still(session: Session, ticket: Ticket, at: datetime | None = None) -> None:
    """The ticket is merged into another one: its clocks stop as they are, until it is told again how it stands."""
    at = at or now()
    for clock in _clocks(session, ticket):
        if not clock.met_at:
            _stop(session, ticket, clock, at)
    session.flush()
    ticket.due_at = None


def breach_due(session: Session) -> int:
    """Tick: note every running clock whose time is up, once; returns how many. Due exactly now is still in time.

    The ticket is locked before its clock is looked at again, in the order of every other service, so that a reply
    at the same moment is either seen here or sees this.
    """
    at = now()
    late = select(SlaClock.ticket_id).where(SlaClock.due_at < at, SlaClock.breached_at.is_(None),
                                            SlaClock.met_at.is_(None)).order_by(SlaClock.due_at).limit(BATCH)
    count = 0
    for ticket_id in dict.fromkeys(session.scalars(late).all()):       # a ticket may have two
        ticket = session.scalar(select(Ticket).where(Ticket.id == ticket_id).execution_options(populate_existing=True)
                                .with_for_update(skip_locked=True))
        if ticket is None:
            continue
        for clock in _clocks(session, ticket):
            if ticket.merged_into_id:       # its promises went over to the survivor
                clock.due_at, clock.paused_at = None, clock.paused_at or at
            else:
                count += _note_breach(session, ticket, clock, at)
    return count


def explain(session: Session, ticket: Ticket) -> list[Interval]:
    """What each clock of this ticket counted, and what it did not and why, oldest first per clock."""
    history = session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.seq)).all()
    found = []
    for clock in _clocks(session, ticket):
        hours = hours_of(session, session.get(SlaPolicy, clock.policy_id) if clock.policy_id else None)
        walk = clocks.steps(clock.kind, clock.started_at, history)
        found += clocks.intervals(clock.kind, hours, walk, clock.met_at or now(), not clock.met_at)
    return found


def _clocks(session: Session, ticket: Ticket) -> list[SlaClock]:
    return list(session.scalars(CLOCKS, {"ticket_id": ticket.id}))


def _policy(session: Session, ticket: Ticket) -> SlaPolicy:
    """The first policy that promises something for this priority."""
    policies = session.scalars(POLICIES).all()
    fits = (p for p in policies if any(_target(p, kind, ticket) for kind in KINDS))
    return next(fits, None) or (policies[0] if policies else ensure_default(session))


def _target(policy: SlaPolicy, kind: str, ticket: Ticket) -> int | None:
    minutes = getattr(policy, kind).get(ticket.priority)
    return round(minutes * 60) if minutes else None


def _begin(session: Session, ticket: Ticket, policy: SlaPolicy, kind: str, at: datetime) -> SlaClock | None:
    clock = _clock(ticket, policy, kind, at)
    if clock:
        session.add(clock)
    return clock


def _clock(ticket: Ticket, policy: SlaPolicy, kind: str, at: datetime) -> SlaClock | None:
    target = _target(policy, kind, ticket)
    return target and SlaClock(ticket_id=ticket.id, policy_id=policy.id, kind=kind, target_seconds=target,
                               started_at=at, paused_at=at, spent_seconds=0)


def _forget(session: Session, ticket: Ticket) -> None:
    for clock in _clocks(session, ticket):
        session.delete(clock)
    session.flush()
    ticket.due_at = None


def _settle(session: Session, ticket: Ticket, at: datetime, found: Sequence[SlaClock | None] | None = None,
            status: str | None = None) -> None:
    """Let every clock run or stand as the ticket does, and set its nearest deadline. `found`: its clocks, if known."""
    status = status or ticket.status
    found = _clocks(session, ticket) if found is None else [clock for clock in found if clock]
    for clock in found:
        if clock.kind == "resolution" and status in clocks.DONE:
            if not clock.met_at:
                _stop(session, ticket, clock, at)
                clock.met_at, clock.paused_at = at, None
        elif clock.kind == "resolution" and clock.met_at:
            clock.met_at, clock.paused_at = None, at
        if clock.met_at:
            continue
        if not clocks.runs(clock.kind, status, bool(ticket.snoozed_until)):
            _stop(session, ticket, clock, at)
        elif clock.due_at is None:
            _go(session, clock, at)
    ticket.due_at = min((clock.due_at for clock in found if clock.due_at), default=None)


def _go(session: Session, clock: SlaClock, at: datetime) -> None:
    hours = hours_of(session, session.get(SlaPolicy, clock.policy_id))
    at = max(at, clock.paused_at or at)     # a mail that was long on its way does not turn the clock back
    try:
        clock.due_at, clock.paused_at = hours.after(at, clock.target_seconds - clock.spent_seconds), None
    except ValueError:          # these hours never open: no deadline can be named, and a ticket comes in all the same
        clock.paused_at = clock.paused_at or at


def _stop(session: Session, ticket: Ticket, clock: SlaClock, at: datetime) -> None:
    """Stand still. The deadline says how much was spent: it lies as far away as time was left."""
    if clock.due_at is None:
        return
    _note_breach(session, ticket, clock, at)
    hours = hours_of(session, session.get(SlaPolicy, clock.policy_id))
    clock.spent_seconds = max(0, clock.target_seconds - hours.seconds_between(at, clock.due_at)
                              + hours.seconds_between(clock.due_at, at))
    clock.due_at, clock.paused_at = None, at


def _note_breach(session: Session, ticket: Ticket, clock: SlaClock, at: datetime) -> bool:
    """Record that the promise was broken, if it was and nobody has noted it yet."""
    if not clock.due_at or clock.due_at >= at or clock.breached_at or clock.met_at:
        return False
    clock.breached_at = clock.due_at
    events.record(session, events.SlaBreached(kind=clock.kind, due_at=clock.due_at.isoformat()), ticket=ticket)
    return True
