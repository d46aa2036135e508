"""Contacts that may be one person: for one contact, and for the whole base. Nothing here joins anybody; comparing and
merging is the page at /contacts/<id>/merge/<other_id>."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.errors import NotFound
from helpdesk.models import Agent, Contact
from helpdesk.rendering import page
from helpdesk.services import contacts, duplicate_pairs, duplicates, told_apart
from helpdesk.web.access import needs, same_site

pages = Blueprint("duplicates", __name__)


@pages.get("/contacts/duplicates")
@needs("see")
def index():
    """All pairs that are likely one person, the likeliest first; `after` goes on."""
    with db.reading() as session:
        found = duplicate_pairs.pairs(session, request.args.get("after", "")[:40])
        return page("contacts/duplicates.html", "contacts/_pairs.html", found=found,
                    busy=bool(duplicate_pairs.waiting(session, 1)))


@pages.get("/contacts/<int:contact_id>/duplicates")
@needs("see")
def of_contact(contact_id: int):
    """Who may be this person too, and from whom they were told apart."""
    with db.reading() as session:
        contact = contacts.by_id(session, contact_id)
        apart = told_apart.apart(session, contact.id)
        return page("contacts/duplicates_of.html", "contacts/_duplicate_card.html", contact=contact, apart=apart,
                    found=duplicates.suggestions(session, contact), names=_names(session, apart))


@pages.get("/contacts/<int:contact_id>/duplicates/<int:other_id>")
@needs("see")
def compare(contact_id: int, other_id: int):
    """What speaks for and against these two being one person."""
    with db.reading() as session:
        contact, other = (contacts.by_id(session, one) for one in (contact_id, other_id))
        comparison = duplicates.between(session, contact.id, other.id)
        if comparison is None:
            raise NotFound("These two are one record already.")
        apart = [one for one in told_apart.apart(session, contact.id) if one.contact.id == other.id]
        return page("contacts/duplicate_pair.html", "contacts/_comparison.html", contact=contact, other=other,
                    comparison=comparison, apart=apart, names=_names(session, apart))


@pages.post("/contacts/<int:contact_id>/duplicates/<int:other_id>/apart")
@needs("contacts")
def tell_apart(contact_id: int, other_id: int):
    """They are not one person, and are no longer suggested."""
    with db.transaction() as session:
        contact, other = _both(session, contact_id, other_id)
        duplicate_pairs.tell_apart(session, contact, other, g.agent.actor)
    flash(f"{contact.label} and {other.label} are kept apart. The page of either can take that back.", "good")
    return _back(contact_id)


@pages.post("/contacts/<int:contact_id>/duplicates/<int:other_id>/maybe")
@needs("contacts")
def maybe(contact_id: int, other_id: int):
    """That is taken back: they may be one after all."""
    with db.transaction() as session:
        contact, other = _both(session, contact_id, other_id)
        duplicate_pairs.may_be_one(session, contact, other, g.agent.actor)
    flash(f"{other.label} may be suggested again.", "good")
    return _back(contact_id)


def _both(session: Session, *contact_ids: int) -> tuple[Contact, Contact]:
    """The two records as they were looked at; one that was merged meanwhile is still who it was."""
    found = [session.get(Contact, one) for one in contact_ids]
    if None in found:
        raise NotFound("There is no such contact.")
    return tuple(found)


def _back(contact_id: int):
    return redirect(same_site(request.form.get("next")) or url_for("contacts.show", contact_id=contact_id))


def _names(session: Session, apart) -> dict[str, str]:
    """Who said so: actor → name."""
    ids = {int(one.actor.partition(":")[2]) for one in apart if one.actor.startswith("agent:")}
    return {agent.actor: agent.name for agent in session.scalars(select(Agent).where(Agent.id.in_(ids)))}
