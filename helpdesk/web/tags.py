"""Labels on a ticket."""
from __future__ import annotations

from flask import Blueprint, g, render_template, request
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Tag
from helpdesk.services import tickets
from helpdesk.web.access import needs
from helpdesk.web.ticket_verbs import change

pages = Blueprint("tags", __name__)

OFFERED = 200


@pages.post("/tickets/<int:ticket_id>/tags")
@needs("work")
def change_tags(ticket_id: int):
    """add=<names, comma separated>, remove=<name> as often as needed."""
    add = [name for part in request.form.getlist("add") for name in part.split(",")]
    return change(ticket_id, lambda session, ticket: tickets.tag(
        session, ticket, add, request.form.getlist("remove"), g.agent.actor), "Tags changed.")


@pages.get("/tags")
@needs("see")
def names():
    """The options of the datalist, fetched when somebody starts to type a tag."""
    with db.reading() as session:
        return render_template("tickets/_tag_options.html",
                    names=session.scalars(select(Tag.name).order_by(Tag.name).limit(OFFERED)).all())
