"""Several readers of one mail: each with a delivery of their own; who may read along is the agents' decision."""
import pytest
from sqlalchemy import select

from channels.base import Receipt, Status
from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Delivery, Event, Identity, Inbox, Message, Notification, Participant, Ticket
from helpdesk.services import inboxes, receipts, recipients, replies, tickets, timeline
from helpdesk.services.recipients import Others
from tests.channels.smtp_script import ScriptedServer
from tests.people import ANN, EVE, customer_mail, deliver_mail, written
from tests.services.smtp_sink import Sink

BO, CY, DEE = "bo@example.net", "cy@example.net", "dee@example.net"


@pytest.fixture
def server(cast):
    with ScriptedServer({f"RCPT {CY}": "550 5.1.1 no such user here"}) as made:
        through(cast, made.server_address[1])
        yield made


def through(cast, port: int) -> None:
    """Send by the server on this port."""
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, cast.mail.id), {"smtp_port": str(port)}, actor="test")


@pytest.fixture
def number(cast) -> int:
    """A ticket of Ann's, whose mail had Bo in copy."""
    with db.transaction() as session:
        session.get(Inbox, cast.mail.id).assistant = False
        return written(session, session.get(Inbox, cast.mail.id), "Where is it?", external_id="<1@ann>",
                       subject="Order 7", name="Ann Lee", to=("support@kopi.example",), cc=(BO,)).ticket_id


def answer(cast, number: int, text: str = "On its way.", **others: str) -> int:
    with db.transaction() as session:
        return replies.send(session, tickets.lock(session, number), text, agent=session.merge(cast.alice),
                            others=Others(**others)).id


def deliveries(message_id: int) -> dict[str, Delivery]:
    with db.reading() as session:
        return {one.address: one for one in session.scalars(select(Delivery).where(Delivery.message_id == message_id))}


def roles(number: int) -> dict[str, str]:
    with db.reading() as session:
        return dict(session.execute(select(Identity.value, Participant.role).join(
            Participant, Participant.identity_id == Identity.id).where(Participant.ticket_id == number)).tuples().all())


def test_each_reader_gets_the_same_mail_in_an_envelope_of_their_own(cast, number, work):
    sink = Sink()
    through(cast, sink.port)
    sent = answer(cast, number, to=DEE, cc=f"Bo Brown <{BO}>; {BO.upper()}", bcc="hidden@example.org")
    work()
    rows = deliveries(sent)
    assert {a: (one.role, str(one.status)) for a, one in rows.items()} == {
        ANN: ("to", "sent"), DEE: ("to", "sent"), BO: ("cc", "sent"), "hidden@example.org": ("bcc", "sent")}
    mails = sink.parsed()
    assert {str(m["To"]) for m in mails} == {f"{ANN}, {DEE}"} and {str(m["Cc"]) for m in mails} == {BO}
    assert len({str(m["Message-ID"]) for m in mails}) == 1 and len({one.reply_token for one in rows.values()}) == 4
    assert all(b"hidden" not in raw for _, _, raw in sink.mails)
    assert {reader: sender for sender, [reader], _ in sink.mails} == {
        address: f"support+{one.reply_token}@kopi.example" for address, one in rows.items()}
    assert all(rows[reader].reply_token in str(mail["Reply-To"]) for (_, [reader], _), mail in zip(
        sink.mails, mails, strict=True))
    sink.shutdown()
    sink.server_close()


def test_one_refused_reader_keeps_no_other_from_theirs(server, cast, number, work):
    sent = answer(cast, number, cc=f"{BO}, {CY}")
    work()
    rows = deliveries(sent)
    assert (rows[ANN].status, rows[BO].status, rows[CY].status) == ("sent", "sent", "failed")
    assert "no such user here" in rows[CY].error
    with db.reading() as session:
        failing = dict(session.execute(select(Identity.value, Identity.failing_since)).tuples().all())
        news = session.scalars(select(Notification.text)).all()
    assert failing[CY] and not failing[BO] and not failing[ANN]
    assert any(CY in text and "no such user" in text for text in news)


def test_a_bounce_fails_its_own_delivery_only(server, cast, number, work):
    sent = answer(cast, number, cc=BO)
    work()
    rows = deliveries(sent)
    with db.transaction() as session:
        inbox = session.get(Inbox, cast.mail.id)
        receipts.report(session, inbox, Receipt(rows[BO].mail_id, Status.FAILED, now(), "user unknown", address=BO))
    assert (deliveries(sent)[ANN].status, deliveries(sent)[BO].status) == ("sent", "failed")
    with db.transaction() as session:           # names neither reader: nobody can tell, and nothing is claimed
        receipts.report(session, session.get(Inbox, cast.mail.id),
                       Receipt(rows[BO].mail_id, Status.FAILED, now(), "user unknown", address="x@elsewhere.example"))
    assert deliveries(sent)[ANN].status == "sent"
    with db.transaction() as session:           # but the address it came to can
        receipts.report(session, session.get(Inbox, cast.mail.id),
                       Receipt("", Status.FAILED, now(), "gone", address="x@elsewhere.example",
                               tokens=(rows[ANN].reply_token,)))
    assert deliveries(sent)[ANN].status == "failed"


