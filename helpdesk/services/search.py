"""Finding tickets by number, people and words, over all history, whatever the case and accents."""
from __future__ import annotations

import re
import unicodedata

from sqlalchemy import Select, func, literal_column, or_, select, text

from helpdesk import db
from helpdesk.models import Contact, Identity, Message, Ticket
from helpdesk.services import bounds

WORD = re.compile(r"\w+", re.UNICODE)
MOST = 500          # messages looked at; a search that finds more wants another word


def ticket_ids(query: str) -> Select:
    """A select of the ids of the tickets that fit what somebody typed: #12, a name, an address, or words said."""
    query = bounds.clean(query).strip()[:200]
    number = query.lstrip("#")
    conditions = [Ticket.id.in_(_by_words(query)), Ticket.contact_id.in_(_by_person(query)),
                  _like(Ticket.subject, query)]
    if number.isdecimal() and len(number) < 10:
        conditions.append(Ticket.id == int(number))
    return select(Ticket.id).where(or_(*conditions))


def _by_person(query: str) -> Select:
    return select(Contact.id).where(_like(Contact.name, query)).union(
        select(Identity.contact_id).where(_like(Identity.value, query)))


def _by_words(query: str) -> Select:
    words = WORD.findall(unicodedata.normalize("NFC", query.lower()))[:10]
    if not words:
        return select(Message.ticket_id).where(text("1 = 0"))
    if db.is_sqlite():
        terms = " ".join(f'"{word}"*' for word in words)
        hits = select(literal_column("rowid")).select_from(text("message_fts")).where(
            text("message_fts MATCH :terms").bindparams(terms=terms)).order_by(text("rowid DESC")).limit(MOST)
    else:
        # The index folds the accents of western Europe only; other letters lie in it as they were written.
        terms = " & ".join(f"({word}:* | {' & '.join(f'{part}:*' for part in _parts(word))})" for word in words)
        hits = select(Message.id).where(literal_column("message.search").op("@@")(
            func.to_tsquery(literal_column("'simple'"), terms))).order_by(Message.id.desc()).limit(MOST)
    return select(Message.ticket_id).where(Message.id.in_(hits))


def _parts(word: str) -> list[str]:
    return WORD.findall(fold(word)) or [word]       # ⑴ becomes (1), and brackets mean something in a query


def fold(words: str) -> str:
    """Lower case without accents, as the index has it."""
    decomposed = unicodedata.normalize("NFKD", words.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _like(column, query: str):
    escaped = query.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return column.ilike(f"%{escaped}%", escape="\\")
