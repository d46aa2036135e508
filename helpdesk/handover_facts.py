"""Facts about who answers: the assistant or people. Recorded like all others, by helpdesk.events."""
from __future__ import annotations

from dataclasses import dataclass

from helpdesk.fact import Fact


@dataclass(frozen=True)
class HandedOver(Fact):
    """The assistant gave the ticket to people. `asked` is what the customer wanted, `tried` the articles shown,
    `refused` those of them that did not help, `brief` what was known of them, in sentences. `summary`: all in one line.
    `language`: what they write in (ISO 639-1, ''), `trust`: how sure we are who they are, `mood`: how they sound, in a
    word, `forms`: what they were asked for and told, `topic`: the sensitive topic that they speak of."""
    reason: str
    asked: str = ""
    tried: tuple[str, ...] = ()
    brief: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    summary: str = ""
    language: str = ""
    trust: str = ""
    mood: str = ""
    forms: tuple[str, ...] = ()
    topic: str = ""


@dataclass(frozen=True)
class HandedBack(Fact):
    """An agent gave the ticket back to the assistant, which answers from the customer's next message on."""
