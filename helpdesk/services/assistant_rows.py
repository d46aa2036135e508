"""What is counted of the assistant: one function per metric, used for the number and for the list behind it.

- Containment: of the conversations that it took part in and that are over, those that ended without a person, and whose
  customer had nothing to do with a person in the 72 hours after.
- Deflection: of the occasions on which somebody read an article or got an answer, those that no ticket followed within
  24 hours.
- Answered wrong: of the answers, those that the customer refused, or after which they asked the same again.

What cannot be known yet, because the 72 or 24 hours are not over, is "too young" and counted by no share.
"""
from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.models import Article, ArticleView, AssistantTurn, Contact, Identity, Message, Status, Ticket, Visitor
from helpdesk.services.reports_rows import OPENED_OVER, Range, Row, of_tickets

SILENT = timedelta(hours=72)        # who says nothing for so long has ended the conversation …
AFTER = timedelta(hours=72)         # … and has so long to turn to people after all
FOLLOWS = timedelta(hours=24)       # a ticket within this time was not spared
CONTAINED, BY_PEOPLE, CAME_BACK = "contained", "with people", "came back to people"
RUNNING, YOUNG = "still running", "too young"
SPARED, FOLLOWED = "no ticket", "ticket followed"
REFUSED, AGAIN, HELPED, UNJUDGED = "refused", "asked again", "helped", "not judged"
WRONG = (REFUSED, AGAIN)
OUTCOMES = ("answered", "offered", "asked", "missed", "handed_over")
CHUNK = 500


def _containment(session: Session, within: Range) -> Iterator[Row]:
    took_part = exists().where(AssistantTurn.ticket_id == Ticket.id, AssistantTurn.outcome != "greeted")
    query = of_tickets(select(
        Ticket.id, Ticket.created_at, OPENED_OVER, Ticket.status, Ticket.handed_over_at, Ticket.first_response_at,
        Ticket.last_message_at, Ticket.resolved_at, Ticket.contact_id).where(
        within.holds(Ticket.created_at), took_part), within)
    found = session.execute(query).all()
    at, person = now(), _persons(session)
    ended: dict[int, tuple[int, datetime]] = {}
    for ticket_id, _, _, status, handed, replied, last, resolved, contact in found:
        over = status in (Status.RESOLVED, Status.CLOSED)
        if not handed and not replied and (over or last < at - SILENT):
            ended[ticket_id] = person(contact), max(last, resolved) if over and resolved else last
    met = _with_people(session, {who for who, _ in ended.values()}, person)
    for ticket_id, began, channel, _, handed, replied, *_ in found:
        if handed or replied:
            bucket = BY_PEOPLE
        elif ticket_id not in ended:
            bucket = RUNNING
        else:
            who, end = ended[ticket_id]
            back = any(end < then <= end + AFTER for other, then in met.get(who, ()) if other != ticket_id)
            bucket = CAME_BACK if back else YOUNG if end + AFTER > at else CONTAINED
        yield Row(ticket_id, began, channel, None, bucket)


def _deflection(session: Session, within: Range) -> Iterator[Row]:
    at, person = now(), _persons(session)
    seen = [*_answers_given(session, within, person), *_views(session, within, person)]
    tickets = _tickets_of(session, {who for who, *_ in seen}, person)
    by_person: dict[int, list[tuple]] = defaultdict(list)
    for who, *rest in sorted(seen, key=lambda one: (one[0], one[1])):
        by_person[who].append(tuple(rest))
    for who, parts in by_person.items():
        for occasion in _occasions(parts):
            first, last = occasion[0][0], occasion[-1][0]
            own = {ticket_id for _, _, ticket_id, *_ in occasion if ticket_id}
            followed = next((ticket_id for ticket_id, then in tickets[who]
                             if first < then <= last + FOLLOWS and ticket_id not in own), None)
            handed = next((ticket_id for when, _, ticket_id, _, _, given in occasion
                           if given and when < given <= when + FOLLOWS), None)
            bucket = FOLLOWED if followed or handed else YOUNG if last + FOLLOWS > at else SPARED
            _, channel, ticket_id, article_id, title, _ = occasion[0]
            yield Row(followed or handed or ticket_id, first, channel, None, bucket, title, article_id=article_id)


