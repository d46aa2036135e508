"""Finding tickets by number, people and words, over all history, whatever the case and accents."""
from __future__ import annotations

import re
import unicodedata

from sqlalchemy import ColumnElement, Select, func, literal, literal_column, or_, select, text

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
    found = select(Ticket.id, Ticket.merged_into_id).where(or_(*conditions)).cte("found", recursive=True)
    into = found.union(select(Ticket.id, Ticket.merged_into_id).where(Ticket.id == found.c.merged_into_id))
    return select(into.c.id)        # with whatever a merged one went into


def _by_person(query: str) -> Select:
    return select(Contact.id).where(_like(Contact.name, query)).union(
        select(Identity.contact_id).where(_like(Identity.value, query)))


def terms(query: str) -> str:
    """What the index is asked for a query: all of its words, or words that begin so; '' when it has none."""
    words = WORD.findall(unicodedata.normalize("NFC", bounds.clean(query).strip()[:200].lower()))[:10]
    if db.is_sqlite():
        return " ".join(f'"{word}"*' for word in words)
    # The index folds the accents of western Europe only; other letters lie in it as they were written.
    return " & ".join(f"({word}:* | {' & '.join(f'{part}:*' for part in _parts(word))})" for word in words)


def matching(asked: ColumnElement[str]) -> Select:
    """A select of the ids of all messages that fit terms(). To be narrowed by whoever asks: a common word has very
    many."""
    if db.is_sqlite():
        return select(literal_column("rowid")).select_from(text("message_fts")).where(
            literal_column("message_fts").op("MATCH")(asked))
    return select(Message.id).where(literal_column("message.search").op("@@")(
        func.to_tsquery(literal_column("'simple'"), asked)))


def _by_words(query: str) -> Select:
    wanted = terms(query)
    if not wanted:
        return select(Message.ticket_id).where(text("1 = 0"))
    newest = text("rowid DESC") if db.is_sqlite() else Message.id.desc()
    return select(Message.ticket_id).where(Message.id.in_(matching(literal(wanted)).order_by(newest).limit(MOST)))


def _parts(word: str) -> list[str]:
    return WORD.findall(fold(word)) or [word]       # ⑴ becomes (1), and brackets mean something in a query


def fold(words: str) -> str:
    """Lower case without accents, as the index has it."""
    decomposed = unicodedata.normalize("NFKD", words.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _like(column, query: str):
    escaped = query.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return column.ilike(f"%{escaped}%", escape="\\")
