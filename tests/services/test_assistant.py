"""What the assistant makes of each message, through the real door for messages."""
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from channels.base import Button, File
from helpdesk import db
from helpdesk.models import Article, AssistantTurn, Contact, Event, Message, Participant, Status, Task, Ticket
from helpdesk.services import article_archive, articles, assistant, handover, replies, tickets
from helpdesk.services.phrases import say
from tests.people import written

UNSURE = "I have a question about an order"


@dataclass
class Chat:
    """A customer at the widget (or in a mail), and what comes back."""
    inbox: object
    address: str = "visitor-1"
    ticket_id: int = 0

    def says(self, text="", *, automatic="", **fields):
        """Write, let the assistant react, and return what it answered: a Message or None."""
        with db.transaction() as session:
            message = written(session, self.inbox, text, address=self.address, automatic=automatic, **fields)
            self.ticket_id = message.ticket_id
        self.react(message.id, automatic)
        with db.reading() as session:
            reply = session.scalar(select(Message).where(Message.ticket_id == self.ticket_id, Message.seq > message.seq,
                                                         Message.direction == "out").order_by(Message.seq.desc()))
            return reply

    def react(self, message_id, automatic=""):
        db.run(assistant.answer, self.ticket_id, message_id=message_id, automatic=automatic, channel="web")

    def presses(self, payload):
        return self.says("(button)", payload=payload)

    @property
    def ticket(self):
        with db.reading() as session:
            return session.get(Ticket, self.ticket_id)

    @property
    def turns(self):
        with db.reading() as session:
            return session.scalars(select(AssistantTurn).where(AssistantTurn.ticket_id == self.ticket_id)
                                   .order_by(AssistantTurn.id)).all()

    def facts(self, name):
        with db.reading() as session:
            return session.scalars(select(Event.data).where(Event.ticket_id == self.ticket_id, Event.name == name)
                                   .order_by(Event.id)).all()


@pytest.fixture
def known(cast):
    """Articles by a short name."""
    made = {}
    with db.transaction() as session:
        for name, title, questions, locale in (
                ("track", "Where is my order?", ["How can I track my package?", "My parcel has not arrived"], "en"),
                ("refund", "When do I get my money back?", ["How long does a refund take?"], "en"),
                ("cancel", "How do I cancel an order?", ["Stop an order I placed"], "en"),
                ("change", "How do I change an order?", ["Add something to my order"], "en"),
                ("lacak", "Pesanan saya di mana?", ["Paket saya belum sampai"], "id")):
            made[name] = articles.create(session, title=title, body=f"Answer about {name}.", questions=questions,
                                         locale=locale)
    return made


@pytest.fixture
def chat(cast, known):
    return Chat(cast.widget)


@pytest.fixture
def mail(cast, known):
    return Chat(cast.mail, "ann@example.com")


def buttons(message):
    return [button["payload"] for button in message.payload.get("buttons", [])]


def labels(message):
    return [button["label"] for button in message.payload.get("buttons", [])]


def test_a_question_it_knows_is_answered_with_the_article_and_two_buttons(chat, known):
    reply = chat.says("how can i track my pakcage??")
    track = known["track"]
    assert reply.author_kind == "assistant" and "Answer about track." in reply.text
    assert reply.payload["article"] == {"id": track.id, "title": track.title}
    assert reply.payload["question"] == "How can I track my package?"
    assert buttons(reply) == [f"helped:{track.id}", f"not_helped:{track.id}"]
    turn, = chat.turns
    assert (turn.outcome, turn.article_id, turn.reply_id) == ("answered", track.id, reply.id)
    fact, = chat.facts("AssistantAnswered")
    assert (fact["title"], fact["outcome"]) == (track.title, "answered") and fact["score"] >= 0.8
    assert chat.ticket.status == Status.OPEN and chat.ticket.with_assistant


