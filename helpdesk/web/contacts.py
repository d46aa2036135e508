"""The people outside."""
from __future__ import annotations

from zoneinfo import available_timezones

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Contact, Identity, Ticket
from helpdesk.rendering import page
from helpdesk.services import contacts, identities
from helpdesk.web.access import needs

pages = Blueprint("contacts", __name__)

TICKETS = 50


@pages.get("/contacts")
@needs("agent")
def index():
    """Everybody, or whoever fits `q`."""
    q = request.args.get("q", "").strip()[:100]
    with db.reading() as session:
        found = contacts.contacts(session, q, request.args.get("before", type=int))
        return page("contacts/index.html", "contacts/_rows.html", found=found, q=q)


@pages.get("/contacts/<int:contact_id>")
@needs("agent")
def show(contact_id: int, error: str = ""):
    """One person: addresses, tickets, claims."""
    with db.reading() as session:
        contact = contacts.by_id(session, contact_id)
        if contact.id != contact_id and request.method == "GET":
            return redirect(url_for("contacts.show", contact_id=contact.id))
        tickets = session.execute(select(Ticket.id, Ticket.subject, Ticket.status, Ticket.channel, Ticket.preview,
                                         Ticket.last_message_at).where(Ticket.contact_id == contact.id)
                                  .order_by(Ticket.id.desc()).limit(TICKETS)).all()
        return render_template("contacts/show.html", contact=contact, identities=contact.identities, tickets=tickets,
                               claims=contacts.claimed_from(session, contact), zones=sorted(available_timezones()),
                               error=error, at=now())


@pages.post("/contacts/<int:contact_id>")
@needs("agent")
def change(contact_id: int):
    """name, company, locale, time_zone."""
    form = request.form
    try:
        with db.transaction() as session:
            contact = contacts.by_id(session, contact_id)
            contacts.change(session, contact, name=form.get("name", ""), company=form.get("company", ""),
                            locale=form.get("locale", ""), time_zone=form.get("time_zone", ""), actor=g.agent.actor)
    except Invalid as error:
        return show(contact_id, str(error)), error.status
    flash("Saved.", "good")
    return redirect(url_for("contacts.show", contact_id=contact_id))


@pages.post("/contacts/<int:contact_id>/identities/<int:identity_id>/verify")
@needs("manager")
def verify(contact_id: int, identity_id: int):
    """A manager vouches that this address is this person's."""
    with db.transaction() as session:
        contact, identity = contacts.by_id(session, contact_id), session.get(Identity, identity_id)
        if identity is None or identity.contact_id != contact.id:
            raise NotFound("This contact has no such address.")
        identities.verify(session, contact, identity.kind, identity.value, "agent", scope=identity.scope)
    flash("Marked as verified.", "good")
    return redirect(url_for("contacts.show", contact_id=contact_id))


@pages.post("/contacts/<int:contact_id>/merge")
@needs("manager")
def merge(contact_id: int):
    """into=<id>: both records are one person; that one stays."""
    into_id = request.form.get("into", 0, type=int)
    with db.transaction() as session:
        into = session.get(Contact, into_id)
        if into is None or into_id == contact_id:
            raise NotFound("There is no such other contact to merge into.")
        identities.merge_into(session, contacts.by_id(session, contact_id), into, f"joined by {g.agent.name}",
                              g.agent.actor)
    flash("The two records are one now.", "good")
    return redirect(url_for("contacts.show", contact_id=into_id))
