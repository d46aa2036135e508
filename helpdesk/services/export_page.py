"""The page of a person's export that people read: who they are, and what was said, in order. No script, no outside
address; it opens from the unpacked archive."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from helpdesk import settings
from helpdesk.clock import now
from helpdesk.models import Attachment, Contact, Identity, Message, Ticket
from helpdesk.services import consents, inboxes, persons

BATCH = 200
STYLE = """:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;
padding:0 1rem}h2{margin-top:2.5rem}article{border-inline-start:3px solid #8886;padding:.25rem 0 .25rem .9rem;
margin:1rem 0}article.in{border-color:#2557d6}article.note{border-color:#d9a400}p.said{white-space:pre-wrap;
overflow-wrap:anywhere;margin:.2rem 0}small{opacity:.75}dt{font-weight:600}dd{margin:0 0 .5rem}"""


def parts(session: Session, contact: Contact, tickets, shown, counts: dict[str, int],
          file_name: Callable[[Attachment], str]) -> Iterator[str]:
    """The page in pieces. `tickets` and `shown` select the ids of tickets, and of the messages that may be seen."""
    title = f"What {settings.current().company_name} holds about {contact.label}"
    yield (f"<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
           f"<title>{escape(title)}</title><style>{STYLE}</style><h1>{escape(title)}</h1>"
           f"<p>Made {now():%Y-%m-%d %H:%M} UTC. The same is in the .json files beside this page, with every detail."
           "</p><dl>")
    for label, value in (("Name", contact.name), ("Company", contact.company), ("Language", contact.locale),
                         ("Time zone", contact.time_zone), ("Customer id", contact.external_id),
                         ("Known since", f"{contact.created_at:%Y-%m-%d}")):
        if value:
            yield f"<dt>{label}</dt><dd>{escape(str(value))}</dd>"
    yield "</dl><h2>Addresses</h2><ul>"
    ids = persons.records(session, contact.id)
    for one in session.scalars(select(Identity).where(Identity.contact_id.in_(ids)).order_by(Identity.id)):
        yield f"<li>{escape(one.kind)}: {escape(one.value)} <small>({escape(one.trust)})</small></li>"
    yield "</ul><h2>Consents</h2><ul>"
    for word in consents.history(session, contact):
        yield (f"<li>{word.created_at:%Y-%m-%d %H:%M}: {escape(consents.PURPOSES[word.purpose].label)} "
               f"{'agreed to' if word.given else 'ended'}, {escape(consents.SOURCES[word.source])}"
               f"{f'<br><small>{escape(word.wording)}</small>' if word.wording else ''}</li>")
    yield "</ul><h2>In this archive</h2><ul>"
    yield "".join(f"<li>{escape(name.replace('_', ' '))}: {count}</li>" for name, count in counts.items() if count)
    yield "</ul>"
    for ticket in session.scalars(select(Ticket).where(Ticket.id.in_(
            select(Message.ticket_id).where(Message.id.in_(shown)))).order_by(Ticket.id)):
        mine = session.scalar(select(Ticket.id).where(Ticket.id == ticket.id, Ticket.id.in_(tickets)))
        yield f"<h2>#{ticket.id} {escape(ticket.subject if mine else 'In somebody else’s matter')}</h2>"
        yield from _said(session, ticket, shown, file_name)


def _said(session: Session, ticket: Ticket, shown, file_name) -> Iterator[str]:
    after = 0
    while rows := session.scalars(select(Message).where(
            Message.ticket_id == ticket.id, Message.id.in_(shown), Message.seq > after).order_by(Message.seq)
            .limit(BATCH).options(selectinload(Message.attachments))).all():
        for one in rows:
            who = one.author_name or {"contact": "They", "assistant": "Assistant"}.get(one.author_kind, "Helpdesk")
            way = "internal note" if one.note else inboxes.label(one.channel) if one.channel else ""
            yield (f"<article class={'note' if one.note else escape(one.direction)}><small>{one.sent_at:%Y-%m-%d %H:%M}"
                   f" · {escape(who)} · {escape(way)}</small><p class=said dir=auto>{escape(one.text)}</p>")
            yield "".join(f"<p><a href='{quote(file_name(file))}'>{escape(file.name)}</a></p>"
                          for file in one.attachments if file.sha256)
            yield "</article>"
        after = rows[-1].seq
        session.expunge_all()
