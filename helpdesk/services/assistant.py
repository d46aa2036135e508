"""The FAQ assistant: answers what it knows, says so when it does not, and hands over to people.

It is the reaction to MessageReceived and makes one turn per message. It is silent as soon as a person has written.
By mail it either knows the answer or leaves the ticket to people without a word, once per ticket, because every
further question would cost the customer a day.
"""
from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import events, settings
from helpdesk.models import Article, AssistantTurn, Inbox, Message, Participant, Ticket
from helpdesk.services import articles, automatic_mail, routes, tickets
from helpdesk.services.assistant_turns import (
    MISSES,
    OFFERS,
    Talk,
    articles_shown,
    give,
    give_to_people,
    greet,
    miss,
    note_turn,
    offer,
    person_button,
    resolve,
    tell,
)
from helpdesk.services.handover import customer_language
from helpdesk.services.listening import FRUSTRATED, frustration, small_talk, wants_person
from helpdesk.services.matching import Match
from helpdesk.services.phrases import say
from helpdesk.services.pressing import Choice, choice

OFFER_SCORE = 0.22          # from here on "did you mean" has a fair chance
AFTER_REFUSAL = 0.01        # the first guess was wrong, so the next ones are likelier than they looked
CLEAR_LEAD = 0.1            # two answers closer than this are a question back
TURNS = 12                  # more is a loop with another machine, or despair


def answer(session: Session, ticket_id: int, *, message_id: int, automatic: str = "", **_) -> None:
    """React to one message of the customer. Does nothing when a machine wrote it, when a person has the ticket, when
    the inbox has no assistant, or when this message has had its turn."""
    ticket = tickets.lock(session, ticket_id)
    message = session.get(Message, message_id)
    if automatic or message is None or not _in_charge(session, ticket, message):
        return
    earlier = list(session.scalars(select(AssistantTurn).where(AssistantTurn.ticket_id == ticket.id)
                                   .order_by(AssistantTurn.id)))
    talk = Talk(session, ticket, message, customer_language(session, ticket, message.text), earlier)
    pressed = choice(session, ticket, message)
    if pressed and pressed.foreign:
        return                      # a button of somebody else's: a survey
    if _stranger(session, ticket, message):
        give_to_people(talk, "other_person", aloud=False)
    elif (way := routes.default(session, ticket, "assistant")) is None or automatic_mail.blocked(session, ticket, way):
        give_to_people(talk, "no_route", aloud=False)
    elif pressed:
        _follow(talk, pressed)
    else:
        _listen(talk)


def _in_charge(session: Session, ticket: Ticket, message: Message) -> bool:
    if not ticket.with_assistant or message.direction != "in" or message.kind != "message" \
            or message.author_kind != "contact":
        return False
    inbox = session.get(Inbox, message.inbox_id)
    if inbox is None or not inbox.assistant:
        return False
    if session.scalar(select(AssistantTurn.id).where(AssistantTurn.message_id == message.id)):
        return False
    human = session.scalar(select(Message.id).where(
        Message.ticket_id == ticket.id, Message.direction == "out", Message.kind == "message",
        Message.author_kind == "agent").limit(1))
    if human:
        ticket.with_assistant = False
    return not human


def _stranger(session: Session, ticket: Ticket, message: Message) -> bool:
    """Whether somebody else than the customer wrote."""
    part = session.get(Participant, (ticket.id, message.identity_id)) if message.identity_id else None
    return part is not None and part.role != "requester"


def _listen(talk: Talk) -> None:
    text, mail = talk.message.text, talk.mail
    if wants_person(text):
        return give_to_people(talk, "asked")
    if frustration(text, _said_before(talk)) >= FRUSTRATED:
        return give_to_people(talk, "frustrated")
    if any(not (mail and file.cid) for file in talk.message.attachments):
        return give_to_people(talk, "files")        # a machine that reads words does not see pictures
    if len(talk.earlier) >= TURNS:
        return give_to_people(talk, "turns")
    if mail:
        return _listen_by_mail(talk)
    if kind := small_talk(text):
        return greet(talk, kind)
    matches, shown = _matches(talk, text), articles_shown(talk)
    if matches and _sure(talk, matches):
        if matches[0].article_id in shown:      # they have read it, and still ask
            return miss(talk, matches)
        return give(talk, matches[0], matches)
    matches = [match for match in matches if match.article_id not in shown]
    if matches and matches[0].score >= OFFER_SCORE:
        if talk.earlier and talk.earlier[-1].outcome == "offered":
            talk.ticket.assistant_misses += 1   # nothing was chosen from the last offer
            if talk.ticket.assistant_misses >= MISSES:
                return give_to_people(talk, "misses", matches)
        if offer(talk, matches, "offer"):
            return None
    return miss(talk, matches)


