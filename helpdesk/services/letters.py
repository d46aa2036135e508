"""What stands around an answer that goes out as a mail: its subject, its signature, what is quoted, what it answers.

Quoted is only what belongs to this mail conversation and to those who take part in it: no note, nothing of a stranger
who knew our address, nothing said to a third party, nothing of another channel.
"""
from __future__ import annotations

from babel import Locale
from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.orm import Session

from channels._mail_signature import filled
from channels.base import Quote
from helpdesk import settings, texts
from helpdesk.models import Delivery, Inbox, Message, Participant, Ticket
from helpdesk.services import handover

MOST_QUOTES = 30
REPLY_MARKS = ("re:", "aw:", "sv:", "rv:")


def subject(ticket: Ticket, message: Message) -> str:
    """The mail's subject: the message's own, or that it answers the ticket's."""
    locale = ticket.contact.locale
    if message.subject:
        return message.subject
    if not ticket.subject:
        return texts.text("no_subject", locale, company=settings.current().company_name)
    if ticket.subject[:3].lower() in REPLY_MARKS:
        return ticket.subject
    return texts.text("reply_subject", locale, subject=ticket.subject)


def signature(ticket: Ticket, inbox: Inbox, agent_name: str) -> tuple[str, str]:
    """The inbox's signature as (text, HTML) with its words filled in; HTML '' where it is designed by nobody."""
    given, company = inbox.settings or {}, settings.current().company_name
    values = {"agent.name": agent_name, "agent.first_name": agent_name.split(" ")[0], "company.name": company,
              "inbox.name": inbox.name, "inbox.address": inbox.account, "contact.name": ticket.contact.name,
              "ticket.number": str(ticket.id)}
    return (filled(given.get("signature", ""), values), filled(given.get("signature_html", ""), values, html=True))


def quotes(session: Session, ticket: Ticket, message: Message, inbox: Inbox, quote: str) -> list[Quote]:
    """What is quoted below `message`, the latest first. `quote`: the inbox's choice, none, last or thread."""
    if quote not in ("last", "thread"):
        return []
    strangers = select(Participant.identity_id).where(Participant.ticket_id == ticket.id,
                                                      Participant.role == "unverified")
    earlier = select(Message).where(
        Message.ticket_id == ticket.id, Message.inbox_id == inbox.id, Message.seq < message.seq,
        Message.kind == "message", Message.author_kind != "system", Message.text != "",
        (Message.direction == "out") | Message.identity_id.not_in(strangers)).order_by(Message.seq.desc())
    wanted = earlier.limit(MOST_QUOTES) if quote == "thread" else earlier.where(Message.direction == "in").limit(1)
    found = session.scalars(wanted).all()
    locale = texts.closest(handover.customer_language(session, ticket)) if found else ""
    return [Quote(_attribution(one, locale), one.text) for one in found]


def replies_to(session: Session, delivery: Delivery) -> list[str]:
    """The Message-IDs of this mail conversation before `delivery`, the nearest first."""
    rows = session.execute(
        select(Message.external_id, Message.id).where(
            Message.ticket_id == delivery.ticket_id, Message.direction == "in", Message.inbox_id == delivery.inbox_id,
            Message.id < delivery.message_id)
        .union_all(select(Delivery.mail_id, Delivery.message_id).where(
            Delivery.ticket_id == delivery.ticket_id, Delivery.inbox_id == delivery.inbox_id,
            Delivery.message_id < delivery.message_id))).all()
    latest = sorted((row for row in rows if row[0] and row[0].startswith("<")), key=lambda row: -row[1])
    return list(dict.fromkeys(row[0] for row in latest))


def _attribution(message: Message, locale: str) -> str:
    """Who wrote it, and when, as the reader's own language says it; times are UTC and say so."""
    when = f"{format_date(message.sent_at, 'long', locale=Locale.parse(locale, sep='-'))}, {message.sent_at:%H:%M} UTC"
    name = message.author_name or settings.current().company_name
    return texts.text("attribution", locale, date=when, name=" ".join(name.split()))