def test_it_runs_as_the_reaction_to_a_message_and_only_once(chat, cast, work):
    with db.transaction() as session:
        message = written(session, cast.widget, "Where is my order?", address="visitor-7")
    work()
    with db.reading() as session:
        assert session.scalars(select(AssistantTurn.outcome)).all() == ["answered"]
        assert not session.scalars(select(Task.error).where(Task.name == "services.assistant.answer")).all()
    chat.ticket_id = message.ticket_id
    chat.react(message.id)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(AssistantTurn)) == 1


def test_that_it_helped_counts_and_resolves_and_a_new_question_reopens(chat, known):
    chat.says("Where is my order?")
    thanks = chat.presses(f"helped:{known['track'].id}")
    assert thanks.text == say("en", "helped")
    assert chat.ticket.status == Status.RESOLVED and chat.turns[0].helped is True
    assert chat.facts("AnswerJudged") == [{"helped": True, "article_id": known["track"].id}]
    with db.reading() as session:
        assert session.get(Article, known["track"].id).helped == 1
    assert chat.says("thanks!").text == say("en", "thanks")
    assert chat.ticket.status == Status.RESOLVED
    assert "refund" in chat.says("How long does a refund take?").text
    assert chat.ticket.status == Status.OPEN


def test_changing_ones_mind_moves_the_count(chat, known):
    chat.says("Where is my order?")
    chat.presses(f"helped:{known['track'].id}")
    chat.presses(f"helped:{known['track'].id}")
    chat.presses(f"not_helped:{known['track'].id}")
    with db.reading() as session:
        article = session.get(Article, known["track"].id)
        assert (article.helped, article.not_helped) == (0, 1)
    assert chat.ticket.status == Status.OPEN


def test_an_unsure_match_is_offered_beside_a_person(chat, known):
    reply = chat.says(UNSURE)
    assert reply.text == say("en", "offer")
    assert buttons(reply)[-1] == "person" and 2 <= len(buttons(reply)) <= 4
    assert chat.turns[0].outcome == "offered" and chat.turns[0].candidates
    assert chat.ticket.assistant_misses == 0


@pytest.mark.parametrize("how", ["press", "number", "label"])
def test_an_offer_is_chosen_by_button_number_or_words(chat, how):
    offer = chat.says(UNSURE)
    payload, label = buttons(offer)[1], labels(offer)[1]
    reply = {"press": lambda: chat.presses(payload), "number": lambda: chat.says("2."),
             "label": lambda: chat.says(label.upper())}[how]()
    assert f"article:{reply.payload['article']['id']}" == payload
    assert chat.turns[1].score == next(c["score"] for c in chat.turns[0].candidates
                                       if f"article:{c['article']}" == payload)


def test_a_number_that_was_not_offered_is_no_choice(chat):
    chat.says(UNSURE)
    assert chat.says("9").text == say("en", "rephrase")


def test_yes_and_no_answer_whether_it_helped(chat, known):
    chat.says("Where is my order?")
    assert chat.says("yes, thanks").text == say("en", "helped")
    assert chat.says("How long does a refund take?").payload["article"]["id"] == known["refund"].id
    chat.says("no")
    assert [turn.helped for turn in chat.turns if turn.outcome == "answered"] == [True, False]


def test_the_first_miss_asks_for_other_words_and_the_second_brings_a_person(chat):
    first = chat.says("Do penguins like jazz music in winter?")
    assert first.text == say("en", "rephrase") and buttons(first) == ["person"]
    second = chat.says("I mean the emperor penguins of the south")
    assert second.text.startswith(say("en", "handed_over"))
    assert [turn.outcome for turn in chat.turns] == ["missed", "handed_over"]
    assert chat.ticket.with_assistant is False and chat.ticket.handed_over_at
    assert chat.says("Where is my order?") is None


def test_two_offers_that_are_not_taken_and_a_miss_bring_a_person(chat):
    for text in (UNSURE, "it is about an order from the past", "well, an order problem"):
        chat.says(text)
    assert chat.turns[-1].outcome == "handed_over" and chat.turns[-1].reason == "misses"


