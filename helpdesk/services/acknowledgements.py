"""Telling whoever opened a ticket by mail that it came: once, and only where no machine can be on the other side."""
from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels._mail_signature import filled
from helpdesk import events, settings, texts
from helpdesk.models import Inbox, Message, Ticket
from helpdesk.services import (
    automatic_mail,
    expected_answer,
    help_urls,
    inbox_forms,
    inboxes,
    replies,
    routes,
    tickets,
)
from helpdesk.services.handover import customer_language
from helpdesk.services.help_words import Words

MARK = "acknowledgement"


def confirm(session: Session, ticket_id: int, *, message_id: int, automatic: str = "", **_) -> None:
    """Reaction to MessageReceived, after the assistant's turn. Nothing happens when a machine wrote, when it is not the
    ticket's first message, when anything was answered already, or when the inbox does not want it."""
    message = session.get(Message, message_id)
    if automatic or message is None or not inboxes.is_mail(message.channel):
        return
    ticket, inbox = tickets.lock(session, ticket_id), session.get(Inbox, message.inbox_id)
    wanted = inbox_forms.is_yes((inbox.settings or {}).get("acknowledge", ""))
    if ticket.spam_at or not wanted or _others(session, ticket, message):
        return
    route = next((r for r in routes.routes(session, ticket, "system")
                  if (r.inbox.id, r.identity.id) == (message.inbox_id, message.identity_id) and r.open), None)
    if route is None:
        return
    if why := automatic_mail.blocked(session, ticket, route):
        events.record(session, events.AutomaticMailWithheld(what="confirmation", why=why), ticket=ticket)
        return
    replies.send(session, ticket, _words(session, ticket, inbox, route), by="system", route=route, payload={MARK: True})


def _others(session: Session, ticket: Ticket, message: Message) -> bool:
    return session.scalar(select(Message.id).where(
        Message.ticket_id == ticket.id, Message.kind == "message", Message.id != message.id).limit(1)) is not None


def _words(session: Session, ticket: Ticket, inbox: Inbox, route: routes.Route) -> str:
    """The inbox's own words, or ours with when an answer may be expected and where the help centre is. The contact's
    name is not among them: whoever wrote may have chosen it."""
    company = settings.current().company_name
    own = filled((inbox.settings or {}).get("acknowledgement", ""), {
        "company.name": company, "inbox.name": inbox.name, "inbox.address": inbox.account,
        "ticket.number": str(ticket.id)})
    if own:
        return own
    code = customer_language(session, ticket)
    when = "" if ticket.with_assistant else expected_answer.sentence(session, ticket, code, route)
    url = help_urls.home_url(session, code)
    help_centre = Words(code)("mail_footer", url=url) if url else ""
    said = texts.text("acknowledgement", code, number=str(ticket.id))
    return "\n\n".join(filter(None, (said, when, help_centre)))
