"""What sites told of a person, as a part of a page: the panel beside a ticket fetches it once the ticket is there."""
from __future__ import annotations

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from helpdesk import db
from helpdesk.models import Contact
from helpdesk.services import contacts, site_data
from helpdesk.web.access import needs

pages = Blueprint("contact_site_data", __name__)

PAGES, ORDERS = 5, 3


@pages.get("/contacts/<int:contact_id>/site-data")
@needs("see")
def show(contact_id: int):
    """Orders, facts and pages; nothing at all where no site told anything."""
    with db.reading() as session:
        return render_template("contacts/_site_data.html", **told(session, contacts.by_id(session, contact_id)))


def told(session: Session, contact: Contact, pages: int = PAGES, orders: int = ORDERS) -> dict:
    """What the template shows."""
    return {"attributes": site_data.attributes(session, contact), "pages": site_data.pages(session, contact, pages),
            "orders": site_data.orders(session, contact, orders)}
