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
from channels._mail_text import html_to_text
from channels.base import Quote
from helpdesk import settings, texts
from helpdesk.models import Delivery, Identity, Inbox, Message, Ticket
from helpdesk.services import handover, parts, survey_words, unsubscribing

MOST_QUOTES = 30
REPLY_MARKS = ("re:", "aw:", "sv:", "rv:")


def subject(ticket: Ticket, message: Message, bare: bool = False) -> str:
    """The mail's subject: the message's own, or that it answers the ticket's; with `bare` nothing of the ticket's."""
    locale = ticket.contact.locale
    if message.subject:
        return message.subject
    if bare or not ticket.subject:
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
    designed = filled(given.get("signature_html", ""), values, html=True)
    return filled(given.get("signature", ""), values) or html_to_text(designed).strip(), designed


def way_out(identity: Identity) -> str:
    """What stands below a mail that its reader may end."""
    words = survey_words.WORDS[survey_words.language(identity.contact.locale, settings.current().default_locale)]
    return words["no_more"].format(url=unsubscribing.link(identity))


def quotes(session: Session, ticket: Ticket, message: Message, quote: str) -> list[Quote]:
    """What is quoted below `message`, the latest first. `quote`: the inbox's choice, none, last or thread."""
    if quote not in ("last", "thread"):
        return []
    earlier = select(Message).where(
        Message.ticket_id.in_(parts.ids(session, ticket)), Message.inbox_id == message.inbox_id,
        Message.id < message.id, Message.kind == "message", Message.author_kind != "system",
        Message.text != "").order_by(Message.id.desc())
    wanted = earlier.limit(MOST_QUOTES) if quote == "thread" else earlier.where(Message.direction == "in").limit(1)
    found = session.scalars(wanted).all()
    locale = texts.closest(handover.customer_language(session, ticket)) if found else ""
    return [Quote(_attribution(one, locale), one.text) for one in found]


def forwarded(session: Session, ticket: Ticket, message: Message) -> list[Quote]:
    """What an agent hands on to somebody else: the messages that `message` names, each with its header above."""
    ids = (message.payload or {}).get("forwarded", ())
    if not ids:
        return []
    found = session.scalars(select(Message).where(
        Message.ticket_id.in_(parts.all_ids(session, ticket)), Message.id.in_(ids), Message.kind != "note").order_by(
        Message.id)).all()
    if len(found) == 1:         # as it came, with the history that it quotes itself
        return [Quote(_header(session, ticket, found[0]), found[0].full_text or found[0].text, found[0].html, True)]
    return [Quote(_header(session, ticket, one), one.text, forwarded=True) for one in found]


def replies_to(session: Session, delivery: Delivery, aside: bool) -> list[str]:
    """The Message-IDs of this mail conversation before `delivery`, the nearest first. Asides are conversations of their
    own, each with one person."""
    whole = parts.ids(session, session.get(Ticket, delivery.ticket_id))
    heard = select(Message.external_id, Message.id).where(
        Message.ticket_id.in_(whole), Message.direction == "in", Message.inbox_id == delivery.inbox_id,
        Message.id < delivery.message_id)
    said = select(Delivery.mail_id, Delivery.message_id).join(Message, Message.id == Delivery.message_id).where(
        Delivery.ticket_id.in_(whole), Delivery.inbox_id == delivery.inbox_id,
        Delivery.message_id < delivery.message_id)
    if aside:
        heard = heard.where(Message.kind == "aside", Message.identity_id == delivery.identity_id)
        said = said.where(Message.kind == "aside", Delivery.identity_id == delivery.identity_id)
    else:
        heard, said = heard.where(Message.kind == "message"), said.where(Message.kind == "message")
    rows = session.execute(heard.union_all(said)).all()
    latest = sorted((row for row in rows if row[0] and row[0].startswith("<")), key=lambda row: -row[1])
    return list(dict.fromkeys(row[0] for row in latest))


def _header(session: Session, ticket: Ticket, message: Message) -> str:
    """What stands above a forwarded message, as mail programs write it."""
    sender = session.get(Identity, message.identity_id) if message.identity_id and message.direction == "in" else None
    address = sender.value if sender and sender.kind == "email" else ""
    who = f"{message.author_name} <{address}>" if address and message.author_name != address else (
        address or message.author_name or settings.current().company_name)
    lines = ["---------- Forwarded message ----------", f"From: {who}",
             f"Date: {message.sent_at:%a, %d %b %Y %H:%M} UTC", f"Subject: {message.subject or ticket.subject}"]
    return "\n".join(" ".join(line.split()) for line in lines)


def _attribution(message: Message, locale: str) -> str:
    """Who wrote it, and when, as the reader's own language says it; times are UTC and say so."""
    when = f"{format_date(message.sent_at, 'long', locale=Locale.parse(locale, sep='-'))}, {message.sent_at:%H:%M} UTC"
    name = message.author_name or settings.current().company_name
    return texts.text("attribution", locale, date=when, name=" ".join(name.split()))
