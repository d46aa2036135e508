"""Asking back: the sentence, and in the chat the form, for what an answer needs; and the proof of who somebody is.

What is asked stands in the turn (AssistantTurn.asks): {"need", "article", "then": further articles that wait, "given":
what is known by need, "tries"}. Needs are those of helpdesk.services.needs, "proof_address" (a mail address that can be
proved) and "proof" (that it is theirs, by the code that the chat asks for).
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.errors import Invalid, TooMany
from helpdesk.models import Article, AssistantTurn, Contact, Inbox, Ticket
from helpdesk.services import needs, site_identity, verification
from helpdesk.services.phrases import say

if TYPE_CHECKING:
    from helpdesk.services.assistant_turns import Talk

TRIES = 2               # answers that are no order number, then a person
FORM_TYPES = {"order_number": "text", "email": "email", "proof_address": "email", "phone": "tel", "date": "date"}


@dataclass(frozen=True)
class Wanted:
    """What is asked: in words for every medium, with a form for the chat (`payload`), and for the turn (`asks`)."""
    sentence: str
    payload: dict
    asks: dict


def wanted(talk: Talk, article: Article, state: needs.State, given: Mapping[str, str],
           then: Sequence[int]) -> Wanted | None:
    """The question that `state` leads to. None where nobody can be asked: it is a person's then."""
    asks = {"article": article.id, "then": list(then), "given": dict(given), "tries": 0}
    if state.kind == "ask":
        return _question(talk, asks | {"need": state.need})
    return _proof(talk, asks)


def again(talk: Talk, asks: dict) -> Wanted:
    """The same question once more."""
    question = _question(talk, {**asks, "tries": asks.get("tries", 0) + 1})
    return Wanted(f"{say(talk.code, 'need_again')} {question.sentence}", question.payload, question.asks)


def pending(earlier: Sequence[AssistantTurn]) -> AssistantTurn | None:
    """The turn whose question waits for an answer; a thank-you in between does not end it."""
    last = next((turn for turn in reversed(earlier) if turn.outcome != "greeted"), None)
    return last if last is not None and last.asks else None


def proof_wanted(session: Session, ticket: Ticket) -> bool:
    """Whether an answer waits for the person to prove who they are."""
    earlier = session.scalars(select(AssistantTurn).where(AssistantTurn.ticket_id == ticket.id)
                              .order_by(AssistantTurn.id)).all()
    before = pending(earlier)
    return before is not None and before.asks["need"] == "proof"


def told(talk: Talk, asks: dict) -> str:
    """What the message answers to the question; '' when it cannot be read as that."""
    need = "email" if asks["need"] == "proof_address" else asks["need"]
    return needs.recognised(talk.session, need, talk.message.text, talk.ticket.contact, talk.code)


def prove(talk: Talk, asks: dict, address: str) -> Wanted | None:
    """They named the address by which they will prove who they are."""
    try:
        site_identity.claim(talk.session, talk.ticket.contact, {"email": address})
    except Invalid:
        return None
    talk.session.flush()
    talk.session.refresh(talk.ticket.contact)
    return _proof(talk, asks)


def ask_by_mail(talk: Talk) -> None:
    """By mail a link proves the address; it goes out beside a person's taking over. Nothing where that is not possible,
    or was asked too often."""
    contact = talk.session.get(Contact, talk.ticket.contact_id)
    asking = verification.askable(talk.session, contact).get(talk.message.identity_id)
    if asking is None or asking.way != "link":
        return
    try:
        verification.ask(talk.session, contact, asking.identity, "assistant")
    except (Invalid, TooMany):
        return


def _question(talk: Talk, asks: dict) -> Wanted:
    need = asks["need"]
    like = needs.example(talk.session) if need == "order_number" else ""
    key = "prove_address" if need == "proof_address" else f"need_{need}_like" if like else f"need_{need}"
    sentence = say(talk.code, key, **({"like": like} if like else {}))
    form = {"type": FORM_TYPES[need], "label": say(talk.code, "need_email") if need == "proof_address" else sentence,
            "problem": say(talk.code, "need_again"), "send": say(talk.code, "need_send"), "like": like}
    return Wanted(sentence, {"form": form}, asks)


def _proof(talk: Talk, asks: dict) -> Wanted | None:
    """In the chat: the code for an address that they named, or which address that would be."""
    if talk.message.channel != "web":
        return None
    inbox, contact = talk.session.get(Inbox, talk.message.inbox_id), talk.ticket.contact
    if verification.offered(talk.session, inbox, contact, talk.ticket):
        return Wanted(say(talk.code, "prove_code"), {"prove": True}, asks | {"need": "proof"})
    if asks.get("need") == "proof_address" or not verification.possible(talk.session, inbox):
        return None
    return _question(talk, asks | {"need": "proof_address"})
