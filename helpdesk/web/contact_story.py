"""The timeline on a person's page: everything over all channels, scrolled without end, narrowed, searched."""
from __future__ import annotations

from functools import partial

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Contact
from helpdesk.services import contact_timeline, contacts, highlights
from helpdesk.services.contact_places import KINDS, Narrowed, Place
from helpdesk.web import ticket_context
from helpdesk.web.access import needs
from helpdesk.web.event_words import event_words

pages = Blueprint("contact_story", __name__)

SHOWN = 1_200           # characters of a message; the ticket has the rest


@pages.get("/contacts/<int:contact_id>/timeline")
@needs("see")
def timeline(contact_id: int):
    """A part of the timeline. channel, kind, q narrow it; before=, after= or at=<place> say which part. Without a
    place: the timeline from its newest end, to be put where the old one was."""
    with db.reading() as session:
        contact = contacts.by_id(session, contact_id)
        part = "_story_rows" if request.args.get("before") or request.args.get("after") else "_story"
        return render_template(f"contacts/{part}.html", contact=contact, **of(session, contact))


def of(session: Session, contact: Contact) -> dict:
    """What the timeline's templates need, as the address asks for it."""
    args = request.args
    kind = args.get("kind", "")
    narrowed = Narrowed(args.get("channel", "")[:32], kind if kind in KINDS else "", args.get("q", "")[:200].strip())
    before, after, around = (Place.read(args.get(name, "")) for name in ("before", "after", "at"))
    found = contact_timeline.page(session, contact, narrowed, before=before, after=after, around=around)
    people = ticket_context.directory(session)
    return {"story": found, "narrowed": narrowed, "place": before or after or around,
            "around": around, "after": after,
            "story_channels": contact_timeline.channels(session, contact),
            "narrowing": {key: value for key, value in vars(narrowed).items() if value},
            "words_of": partial(event_words, who=ticket_context.names(contact, people)),
            "pieces": partial(_pieces, query=narrowed.q)}


def _pieces(text: str, query: str) -> list[tuple[str, bool]]:
    return highlights.marked(highlights.excerpt(text, query, SHOWN), query)
