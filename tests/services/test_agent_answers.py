"""An agent answers from their mail program: what counts as theirs, and what becomes of everything else."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.checks import agents_by_mail
from helpdesk.models import Agent, Attachment, Event, Identity, Message, Notification, RawInbound, Ticket
from helpdesk.services import accounts, replies, tickets
from tests.agents_by_mail import FAILED, PASSED, Mailroom
from tests.people import ANN, browser_of, customer_mail, deliver_mail


@pytest.fixture
def room(cast, work):
    made = Mailroom(cast, work)
    yield made
    made.close()


def said(number: int, **where) -> list[Message]:
    with db.reading() as session:
        return list(session.scalars(select(Message).filter_by(ticket_id=number, **where).order_by(Message.seq)))


def refusals(number: int) -> list[str]:
    return [m.payload["refused"]["why"] for m in said(number, author_kind="system") if "refused" in m.payload]


def test_an_answer_to_a_notice_is_the_agents_and_goes_to_the_customer(room, cast):
    number = room.ask()
    notice = room.notice()
    assert "Ticket #1 of Ann Lee is yours now: My order" in notice.get_body(("plain",)).get_content()
    assert notice["Auto-Submitted"] == "auto-generated" and room.sink.mails[-1][0] == ""
    room.answer("It left today.\n\n-- \nAlice\nKopi & Co", files=[("bill.pdf", b"%PDF-1")])
    [message] = said(number, direction="out")
    assert (message.text, message.author_kind, message.author_id, message.author_name, message.kind) == (
        "It left today.", "agent", cast.alice.id, "Alice", "message")
    assert message.payload["by_mail"] and "DMARC passed" in message.trace["steps"][1]
    [mail] = room.to_customer()
    assert str(mail["To"]) == ANN and "It left today." in mail.get_body(("plain",)).get_content()
    assert "yours now" not in str(mail) and [a.get_filename() for a in mail.iter_attachments()] == ["bill.pdf"]
    with db.reading() as session:
        ticket = session.get(Ticket, number)
        assert ticket.first_response_at and ticket.waiting_since is None
        assert not session.scalar(select(Identity.id).where(Identity.value == cast.alice.email))


def test_the_console_says_that_it_came_by_mail(room, cast, app):
    number = room.ask()
    room.answer()
    page = browser_of(app, cast.alice).get(f"/inbox/all/{number}").text
    assert "Written by mail" in page and "answers the notice" in page.lower()


@pytest.mark.parametrize("text, kept", [("note: he is angry", "he is angry"), ("#Note:\nsecond line", "second line")])
def test_a_note_stays_inside(room, text, kept):
    number = room.ask()
    room.answer(text)
    [message] = said(number, direction="out")
    assert (message.kind, message.text, message.author_kind) == ("note", kept, "agent") and not room.to_customer()


def test_somebody_who_is_named_in_a_note_is_told_and_answers_with_a_note(room, cast):
    number = room.ask()
    with db.transaction() as session:
        replies.note(session, tickets.lock(session, number), "@bob can you look? Not @carol, or @Nobody.",
                     session.get(Agent, cast.alice.id))
    room.work()
    notice = room.notice(cast.bob)
    assert "names you in a note" in notice.get_body(("plain",)).get_content()
    room.answer("Done.", sender=cast.bob.email, notice=notice)
    assert [(m.kind, m.text, m.author_id) for m in said(number, direction="out")][-1] == (
        "note", "Done.", cast.bob.id)
    assert not room.to_customer()
    with db.reading() as session:
        named = session.scalars(select(Notification.agent_id).where(Notification.kind == "mention")).all()
    assert set(named) == {cast.bob.id, cast.carol.id}


def test_a_ticket_in_which_much_is_written_makes_one_mail(room, cast):
    number = room.ask()
    before = len(room.sink.mails)
    with db.reading() as session:
        first = session.scalar(select(Message.external_id).where(Message.ticket_id == number))
    for n in range(4):
        deliver_mail(cast.mail, customer_mail(f"Hello? {n}", reply_to=first))
        room.work()
    told = [mail for mail in room.sink.parsed()[before:] if str(mail["To"]) == cast.alice.email]
    assert len(told) == 1 and "Hello? 0" in told[0].get_body(("plain",)).get_content()


@pytest.mark.parametrize("change", [
    lambda agent: setattr(agent, "mail_notices", []), lambda agent: setattr(agent, "email", "support@kopi.example")])
def test_who_did_not_ask_for_it_and_our_own_address_get_no_mail(room, cast, change):
    with db.transaction() as session:
        change(session.get(Agent, cast.alice.id))
    room.ask()
    assert room.sink.mails == [] and room.notices() == []


def test_without_the_switch_the_notice_says_so(room, cast):
    room.set(agent_replies="no")
    number = room.ask()
    assert "reaches nobody" in room.notice().get_body(("plain",)).get_content()
    room.answer()
    assert refusals(number) == ["answers by mail are switched off for this inbox"] and not room.to_customer()


def test_what_cannot_be_sent_is_kept_and_the_agent_is_told_once(room, cast):
    number = room.ask()
    notice = room.notice()
    for n in range(3):
        room.answer(f"It left today. {n}", checked=FAILED, message_id=f"<a-{n}@kopi.example>", notice=notice)
    assert [why[:24] for why in refusals(number)] == ["it is not proved to come"] * 3
    assert "DMARC fail" in refusals(number)[0] and not room.to_customer()
    kept = said(number, author_kind="system")
    assert [m.text for m in kept] == [f"It left today. {n}" for n in range(3)] and {m.kind for m in kept} == {"note"}
    with db.reading() as session:
        told = session.scalars(select(Notification).where(Notification.kind == "refused")).all()
        assert [one.agent_id for one in told] == [cast.alice.id] and "DMARC fail" in told[0].text
        assert session.scalars(select(Event.name).where(Event.name == "AgentMailRefused")).all() == [
            "AgentMailRefused"] * 3
    mails = [mail for mail in room.sink.parsed()
             if "was not sent to anybody" in mail.get_body(("plain",)).get_content()]
    assert len(mails) == 1 and str(mails[0]["To"]) == cast.alice.email
    for n in range(3, 9):       # and nobody fills the ticket with it
        room.answer(f"It left today. {n}", checked=FAILED, message_id=f"<a-{n}@kopi.example>", notice=notice)
    assert len(refusals(number)) == 5


@pytest.mark.parametrize("text", ["", "   \n", "-- \nAlice"])
def test_nothing_new_is_no_answer(room, text):
    number = room.ask()
    room.answer(text)
    assert refusals(number) == ["Nothing new is written above what it quotes"] and not room.to_customer()


@pytest.mark.parametrize("between", ["", "\n\nVon: Kopi\nGesendet: Montag, 2. Juni 2025 10:00\nAn: Alice\nBetreff: x",
                                     "\n\n________________________________", "\n\nAm 2. Juni schrieb Kopi"])
def test_nothing_of_the_notice_reaches_the_customer(room, between):
    number = room.ask("My secret question")
    notice = room.notice()
    body = notice.get_body(("plain",)).get_content()
    room.answer(f"It left today.{between}\n{body}", quoted=False)
    [mail] = room.to_customer()
    text = mail.get_body(("plain",)).get_content()
    assert "It left today." in text and "yours now" not in text and "above this line" not in text
    assert said(number, direction="out")[0].text.startswith("It left today.")


def test_the_same_mail_again_is_one_answer(room, cast):
    number = room.ask()
    notice = room.notice()
    for n in (1, 1, 2):         # the server delivers it twice; then somebody replays it under another Message-ID
        room.answer(message_id=f"<same-{n}@kopi.example>", notice=notice, date="Mon, 02 Jun 2025 10:00:00 +0200")
    assert len(said(number, direction="out")) == len(room.to_customer()) == 1
    room.answer("And it is insured.", message_id="<more@kopi.example>", notice=notice)
    assert len(room.to_customer()) == 2


def test_a_vacation_notice_of_the_agents_is_no_answer(room):
    number = room.ask()
    room.answer("I am away.", Auto_Submitted="auto-replied")
    assert [m.author_kind for m in said(number)] == ["contact"] and not room.to_customer()
    with db.reading() as session:
        assert set(session.scalars(select(RawInbound.state))) == {"processed"}


def test_a_ticket_that_was_merged_gets_the_answer(room, cast):
    first, second = room.ask(), room.ask("And my cup?")
    notice = room.notice()
    with db.transaction() as session:
        session.get(Ticket, second).merged_into_id = first
    room.answer(notice=notice)
    assert [m.text for m in said(first, direction="out")] == ["It left today."]


def test_with_no_open_way_it_is_kept(room):
    number = room.ask()
    with db.transaction() as session:
        session.scalar(select(Identity).where(Identity.value == ANN)).value = ""
        session.scalar(select(Identity)).kind = "gone"
    room.answer()
    assert "no open way" in refusals(number)[0]


def test_an_agent_who_left_says_nothing_more(room, cast):
    number = room.ask()
    notice = room.notice()
    with db.transaction() as session:
        accounts.disable(session, session.get(Agent, cast.alice.id), "test")
    room.answer(notice=notice)
    assert refusals(number) == ["the account of Alice is switched off"] and not room.to_customer()
    assert len([m for m in room.sink.parsed() if str(m["To"]) == cast.alice.email]) == 1, "nothing goes to who left"


def test_files_in_the_text_are_a_signatures(room):
    number = room.ask()
    assert PASSED and number
    room.answer("See the file.", files=[("a.pdf", b"%PDF-2")])
    with db.reading() as session:
        assert session.scalars(select(Attachment.name)).all() == ["a.pdf"]


def test_a_customer_with_an_agents_address_is_marked(room, cast, app):
    number = room.ask()
    page = browser_of(app, cast.alice).get(f"/inbox/all/{number}").text
    assert "is an agent’s address" not in page
    deliver_mail(cast.mail, customer_mail("It is me, Bob", sender=cast.bob.email))
    room.work()
    with db.reading() as session:
        number = session.scalar(select(Message.ticket_id).where(Message.text.contains("me, Bob")))
    assert "is an agent’s address" in browser_of(app, cast.alice).get(f"/inbox/all/{number}").text


def test_it_is_the_same_on_both_databases(any_cast, config, work):
    room = Mailroom(any_cast, work)
    number = room.ask()
    notice = room.notice()
    for n in (1, 2):
        room.answer(message_id=f"<same-{n}@kopi.example>", notice=notice, date="Mon, 02 Jun 2025 10:00:00 +0200")
    room.answer("Pay here", checked=FAILED, message_id="<forged@kopi.example>", notice=notice)
    assert [m.text for m in said(number, direction="out", kind="message")] == ["It left today."]
    assert len(room.to_customer()) == 1 and len(refusals(number)) == 1
    [finding] = agents_by_mail.findings(config)
    assert finding.state == "ok" and "2 agents may answer" in finding.says
    room.close()
