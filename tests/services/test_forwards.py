"""Forwarding to somebody outside: what goes there, what comes back, and that no customer sees any of it."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Attachment, Contact, Delivery, Event, Identity, Inbox, Message, Participant, Ticket
from helpdesk.services import files, forwards, inboxes, replies, tickets, timeline
from tests.people import ANN, customer_mail, deliver_mail, written
from tests.services.smtp_sink import Sink

COURIER = "desk@courier.example"


@pytest.fixture
def sink(cast):
    server = Sink()
    with db.transaction() as session:
        inbox = session.get(Inbox, cast.mail.id)
        inbox.assistant = False
        inboxes.change(session, inbox, {"smtp_port": str(server.port)}, actor="test")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def number(cast, sink) -> int:
    with db.transaction() as session:
        first = written(session, session.get(Inbox, cast.mail.id), "Where is it?", external_id="<1@ann>",
                        subject="Order 7", name="Ann Lee", html="<p>Where is <b>it</b>?</p>",
                        full_text="Where is it?\n\n> You said Monday")
        stored = files.put("slip.pdf", "application/pdf", b"%PDF slip")
        session.add(Attachment(message_id=first.id, name=stored.name, content_type=stored.content_type,
                               size=stored.size, sha256=stored.sha256))
        ticket = tickets.lock(session, first.ticket_id)
        replies.note(session, ticket, "secret note", session.merge(cast.alice),
                     files=[files.put("margins.xlsx", "application/vnd.ms-excel", b"secret")])
        return ticket.id


def forward(cast, number: int, to: str = COURIER, note: str = "Please look.", **more) -> int:
    with db.transaction() as session:
        return forwards.send(session, tickets.lock(session, number), to, note, session.merge(cast.alice),
                             session.get(Inbox, cast.mail.id), **more).id


def first_message(number: int) -> int:
    with db.reading() as session:
        return session.scalar(select(Message.id).where(Message.ticket_id == number).order_by(Message.id).limit(1))


def file_ids(name: str) -> list[int]:
    with db.reading() as session:
        return list(session.scalars(select(Attachment.id).where(Attachment.name == name).order_by(Attachment.id)))


def test_a_message_goes_out_whole_with_its_files_and_our_words_above(cast, sink, number, work):
    sent = forward(cast, number, what="message", message_id=first_message(number), attachments=file_ids("slip.pdf"))
    work()
    [mail] = sink.parsed()
    plain = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert (str(mail["To"]), str(mail["Subject"]), mail["In-Reply-To"]) == (COURIER, "Fwd: Order 7", None)
    assert plain.startswith("Please look.\n\n---------- Forwarded message ----------\n"
                            "From: Ann Lee <ann@example.com>\n")
    assert plain.rstrip().endswith("Where is it?\n\n> You said Monday")
    assert "<b>it</b>" in mail.get_body(("html",)).get_content()
    assert [(f.get_filename(), f.get_payload(decode=True)) for f in mail.iter_attachments()] == [
        ("slip.pdf", b"%PDF slip")]
    with db.reading() as session:
        message, ticket = session.get(Message, sent), session.get(Ticket, number)
        fact = session.scalar(select(Event).where(Event.name == "TicketForwarded"))
        assert message.kind == "aside" and message.id not in [m.id for m in timeline.public_items(session, ticket)]
        assert (fact.data["addresses"], fact.data["what"]) == ([COURIER], "message")
        assert ticket.first_response_at is None and ticket.waiting_since, "a customer is not answered by that"
        assert session.get(Identity, ticket.reply_identity_id).value == ANN


def test_the_whole_conversation_has_no_notes_and_no_other_asides(cast, sink, number, work):
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, number), "We look.", agent=session.merge(cast.alice))
    forward(cast, number, "else@other.example", "aside words")
    forward(cast, number, what="ticket")
    work()
    text = next(m for m in sink.parsed() if str(m["To"]) == COURIER).get_body(("plain",)).get_content()
    assert text.index("Where is it?") < text.index("We look.") and text.count("Forwarded message") == 2
    assert "secret note" not in text and "aside words" not in text


def test_their_answer_comes_back_marked_and_beside_the_customer(cast, sink, number, work):
    sent = forward(cast, number, what="ticket")
    work()
    with db.reading() as session:
        row = session.scalar(select(Delivery).where(Delivery.message_id == sent))
    with db.transaction() as session:
        tickets.set_status(session, tickets.lock(session, number), "pending", "agent:1")
    deliver_mail(cast.mail, customer_mail("It is in Solo.", sender=COURIER, name="Courier", reply_to=row.mail_id,
                                          to=f"support+{row.reply_token}@kopi.example"))
    work()
    with db.reading() as session:
        said = session.scalar(select(Message).where(Message.text == "It is in Solo."))
        ticket = session.get(Ticket, number)
        assert (said.ticket_id, said.kind, said.trace["role"], said.author_name) == (
            number, "aside", "third", "Courier")
        assert ticket.status == "open", "an agent must look"
        assert session.get(Contact, ticket.contact_id).name == "Ann Lee", "the customer stays the customer (V32)"
        assert session.get(Identity, ticket.reply_identity_id).value == ANN
        assert said.id not in [m.id for m in timeline.public_items(session, ticket)]
        assert session.scalars(select(Participant.role).order_by(Participant.added_at)).all() == ["requester", "third"]
        inboxes.change(session, session.get(Inbox, cast.mail.id), {"quote": "thread"}, actor="test")
    sink.mails.clear()
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, number), "It comes.", agent=session.merge(cast.alice))
    forward(cast, number, note="Thank you.")
    work()
    ours = {str(m["To"]): m for m in sink.parsed()}
    theirs = ours[ANN].get_body(("plain",)).get_content()
    assert "Solo" not in theirs and "Please look" not in theirs and row.mail_id not in ours[ANN].as_string()
    assert "> Where is it?" in theirs, "the customer's own words are quoted"
    assert str(ours[COURIER]["In-Reply-To"]) == said.external_id and str(ours[COURIER]["Subject"]) == "Re: Order 7"
    assert "<1@ann>" not in ours[COURIER].as_string()


@pytest.mark.parametrize("to, more, words", [
    ("", {}, "who shall get it"), ("nobody", {}, "not a mail address"), (ANN, {}, "takes part in this conversation"),
    ("support@kopi.example", {}, "address of our own"), (COURIER, {"note": " "}, "Write something"),
    (COURIER, {"what": "message", "message_id": 2}, "it is a note"),
    (COURIER, {"what": "message", "message_id": 99}, "not of this ticket"),
    (COURIER, {"attachments": [99]}, "does not belong to this ticket")])
def test_what_cannot_be_forwarded_is_said(cast, number, to, more, words):
    with pytest.raises(Invalid, match=words):
        forward(cast, number, to, **more)
    with db.reading() as session:
        assert session.scalars(select(Delivery)).all() == []


def test_files_of_notes_and_of_other_tickets_are_refused(cast, number):
    """V19: naming a foreign file must not make it leave."""
    with db.transaction() as session:
        other = written(session, session.get(Inbox, cast.mail.id), "Other", external_id="<o@x>",
                        address="o@example.org")
        session.add(Attachment(message_id=other.id, name="other.pdf", content_type="application/pdf", size=3,
                               sha256=files.put("other.pdf", "application/pdf", b"abc").sha256))
    for name in ("margins.xlsx", "other.pdf"):
        with pytest.raises(Invalid, match="does not belong"):
            forward(cast, number, attachments=file_ids(name))


def test_several_readers_have_a_delivery_each(cast, sink, number, work):
    sent = forward(cast, number, f"{COURIER}, second@courier.example")
    work()
    with db.reading() as session:
        rows = session.scalars(select(Delivery).where(Delivery.message_id == sent)).all()
    assert [str(one.status) for one in rows] == ["sent", "sent"] and len({one.mail_id for one in rows}) == 1
    assert {str(m["To"]) for m in sink.parsed()} == {f"{COURIER}, second@courier.example"}


def test_the_page_forwards_and_the_ticket_marks_what_came_back(sign_in, cast, sink, number, work):
    alice = sign_in(cast.alice)
    first = first_message(number)
    page = alice.get(f"/tickets/{number}/forward?message={first}").text
    assert "This message" in page and "slip.pdf" in page and "margins.xlsx" not in page
    form = {"to": COURIER, "inbox": cast.mail.id, "what": "message", "message": first, "text": "Look, please",
            "attachments": file_ids("slip.pdf")}
    bad = alice.post(f"/tickets/{number}/forward", data={**form, "to": "nobody"})
    assert bad.status_code == 422 and "Look, please" in bad.text and "not a mail address" in bad.text
    assert alice.post(f"/tickets/{number}/forward", data=form).status_code == 302
    work()
    with db.reading() as session:
        row = session.scalar(select(Delivery))
    deliver_mail(cast.mail, customer_mail("Found it.", sender=COURIER, reply_to=row.mail_id))
    work()
    shown = alice.get(f"/inbox/all/{number}").text
    assert "Third party, not shown to the customer" in shown and "Alice forwarded a message to desk@courier" in shown
    with db.reading() as session:
        them = session.scalar(select(Identity.id).where(Identity.value == COURIER))
    assert f"/tickets/{number}/forward?to={them}" in shown
    assert f'value="{COURIER}"' in alice.get(f"/tickets/{number}/forward?to={them}").text
    assert alice.post(f"/tickets/{number}/participants/{them}").status_code == 302
    assert alice.post(f"/tickets/{number}/participants/9999").status_code == 422
    with db.reading() as session:
        assert session.get(Participant, (number, them)).role == "cc"
