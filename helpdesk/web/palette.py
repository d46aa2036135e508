"""What the palette knows beyond the page it is opened on: the places to go to, and what was typed, looked for among
tickets, people and articles."""
from __future__ import annotations

from flask import Blueprint, g, jsonify, request
from sqlalchemy.orm import Session

from helpdesk import db, places
from helpdesk.services import article_lists, contacts, views
from helpdesk.web.access import needs

pages = Blueprint("palette", __name__)

MOST = 5            # of each kind


@pages.get("/palette")
@needs("see")
def commands():
    """The places this person may go to, as [{group, words, detail, href}]."""
    return jsonify([*({"group": "Views", "words": view.label, "href": f"/inbox/{view.key}"}
                      for view in views.VIEWS.values()),
                    *({"group": "Pages", "words": place.label, "detail": place.about, "href": place.href}
                      for place in places.places_of(g.agent))])


@pages.get("/palette/found")
@needs("see")
def found():
    """q: the tickets, people and articles that fit, in the same form."""
    q = request.args.get("q", "").strip()[:100]
    if not q:
        return jsonify([])
    with db.reading() as session:
        return jsonify([*_tickets(session, q), *_people(session, q), *_articles(session, q)])


def _tickets(session: Session, q: str):
    for row in views.tickets(session, views.VIEWS["all"], g.agent.id, views.Filters(q=q), limit=MOST).rows:
        yield {"group": "Tickets", "words": row.subject or row.preview or "No subject",
               "detail": f"#{row.id} · {row.contact_name}", "href": f"/tickets/{row.id}"}


def _people(session: Session, q: str):
    for contact in contacts.contacts(session, q, limit=MOST).rows:
        yield {"group": "People", "words": contact.label, "detail": contact.company, "href": f"/contacts/{contact.id}"}


def _articles(session: Session, q: str):
    for article in article_lists.listed(session, article_lists.Chosen(q=q))[0][:MOST]:
        yield {"group": "Articles", "words": article.title, "detail": article.locale, "href": f"/articles/{article.id}"}
