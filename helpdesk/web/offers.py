"""What the composer offers while somebody types: macros, colleagues, variables, tickets."""
from __future__ import annotations

from flask import Blueprint, g, jsonify, render_template, request
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Ticket
from helpdesk.services import macros, routes, tickets, variables
from helpdesk.services.files import StoredFile
from helpdesk.web import kept_files
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs

pages = Blueprint("offers", __name__)
MOST, PICKED = 8, 30


@pages.get("/tickets/<int:ticket_id>/offers")
@needs("answer")
def offers(ticket_id: int):
    """kind=macro, person, variable or ticket; q=<what was typed after the sign>; mode=reply or note; all=1 for more."""
    kind, q = request.args.get("kind", ""), request.args.get("q", "").strip()[:80]
    most = PICKED if request.args.get("all") else MOST
    with db.reading() as session:
        ticket = ctx.find_ticket(session, ticket_id)
        if kind not in _KINDS:
            raise Invalid("Macros, people, variables or tickets?")
        return render_template("tickets/_offers.html", kind=kind, found=_KINDS[kind](session, ticket, q, most), q=q)


@pages.post("/tickets/<int:ticket_id>/macros/<int:macro_id>")
@needs("answer")
def use(ticket_id: int, macro_id: int):
    """The macro's text filled, its files and actions, for the composer: they are done with the sending. One without a
    text is done at once, and says so in `done`. route=<key>."""
    with db.transaction() as session:
        ticket, agent = tickets.lock(session, ticket_id), session.get(Agent, g.agent.id)
        macro = macros.one(session, agent, macro_id)
        route = routes.by_key(session, ticket, request.form.get("route", ""))
        found = macros.prepare(session, ticket, agent, macro, route)
        macros.count(session, macro)
        if not macro.text:
            macros.run(session, ticket, agent, found.actions)
            return jsonify({"done": f"{macro.name}: {'; '.join(found.words)}."})
        kept = [StoredFile.of(one) for one in found.files]
        return jsonify({"mode": macro.mode, "text": found.text, "problems": list(found.problems),
                        "kept": [{"word": kept_files.ticket(one), "name": one.name, "size": one.size} for one in kept],
                        "actions": [{"action": action, "words": words}
                                    for action, words in zip(found.actions, found.words, strict=True)]})


def _macros(session, ticket, q, most):
    agent = session.get(Agent, g.agent.id)
    return [macros.prepare(session, ticket, agent, one)
            for one in macros.offered(session, agent, q, request.args.get("mode", ""), most)]


def _people(session, ticket, q, most):
    words = q.lower().split()
    rows = session.execute(select(Agent.name, Agent.email).where(Agent.disabled_at.is_(None)).order_by(Agent.name))
    return [row for row in rows if all(word in f"{row.name} {row.email}".lower() for word in words)][:most]


def _variables(session, ticket, q, most):
    agent = session.get(Agent, g.agent.id)
    return [(name, words, variables.fill(session, ticket, agent, f"{{{{ {name} }}}}"))
            for name, words in variables.NAMES.items() if q.lower() in f"{name} {words}".lower()]


def _tickets(session, ticket, q, most):
    found = select(Ticket).where(Ticket.merged_into_id.is_(None), Ticket.id != ticket.id).order_by(Ticket.id.desc())
    if q.isdecimal() and len(q) < 10:
        found = found.where(Ticket.id == int(q))
    else:
        found = found.where(*(Ticket.subject.icontains(word, autoescape=True) for word in q.split()))
    return session.scalars(found.limit(most)).all()


_KINDS = {"macro": _macros, "person": _people, "variable": _variables, "ticket": _tickets}
