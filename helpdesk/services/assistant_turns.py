"""The things the assistant can do in one turn: answer, offer, ask back, greet, hand over. Each leaves an AssistantTurn.

Which of them is right is decided in helpdesk.services.assistant.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Button
from helpdesk import events
from helpdesk.clock import now
from helpdesk.models import Article, AssistantTurn, Message, Status, Ticket
from helpdesk.services import already_known, article_answers, articles, asking, inboxes, needs, replies, tasks, tickets
from helpdesk.services.article_answers import Section
from helpdesk.services.handover import hand_over
from helpdesk.services.matching import Match
from helpdesk.services.mood import Mood, mood
from helpdesk.services.phrases import say
from helpdesk.services.routes import Route
from helpdesk.services.understanding import OFFER_SCORE, Reading, usable

ALSO_SCORE = 0.08           # what is offered beside a better one
OFFERS = 3
MISSES = 2                  # then a person
LABEL_LIMIT = 80
AGAIN = "_again"            # ends the reason of a greeting that was not answered
READ_TOO = timedelta(hours=1)       # after a mail's answer, unless they said that it helped


@dataclass
class Talk:
    """One message in hand. `way`: where an answer goes. `readings`: what it asks, as far as that was looked at.
    `said_last`: their message before this one."""
    session: Session
    ticket: Ticket
    message: Message
    code: str                   # the language to speak
    earlier: list[AssistantTurn]
    way: Route | None = None
    readings: list[Reading] = field(default_factory=list)
    said_last: str = ""
    reason: str = ""            # of turns that no words of theirs led to
    turn: AssistantTurn | None = None       # one that is taken up again, instead of a new one

    @property
    def mail(self) -> bool:
        """Whether an answer takes a day rather than a moment."""
        return inboxes.is_mail(self.message.channel)

    @cached_property
    def mood(self) -> Mood:
        """How they sound."""
        return mood(self.message.text, self.said_last, reopened=any(turn.helped for turn in self.earlier))


def give(talk: Talk, readings: Sequence[Reading], given: Mapping[str, str] | None = None) -> None:
    """Answer with the articles that are sure among the readings, each under its title, and say what is left open.

    An article that needs something first is asked for, after the others (`given`: what is known of that); for one
    that belongs to an account the person proves who they are, or people take over."""
    ready: list[tuple[Reading, Section]] = []
    waiting: list[tuple[Article, needs.State]] = []
    told, reason = dict(given or {}), ""
    for one in (one for one in readings if one.sure):
        article = talk.session.get(Article, one.best.article_id)
        state = needs.State("ready") if one.passage else needs.state(
            talk.session, talk.ticket, talk.message, article, told, talk.code)
        if state.kind == "ready":
            ready.append((one, Section.of(talk.session, article, state.values, one.passage, state.first)))
        elif state.kind == "people":
            reason = reason or state.reason
        else:
            told |= state.values
            waiting.append((article, state))
    wanted = asking.wanted(talk, *waiting[0], told, [article.id for article, _ in waiting[1:]]) if waiting else None
    if waiting and wanted is None:
        reason = reason or "unverified"
        if talk.mail:
            asking.ask_by_mail(talk)
    if ready or wanted:
        _send(talk, ready, wanted, [one for one in readings if not one.sure], reason)
    if reason or talk.mail and ready and any(not one.sure for one in readings):
        hand = give_to_people if not ready and not wanted else _hand_over_after
        return hand(talk, reason or "partly")
    if talk.mail and ready and not wanted:
        tasks.plan(talk.session, "services.assistant.read_too", talk.ticket.id, due_at=now() + READ_TOO,
                   key=f"read-too:{talk.ticket.id}")


def _send(talk: Talk, ready: Sequence[tuple[Reading, Section]], wanted: asking.Wanted | None,
          unknown: Sequence[Reading], reason: str) -> None:
    """One message with everything, and the turn that tells of it."""
    sections, more = [section for _, section in ready], []
    buttons = _judgement(talk, sections[0].article) if sections else []
    if wanted:
        more.append(wanted.sentence)
        buttons = [person_button(talk)]
    elif unknown and not talk.mail and not reason:
        offers = _offers(talk, unknown, {section.article.id for section in sections})
        more.append(say(talk.code, "also_offered" if offers else "also_unknown"))
        buttons = [*offers, person_button(talk)]
    if talk.mail:
        more += [say(talk.code, "read_on", url=section.url) for section in sections if section.url]
        more.append(say(talk.code, "read_too"))
    pictures, behind = ([], []) if talk.mail or talk.way is None else article_answers.pictures(
        talk.session, sections, talk.way.can)
    more += [say(talk.code, "read_on", url=section.url) for section in behind if section.url]
    payload: dict = {}
    if sections:
        first = sections[0].article
        payload = {"article": {"id": first.id, "title": first.title}, "question": ready[0][0].best.question}
    if len(sections) > 1:
        payload["sections"] = [{"id": s.article.id, "title": s.article.title, "text": s.text} for s in sections]
    if sections and more:
        payload["after"] = more
    if wanted:
        payload |= wanted.payload
    reply = tell(talk, article_answers.as_text(sections, more), buttons, payload,
                 html=article_answers.as_html(sections, more, buttons) if talk.mail else "",
                 files=pictures)
    main = sections[0].article if sections else talk.session.get(Article, wanted.asks["article"])
    best = ready[0][0].best if ready else None
    note_turn(talk, "answered" if sections else "asked", reply=reply, article=main,
              score=best.score if best else _score_of(talk, main),
              also=[{"article": one.best.article_id, "question": one.best.question, "score": round(one.best.score, 3)}
                    for one, _ in ready[1:]], asks=wanted.asks if wanted else None)


def offer(talk: Talk, matches: list[Match], sentence: str, least: float = ALSO_SCORE) -> bool:
    """"Did you mean": up to three articles that score at least `least`, and a person. False when there are none."""
    good = usable(talk.session, [match for match in matches if match.score >= least], talk.code)[:OFFERS]
    if not good:
        return False
    reply = tell(talk, say(talk.code, sentence), [*_article_buttons(talk, good), person_button(talk)])
    note_turn(talk, "offered", reply=reply, score=good[0].score, matches=matches)
    return True


def ask_again(talk: Talk, before: AssistantTurn) -> None:
    """What they wrote was not what an answer needs: say so, and ask once more."""
    wanted = asking.again(talk, before.asks)
    reply = tell(talk, wanted.sentence, [person_button(talk)], wanted.payload)
    note_turn(talk, "asked", reply=reply, article=talk.session.get(Article, wanted.asks["article"]),
              reason="unreadable", asks=wanted.asks)


def miss(talk: Talk, matches: list[Match]) -> None:
    """Not understood: ask for other words once, then a person."""
    talk.ticket.assistant_misses += 1
    if talk.ticket.assistant_misses >= MISSES:
        return give_to_people(talk, "misses", matches)
    reply = tell(talk, say(talk.code, "rephrase"), [person_button(talk)])
    note_turn(talk, "missed", reply=reply, matches=matches)


def greet(talk: Talk, kind: str) -> None:
    """A friendly word that costs nobody a miss. It is said once: who goes on in the same words may be a machine, and
    gets no answer, then people."""
    again = [turn.outcome == "greeted" and turn.reason in (kind, f"{kind}{AGAIN}") for turn in talk.earlier[-2:]]
    if again and again[-1] and (kind == "greeting" or talk.said_last == talk.message.text):
        if all(again) and len(again) > 1:
            return give_to_people(talk, "repeated", aloud=False)
        note_turn(talk, "greeted", reason=f"{kind}{AGAIN}")
        return None
    reply = tell(talk, say(talk.code, kind), [person_button(talk)] if kind == "bot" else ())
    note_turn(talk, "greeted", reply=reply, reason=kind)
    if kind in ("thanks", "bye") and talk.earlier and any(turn.helped for turn in talk.earlier[-2:]):
        resolve(talk)              # their thanks had reopened what was solved
    return None


def give_to_people(talk: Talk, reason: str, matches: Sequence[Match] = (), aloud: bool = True) -> None:
    """Hand over. By mail nothing is said about it: the next mail is a person's."""
    turn = note_turn(talk, "handed_over", reason=reason, matches=matches)
    reply = hand_over(talk.session, talk.ticket, reason, tell=aloud and not talk.mail, text=talk.message.text)
    turn.reply_id = reply.id if reply else None


