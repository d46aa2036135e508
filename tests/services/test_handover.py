"""From the assistant to people and back: what they get, who is told, and who speaks."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import (
    Agent,
    AgentNotice,
    AssistantTurn,
    Event,
    Inbox,
    Message,
    Notification,
    SlaClock,
    TeamMember,
    Ticket,
)
from helpdesk.services import agent_notices, articles, assistant, handover, notifications, replies, tickets, topics
from helpdesk.services.packet import Packet, Tried, packet, summary
from helpdesk.services.phrases import say
from tests.people import written


@pytest.fixture
def chat(cast):
    """A visitor who asked for their parcel, was shown an article and says that it did not help: the ticket's number."""
    with db.transaction() as session:
        articles.create(session, title="Where is my order?", body="See the tracking page.",
                        questions=["How can I track my package?", "where is my parcel"])
    return says(cast, "where is my parcel")


def says(cast, text, inbox=None, address="visitor-1", react=True, **fields):
    with db.transaction() as session:
        message = written(session, inbox or cast.widget, text, address=address, **fields)
    if react:
        db.run(assistant.answer, message.ticket_id, message_id=message.id)
    return message.ticket_id


def handed(number):
    with db.reading() as session:
        return session.scalars(select(Event.data).where(Event.ticket_id == number, Event.name == "HandedOver")
                               .order_by(Event.id)).all()


def on(number, verb, *args, **kwargs):
    with db.transaction() as session:
        return verb(session, tickets.lock(session, number), *args, **kwargs)


def the(number):
    with db.reading() as session:
        return session.get(Ticket, number)


def alerts(kind="handover"):
    with db.reading() as session:
        return {(session.get(Agent, one.agent_id).name, one.text) for one in session.scalars(
            select(Notification).where(Notification.kind == kind))}


# The packet

def test_the_packet_tells_what_was_asked_tried_and_how_they_sound(cast, chat):
    with db.transaction() as session:
        session.scalar(select(AssistantTurn)).helped = False
    says(cast, "where is my parcel??", external_id="c2", react=False)
    says(cast, "I really need to talk to a human, this is annoying!!!", external_id="c3")
    fact, = handed(chat)
    assert fact["summary"] == ("Asked “where is my parcel” twice; “Where is my order?” did not help; wants a person; "
                               "sounds annoyed")
    assert fact["refused"] == ["Where is my order?"] and fact["tried"] == ["Where is my order?"]
    assert (fact["language"], fact["trust"], fact["mood"], fact["topic"]) == ("en", "claimed", "annoyed", "")


def test_what_was_told_when_it_was_asked_stands_in_the_packet_and_is_no_question(cast, chat):
    with db.transaction() as session:
        session.scalar(select(AssistantTurn)).asks = {"need": "order_number", "article": 1, "given": {}}
    says(cast, "1042", external_id="c2", react=False)
    with db.reading() as session:
        found = packet(session, session.get(Ticket, chat))
    assert found.forms == ("order: 1042",) and found.questions == (("where is my parcel", 1),)


def test_a_code_that_proves_somebody_is_shown_to_nobody(cast, chat):
    with db.transaction() as session:
        session.scalar(select(AssistantTurn)).asks = {"need": "proof", "article": 1, "given": {}}
    says(cast, "my code is 381204", external_id="c2", react=False)
    with db.reading() as session:
        found = packet(session, session.get(Ticket, chat))
    assert "381204" not in found.asked + summary(found, "asked") + "".join(found.forms)


def test_a_foreign_language_is_named_and_the_house_speaks_its_own(cast):
    number = says(cast, "Guten Tag, wo ist meine Bestellung? Ich möchte mit einem Menschen sprechen", react=False)
    reply = on(number, handover.hand_over, "misses")
    assert reply.text.startswith(say("en", "handed_over"))
    assert handed(number)[0]["language"] == "de"


@pytest.mark.parametrize("found, reason, line", [
    (Packet(), "turns", ""),
    (Packet(questions=(("Is it vegan?", 1),)), "misses", "Asked “Is it vegan?”"),
    (Packet(questions=(("A?", 1), ("Where?", 3), ("B?", 1))), "misses", "Asked “Where?” three times and 2 things more"),
    (Packet(tried=(Tried("A"), Tried("B", False), Tried("C", True))), "asked",
     "“B” did not help; was shown “A”; wants a person"),
    (Packet(topic="Legal threats", topic_words="lawyer", mood=0.9), "topic",
     "Speaks of legal threats (“lawyer”); sounds furious"),
    (Packet(questions=(("x" * 200, 1),)), "files", f"Asked “{'x' * 69}…”; sent files")])
def test_the_summary_is_one_plain_line(found, reason, line):
    assert summary(found, reason) == line


# Topics

@pytest.mark.parametrize("text", ["my lawyer will write to you", "saya akan bawa ke jalur hukum",
                                  "voy a llamar a mi abogado", "vou no procon hoje", "मैं वकील से मिलूँगा",
                                  "main consumer court jaunga"])
def test_a_topic_brings_its_team_in_every_language(cast, text):
    with db.transaction() as session:
        legal = topics.add_starter(session, "legal", "agent:1")
        legal.team_id = cast.sales.id
    number = says(cast, text, react=False)
    assert on(number, handover.hand_over, "topic", text=text)
    fact, = handed(number)
    assert fact["topic"] == "Legal threats" and fact["summary"].startswith("Speaks of legal threats (“")
    assert the(number).team_id == cast.sales.id
    db.run(notifications.alert_handover, number, **fact)
    assert {name for name, _ in alerts()} == {"Carol"}


# Who is told

