"""The people outside."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound, TooMany
from helpdesk.models import Contact, Identity, Ticket
from helpdesk.rendering import page
from helpdesk.services import (
    brief,
    contact_merges,
    contacts,
    duplicate_pairs,
    identities,
    preferences,
    site_data,
    verification,
)
from helpdesk.web import contact_story, privacy
from helpdesk.web.access import needs, same_site, wants_fragment

pages = Blueprint("contacts", __name__)

TICKETS = 50
PAGES = 10


@pages.get("/contacts")
@needs("see")
def index():
    """Everybody, or whoever fits `q`."""
    q = request.args.get("q", "").strip()[:100]
    with db.reading() as session:
        found = contacts.contacts(session, q, request.args.get("before", type=int))
        return page("contacts/index.html", "contacts/_rows.html", found=found, q=q,
                    doubles=0 if wants_fragment() else duplicate_pairs.count(session))


@pages.get("/contacts/<int:contact_id>")
@needs("see")
def show(contact_id: int, error: str = ""):
    """One person: addresses, tickets, claims."""
    with db.reading() as session:
        contact = contacts.by_id(session, contact_id)
        if contact.id != contact_id and request.method == "GET":
            return redirect(url_for("contacts.show", contact_id=contact.id))
        tickets = session.execute(select(Ticket.id, Ticket.subject, Ticket.status, Ticket.channel, Ticket.preview,
                                         Ticket.last_message_at).where(Ticket.contact_id == contact.id,
                                                                       Ticket.merged_into_id.is_(None))
                                  .order_by(Ticket.id.desc()).limit(TICKETS)).all()
        reached = [] if contact.erased_at else contact.identities
        return render_template("contacts/show.html", contact=contact, identities=reached, tickets=tickets,
                               privacy=privacy.about(session, contact),
                               claims=contacts.claimed_from(session, contact),
                               merged=contact_merges.merged(session, contact),
                               reached_by=preferences.choices(session, contact),
                               brief=brief.brief(session, contact), error=error, at=now(), **_told(session, contact),
                               **contact_story.of(session, contact))


@pages.post("/contacts/<int:contact_id>")
@needs("contacts")
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
@needs("merge_contacts")
def verify(contact_id: int, identity_id: int):
    """A manager vouches that this address is this person's."""
    with db.transaction() as session:
        contact, identity = contacts.by_id(session, contact_id), session.get(Identity, identity_id)
        if identity is None or identity.contact_id != contact.id:
            raise NotFound("This contact has no such address.")
        identities.verify(session, contact, identity.kind, identity.value, "agent", scope=identity.scope)
    flash("Marked as verified.", "good")
    return redirect(url_for("contacts.show", contact_id=contact_id))


@pages.post("/contacts/<int:contact_id>/preference")
@needs("contacts")
def prefer(contact_id: int):
    """channel: by which they want to be answered; empty when it does not matter."""
    with db.transaction() as session:
        preferences.prefer(session, contacts.by_id(session, contact_id), request.form.get("channel", ""), "agent",
                           g.agent.actor)
    flash("Saved.", "good")
    return redirect(same_site(request.form.get("back")) or url_for("contacts.show", contact_id=contact_id))


@pages.post("/contacts/<int:contact_id>/identities/<int:identity_id>/ask")
@needs("answer")
def ask(contact_id: int, identity_id: int):
    """Have the owner of an address asked whether it is theirs; back to ?ticket, or to the contact."""
    def send(session):
        contact, identity = contacts.by_id(session, contact_id), session.get(Identity, identity_id)
        if identity is None:
            raise NotFound("This contact has no such address.")
        return verification.ask(session, contact, identity, g.agent.actor)
    try:
        way = db.run(send)
        flash("A code is on its way. It counts once they type it into the chat." if way == "code" else
              "A link is on its way. It counts once they say yes on its page.", "good")
    except (Invalid, TooMany) as error:
        flash(str(error), "bad")
    ticket_id = request.form.get("ticket", type=int)
    return redirect(url_for("tickets.ticket", ticket_id=ticket_id) if ticket_id else
                    url_for("contacts.show", contact_id=contact_id))


def _told(session: Session, contact: Contact) -> dict:
    """What the site told of them, and which of their addresses could be, or were, asked about."""
    return {"attributes": site_data.attributes(session, contact), "pages": site_data.pages(session, contact, PAGES),
            "orders": site_data.orders(session, contact), "askable": verification.askable(session, contact),
            "asked": verification.latest(session, contact)}