def _hand_over_after(talk: Talk, reason: str) -> None:
    """Hand over what an answer left open."""
    hand_over(talk.session, talk.ticket, reason, tell=not talk.mail, text=talk.message.text)


def resolve(talk: Talk) -> None:
    """Contained: no person had a part in it."""
    if talk.ticket.agent_id is None:
        tickets.set_status(talk.session, talk.ticket, Status.RESOLVED, "assistant", why="the answer helped")


def tell(talk: Talk, text: str, buttons: Sequence[Button] = (), payload: dict | None = None, **more) -> Message:
    """Say something to the customer."""
    return replies.send(talk.session, talk.ticket, text, by="assistant", route=talk.way, buttons=buttons,
                        payload=payload, **more)


def person_button(talk: Talk) -> Button:
    """The way out, offered whenever the assistant is unsure."""
    return Button(say(talk.code, "person_button"), "person")


def note_turn(talk: Talk, outcome: str, *, reply: Message | None = None, reason: str = "",
              article: Article | None = None, score: float | None = None, matches: Sequence[Match] = (),
              also: Sequence[dict] = (), asks: dict | None = None) -> AssistantTurn:
    """Write down what was made of the message, for the agents and for the next turn."""
    turn = talk.turn or AssistantTurn(ticket_id=talk.ticket.id, message_id=talk.message.id)
    found = matches or _candidates(talk.readings)
    turn.reply_id, turn.outcome, turn.reason = reply.id if reply else None, outcome, reason or talk.reason
    turn.article_id = article.id if article else None
    turn.score = round(score, 3) if score is not None else None
    turn.candidates = [{"article": m.article_id, "question": m.question, "score": round(m.score, 3)} for m in found]
    turn.understood = [one.record() | _encoder(talk.session) for one in talk.readings]
    turn.also, turn.asks, turn.locale = list(also), asks, talk.code
    turn.mood = talk.mood.score
    talk.session.add(turn)
    talk.session.flush()
    if outcome != "handed_over":    # that fact has a name of its own
        events.record(talk.session, events.AssistantAnswered(
            outcome=outcome, message_id=talk.message.id, article_id=turn.article_id,
            title=article.title if article else "", score=turn.score), ticket=talk.ticket, actor="assistant")
    return turn