def test_not_my_question_offers_what_else_it_may_be_and_then_a_person(chat, known):
    chat.says("How do I cancel an order?")
    reply = chat.presses(f"not_helped:{known['cancel'].id}")
    assert f"article:{known['cancel'].id}" not in buttons(reply) and "person" in buttons(reply)
    chat.says("Where is my order?")
    last = chat.presses(f"not_helped:{known['track'].id}")
    assert last.text.startswith(say("en", "handed_over"))
    assert chat.facts("HandedOver")[0]["reason"] == "not_helped"
    with db.reading() as session:
        assert session.get(Article, known["cancel"].id).not_helped == 1


@pytest.mark.parametrize("text, code", [
    ("can I talk to a human?", "en"), ("saya mau bicara dengan CS", "id"), ("quiero hablar con una persona", "es"),
    ("quero falar com um atendente", "pt"), ("insaan se baat karni hai", "hi"), ("इंसान से बात करनी है", "hi")])
def test_a_wish_for_a_person_is_granted_at_once_in_ones_language(chat, text, code):
    assert chat.says(text).text.startswith(say(code, "handed_over"))
    assert chat.facts("HandedOver")[0]["reason"] == "asked"


def test_personal_data_is_no_wish_for_a_person(chat):
    chat.says("how do you use my personal data")
    assert chat.turns[0].outcome != "handed_over"


def test_people_get_what_was_asked_and_what_was_tried(chat, known):
    chat.says("hello")
    chat.says("Where is my order?")
    chat.presses(f"not_helped:{known['track'].id}")
    chat.says("It was sent to the wrong street")
    fact, = chat.facts("HandedOver")
    assert fact["tried"] == ["Where is my order?"]
    assert fact["asked"] == "Where is my order? / It was sent to the wrong street"
    with db.reading() as session:
        assert session.scalars(select(Task.name).where(Task.name == "services.notifications.alert_handover")).all()


def test_anger_and_asking_the_same_again_bring_a_person(chat, cast, known):
    chat.says("Where is my order?")
    chat.says("WHERE IS MY ORDER??")
    assert chat.turns[-1].reason == "frustrated"
    other = Chat(cast.widget, "visitor-2")
    other.says("this bot is useless")
    assert other.turns[-1].reason == "frustrated"


def test_files_go_to_people(chat):
    chat.says("Where is my order?", files=[File("broken.jpg", "image/jpeg", content=b"\xff\xd8picture")])
    assert chat.turns[-1].reason == "files"


def test_greetings_get_a_friendly_word_and_cost_nothing(chat):
    assert chat.says("halo kak").text == say("id", "greeting")
    assert chat.says("are you a bot?").text == say("en", "bot")
    assert chat.says("makasih").text == say("id", "thanks")
    assert {turn.outcome for turn in chat.turns} == {"greeted"} and chat.ticket.assistant_misses == 0


def test_it_speaks_the_language_people_write_in_else_the_one_of_their_device(chat, cast):
    assert labels(chat.says("Paket saya belum sampai"))[0] == say("id", "helped_button")
    other = Chat(cast.widget, "visitor-2")
    other.says("hm", locale="es-MX")
    with db.reading() as session:
        assert handover.customer_language(session, session.get(Ticket, other.ticket_id)) == "es"
        contact = session.get(Contact, other.ticket.contact_id)
        assert contact.locale == "es-MX"


def test_it_is_silent_for_good_once_a_person_has_written(chat, cast):
    chat.says("Where is my order?")
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, chat.ticket_id), "Hi, this is Alice.", agent=cast.alice)
        session.get(Ticket, chat.ticket_id).with_assistant = True       # whoever turned it on again
    assert chat.says("How long does a refund take?") is None
    assert chat.ticket.with_assistant is False and len(chat.turns) == 1


def test_a_ticket_somebody_is_assigned_to_stays_open_when_the_answer_helped(chat, cast, known):
    chat.says("Where is my order?")
    with db.transaction() as session:
        tickets.assign(session, tickets.lock(session, chat.ticket_id), cast.alice, "system")
    chat.presses(f"helped:{known['track'].id}")
    assert chat.ticket.status == Status.OPEN


