"""What the chat asks before it begins: the inbox's questions, without those whose answer is known already. What must be
answered is demanded here too, whatever a browser does."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.errors import Invalid
from helpdesk.models import Contact, ContactAttribute, Identity, Inbox
from helpdesk.services import chat_questions, opening

FIELDS = chat_questions.STANDARD
WANTED = ("optional", "required")
WHEN_CLOSED = "closed"
MOST_TOPICS, TOPIC_LIMIT = 20, 80


@dataclass(frozen=True)
class Question:
    """One field of the form. `options`: what to choose from. `kind`: of a question of the inbox's own, whose words
    `field` then is; '' for name, email, phone and topic."""
    field: str
    required: bool
    options: tuple[str, ...] = ()
    kind: str = ""


def questions(inbox: Inbox) -> list[Question]:
    """All that the inbox asks, in its order; its own questions last."""
    given = inbox.settings or {}
    wished = [word for word in given.get("ask_order", "").replace(",", " ").split() if word in FIELDS]
    topics = tuple(dict.fromkeys(line.strip()[:TOPIC_LIMIT] for line in given.get("ask_topics", "").splitlines()
                                 if line.strip()))[:MOST_TOPICS]
    asked = [Question(field, given.get(f"ask_{field}") == "required", topics if field == "topic" else ())
             for field in dict.fromkeys((*wished, *FIELDS))
             if given.get(f"ask_{field}") in WANTED and (field != "topic" or topics)]
    for line in chat_questions.lines(given.get("ask_fields", "")):
        label, kind, required, options = chat_questions.read(line)
        asked.append(Question(label, required, options, kind))
    return asked


def asked_now(session: Session, inbox: Inbox) -> list[Question]:
    """The same, or none of it while somebody is there, where the inbox asks only when nobody is."""
    found = questions(inbox)
    only_closed = (inbox.settings or {}).get("ask_when") == WHEN_CLOSED
    return [] if found and only_closed and opening.opening(session)[0] else found


def open_questions(session: Session, inbox: Inbox, contact: Contact) -> list[Question]:
    """What is still to be asked of this person: nothing that they, the page or the site's server told before."""
    asked = asked_now(session, inbox)
    there = known(session, contact) if asked else set()
    facts = facts_known(session, contact) if any(one.kind for one in asked) else set()
    return [one for one in asked if one.field not in (facts if one.kind else there)]


def demand(session: Session, inbox: Inbox, contact: Contact, topic: str = "") -> None:
    """Before the first message of a conversation. Raises Invalid, naming what must be answered first."""
    if not any(one.required for one in questions(inbox)):
        return
    missing = [one for one in open_questions(session, inbox, contact) if one.required]
    missing = [one.field for one in missing if one.field != "topic" or topic not in one.options]
    if missing:
        raise Invalid(f"Please answer first: {', '.join(missing)}.")


def answers(inbox: Inbox, given: Mapping) -> dict[str, str | int | float | bool]:
    """The answers to the inbox's own questions, as they are kept. Raises Invalid for one that is none."""
    found = {}
    for one in questions(inbox):
        if one.kind and one.field in given:
            value = chat_questions.answer(one.field, one.kind, one.options, given[one.field])
            if value is not None:
                found[one.field] = value
    return found


def known(session: Session, contact: Contact) -> set[str]:
    """Which of name, email and phone somebody told, proved or not."""
    kinds = set(session.scalars(select(Identity.kind).where(
        Identity.contact_id == contact.id, Identity.kind.in_(("email", "phone"))).distinct()))
    named = {"name"} if contact.name else set()
    return kinds | named | {kind for kind, value in (contact.claims or {}).items() if value and kind in FIELDS}


def facts_known(session: Session, contact: Contact) -> set[str]:
    """The names of the facts that are known of somebody."""
    return set(session.scalars(select(ContactAttribute.key).join(
        Identity, Identity.id == ContactAttribute.identity_id).where(Identity.contact_id == contact.id).distinct()))
