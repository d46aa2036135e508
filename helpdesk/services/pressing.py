"""Which button did the customer press? On media without buttons they type its number or its words."""
from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.models import Message, Ticket
from helpdesk.services.listening import agreement
from helpdesk.services.words import words

NUMBER = re.compile(r"#?\s*(\d{1,2})\s*[.)]?")
OURS = re.compile(r"(person)|(article|helped|not_helped):(\d{1,9})")
SHORTENED = 12          # from so many characters on, the beginning of a label names it: some media cut labels off


@dataclass(frozen=True)
class Choice:
    """action: person, article, helped or not_helped; the last three name an article. `foreign`: another service's."""
    action: str
    article_id: int = 0
    foreign: bool = False


def choice(session: Session, ticket: Ticket, message: Message) -> Choice | None:
    """What a message chooses: its button's payload, or the button of our last message that it names. None when it is
    free text."""
    payload = (message.payload or {}).get("pressed") or _named(session, ticket, message)
    if not payload:
        return None
    match = OURS.fullmatch(str(payload))
    if match is None:
        return Choice("", foreign=True)
    return Choice(match[1] or match[2], int(match[3] or 0))


def _named(session: Session, ticket: Ticket, message: Message) -> str:
    last = session.scalar(select(Message).where(
        Message.ticket_id == ticket.id, Message.direction == "out", Message.kind == "message",
        Message.seq < message.seq).order_by(Message.seq.desc()).limit(1))
    buttons = (last.payload or {}).get("buttons", []) if last else []
    text = message.text.strip()
    if not buttons or not text:
        return ""
    if number := NUMBER.fullmatch(text):
        at = int(number[1]) - 1
        return buttons[at]["payload"] if 0 <= at < len(buttons) else ""
    said = words(text)
    for button in buttons:
        label = words(button["label"])
        if said == label or (len(text) >= SHORTENED and " ".join(label).startswith(" ".join(said))):
            return button["payload"]
    return _agreed(text, buttons)


def _agreed(text: str, buttons: list[dict]) -> str:
    """A bare yes or no, where that was the question; a yes where one thing, or only a person, was offered."""
    meant = agreement(text)
    if meant is None:
        return ""
    payloads = [button["payload"] for button in buttons]
    word = "helped:" if meant else "not_helped:"
    if found := next((p for p in payloads if p.startswith(word)), ""):
        return found
    offered = [p for p in payloads if p.startswith("article:")]
    if meant and len(offered) == 1:
        return offered[0]
    return "person" if meant and payloads == ["person"] else ""
