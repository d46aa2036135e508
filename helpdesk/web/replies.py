"""Writing: replies to the customer, notes among agents, and sending again what did not arrive."""
from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, flash, g, redirect, render_template, request

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent, Delivery, Inbox, LaterReply, Message
from helpdesk.rendering import page, zone
from helpdesk.services import (
    agent_preferences,
    drafts,
    files,
    guard,
    later,
    macros,
    outbox,
    replies,
    routes,
    snoozing,
    tickets,
    variables,
)
from helpdesk.services.recipients import Others
from helpdesk.web import kept_files
from helpdesk.web import ticket_context as ctx
from helpdesk.web.access import needs, wants_fragment
from helpdesk.web.drafts import actions_given
from helpdesk.web.ticket_verbs import way_back

pages = Blueprint("replies", __name__)

@pages.post("/tickets/<int:ticket_id>/replies")
@needs("answer")
def reply(ticket_id: int):
    """text, route=<key>, to, cc, bcc, files, kept, client_id; actions: what a macro does with it; then=resolved,
    pending or snooze:<when>; seen=<seq> when the readers were chosen. wait=1: it may be taken back for a while;
    leaves=<when>: it leaves then. What services.guard doubts is answered with 409 and sent again with
    confirmed=<its token>."""
    form, stored = request.form, [*uploads(), *kept_files.given()]
    others = Others(*(form.get(name, "") for name in ("to", "cc", "bcc")))
    try:
        with db.transaction() as session:
            ticket = tickets.lock(session, ticket_id)
            agent, route = session.get(Agent, g.agent.id), _route(session, ticket)
            _remember(session, agent)
            text, known = form.get("text", ""), replies.same(session, ticket, client_id())
            if known is None:
                text = variables.filled(session, ticket, agent, text, route)
            if route and route.open and known is None:
                guard.check(session, ticket, route, others, text, seen=form.get("seen", type=int),
                            confirmed=form.get("confirmed", ""))
            leaves = None if known else _leaves(session, route)
            if leaves:
                given = {name: form[name] for name in ("to", "cc", "bcc") if form.get(name, "").strip()}
                row = later.plan(session, ticket, agent, text, client_id=client_id(), due_at=leaves, attached=stored,
                                 chosen=bool(form.get("leaves")), then=_ending(), route=route, others=others,
                                 fields={**given, "route": route.key, "actions": actions_given(session)})
                drafts.forget(session, ticket, agent, "reply")
                said = (row.id, True)
            else:
                message = replies.send(session, ticket, text, agent=agent, files=stored, route=route,
                                       client_id=client_id(), others=others)
                if known is None:
                    macros.run(session, ticket, agent, actions_given(session))
                    later.end(session, ticket, agent, _ending())
                drafts.forget(session, ticket, agent, "reply")
                said = (message.id, False)
    except guard.Unconfirmed as doubtful:
        return _ask(ticket_id, doubtful, stored), doubtful.status
    if said[1]:
        return _planned(ticket_id, said[0])
    return _said(ticket_id, said[0], "On its way.")


def _ending() -> str:
    """What becomes of the ticket then, a snooze by its moment."""
    then = request.form.get("then", "")
    if then.startswith("snooze:"):
        return f"snooze:{snoozing.until(then.removeprefix('snooze:'), now(), zone()).isoformat()}"
    return later.ending(then)


def _remember(session, agent: Agent) -> None:
    """remember=1: the button that was pressed is the one that stands first from now on."""
    if request.form.get("remember") == "1":
        agent_preferences.choose(session, agent, "sending", request.form.get("then", ""))


def _leaves(session, route: routes.Route | None) -> datetime | None:
    """When a reply leaves, if not at once."""
    if route is None or not client_id():
        return None
    if chosen := request.form.get("leaves", "").strip():
        return snoozing.until(chosen, now(), zone())
    seconds = later.grace(session.get(Inbox, route.inbox.id)) if request.form.get("wait") == "1" else 0
    return now() + timedelta(seconds=seconds) if seconds else None


def _planned(ticket_id: int, later_id: int):
    if not wants_fragment():
        flash("It leaves in a moment. Until then you can take it back.", "good")
        return redirect(way_back(ticket_id))
    with db.reading() as session:
        return render_template("tickets/_one_later.html", one=session.get(LaterReply, later_id))


def _ask(ticket_id: int, doubtful: guard.Unconfirmed, stored: list[files.StoredFile]):
    """What has to be confirmed: a part for a script, which keeps the answer, else a page that holds it."""
    if wants_fragment():
        return render_template("tickets/_doubts.html", asked=doubtful)
    with db.reading() as session:
        return page("tickets/confirm.html", asked=doubtful, ticket=ctx.find_ticket(session, ticket_id),
                    given=request.form, kept=[(file, kept_files.ticket(file)) for file in stored])


@pages.post("/tickets/<int:ticket_id>/notes")
@needs("note")
def note(ticket_id: int):
    """text, files, kept, client_id; actions: what a macro does with it. Only agents see it."""
    stored = [*uploads(), *kept_files.given()]
    with db.transaction() as session:
        ticket, agent = tickets.lock(session, ticket_id), session.get(Agent, g.agent.id)
        known = replies.same(session, ticket, client_id())
        text = variables.filled(session, ticket, agent, request.form.get("text", "")) if known is None else ""
        message_id = replies.note(session, ticket, text, agent, client_id=client_id(), files=stored).id
        if known is None:
            macros.run(session, ticket, agent, actions_given(session))
        drafts.forget(session, ticket, agent, "note")
    return _said(ticket_id, message_id, "Note added.")


@pages.post("/deliveries/<int:delivery_id>/retry")
@needs("answer")
def retry(delivery_id: int):
    """Send it once more."""
    with db.transaction() as session:
        delivery = session.get(Delivery, delivery_id, with_for_update=True)
        if delivery is None:
            raise NotFound("There is no such delivery.")
        outbox.retry(session, delivery, g.agent.actor)
        ticket_id, message_id = delivery.ticket_id, delivery.message_id
    return _said(ticket_id, message_id, "It is being sent again.")


def _said(ticket_id: int, message_id: int, words: str):
    if not wants_fragment():
        flash(words, "good")
        return redirect(way_back(ticket_id))
    with db.reading() as session:
        message = session.get(Message, message_id)
        return render_template("tickets/_one_message.html", **ctx.one_message(session, message))


def _route(session, ticket) -> routes.Route | None:
    key = request.form.get("route", "")
    if not key:
        return routes.default(session, ticket)
    found = routes.by_key(session, ticket, key)
    if found is None:
        raise Invalid("That way to reach the customer is gone. Choose another one.")
    return found


def client_id() -> str | None:
    """The browser's own id of what it sends, so that the same thing sent twice is one."""
    return request.form.get("client_id", "")[:64] or None


def uploads(field: str = "files") -> list[files.StoredFile]:
    """The files of a form. Their bytes are stored before the transaction opens: nothing slow inside."""
    return [files.put(one.filename, one.mimetype, one.read()) for one in request.files.getlist(field) if one.filename]
