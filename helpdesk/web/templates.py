"""Approved templates: sending one where free replies are closed, and an inbox's list of them."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent, Inbox, Ticket
from helpdesk.rendering import page
from helpdesk.services import inboxes, routes, templates, tickets
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs
from helpdesk.web.replies import client_id, uploads
from helpdesk.web.ticket_verbs import way_back

pages = Blueprint("templates", __name__)


@pages.get("/tickets/<int:ticket_id>/templates")
@needs("answer")
def choose(ticket_id: int):
    """The usable templates of route=<key>, those in the contact's language first; q= narrows them."""
    return _choose(ticket_id)


@pages.post("/tickets/<int:ticket_id>/templates")
@needs("answer")
def send(ticket_id: int):
    """route=<key>, template=<id>, a field for each place, the heading's file, client_id."""
    try:
        stored = next(iter(uploads("file")), None)
        with db.transaction() as session:
            ticket = tickets.lock(session, ticket_id)
            route = _route(session, ticket)
            template = templates.one(session, route.inbox.id, request.form.get("template", 0, type=int))
            templates.send(session, ticket, route, template, request.form, agent=session.get(Agent, g.agent.id),
                           client_id=client_id(), file=stored)
    except Invalid as error:
        return _choose(ticket_id, str(error)), error.status
    flash("The template is on its way. You can write freely as soon as they answer.", "good")
    return redirect(way_back(ticket_id))


@pages.get("/settings/inboxes/<int:inbox_id>/templates")
@needs("inboxes")
def listed(inbox_id: int):
    """All templates of an inbox, and why some cannot be used."""
    with db.reading() as session:
        inbox = _inbox(session, inbox_id)
        return page("settings/inboxes/templates.html", inbox=inbox, found=templates.listed(session, inbox.id),
                    fetched=templates.fetched(session, inbox))


@pages.post("/settings/inboxes/<int:inbox_id>/templates")
@needs("inboxes")
def refresh(inbox_id: int):
    """Fetch the list again."""
    with db.transaction() as session:
        templates.refresh(session, _inbox(session, inbox_id))
    flash("The list is being fetched. Load this page again in a moment.", "good")
    return redirect(url_for("templates.listed", inbox_id=inbox_id))


def _choose(ticket_id: int, error: str = ""):
    words = request.values.get("q", "").strip().lower()[:100]
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        route = _route(session, ticket)
        locale = (ticket.contact.locale or "").replace("-", "_").lower()
        found = [one for one in templates.listed(session, route.inbox.id)
                 if one.usable and words in f"{one.name} {one.header} {one.body}".lower()]
        found.sort(key=lambda one: not locale or one.language.lower()[:2] != locale[:2])
        return page("tickets/templates.html", ticket=ticket, contact=ticket.contact, route=route, found=found, q=words,
                    error=error, chosen=request.values.get("template", type=int), given=request.form,
                    words=templates.words, label=templates.label, file_of=templates.file_of)


def _route(session, ticket: Ticket) -> routes.Route:
    route = routes.by_key(session, ticket, request.values.get("route", ""))
    if route is None or not route.can.templates:
        raise NotFound("That way to reach the customer has no templates. Go back and choose another one.")
    return route


def _inbox(session, inbox_id: int) -> Inbox:
    inbox = session.get(Inbox, inbox_id)
    if inbox is None or not inboxes.kind(inbox.channel).can.templates:
        raise NotFound("There is no such inbox, or its platform has no templates.")
    return inbox
