"""What agents see of many tickets at once: the views, their pages and their counts. Reads only.

A page is cut by keyset on (last_message_at, id), which the indexes of `ticket` serve without sorting; a count looks at
no more than a hundred rows.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Row, bindparam, func, literal, select, tuple_
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent, Contact, Status, Tag, Ticket, TicketTag
from helpdesk.services import search

PAGE = 25
COUNT_LIMIT = 100       # shown as 99+
RARE = 1_000            # a tag of fewer tickets
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

COLUMNS = (Ticket.id, Ticket.subject, Ticket.status, Ticket.priority, Ticket.channel, Ticket.agent_id,
           Ticket.with_assistant, Ticket.waiting_since, Ticket.snoozed_until, Ticket.preview, Ticket.preview_author,
           Ticket.due_at, Ticket.last_message_at, Ticket.seq, Ticket.contact_id, Contact.name.label("contact_name"),
           Agent.name.label("agent_name"))
TAGS = select(TicketTag.ticket_id, Tag.name).join(Tag, Tag.id == TicketTag.tag_id).where(
    TicketTag.ticket_id.in_(bindparam("ids", expanding=True))).order_by(Tag.name)


@dataclass(frozen=True)
class View:
    """One entry of the rail. Each status is read by its own index scan."""
    key: str
    label: str
    icon: str
    statuses: tuple[Status, ...] = (Status.OPEN,)
    counted: bool = True
    empty: str = "Nothing here."


VIEWS = {view.key: view for view in (
    View("mine", "Mine", "mine", empty="You have no open tickets. Take one from Unassigned."),
    View("unassigned", "Unassigned", "unassigned", empty="Every open ticket has somebody who looks after it."),
    View("all", "All open", "all", empty="No ticket is open. New messages appear here by themselves."),
    View("assistant", "With the assistant", "robot", empty="The assistant is not talking to anybody."),
    View("waiting", "Waiting for customer", "waiting", (Status.PENDING,), empty="No answer is awaited."),
    View("snoozed", "Snoozed", "snooze", (Status.OPEN, Status.PENDING), empty="Nothing is hidden until later."),
    View("spam", "Spam", "shield", (Status.CLOSED,), counted=False,
         empty="Nothing was marked as spam, and no address is blocked."),
    View("resolved", "Resolved", "resolved", (Status.RESOLVED, Status.CLOSED), counted=False,
         empty="Nothing has been resolved yet."))}


@dataclass(frozen=True)
class Filters:
    """What narrows a view: a channel, a team, a tag, and words to look for."""
    channel: str = ""
    team: int | None = None
    tag: str = ""
    q: str = ""

    @property
    def query(self) -> str:
        """As the end of an address, with its question mark; '' when nothing is narrowed."""
        given = {key: value for key, value in vars(self).items() if value}
        return f"?{urlencode(given)}" if given else ""


@dataclass(frozen=True)
class Page:
    """Some rows, their tags by ticket, and the cursor of what follows ('' at the end)."""
    rows: Sequence[Row]
    tags: dict[int, list[str]]
    next: str


def find_view(key: str) -> View:
    """The view of this name. Raises NotFound."""
    if key not in VIEWS:
        raise NotFound(f"There is no view {key!r}.")
    return VIEWS[key]


def tickets(session: Session, view: View, agent_id: int, filters: Filters = Filters(), cursor: str = "",
            limit: int = PAGE) -> Page:
    """One page of a view, the last touched first. With words to look for, the view's status does not matter."""
    anywhere = [_listing("spam" if view.key == "spam" else "resolved", None)]
    wanted = anywhere if filters.q else [_listing(view.key, status) for status in view.statuses]
    if narrowed := _narrowed(session, filters):
        wanted = [q.where(*narrowed) for q in wanted]
    if cursor:
        at, ticket_id = _read_cursor(cursor)
        wanted = [q.where(tuple_(Ticket.last_message_at, Ticket.id) <
                          tuple_(literal(at, Ticket.last_message_at.type), literal(ticket_id))) for q in wanted]
    rows: list[Row] = []
    for one in wanted:
        rows += db.rows(session, one, {"agent_id": agent_id, "most": limit + 1})
    if len(wanted) > 1:
        rows.sort(key=lambda row: (row.last_message_at, row.id), reverse=True)
    more, rows = len(rows) > limit, rows[:limit]
    return Page(rows, _tags(session, [row.id for row in rows]), _cursor(rows[-1]) if more else "")


