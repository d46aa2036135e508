"""Merging contacts: looking for the other record, seeing what would happen, doing it, and taking it back."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Conflict
from helpdesk.models import Contact, Ticket
from helpdesk.services import contact_merges, contact_traits, contact_unmerges, contacts, duplicate_evidence
from helpdesk.web.access import needs

pages = Blueprint("contact_merges", __name__)

FOUND = 20


@dataclass(frozen=True)
class Side:
    """One of the two records, as the preview shows it."""
    contact: Contact
    tickets: int
    last_at: datetime | None
    merged: int


@pages.get("/contacts/<int:contact_id>/merge")
@needs("contacts")
def choose(contact_id: int):
    """With whom? `q` is a name, company, mail address or number."""
    q = request.args.get("q", "").strip()[:100]
    with db.reading() as session:
        contact = contacts.by_id(session, contact_id)
        found = contacts.contacts(session, q, limit=FOUND) if q else None
        rows = [one for one in found.rows if one.id != contact.id] if found else []
        return render_template("merges/contacts.html", contact=contact, q=q, rows=rows,
                               tickets=found.tickets if found else {})


@pages.get("/contacts/<int:contact_id>/merge/<int:other_id>")
@needs("contacts")
def preview(contact_id: int, other_id: int):
    """Both side by side, and what would happen. stays=<id> is the one that goes on; else the one with more to it."""
    with db.reading() as session:
        one, other = (_side(session, contacts.by_id(session, n)) for n in (contact_id, other_id))
        if one.contact.id == other.contact.id:
            raise Conflict("These two are one record already.")
        wanted = request.args.get("stays", type=int)
        stays = next((side for side in (one, other) if side.contact.id == wanted), _likely(one, other))
        gone = other if stays is one else one
        traits = contact_traits.traits(session, (one.contact.id, other.contact.id))
        alike = duplicate_evidence.compare(*traits.values())
        numbers = contact_merges.two_numbers(gone.contact, stays.contact)
        return render_template("merges/contact_preview.html", stays=stays, gone=gone, numbers=numbers, at=now(),
                               alike=alike,
                               claimed=_claimed(gone.contact, stays.contact) + _claimed(stays.contact, gone.contact),
                               twice=_proved_twice(gone.contact, stays.contact),
                               swapped=url_for(".preview", contact_id=contact_id, other_id=other_id,
                                               stays=gone.contact.id), back=url_for(".choose", contact_id=contact_id))


@pages.post("/contacts/<int:contact_id>/merge")
@needs("merge_contacts")
def merge(contact_id: int):
    """into=<id>: both records are one person; that one goes on. insist=1: although the site knows them as two."""
    into = request.form.get("into", 0, type=int)
    insist = request.form.get("insist") == "1"

    def join(session: Session) -> tuple[int, int]:
        gone = contacts.by_id(session, contact_id).id       # what the form names may have been merged meanwhile
        return gone, contact_merges.merge(session, gone, into, f"joined by {g.agent.name}", g.agent.actor,
                                          insist=insist).id
    gone, stays = db.run(join)
    flash({"text": "The two records are one now.", "undo": url_for(".unmerge", contact_id=gone)}, "good")
    return redirect(url_for("contacts.show", contact_id=stays))


@pages.post("/contacts/<int:contact_id>/unmerge")
@needs("merge_contacts")
def unmerge(contact_id: int):
    """This merged record stands for itself again. apart=1: they are two people."""
    db.run(contact_unmerges.unmerge, contact_id, g.agent.actor, apart=request.form.get("apart") == "1")
    flash("It is a record of its own again, with what it brought along.", "good")
    return redirect(url_for("contacts.show", contact_id=contact_id))


def _side(session: Session, contact: Contact) -> Side:
    number, last_at = session.execute(select(func.count(), func.max(Ticket.last_message_at)).where(
        Ticket.contact_id == contact.id, Ticket.merged_into_id.is_(None))).one()
    assert contact.identities is not None       # read while the session is open
    return Side(contact, number, last_at, len(contact_merges.merged(session, contact)))


def _likely(one: Side, other: Side) -> Side:
    """The one that the site knows, then the one with more tickets, then the older one."""
    return min((one, other), key=lambda side: (not side.contact.external_id, -side.tickets, side.contact.id))


def _claimed(contact: Contact, other: Contact) -> list[tuple[Contact, str, Contact]]:
    """Addresses of the other that this one said were theirs: said, not proved."""
    theirs = {(one.kind, one.value) for one in other.identities}
    return [(contact, value, other) for kind, value in (contact.claims or {}).items() if (kind, value) in theirs]


def _proved_twice(contact: Contact, other: Contact) -> list[str]:
    """The kinds of address of which each has a proved one of its own: two people, or one with two."""
    mine, theirs = ({one.kind for one in side.identities if one.verified and one.kind != "visitor"}
                    for side in (contact, other))
    return sorted(mine & theirs)
