"""What a person wrote in somebody else's ticket, quoted by the others there.

Told line by line: a quotation is a line of theirs, whatever stands before it. Lines shorter than 25 characters are too
common to be anybody's.
"""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.models import Message, Ticket
from helpdesk.services import wiping
from helpdesk.services.masks import MARK
from helpdesk.services.wiping import ERASE, Done, Reach

SHORTEST = 25


def batch(session: Session, reach: Reach, after: int = 0) -> Done:
    """The next ticket of somebody else's in which the person wrote. Its preview goes too where it may be theirs."""
    ticket = session.scalar(select(Ticket).where(
        Ticket.id > after, Ticket.id.not_in(reach.own["ticket"]), Ticket.id.in_(
            select(Message.ticket_id).where(Message.id.in_(reach.own["message"])))).order_by(Ticket.id).limit(1))
    if ticket is None or reach.mode != ERASE:
        return Done()
    theirs = set(session.scalars(select(Message.id).where(
        Message.id.in_(reach.own["message"]), Message.ticket_id == ticket.id)))
    messages = session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)).all()
    said = "\n".join(text for one in messages if one.id in theirs for text in (one.text, one.full_text))
    lines = {line for line in map(_bare, said.split("\n")) if len(line) >= SHORTEST}
    hashes, count = (), 0
    for one in messages:
        if one.id not in theirs and lines and _cleared(one, lines):
            hashes += wiping.originals(session, [one.raw_id]) if one.raw_id else ()
            count += 1
    last = next((one for one in reversed(messages) if one.kind == "message"), None)
    if last and (last.id in theirs or count):
        ticket.preview = MARK if last.id in theirs else last.text[:200]
    return Done(count, ticket.id, hashes)


def _cleared(message: Message, lines: set[str]) -> bool:
    """Take the lines out of a message; whether there were any. Its HTML goes with them: the plain text is whole."""
    before = message.text, message.full_text
    message.text, message.full_text = (_without(text, lines) for text in before)
    if before == (message.text, message.full_text):
        return False
    message.html = ""
    return True


def _without(text: str, lines: set[str]) -> str:
    return "\n".join(MARK if _bare(line) in lines else line for line in text.split("\n"))


def _bare(line: str) -> str:
    return " ".join(line.lstrip("> \t").split())
