"""What people get with a ticket that the assistant hands over, so that nobody has to ask anything twice.

It is made of what is written down anyway: messages, the assistant's turns, the address they write from. The one-line
summary is put together from fixed words; no model takes part.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.models import Article, AssistantTurn, Message, Ticket
from helpdesk.services import account_data, parts, topics
from helpdesk.services.listening import small_talk, wants_person
from helpdesk.services.mood import mood, word
from helpdesk.services.words import words

ASKED_LIMIT = 300       # characters of the customer's own words
QUOTED = 70             # characters of a question in the summary
SAME = 85               # likeness from 0 to 100 from which two questions are one, asked again
MOOD_OF = 3             # the last messages, of which the worst tells the mood
TIMES = {1: "", 2: " twice", 3: " three times"}
NEEDS = {"order_number": "order", "email": "e-mail", "phone": "phone", "date": "date", "proof_address": "address"}
HIDDEN = ("proof",)     # a code is nobody's to read again
REASONS = {"asked": "wants a person", "files": "sent files", "unverified": "not proved who they are",
           "not_theirs": "the order is not known as theirs", "error": "the assistant failed"}


@dataclass(frozen=True)
class Tried:
    """An article that was shown. `helped`: what the customer said of it."""
    title: str
    helped: bool | None = None


@dataclass(frozen=True)
class Packet:
    """Everything about a conversation with the assistant. `questions`: the customer's own words, each once, with how
    often they were said."""
    questions: tuple[tuple[str, int], ...] = ()
    tried: tuple[Tried, ...] = ()
    forms: tuple[str, ...] = ()
    language: str = ""
    trust: str = ""
    mood: float = 0.0
    topic: str = ""
    topic_words: str = field(default="", compare=False)

    @property
    def asked(self) -> str:
        """All questions in one line, cut where it gets long."""
        return _cut(" / ".join(text for text, _ in self.questions), ASKED_LIMIT)

    @property
    def refused(self) -> tuple[str, ...]:
        """Titles of the articles that did not help."""
        return tuple(one.title for one in self.tried if one.helped is False)

    @property
    def mood_word(self) -> str:
        """calm, impatient, annoyed or furious."""
        return word(self.mood)


def packet(session: Session, ticket: Ticket, language: str = "", touchy: str = "") -> Packet:
    """What is to be told of this ticket as it stands. `touchy`: the words that speak of a sensitive topic."""
    whole = parts.ids(session, ticket)
    said = session.scalars(select(Message).where(
        Message.ticket_id.in_(whole), Message.direction == "in", Message.kind == "message").order_by(Message.id)).all()
    turns = session.scalars(select(AssistantTurn).where(AssistantTurn.ticket_id.in_(whole))
                            .order_by(AssistantTurn.id)).all()
    answers = _told(turns, said)
    hit = topics.find(session, touchy) if touchy else None
    return Packet(questions=_questions([one for one in said if one.id not in {message.id for message, _ in answers}]),
                  tried=_tried(session, turns), language=language,
                  forms=tuple(f"{NEEDS.get(need, need.replace('_', ' '))}: {_cut(message.text, QUOTED)}"
                              for message, need in answers if need not in HIDDEN),
                  trust=account_data.trust(session, said[-1]) if said else "", mood=_mood(said, turns),
                  topic=hit.topic.name if hit else "", topic_words=hit.said if hit else "")


def summary(found: Packet, reason: str) -> str:
    """The packet in one line: Asked “Where is my parcel?” twice; “Tracking” did not help; order: 1042; sounds annoyed.
    """
    said = []
    if found.topic:
        said.append(f"speaks of {found.topic.lower()} (“{found.topic_words}”)")
    if found.questions:
        text, times = max(found.questions, key=lambda one: one[1])
        more = len(found.questions) - 1
        said.append(f"asked “{_cut(text, QUOTED)}”{TIMES.get(times, f' {times} times')}"
                    + (f" and {'one thing' if more == 1 else f'{more} things'} more" if more else ""))
    if refused := found.refused:
        said.append(f"{_listed(refused)} did not help")
    if shown := [one.title for one in found.tried if one.helped is None]:
        said.append(f"was shown {_listed(shown)}")
    said += found.forms
    if reason in REASONS:
        said.append(REASONS[reason])
    if found.mood_word != "calm":
        said.append(f"sounds {found.mood_word}")
    line = "; ".join(said)
    return line[:1].upper() + line[1:]


def _questions(said: Sequence[Message]) -> tuple[tuple[str, int], ...]:
    """The customer's messages that were more than a greeting, a button, or a bare wish for a person."""
    kept: list[tuple[str, int]] = []
    for one in said:
        text = " ".join(one.text.split())
        if len(text) <= 2 or (one.payload or {}).get("pressed") or small_talk(text):
            continue
        again = next((n for n, (known, _) in enumerate(kept) if _same(known, text)), None)
        if again is None:
            kept.append((text, 1))
        else:
            kept[again] = (kept[again][0], kept[again][1] + 1)
    matters = [one for one in kept if not (wants_person(one[0]) and len(words(one[0])) <= 12)]
    return tuple(matters or kept)


def _same(known: str, text: str) -> bool:
    return fuzz.token_sort_ratio(words(known), words(text)) >= SAME


def _tried(session: Session, turns: Sequence[AssistantTurn]) -> tuple[Tried, ...]:
    shown: dict[int, bool | None] = {}
    for turn in turns:
        if turn.outcome == "answered":
            for number in (turn.article_id, *(also["article"] for also in turn.also or ())):
                if number is not None:
                    shown[number] = turn.helped
    found = select(Article.id, Article.title).where(Article.id.in_(shown))
    titles = dict(session.execute(found).all()) if shown else {}
    return tuple(Tried(titles[number], helped) for number, helped in shown.items() if number in titles)


def _told(turns: Sequence[AssistantTurn], said: Sequence[Message]) -> list[tuple[Message, str]]:
    """(message, need) of what was told when the assistant asked for it; the last answer to each."""
    after = {one.id: following for one, following in zip(said, said[1:], strict=False)}
    found: dict[str, Message] = {}
    for turn in turns:
        if turn.asks and (answer := after.get(turn.message_id)) and not wants_person(answer.text):
            found[turn.asks["need"]] = answer
    return [(message, need) for need, message in found.items()]


def _mood(said: Sequence[Message], turns: Sequence[AssistantTurn]) -> float:
    noted = {turn.message_id: turn.mood for turn in turns if turn.mood is not None}
    return max((noted.get(one.id, mood(one.text).score) for one in said[-MOOD_OF:]), default=0.0)


def _listed(titles: Sequence[str]) -> str:
    return " and ".join(f"“{title}”" for title in titles[:2]) + (f" and {len(titles) - 2} more" if len(titles) > 2
                                                                 else "")


def _cut(text: str, limit: int) -> str:
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    whole = text[:limit - 1].rpartition(" ")[0] or text[:limit - 1]
    return whole.rstrip(" ,;") + "…"