def test_an_inbox_without_assistant_is_left_alone(chat, cast):
    chat.says("hello")
    with db.transaction() as session:
        session.merge(cast.widget).assistant = False
    assert chat.says("Where is my order?") is None
    assert len(chat.turns) == 1


def test_automatic_mail_is_never_answered(mail):
    assert mail.says("Where is my order?", automatic="auto-submitted") is None
    assert mail.turns == []


def test_a_mail_is_answered_when_it_is_sure_and_once_per_ticket(mail, known):
    reply = mail.says("Hello,\n\nmy parcel has not arrived.\n\nAnn", subject="Where is my order?", external_id="<1@x>")
    assert reply.payload["article"]["id"] == known["track"].id
    assert mail.says("How long does a refund take?", replies_to=["<1@x>"], subject="Re: Where is my order?") is None
    assert mail.turns[-1].reason == "answered_once" and mail.ticket.with_assistant is False


def test_an_unsure_mail_goes_to_people_without_a_word(mail):
    assert mail.says(UNSURE, subject="Hello") is None
    assert mail.turns[-1].reason == "no_match" and mail.facts("HandedOver")
    assert mail.ticket.waiting_since


def test_a_mail_that_says_it_helped_resolves_without_a_word(mail, known):
    mail.says("Where is my order?", subject="Question", external_id="<1@x>")
    assert mail.says("1", replies_to=["<1@x>"], subject="Re: Question") is None
    assert mail.ticket.status == Status.RESOLVED and mail.turns[0].helped is True


def test_a_signature_picture_in_a_mail_is_no_file(mail):
    logo = File("logo.png", "image/png", content=b"\x89PNG", cid="logo@x")
    assert mail.says("Where is my order?", subject="Question", files=[logo]).payload["article"]


def test_words_of_somebody_else_in_the_ticket_go_to_people(mail, cast):
    mail.says("Where is my order?", subject="Question")
    with db.transaction() as session:
        ticket = tickets.lock(session, mail.ticket_id)
        message = session.scalar(select(Message).where(Message.ticket_id == ticket.id, Message.direction == "in"))
        session.get(Participant, (ticket.id, message.identity_id)).role = "unverified"
        stranger = Message(ticket_id=ticket.id, seq=ticket.seq + 1, inbox_id=cast.mail.id, channel="email",
                           identity_id=message.identity_id, direction="in", author_kind="contact", text="refund?")
        ticket.seq += 1
        session.add(stranger)
        session.flush()
    mail.react(stranger.id)
    assert mail.turns[-1].reason == "other_person"


def test_a_button_of_another_service_is_not_its_business(chat):
    chat.says("Where is my order?")
    assert chat.presses("rate:5") is None
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, chat.ticket_id), "How was it?", by="system",
                     buttons=[Button("5", "rate:5")])
    assert chat.says("1") is None
    assert len(chat.turns) == 1


def test_a_deleted_article_that_is_chosen_is_a_miss(chat, known):
    offer = chat.says(UNSURE)
    article_id = int(buttons(offer)[0].split(":")[1])
    with db.transaction() as session:
        article_archive.remove(session, session.get(Article, article_id), "system")
    assert chat.presses(f"article:{article_id}").text == say("en", "rephrase")


def test_handing_over_by_hand_makes_the_customer_wait_from_now_and_happens_once(chat, cast):
    chat.says("Where is my order?")
    with db.transaction() as session:
        ticket = tickets.lock(session, chat.ticket_id)
        before = ticket.waiting_since
        message = handover.hand_over(session, ticket, "asked", ticket.contact.actor)
        assert message.text.startswith(say("en", "handed_over"))
        assert ticket.waiting_since > before
        assert handover.hand_over(session, ticket, "asked") is None
    assert len(chat.facts("HandedOver")) == 1


def test_an_agent_who_takes_over_speaks_for_themselves(chat, cast):
    chat.says("Where is my order?")
    with db.transaction() as session:
        assert handover.hand_over(session, tickets.lock(session, chat.ticket_id), "agent", cast.alice.actor) is None
    assert chat.facts("HandedOver")[0]["reason"] == "agent" and not chat.ticket.with_assistant
