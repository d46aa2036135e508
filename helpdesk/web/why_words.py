"""Why the assistant did what it did with a message, in words for the agents."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from babel import Locale

from helpdesk.services import mood

SUMMARIES = {"answered": "Why this answer?", "offered": "Why these?", "asked": "Why this question?"}
CANDIDATES = 3


@dataclass(frozen=True)
class Line:
    """One article that came into question: the customer's words (of the whole message when ''), the phrasing that fits
    best, how sure that is in percent, and how it was read."""
    text: str
    question: str
    article_id: int | None
    percent: int | None
    how: str = ""


@dataclass(frozen=True)
class Why:
    """`read`: what the message was taken to ask. `others`: what came next. `notes`: the rest, in short sentences."""
    summary: str
    read: list[Line]
    others: list[Line]
    notes: list[str]
    message_id: int


def why(turn: Any) -> Why | None:
    """From an AssistantTurn's row; None where it only passed the time of day."""
    if turn.outcome == "greeted" or not turn.understood and not turn.candidates:
        return None
    read = [Line(one["text"], one.get("from", ""), one.get("article"), _percent(one.get("score")), _how(one))
            for one in turn.understood]
    taken = {one.article_id for one in read}
    others = [Line("", one["question"], one["article"], _percent(one["score"]))
              for one in turn.candidates if one["article"] not in taken][:CANDIDATES]
    encoder = next((one["encoder"] for one in turn.understood if one.get("encoder")), "")
    notes = [f"Read as {Locale.parse(turn.locale).english_name}." if turn.locale else "",
             f"They sound {mood.word(turn.mood)}." if turn.mood else "",
             f"With the encoder {encoder}." if encoder else ""]
    return Why(SUMMARIES.get(turn.outcome, "How was this read?"), read, others, [one for one in notes if one],
               turn.message_id)


def _how(one: dict) -> str:
    how = []
    if one.get("with"):
        how.append(f"read together with “{one['with']}”")
    if one.get("passage"):
        how.append("quoted from the article that they had already")
    if one.get("sure") is False:
        how.append("not sure enough to answer")
    return ", ".join(how)


def _percent(score: float | None) -> int | None:
    return round(score * 100) if score is not None else None