def _answers(session: Session, within: Range) -> Iterator[Row]:
    """Every answer, with what became of it."""
    query = select(Ticket.id, AssistantTurn.created_at, OPENED_OVER, AssistantTurn.id, AssistantTurn.article_id,
                   AssistantTurn.helped, Article.title).join(
        AssistantTurn, AssistantTurn.ticket_id == Ticket.id).outerjoin(
        Article, Article.id == AssistantTurn.article_id).where(
        AssistantTurn.outcome == "answered", within.holds(AssistantTurn.created_at))
    found = session.execute(of_tickets(query, within, merged=True)).all()
    later, at = _turns(session, {row[0] for row in found}), now()
    for ticket_id, when, channel, turn_id, article_id, helped, title in found:
        if helped is not None:
            bucket = HELPED if helped else REFUSED
        elif _asked_again(later[ticket_id], turn_id, when, article_id):
            bucket = AGAIN
        else:
            bucket = YOUNG if when > at - FOLLOWS else UNJUDGED
        yield Row(ticket_id, when, channel, None, bucket, title or "", article_id=article_id)


def _turns_taken(session: Session, within: Range) -> Iterator[Row]:
    """What the assistant made of each message."""
    query = select(Ticket.id, AssistantTurn.created_at, OPENED_OVER, AssistantTurn.outcome, Article.title).join(
        AssistantTurn, AssistantTurn.ticket_id == Ticket.id).outerjoin(
        Article, Article.id == AssistantTurn.article_id).where(
        AssistantTurn.outcome.in_(OUTCOMES), within.holds(AssistantTurn.created_at))
    for ticket_id, at, channel, outcome, title in session.execute(of_tickets(query, within, merged=True)):
        yield Row(ticket_id, at, channel, None, outcome.replace("_", " "), title or "")


METRICS: dict[str, Callable[[Session, Range], Iterator[Row]]] = {
    "assistant": _containment, "deflection": _deflection, "answers": _answers, "turns": _turns_taken}


def unknown_readers(session: Session, within: Range) -> int:
    """How often articles were read by people of whom nobody knows whether they wrote afterwards."""
    return session.query(ArticleView).where(within.holds(ArticleView.created_at), ArticleView.visitor_id.is_(None),
                                            ArticleView.place != "console").count()


def _asked_again(turns: list, turn_id: int, when: datetime, article_id: int | None) -> bool:
    """Whether the customer's next message led to the same article: it had not answered them."""
    after = next((turn for turn in turns[bisect_right(turns, turn_id, key=lambda turn: turn.id):]
                  if turn.outcome != "greeted"), None)
    if after is None or article_id is None or after.created_at > when + FOLLOWS or after.reason == "not_helped":
        return False
    first = after.article_id or next((one.get("article") for one in after.candidates or ()), None)
    return first == article_id


def _turns(session: Session, ticket_ids: set[int]) -> dict[int, list]:
    found = defaultdict(list)
    for part in _parts(ticket_ids):
        for turn in session.execute(select(
                AssistantTurn.ticket_id, AssistantTurn.id, AssistantTurn.outcome, AssistantTurn.reason,
                AssistantTurn.article_id, AssistantTurn.candidates, AssistantTurn.created_at).where(
                AssistantTurn.ticket_id.in_(part)).order_by(AssistantTurn.id)):
            found[turn.ticket_id].append(turn)
    return found


def _answers_given(session: Session, within: Range, person: Callable[[int], int]) -> Iterator[tuple]:
    query = select(Ticket.contact_id, AssistantTurn.created_at, OPENED_OVER, Ticket.id, AssistantTurn.article_id,
                   Article.title, Ticket.handed_over_at, Ticket.first_response_at).join(
        AssistantTurn, AssistantTurn.ticket_id == Ticket.id).outerjoin(
        Article, Article.id == AssistantTurn.article_id).where(
        AssistantTurn.outcome == "answered", within.holds(AssistantTurn.created_at))
    for contact, at, channel, ticket_id, article_id, title, handed, replied in session.execute(
            of_tickets(query, within, merged=True)):
        people = [one for one in (handed, replied) if one and one > at]
        yield person(contact), at, channel, ticket_id, article_id, title or "", min(people, default=None)