def articles_shown(talk: Talk) -> set[int]:
    """Articles that were sent here already and did not settle the matter, or lately did not help elsewhere."""
    shown = {one for turn in talk.earlier if turn.outcome == "answered" and not turn.helped
             for one in (turn.article_id, *(other["article"] for other in turn.also))}
    return shown - {None} | already_known.did_not_help(talk.session, talk.ticket)


def _judgement(talk: Talk, article: Article) -> list[Button]:
    return [Button(say(talk.code, "helped_button"), f"helped:{article.id}"),
            Button(say(talk.code, "not_helped_button"), f"not_helped:{article.id}")]


def _article_buttons(talk: Talk, matches: Sequence[Match]) -> list[Button]:
    titles = dict(talk.session.execute(select(Article.id, Article.title).where(
        Article.id.in_([match.article_id for match in matches]))).all())
    return [Button(titles[match.article_id][:LABEL_LIMIT], f"article:{match.article_id}") for match in matches]


def _offers(talk: Talk, unknown: Sequence[Reading], known: set[int]) -> list[Button]:
    """What the open parts may mean."""
    likely: dict[int, Match] = {}
    for one in unknown:
        for match in one.matches[:2]:
            if match.score >= OFFER_SCORE and match.article_id not in known:
                likely.setdefault(match.article_id, match)
    best = sorted(likely.values(), key=lambda match: -match.score)[:OFFERS - 1]
    return _article_buttons(talk, best)


def _candidates(readings: Sequence[Reading]) -> list[Match]:
    """All articles that any part may have meant, the likeliest first, each once."""
    likely: dict[int, Match] = {}
    for match in sorted((m for one in readings for m in one.matches), key=lambda m: -m.score):
        likely.setdefault(match.article_id, match)
    return list(likely.values())[:OFFERS + 2]


def _score_of(talk: Talk, article: Article) -> float | None:
    return next((m.score for m in _candidates(talk.readings) if m.article_id == article.id), None)


def _encoder(session: Session) -> dict:
    """Which encoder took part in the matching; nothing where none did."""
    name = getattr(articles.index(session), "encoder", "")
    return {"encoder": str(name)} if name else {}


def chosen(talk: Talk, article: Article, match: Match | None) -> Reading:
    """What a pressed button, or the answer to a question of ours, says: this article, as it was matched before."""
    match = replace(match, article_id=article.id) if match else Match(article.id, article.title, 0.0, talk.code)
    return Reading(talk.message.text, [match], True)