def run_alert(number, reason="asked", **fields):
    db.run(notifications.alert_handover, number, reason=reason, **fields)


def test_whoever_has_it_is_told_else_the_team_else_everybody(cast, chat):
    run_alert(chat, summary="Asked “x”")
    everybody = {name for name, _ in alerts()}
    assert everybody == {"Alice", "Bob", "Carol", "Mia", "Ada"}
    assert all(text.endswith("needs a person: Asked “x”") for _, text in alerts())
    with db.transaction() as session:
        session.query(Notification).delete()
        session.get(Ticket, chat).team_id = cast.support.id
    run_alert(chat)
    assert {name for name, _ in alerts()} == {"Alice", "Bob"}
    with db.transaction() as session:
        session.query(Notification).delete()
        session.get(Ticket, chat).agent_id = cast.bob.id
    run_alert(chat)
    assert {name for name, _ in alerts()} == {"Bob"}


def test_a_team_in_which_nobody_is_left_is_everybodys(cast, chat):
    with db.transaction() as session:
        session.query(TeamMember).delete()
        session.get(Ticket, chat).team_id = cast.support.id
    run_alert(chat)
    assert len(alerts()) == 5


def test_an_agent_who_takes_over_alarms_nobody(cast, chat):
    run_alert(chat, reason="agent")
    assert alerts() == set()


def test_who_wants_mail_gets_it_with_the_summary(cast, chat):
    with db.transaction() as session:
        session.get(Agent, cast.alice.id).mail_notices = ["handover"]
    says(cast, "a human please", external_id="c2")
    run_alert(chat, **{key: value for key, value in handed(chat)[0].items() if key != "reason"})
    with db.reading() as session:
        notice, = session.scalars(select(AgentNotice)).all()
        assert notice.agent_id == cast.alice.id
        subject, text = agent_notices.words(session, notice)
    assert "needs a person in ticket" in text and "Asked “where is my parcel”" in text
    assert "The first time that they write." in text, "the brief is there, too"


# Out of the assistant's hands, and back

def test_whatever_a_person_does_with_a_ticket_silences_the_assistant(cast, chat, sign_in):
    alice = sign_in(cast.alice)
    alice.post(f"/tickets/{chat}/assignment", data={"agent": "me"})
    assert the(chat).with_assistant is False and the(chat).agent_id == cast.alice.id
    assert handed(chat)[0]["reason"] == "agent"
    other = says(cast, "where is my parcel", address="visitor-2", external_id="d1")
    alice.post(f"/tickets/{other}/team", data={"team": cast.sales.id})
    assert the(other).with_assistant is False
    third = says(cast, "where is my parcel", address="visitor-3", external_id="e1")
    alice.post(f"/tickets/{third}/assignment", data={"agent": ""})
    assert the(third).with_assistant is True, "nobody's before and after"


def test_a_ticket_is_given_back_and_the_assistant_answers_the_next_message(cast, chat, sign_in):
    alice = sign_in(cast.alice)
    alice.post(f"/tickets/{chat}/take-over")
    on(chat, replies.send, "I will look.", agent=cast.alice)
    page = alice.get(f"/inbox/all/{chat}").text
    assert "Give back to the assistant" in page and "Take over" not in page
    alice.post(f"/tickets/{chat}/hand-back")
    ticket = the(chat)
    assert ticket.with_assistant and ticket.agent_id is None
    assert "gave the ticket back to the assistant" in alice.get(f"/inbox/all/{chat}").text
    says(cast, "how can I track my package?", external_id="c2")
    with db.reading() as session:
        last = session.scalar(select(Message).where(Message.ticket_id == chat).order_by(Message.seq.desc()))
    assert last.author_kind == "assistant" and the(chat).with_assistant
    on(chat, replies.send, "Me again.", agent=cast.alice)
    says(cast, "how can I track my package?", external_id="c3")
    with db.reading() as session:
        last = session.scalar(select(Message).where(Message.ticket_id == chat).order_by(Message.seq.desc()))
    assert last.direction == "in" and not the(chat).with_assistant, "a person has written: mute again"


def test_given_back_the_promise_of_a_first_answer_waits_again(cast, chat):
    on(chat, handover.hand_over, "asked")
    assert clocks(chat) == {"resolution", "first_response"}
    on(chat, handover.hand_back, "agent:1")
    assert clocks(chat) == {"resolution"}
    on(chat, handover.hand_over, "asked")
    assert clocks(chat) == {"resolution", "first_response"} and len(handed(chat)) == 2


def test_a_first_answer_is_counted_from_the_hand_over_that_it_follows(cast, chat):
    on(chat, handover.hand_over, "asked")
    first = the(chat).handed_over_at
    on(chat, handover.hand_back, "agent:1")
    assert the(chat).handed_over_at is None, "nobody answered: the assistant has it as if nothing had been"
    on(chat, handover.hand_over, "asked")
    again = the(chat).handed_over_at
    assert again > first
    on(chat, replies.send, "I am here.", agent=cast.alice)
    on(chat, handover.hand_back, "agent:1")
    assert the(chat).handed_over_at == again, "a person answered: that stays in the reports"


def test_without_an_assistant_in_the_inbox_there_is_nobody_to_give_it_to(cast, chat):
    on(chat, handover.take_over, cast.alice.actor)
    with db.transaction() as session:
        session.get(Inbox, cast.widget.id).assistant = False
    with pytest.raises(Invalid):
        on(chat, handover.hand_back, cast.alice.actor)


def clocks(number):
    with db.reading() as session:
        return set(session.scalars(select(SlaClock.kind).where(SlaClock.ticket_id == number)))
