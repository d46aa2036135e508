"""Links between tickets."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for

from helpdesk import db
from helpdesk.services import merge_candidates, ticket_links
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs
from helpdesk.web.ticket_verbs import way_back

pages = Blueprint("ticket_links", __name__)


@pages.get("/tickets/<int:ticket_id>/link")
@needs("merge")
def choose(ticket_id: int):
    """With which ticket, and how? The same customer's first; `q` looks among all."""
    q = request.args.get("q", "").strip()[:200]
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        rows = (merge_candidates.found(session, ticket, q) if q else
                merge_candidates.of_the_same_contact(session, ticket))
        return render_template("merges/link.html", ticket=ticket, contact=ticket.contact, q=q, rows=rows, at=ctx.now())


@pages.post("/tickets/<int:ticket_id>/links")
@needs("merge")
def link(ticket_id: int):
    """other=<id>, kind=parent, child or related: what the other one is to this."""
    other, kind = request.form.get("other", 0, type=int), request.form.get("kind", "")
    db.run(ticket_links.link, ticket_id, other, kind, g.agent.actor)
    flash({"text": f"Linked with #{other}.", "undo": url_for(".unlink", ticket_id=ticket_id),
           "fields": {"other": other, "kind": kind}}, "good")
    return redirect(way_back(ticket_id))


@pages.post("/tickets/<int:ticket_id>/links/remove")
@needs("merge")
def unlink(ticket_id: int):
    """other=<id>, kind: parent, child, related, follows or followed."""
    db.run(ticket_links.unlink, ticket_id, request.form.get("other", 0, type=int), request.form.get("kind", ""),
           g.agent.actor)
    flash("The link is removed.", "good")
    return redirect(way_back(ticket_id))


@pages.post("/tickets/<int:ticket_id>/links/resolve")
@needs("work")
def resolve(ticket_id: int):
    """Resolve all parts of this ticket that are not done."""
    count = db.run(ticket_links.resolve_children, ticket_id, g.agent.actor)
    flash(f"{count} ticket{'' if count == 1 else 's'} resolved.", "good")
    return redirect(way_back(ticket_id))