def _views(session: Session, within: Range, person: Callable[[int], int]) -> Iterator[tuple]:
    if within.channel not in ("", "web"):
        return
    query = select(Identity.contact_id, ArticleView.created_at, ArticleView.article_id, Article.title).join(
        Visitor, Visitor.id == ArticleView.visitor_id).join(Identity, Identity.id == Visitor.identity_id).join(
        Article, Article.id == ArticleView.article_id).where(
        within.holds(ArticleView.created_at), ArticleView.place != "console")
    for contact, at, article_id, title in session.execute(query):
        yield person(contact), at, "web", None, article_id, title, None


def _occasions(parts: list[tuple]) -> Iterator[list[tuple]]:
    """What one person read or was told, cut where a day lies between."""
    occasion: list[tuple] = []
    for one in parts:
        if occasion and one[0] - occasion[-1][0] > FOLLOWS:
            yield occasion
            occasion = []
        occasion.append(one)
    if occasion:
        yield occasion


def _with_people(session: Session, persons: set[int], person: Callable[[int], int]
                 ) -> dict[int, list[tuple[int, datetime]]]:
    """When these had to do with people: an agent wrote to them, a ticket was handed over, or one began that no
    assistant took: (ticket, moment)."""
    met: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    mine = _records(session, persons, person)
    turns = exists().where(AssistantTurn.ticket_id == Ticket.id)
    for part in _parts(mine):
        for ticket_id, contact, began, handed, assisted, alone in session.execute(select(
                Ticket.id, Ticket.contact_id, Ticket.created_at, Ticket.handed_over_at, turns, exists().where(
                    Message.ticket_id == Ticket.id, Message.direction == "in", Message.author_kind == "contact"))
                .where(Ticket.contact_id.in_(part))):
            if handed:
                met[person(contact)].append((ticket_id, handed))
            if not assisted and alone:
                met[person(contact)].append((ticket_id, began))
        for ticket_id, contact, at in session.execute(select(Ticket.id, Ticket.contact_id, Message.created_at).join(
                Message, Message.ticket_id == Ticket.id).where(
                Ticket.contact_id.in_(part), Message.author_kind == "agent", Message.direction == "out",
                Message.kind == "message")):
            met[person(contact)].append((ticket_id, at))
    return met


def _tickets_of(session: Session, persons: set[int], person: Callable[[int], int]
                ) -> dict[int, list[tuple[int, datetime]]]:
    found: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    for part in _parts(_records(session, persons, person)):
        for ticket_id, contact, at in session.execute(select(Ticket.id, Ticket.contact_id, Ticket.created_at).where(
                Ticket.contact_id.in_(part)).order_by(Ticket.created_at)):
            found[person(contact)].append((ticket_id, at))
    return found


def _persons(session: Session) -> Callable[[int], int]:
    """Turns the id of a record into that of the person it belongs to, however often records were merged."""
    into = dict(session.execute(select(Contact.id, Contact.merged_into_id).where(
        Contact.merged_into_id.is_not(None))).all())

    def person(contact_id: int) -> int:
        seen = set()
        while contact_id in into and contact_id not in seen:
            seen.add(contact_id)
            contact_id = into[contact_id]
        return contact_id
    return person


def _records(session: Session, persons: set[int], person: Callable[[int], int]) -> set[int]:
    """All records of these persons."""
    merged = session.scalars(select(Contact.id).where(Contact.merged_into_id.is_not(None)))
    return persons | {one for one in merged if person(one) in persons}


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    listed = sorted(ids)
    yield from (listed[at:at + CHUNK] for at in range(0, len(listed), CHUNK))
