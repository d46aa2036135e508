"""What the chat asks before it begins: the inbox's questions, without those whose answer is known already."""
from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.models import Contact, Identity, Inbox

FIELDS = ("name", "email", "phone", "topic")
WANTED = ("optional", "required")
MOST_TOPICS, TOPIC_LIMIT = 20, 80


@dataclass(frozen=True)
class Question:
    """One field of the form. `options`: the topics to choose from."""
    field: str
    required: bool
    options: tuple[str, ...] = ()


def questions(inbox: Inbox) -> list[Question]:
    """All that the inbox asks, in its order."""
    given = inbox.settings or {}
    wished = [word for word in given.get("ask_order", "").replace(",", " ").split() if word in FIELDS]
    topics = tuple(dict.fromkeys(line.strip()[:TOPIC_LIMIT] for line in given.get("ask_topics", "").splitlines()
                                 if line.strip()))[:MOST_TOPICS]
    return [Question(field, given.get(f"ask_{field}") == "required", topics if field == "topic" else ())
            for field in dict.fromkeys((*wished, *FIELDS))
            if given.get(f"ask_{field}") in WANTED and (field != "topic" or topics)]


def open_questions(session: Session, inbox: Inbox, contact: Contact) -> list[Question]:
    """What is still to be asked of this person: nothing that they, the page or the site's server told before."""
    asked = questions(inbox)
    there = known(session, contact) if asked else set()
    return [one for one in asked if one.field not in there]


def known(session: Session, contact: Contact) -> set[str]:
    """Which of name, email and phone somebody told, proved or not."""
    kinds = set(session.scalars(select(Identity.kind).where(
        Identity.contact_id == contact.id, Identity.kind.in_(("email", "phone"))).distinct()))
    named = {"name"} if contact.name else set()
    return kinds | named | {kind for kind, value in (contact.claims or {}).items() if value and kind in FIELDS}
