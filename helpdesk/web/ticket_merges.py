"""Merging tickets: looking for the other one, seeing what would happen, doing it, and taking it back."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.errors import Conflict
from helpdesk.models import Message, Ticket
from helpdesk.services import merge_candidates, parts, ticket_merges
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs

pages = Blueprint("ticket_merges", __name__)


@pages.get("/tickets/<int:ticket_id>/merge")
@needs("merge")
def choose(ticket_id: int):
    """With which one? The same customer's first; `q` looks among all."""
    q = request.args.get("q", "").strip()[:200]
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        return render_template("merges/tickets.html", ticket=ticket, contact=ticket.contact, q=q, at=ctx.now(),
                               theirs=() if q else merge_candidates.of_the_same_contact(session, ticket),
                               found=merge_candidates.found(session, ticket, q) if q else ())


@pages.get("/tickets/<int:ticket_id>/merge/<int:other_id>")
@needs("merge")
def preview(ticket_id: int, other_id: int):
    """Both side by side, and what would happen. stays=<id> is the one that goes on; else the one with more to it."""
    with db.reading() as session:
        ticket, other = (ctx.find_ticket(session, one) for one in (ticket_id, other_id))
        if ticket.id == other.id:
            raise Conflict(f"#{ticket_id} and #{other_id} are one ticket already.")
        said = _messages(session, (ticket, other))
        stays = next((one for one in (ticket, other) if one.id == request.args.get("stays", type=int)),
                     _likely(ticket, other))
        gone = other if stays is ticket else ticket
        return render_template("merges/ticket_preview.html", both=(stays, gone), stays=stays, gone=gone, said=said,
                               swapped=url_for(".preview", ticket_id=ticket_id, other_id=other_id, stays=gone.id),
                               back=url_for(".choose", ticket_id=ticket_id), two=stays.contact_id != gone.contact_id,
                               likely=_likely(ticket, other), at=ctx.now())


@pages.post("/tickets/<int:ticket_id>/merge")
@needs("merge")
def merge(ticket_id: int):
    """into=<id>; together=1: customers of both take part, where they are two."""
    into = request.form.get("into", 0, type=int)
    together = request.form.get("together") == "1"

    def join(session: Session) -> tuple[int, int]:
        gone = ctx.find_ticket(session, ticket_id).id       # what the form names may have been merged meanwhile
        return gone, ticket_merges.merge(session, gone, into, g.agent.actor, together=together).id
    gone, stays = db.run(join)
    flash({"text": f"#{gone} was merged into #{stays}.", "undo": url_for(".unmerge", ticket_id=gone)}, "good")
    return redirect(url_for("tickets.in_view", key="all", ticket_id=stays))


@pages.post("/tickets/<int:ticket_id>/unmerge")
@needs("merge")
def unmerge(ticket_id: int):
    """This merged ticket is one of its own again."""
    db.run(ticket_merges.unmerge, ticket_id, g.agent.actor)
    flash(f"#{ticket_id} is a ticket of its own again.", "good")
    return redirect(url_for("tickets.in_view", key="all", ticket_id=ticket_id))


def _likely(one: Ticket, other: Ticket) -> Ticket:
    """An open one before one that is done, then the one that somebody has, then the older one."""
    return min((one, other), key=lambda ticket: (not ticket.active, ticket.agent_id is None, ticket.id))


def _messages(session: Session, tickets: tuple[Ticket, ...]) -> dict[int, int]:
    """How many messages each has, with what was merged into it."""
    return {ticket.id: session.scalar(select(func.count()).select_from(Message).where(
        Message.ticket_id.in_(parts.all_ids(session, ticket)))) for ticket in tickets}
