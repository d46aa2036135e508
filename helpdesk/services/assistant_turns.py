"""The things the assistant can do in one turn: answer, offer, ask back, greet, hand over. Each leaves an AssistantTurn.

Which of them is right is decided in helpdesk.services.assistant.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Button
from helpdesk import events
from helpdesk.models import Article, AssistantTurn, Message, Status, Ticket
from helpdesk.services import inboxes, replies, tickets
from helpdesk.services.handover import hand_over
from helpdesk.services.matching import Match
from helpdesk.services.phrases import say

ALSO_SCORE = 0.08           # what is offered beside a better one
OFFERS = 3
MISSES = 2                  # then a person
LABEL_LIMIT = 80


@dataclass
class Talk:
    """One message in hand."""
    session: Session
    ticket: Ticket
    message: Message
    code: str                   # the language to speak
    earlier: list[AssistantTurn]

    @property
    def mail(self) -> bool:
        """Whether an answer takes a day rather than a moment."""
        return inboxes.is_mail(self.message.channel)


def give(talk: Talk, match: Match, matches: list[Match]) -> None:
    """Answer with an article, and ask whether it helped."""
    article = talk.session.get(Article, match.article_id)
    buttons = [Button(say(talk.code, "helped_button"), f"helped:{article.id}"),
               Button(say(talk.code, "not_helped_button"), f"not_helped:{article.id}")]
    reply = tell(talk, f"{article.title}\n\n{article.body}", buttons, {
        "article": {"id": article.id, "title": article.title}, "question": match.question})
    note_turn(talk, "answered", reply=reply, article=article, score=match.score, matches=matches)


def offer(talk: Talk, matches: list[Match], sentence: str, least: float = ALSO_SCORE) -> bool:
    """"Did you mean": up to three articles that score at least `least`, and a person. False when there are none."""
    good = [match for match in matches if match.score >= least][:OFFERS]
    found = {a.id: a for a in talk.session.scalars(select(Article).where(
        Article.id.in_([match.article_id for match in good]), Article.published))}
    good = [match for match in good if match.article_id in found]
    if not good:
        return False
    buttons = [Button(found[match.article_id].title[:LABEL_LIMIT], f"article:{match.article_id}") for match in good]
    reply = tell(talk, say(talk.code, sentence), [*buttons, person_button(talk)])
    note_turn(talk, "offered", reply=reply, score=good[0].score, matches=matches)
    return True


def miss(talk: Talk, matches: list[Match]) -> None:
    """Not understood: ask for other words once, then a person."""
    talk.ticket.assistant_misses += 1
    if talk.ticket.assistant_misses >= MISSES:
        return give_to_people(talk, "misses", matches)
    reply = tell(talk, say(talk.code, "rephrase"), [person_button(talk)])
    note_turn(talk, "missed", reply=reply, matches=matches)


def greet(talk: Talk, kind: str) -> None:
    """A friendly word that costs nobody a miss."""
    reply = tell(talk, say(talk.code, kind), [person_button(talk)] if kind == "bot" else ())
    note_turn(talk, "greeted", reply=reply, reason=kind)
    if kind in ("thanks", "bye") and talk.earlier and any(turn.helped for turn in talk.earlier[-2:]):
        resolve(talk)              # their thanks had reopened what was solved


def give_to_people(talk: Talk, reason: str, matches: Sequence[Match] = (), aloud: bool = True) -> None:
    """Hand over. By mail nothing is said about it: the next mail is a person's."""
    turn = note_turn(talk, "handed_over", reason=reason, matches=matches)
    reply = hand_over(talk.session, talk.ticket, reason, tell=aloud and not talk.mail, text=talk.message.text)
    turn.reply_id = reply.id if reply else None


def resolve(talk: Talk) -> None:
    """Contained: no person had a part in it."""
    if talk.ticket.agent_id is None:
        tickets.set_status(talk.session, talk.ticket, Status.RESOLVED, "assistant", why="the answer helped")


def tell(talk: Talk, text: str, buttons: Sequence[Button] = (), payload: dict | None = None) -> Message:
    """Say something to the customer."""
    return replies.send(talk.session, talk.ticket, text, by="assistant", buttons=buttons, payload=payload)


def person_button(talk: Talk) -> Button:
    """The way out, offered whenever the assistant is unsure."""
    return Button(say(talk.code, "person_button"), "person")


def note_turn(talk: Talk, outcome: str, *, reply: Message | None = None, reason: str = "",
              article: Article | None = None, score: float | None = None,
              matches: Sequence[Match] = ()) -> AssistantTurn:
    """Write down what was made of the message, for the agents and for the next turn."""
    turn = AssistantTurn(ticket_id=talk.ticket.id, message_id=talk.message.id, reply_id=reply.id if reply else None,
                         outcome=outcome, reason=reason, article_id=article.id if article else None,
                         score=round(score, 3) if score is not None else None,
                         candidates=[{"article": m.article_id, "question": m.question, "score": round(m.score, 3)}
                                     for m in matches])
    talk.session.add(turn)
    talk.session.flush()
    if outcome != "handed_over":    # that fact has a name of its own
        events.record(talk.session, events.AssistantAnswered(
            outcome=outcome, message_id=talk.message.id, article_id=turn.article_id,
            title=article.title if article else "", score=turn.score), ticket=talk.ticket, actor="assistant")
    return turn


def articles_shown(talk: Talk) -> set[int]:
    """Articles that were sent here already and did not settle the matter."""
    return {turn.article_id for turn in talk.earlier if turn.outcome == "answered" and not turn.helped}