def _listen_by_mail(talk: Talk) -> None:
    if any(turn.outcome == "answered" for turn in talk.earlier):
        if small_talk(talk.message.text) == "thanks":
            note_turn(talk, "greeted", reason="thanks")
            return resolve(talk)
        return give_to_people(talk, "answered_once")
    subject = "" if talk.earlier else f"{talk.message.subject}\n"
    matches = _matches(talk, subject + talk.message.text)
    if matches and _sure(talk, matches):
        return give(talk, matches[0], matches)
    return give_to_people(talk, "no_match", matches)


def _follow(talk: Talk, pressed: Choice) -> None:
    """Do what a button says."""
    if pressed.action == "person":
        return give_to_people(talk, "asked")
    article = talk.session.get(Article, pressed.article_id)
    if pressed.action == "article":
        if article is None or not article.published:
            return miss(talk, [])
        offered = next((turn for turn in reversed(talk.earlier) if turn.outcome == "offered"), None)
        matches = _candidates(offered)
        match = next((m for m in matches if m.article_id == article.id), Match(article.id, article.title, 0.0))
        return give(talk, match, matches)
    judged = next((turn for turn in reversed(talk.earlier)
                   if turn.outcome == "answered" and turn.article_id == pressed.article_id), None)
    if judged is None:
        return miss(talk, [])
    return _judge(talk, judged, helped=pressed.action == "helped")


def _judge(talk: Talk, judged: AssistantTurn, helped: bool) -> None:
    news = judged.helped is not helped
    if news:
        if judged.helped is not None:
            articles.count_judgement(talk.session, judged.article_id, judged.helped, by=-1)
        articles.count_judgement(talk.session, judged.article_id, helped)
        judged.helped = helped
        events.record(talk.session, events.AnswerJudged(helped=helped, article_id=judged.article_id),
                      ticket=talk.ticket, actor=talk.ticket.contact.actor)
    if helped:
        talk.ticket.assistant_misses = 0
        reply = tell(talk, say(talk.code, "helped")) if news and not talk.mail else None
        note_turn(talk, "greeted", reply=reply, reason="helped")
        return resolve(talk)
    talk.ticket.assistant_misses += 1
    if talk.mail or talk.ticket.assistant_misses >= MISSES:
        return give_to_people(talk, "not_helped")
    shown = articles_shown(talk)
    others = [match for match in _candidates(judged) if match.article_id not in shown]
    if not offer(talk, others, "offer_again", AFTER_REFUSAL):
        note_turn(talk, "missed", reply=tell(talk, say(talk.code, "rephrase"), [person_button(talk)]),
                  reason="not_helped")


def _candidates(turn: AssistantTurn | None) -> list[Match]:
    return [Match(c["article"], c["question"], c["score"]) for c in turn.candidates] if turn else []


def _matches(talk: Talk, text: str) -> list[Match]:
    return articles.index(talk.session).rank(text, OFFERS + 2, talk.code)


def _sure(talk: Talk, matches: list[Match]) -> bool:
    """Whether the first one may be sent as the answer. The same article in a language that the customer does not
    speak is no rival."""
    cut, first = settings.current().assistant_answer_score, matches[0]
    rivals = [m.score for m in matches[1:] if first.locale != talk.code or m.locale == talk.code]
    rival = max(rivals, default=0.0)
    return first.score >= cut and (first.score - rival >= CLEAR_LEAD or rival < cut)


def _said_before(talk: Talk) -> str:
    """What the customer wrote before our last answer, so that asking it again can be noticed."""
    if not talk.earlier or talk.earlier[-1].outcome not in ("answered", "offered", "missed"):
        return ""
    answered_at = talk.session.scalar(select(func.max(Message.seq)).where(
        Message.ticket_id == talk.ticket.id, Message.direction == "out", Message.seq < talk.message.seq))
    before = talk.session.get(Message, talk.earlier[-1].message_id)
    return before.text if answered_at and before and before.seq < answered_at else ""
