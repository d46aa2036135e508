"""The demo company's shop: where the chat is seen as customers see it, under the strict policy of a careful site."""
from __future__ import annotations

from flask import Blueprint, make_response, render_template
from sqlalchemy import select

from helpdesk import db
from helpdesk.demo.samples import SAMPLES
from helpdesk.errors import NotFound
from helpdesk.models import Inbox, SystemState
from helpdesk.web.access import public

pages = Blueprint("demo_shop", __name__)

# Nothing inline, nothing from elsewhere: what the loader must get along with.
CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
       "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
BEANS = (
    {"name": "Java Ijen", "notes": "Dark chocolate, cedar, a long calm end.", "price": "Rp 95.000", "tone": "clay"},
    {"name": "Bali Kintamani", "notes": "Orange peel and brown sugar, bright.", "price": "Rp 105.000", "tone": "leaf"},
    {"name": "Gayo Highland", "notes": "Ripe plum, spice, full body.", "price": "Rp 98.000", "tone": "plum"},
    {"name": "Night Shift decaf", "notes": "Hazelnut, malt, late hours.", "price": "Rp 99.000", "tone": "night"},
)


@pages.get("/demo/shop")
@public
def shop():
    """Only while the demo company is loaded. The chat is the first web inbox."""
    with db.reading() as session:
        inbox = session.scalar(select(Inbox).where(Inbox.channel == "web", Inbox.enabled).order_by(Inbox.id).limit(1))
        if session.get(SystemState, "demo") is None or inbox is None:
            raise NotFound("The demo company is not loaded here.")
    response = make_response(render_template("demo/shop.html", inbox=inbox, beans=BEANS, samples=SAMPLES))
    response.headers["Content-Security-Policy"] = CSP
    return response
