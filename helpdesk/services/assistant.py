"""The FAQ assistant: answers what it knows, says so when it does not, and hands over to people.

It is the reaction to MessageReceived and makes one turn per message. It is silent as soon as a person has written.
By mail it either knows the answer or leaves the ticket to people without a word, once per ticket, because every
further question would cost the customer a day. What goes wrong inside it makes the ticket a person's.
"""
from __future__ import annotations

import logging

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.models import Article, AssistantTurn, Inbox, Message, Participant, Status, Ticket
from helpdesk.services import account_data, already_known, articles, asking, automatic_mail, routes, tickets, topics
from helpdesk.services.assistant_turns import (
    MISSES,
    Talk,
    articles_shown,
    ask_again,
    chosen,
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
from helpdesk.services.handover import customer_language, hand_over, person_wrote, turns_taken
from helpdesk.services.listening import small_talk, wants_person
from helpdesk.services.matching import Match
from helpdesk.services.phrases import say
from helpdesk.services.pressing import Choice, choice
from helpdesk.services.understanding import OFFER_SCORE, Reading, may_be_given, read, sure_instead, usable
from helpdesk.services.words import words

log = logging.getLogger(__name__)
AFTER_REFUSAL = 0.01        # the first guess was wrong, so the next ones are likelier than they looked
TURNS = 12                  # more is a loop with another machine, or despair
ECHOED = 3                  # our own messages in which an echo is looked for


def answer(session: Session, ticket_id: int, *, message_id: int, automatic: str = "", **_) -> None:
    """React to one message of the customer. Does nothing when a machine wrote it, when a person has the ticket, when
    the inbox has no assistant, or when this message has had its turn."""
    if automatic:
        return
    _safely(session, ticket_id, lambda: _answer(session, ticket_id, message_id))


def proved(session: Session, ticket_id: int | None, **_) -> None:
    """They proved an address: what waited for that in this ticket is answered now."""
    if ticket_id is not None:
        _safely(session, ticket_id, lambda: _go_on(session, ticket_id))


def read_too(session: Session, ticket_id: int, **_) -> None:
    """A while after a mail was answered: people read it too, unless it is settled."""
    ticket = tickets.lock(session, ticket_id)
    if ticket.with_assistant and ticket.status not in (Status.RESOLVED, Status.CLOSED):
        hand_over(session, ticket, "read_too", tell=False)


def _safely(session: Session, ticket_id: int, do) -> None:
    """Whatever goes wrong, the ticket is not lost: what was half done is undone and people have it. Trouble of the
    database itself is the worker's, who tries again."""
    try:
        with db.savepoint(session):
            return do()
    except Exception as error:
        if db.away(error):
            raise
        log.exception("ticket=%s: the assistant failed", ticket_id)
    ticket = tickets.lock(session, ticket_id)
    try:
        with db.savepoint(session):
            return _give_up(session, ticket, True)
    except Exception as error:       # even saying so fails: then without a word
        if db.away(error):
            raise
        log.exception("ticket=%s: telling of it failed", ticket_id)
    return _give_up(session, tickets.lock(session, ticket_id), False)


def _give_up(session: Session, ticket: Ticket, aloud: bool) -> None:
    way = routes.default(session, ticket, "assistant") if aloud else None
    quiet = way is None or way.can.subject or automatic_mail.blocked(session, ticket, way)
    hand_over(session, ticket, "error", tell=not quiet)


def _answer(session: Session, ticket_id: int, message_id: int) -> None:
    ticket = tickets.lock(session, ticket_id)
    message = session.get(Message, message_id)
    if message is None or not _in_charge(session, ticket, message):
        return None
    talk = _talk(session, ticket, message)
    pressed = choice(session, ticket, message)
    if pressed and pressed.foreign:
        return None                 # a button of somebody else's: a survey
    if _stranger(session, ticket, message):
        return give_to_people(talk, "other_person", aloud=False)
    talk.way = routes.default(session, ticket, "assistant")
    if talk.way is None or automatic_mail.blocked(session, ticket, talk.way):
        return give_to_people(talk, "no_route", aloud=False)
    if pressed:
        return _follow(talk, pressed)
    if _repeated(talk):
        return give_to_people(talk, "repeated", aloud=False)
    return _listen(talk)


def _talk(session: Session, ticket: Ticket, message: Message) -> Talk:
    earlier = list(session.scalars(select(AssistantTurn).where(
        AssistantTurn.ticket_id == ticket.id, AssistantTurn.message_id < message.id).order_by(AssistantTurn.id)))
    return Talk(session, ticket, message, customer_language(session, ticket, message.text), earlier,
                said_last=_said_before(session, ticket, message, earlier))


def _in_charge(session: Session, ticket: Ticket, message: Message) -> bool:
    if not ticket.with_assistant or message.direction != "in" or message.kind != "message" \
            or message.author_kind != "contact":
        return False
    inbox = session.get(Inbox, message.inbox_id)
    if inbox is None or not inbox.assistant:
        return False
    if session.scalar(select(AssistantTurn.id).where(AssistantTurn.message_id == message.id)):
        return False
    if person_wrote(session, ticket):
        ticket.with_assistant = False
    return ticket.with_assistant


def _stranger(session: Session, ticket: Ticket, message: Message) -> bool:
    """Whether somebody else than the customer wrote."""
    part = session.get(Participant, (ticket.id, message.identity_id)) if message.identity_id else None
    return part is not None and part.role != "requester"


def _repeated(talk: Talk) -> bool:
    """Whether this is what a machine does: our own words come back, or theirs once more, letter by letter, after we
    answered. Greetings and thanks are looked at where they are answered."""
    text = talk.message.text.strip()
    said = words(text)
    if len(said) < 2 or small_talk(text):
        return False
    if text == talk.said_last.strip():
        return True
    ours = talk.session.scalars(select(Message.text).where(
        Message.ticket_id == talk.ticket.id, Message.direction == "out", Message.kind == "message",
        Message.author_kind == "assistant", Message.seq < talk.message.seq).order_by(Message.seq.desc()).limit(ECHOED))
    return len(said) > 4 and any(words(one)[:len(said)] == said for one in ours)


def _listen(talk: Talk) -> None:
    text, mail = talk.message.text, talk.mail
    if reason := _for_people(talk):
        return give_to_people(talk, reason)
    if (before := asking.pending(talk.earlier)) and _answers_us(talk, before):
        return None
    if mail:
        return _listen_by_mail(talk)
    if kind := small_talk(text):
        return greet(talk, kind)
    talk.readings = read(talk.session, text, talk.code, talk.earlier)
    shown, first = articles_shown(talk), talk.readings[0]
    known = [one for one in talk.readings if one.sure and (one.passage or one.best.article_id not in shown)]
    if known:
        return give(talk, [*known, *(one for one in talk.readings if not one.sure)])
    if account_data.asks_for_account_data(text):
        return give_to_people(talk, _about_account(talk))
    if first.sure:                                  # they have read it, and still ask
        return miss(talk, first.matches)
    matches = [match for match in first.matches if match.article_id not in shown]
    if matches and matches[0].score >= OFFER_SCORE:
        if talk.earlier and talk.earlier[-1].outcome == "offered":
            talk.ticket.assistant_misses += 1   # nothing was chosen from the last offer
            if talk.ticket.assistant_misses >= MISSES:
                return give_to_people(talk, "misses", matches)
        if offer(talk, matches, "offer"):
            return None
    return miss(talk, matches)


def _for_people(talk: Talk) -> str:
    """Why this message is a person's to answer; '' when it is not."""
    text = talk.message.text
    if topics.find(talk.session, text if talk.earlier else f"{talk.ticket.subject}\n{text}"):
        return "topic"
    if wants_person(text):
        return "asked"
    if talk.mood.annoyed:
        return "frustrated"
    if any(not (talk.mail and file.cid) for file in talk.message.attachments):
        return "files"              # a machine that reads words does not see pictures
    if len(talk.earlier) >= TURNS and turns_taken(talk.session, talk.ticket) >= TURNS:
        return "turns"
    if not small_talk(text) and already_known.owed(talk.session, talk.ticket.contact_id):
        return "promised"
    return ""


def _listen_by_mail(talk: Talk) -> None:
    if any(turn.outcome in ("answered", "asked") for turn in talk.earlier):
        if small_talk(talk.message.text) == "thanks":
            note_turn(talk, "greeted", reason="thanks")
            return resolve(talk)
        return give_to_people(talk, "answered_once")
    subject = "" if talk.earlier else f"{talk.message.subject}\n"
    talk.readings = read(talk.session, subject + talk.message.text, talk.code)
    if any(one.sure for one in talk.readings):
        return give(talk, talk.readings)
    asks = account_data.asks_for_account_data(talk.message.text)
    return give_to_people(talk, _about_account(talk) if asks else "no_match")


def _about_account(talk: Talk) -> str:
    """Why what we hold of somebody is a person's to tell."""
    return "account" if account_data.proved(talk.session, talk.message) else "unverified"


def _answers_us(talk: Talk, before: AssistantTurn) -> bool:
    """Take the message as the answer to what was asked before; False where it is about something else."""
    asks = before.asks
    if asks["need"] == "proof":
        return _still_not_proved(talk, asks)
    value = asking.told(talk, asks)
    if not value:
        if not talk.mail and _another_matter(talk):
            return False
        if talk.mail or asks.get("tries", 0) + 1 >= asking.TRIES:
            give_to_people(talk, "not_given")
        else:
            ask_again(talk, before)
        return True
    if asks["need"] == "proof_address":
        wanted = asking.prove(talk, asks, value)
        if wanted is None:
            give_to_people(talk, "unverified")
        else:
            reply = tell(talk, wanted.sentence, [person_button(talk)], wanted.payload)
            note_turn(talk, "asked", reply=reply, article=talk.session.get(Article, asks["article"]), asks=wanted.asks)
        return True
    _resume(talk, before, {**asks["given"], asks["need"]: value})
    return True


def _still_not_proved(talk: Talk, asks: dict) -> bool:
    """They wrote instead of typing the code: about something else, or a person helps."""
    if _another_matter(talk):
        return False
    give_to_people(talk, "unverified")
    return True


def _another_matter(talk: Talk) -> bool:
    text = talk.message.text
    return bool(small_talk(text)) or any(one.sure for one in read(talk.session, text, talk.code))


def _resume(talk: Talk, before: AssistantTurn, given: dict) -> None:
    """Go on with the answers that waited."""
    found = {match.article_id: match for match in _candidates(before)}
    talk.readings = [chosen(talk, article, found.get(number))
                     for number in (before.asks["article"], *before.asks.get("then", ()))
                     if may_be_given(article := talk.session.get(Article, number))]
    if not talk.readings:
        return miss(talk, [])
    return give(talk, talk.readings, given)


def _go_on(session: Session, ticket_id: int) -> None:
    """Answer what waited for a proof."""
    ticket = tickets.lock(session, ticket_id)
    earlier = list(session.scalars(select(AssistantTurn).where(AssistantTurn.ticket_id == ticket.id)
                                   .order_by(AssistantTurn.id)))
    before = asking.pending(earlier)
    if before is None or before.asks["need"] != "proof" or not ticket.with_assistant:
        return None
    message = session.get(Message, before.message_id)
    talk = _talk(session, ticket, message)
    talk.way, talk.turn = routes.default(session, ticket, "assistant"), before
    if talk.way is None:
        return give_to_people(talk, "no_route", aloud=False)
    return _resume(talk, before, before.asks["given"])


def _follow(talk: Talk, pressed: Choice) -> None:
    """Do what a button says."""
    if pressed.action == "person":
        return give_to_people(talk, "asked")
    article = talk.session.get(Article, pressed.article_id)
    if pressed.action == "article":
        if not may_be_given(article):
            return miss(talk, [])
        offered = next((turn for turn in reversed(talk.earlier)
                        if any(one["article"] == article.id for one in turn.candidates)), None)
        match = next((match for match in _candidates(offered) if match.article_id == article.id), None)
        talk.readings = [chosen(talk, article, match)]
        return give(talk, talk.readings)
    judged = next((turn for turn in reversed(talk.earlier)
                   if turn.outcome == "answered" and turn.article_id == pressed.article_id), None)
    if judged is None:
        return miss(talk, [])
    return _judge(talk, judged, helped=pressed.action == "helped")


def _judge(talk: Talk, judged: AssistantTurn, helped: bool) -> None:
    news = judged.helped is not helped
    if news:
        if not judged.also:         # of several answers nobody can say which one did not help
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
    found = usable(talk.session, _candidates(judged), talk.code)
    others = [match for match in found if match.article_id not in shown]
    if len(judged.understood) == 1 and sure_instead(talk.session, found, shown):    # else nobody knows which of them
        talk.readings, talk.reason = [Reading(judged.understood[0]["text"], others, True)], "not_helped"
        return give(talk, talk.readings)
    if not offer(talk, others, "offer_again", AFTER_REFUSAL):
        note_turn(talk, "missed", reply=tell(talk, say(talk.code, "rephrase"), [person_button(talk)]),
                  reason="not_helped")
    return None


def _candidates(turn: AssistantTurn | None) -> list[Match]:
    return [Match(c["article"], c["question"], c["score"]) for c in turn.candidates] if turn else []


def _said_before(session: Session, ticket: Ticket, message: Message, earlier: list[AssistantTurn]) -> str:
    """What the customer wrote before our last answer, so that asking it again can be noticed."""
    if not earlier or earlier[-1].reply_id is None:
        return ""
    answered_at = session.scalar(select(func.max(Message.seq)).where(
        Message.ticket_id == ticket.id, Message.direction == "out", Message.seq < message.seq))
    before = session.get(Message, earlier[-1].message_id)
    return before.text if answered_at and before and before.seq < answered_at else ""