def ids(session: Session, view: View, agent_id: int, filters: Filters = Filters(), limit: int = 10_000) -> list[int]:
    """The tickets of a whole view, loaded or not, at most `limit`."""
    wanted = [_listing("spam" if view.key == "spam" else "resolved", None)] if filters.q else [
        _listing(view.key, status) for status in view.statuses]
    narrowed = _narrowed(session, filters)
    return [row[0] for one in wanted for row in db.rows(
        session, one.with_only_columns(Ticket.id).where(*narrowed), {"agent_id": agent_id, "most": limit})][:limit]


def counts(session: Session, agent_id: int, channels: Sequence[str] = (), teams: Sequence[int] = ()) -> dict[str, int]:
    """How many tickets each counted view holds, by key, at most COUNT_LIMIT; channels as "channel:<name>", teams as
    "team:<id>". One statement."""
    [row] = db.rows(session, _counting(tuple(channels), tuple(teams)), {"agent_id": agent_id})
    return row._asdict()


def _conditions(key: str, agent_id) -> list[ColumnElement[bool]]:
    awake = [Ticket.snoozed_until.is_(None), Ticket.merged_into_id.is_(None)]
    return {"mine": [Ticket.agent_id == agent_id, *awake],
            "unassigned": [Ticket.agent_id.is_(None), Ticket.with_assistant.is_(False), *awake],
            "assistant": [Ticket.with_assistant, *awake],
            "snoozed": [Ticket.snoozed_until.is_not(None), Ticket.merged_into_id.is_(None)],
            "spam": [Ticket.spam_at.is_not(None), Ticket.merged_into_id.is_(None)],
            "resolved": [Ticket.spam_at.is_(None), Ticket.merged_into_id.is_(None)]}.get(key, awake)


@cache
def _listing(key: str, status: Status | None):
    """The rows of a view with one status, or with any. Built once: building costs more than asking."""
    query = select(*COLUMNS).join(Contact, Contact.id == Ticket.contact_id).outerjoin(
        Agent, Agent.id == Ticket.agent_id).where(*_conditions(key, bindparam("agent_id")))
    if status:
        query = query.where(Ticket.status == status)
    return query.order_by(Ticket.last_message_at.desc(), Ticket.id.desc()).limit(bindparam("most"))


@lru_cache(maxsize=64)
def _counting(channels: tuple[str, ...], teams: tuple[int, ...]):
    agent = bindparam("agent_id")

    def capped(*where):
        rows = select(literal(1)).select_from(Ticket).where(*where).limit(COUNT_LIMIT).subquery()
        return select(func.count()).select_from(rows).scalar_subquery()

    columns = []
    for view in VIEWS.values():
        if view.counted:
            status = Ticket.status == view.statuses[0] if len(view.statuses) == 1 else Ticket.status.in_(view.statuses)
            columns.append(capped(status, *_conditions(view.key, agent)).label(view.key))
    is_open = [Ticket.status == Status.OPEN, *_conditions("all", agent)]
    columns += [capped(Ticket.channel == name, *is_open).label(f"channel:{name}") for name in channels]
    columns += [capped(Ticket.team_id == team, *is_open).label(f"team:{team}") for team in teams]
    return select(*columns)


def _narrowed(session: Session, filters: Filters) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if filters.channel:
        where.append(Ticket.channel == filters.channel)
    if filters.team:
        where.append(Ticket.team_id == filters.team)
    if filters.tag:
        where.append(_tagged(session, filters.tag.lower()))
    if filters.q:
        where.append(Ticket.id.in_(search.ticket_ids(filters.q)))
    return where


def _tagged(session: Session, name: str) -> ColumnElement[bool]:
    """Those of a rare tag are named one by one, so that PostgreSQL sees how few they are; for a common one the view is
    walked until enough carry it."""
    carriers = select(TicketTag.ticket_id).join(Tag, Tag.id == TicketTag.tag_id).where(Tag.name == name)
    few = session.scalars(carriers.limit(RARE)).all()
    if len(few) < RARE:
        return Ticket.id.in_(few)
    return carriers.where(TicketTag.ticket_id == Ticket.id).correlate(Ticket).exists()


def _tags(session: Session, ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    if ids:
        for ticket_id, name in db.rows(session, TAGS, {"ids": ids}):
            found.setdefault(ticket_id, []).append(name)
    return found


def _cursor(row: Row) -> str:
    return f"{(row.last_message_at - _EPOCH) // timedelta(microseconds=1)}.{row.id}"


def _read_cursor(cursor: str) -> tuple[datetime, int]:
    try:
        at, ticket_id = cursor.split(".")
        return _EPOCH + timedelta(microseconds=int(at)), int(ticket_id)
    except (ValueError, OverflowError):
        raise Invalid("That place in the list is not known; open the list again.") from None