def test_whom_a_mail_from_outside_names_is_not_let_in(server, cast, number, work):
    """V29: a forged mail that names a confederate in copy."""
    with db.transaction() as session:
        written(session, session.get(Inbox, cast.mail.id), "Me again", external_id="<2@ann>", replies_to=("<1@ann>",),
                cc=(EVE,))
    answer(cast, number)
    work()
    assert roles(number) == {ANN: "requester"}
    assert [line for line in server.heard if line.lower().startswith("rcpt")] == [f"rcpt TO:<{ANN}>"]
    assert all(EVE.encode() not in raw for raw in server.mails)


def test_a_colleague_in_copy_answers_as_himself_and_the_customer_stays_the_one_we_answer(server, cast, number, work):
    sent = answer(cast, number, cc=BO)
    work()
    row = deliveries(sent)[BO]
    deliver_mail(cast.mail, customer_mail("I know more.", sender=BO, name="Bo Brown", reply_to=row.mail_id,
                                          to=f"support+{row.reply_token}@kopi.example"))
    work()
    with db.reading() as session:
        said = session.scalar(select(Message).where(Message.text == "I know more."))
        ticket = session.get(Ticket, number)
        assert (said.ticket_id, said.author_name, said.kind) == (number, "Bo Brown", "message")
        assert said.author_id != ticket.contact_id
        assert session.get(Identity, ticket.reply_identity_id).value == ANN
        assert "in copy" in said.trace["steps"][-1]


def test_who_had_a_hidden_copy_stays_hidden_when_they_answer(server, cast, number, work):
    sent = answer(cast, number, bcc="hidden@example.org")
    work()
    row = deliveries(sent)["hidden@example.org"]
    deliver_mail(cast.mail, customer_mail("I see.", sender="hidden@example.org", reply_to=row.mail_id))
    work()
    with db.reading() as session:
        said = session.scalar(select(Message).where(Message.text == "I see."))
        ticket = session.get(Ticket, number)
        assert (said.ticket_id, said.kind) == (number, "aside")
        assert said.id not in [one.id for one in timeline.public_items(session, ticket)]
        inboxes.change(session, session.get(Inbox, cast.mail.id), {"quote": "thread"}, actor="test")
    server.mails.clear()
    answer(cast, number, "Anything else?")
    work()
    assert server.mails and all(b"I see." not in raw and b"hidden" not in raw for raw in server.mails)


def test_a_stranger_with_our_secret_stays_a_stranger_until_let_in(server, cast, number, work):
    sent = answer(cast, number)
    work()
    row = deliveries(sent)[ANN]
    for n in (1, 2):        # the second mail proves no more than the first one
        deliver_mail(cast.mail, customer_mail(f"It is me, {n}", sender=EVE, reply_to=row.mail_id))
        work()
    with db.reading() as session:
        ticket = session.get(Ticket, number)
        assert session.scalars(select(Message.kind).where(Message.text.like("It is me%"))).all() == ["aside"] * 2
        assert session.get(Identity, ticket.reply_identity_id).value == ANN
        eve = session.scalar(select(Identity.id).where(Identity.value == EVE))
    assert roles(number)[EVE] == "unverified"
    with db.transaction() as session:
        recipients.let_in(session, tickets.lock(session, number), eve, cast.alice.actor)
    deliver_mail(cast.mail, customer_mail("Thanks", sender=EVE, reply_to=row.mail_id))
    work()
    assert roles(number)[EVE] == "cc"
    with db.reading() as session:
        assert session.scalar(select(Message.kind).where(Message.text == "Thanks")) == "message"


@pytest.mark.parametrize("others, words", [
    ({"cc": "nobody"}, "not a mail address"), ({"bcc": f"{BO}, x@y@z"}, "not a mail address"),
    ({"cc": "support+x@kopi.example"}, "address of our own"),
    ({"to": f"{BO}\r\nBcc: {EVE}, oops"}, "not a mail address"),
    ({"cc": ", ".join(f"p{n}@example.net" for n in range(60))}, "At most 50")])
def test_what_is_no_reader_is_named_and_nothing_is_sent(cast, number, others, words):
    with pytest.raises(Invalid, match=words):
        answer(cast, number, **others)
    with db.reading() as session:
        assert session.scalars(select(Delivery)).all() == [] and roles(number) == {ANN: "requester"}


def test_only_a_mail_can_have_further_readers(cast):
    with db.transaction() as session:
        chat = written(session, session.get(Inbox, cast.widget.id), "Hi", address="v1", external_id="c1")
        with pytest.raises(Invalid, match="Only a mail"):
            replies.send(session, tickets.lock(session, chat.ticket_id), "Hello", agent=session.merge(cast.alice),
                         others=Others(cc=BO))


def test_sent_twice_by_the_browser_it_is_one_mail_to_each(cast, number):
    for _ in range(2):
        with db.transaction() as session:
            message = replies.send(session, tickets.lock(session, number), "x", agent=session.merge(cast.alice),
                                   client_id="c", others=Others(cc=BO))
    assert len(deliveries(message.id)) == 2


def test_the_customer_and_those_in_place_stay_where_they_are(cast, number):
    answer(cast, number, cc=f"{BO}, {ANN}", bcc=BO)
    assert roles(number) == {ANN: "requester", BO: "cc"}
    answer(cast, number, bcc=BO)
    assert roles(number)[BO] == "cc"
    with db.reading() as session:
        joined = session.scalars(select(Event.data).where(Event.name == "ParticipantJoined")).all()
    assert [(one["address"], one["role"]) for one in joined] == [(BO, "cc")]
