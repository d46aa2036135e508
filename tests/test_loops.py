"""Machines that answer machines: every loop ends by itself after very few mails (real SMTP both ways).

`make drill` plays it with two whole helpdesks that answer each other through a relay which takes all marks away.
"""
import smtplib
import time
from email.message import EmailMessage
from email.utils import make_msgid

import pytest
from sqlalchemy import func, select

from helpdesk import db
from helpdesk.models import Delivery, Event, Ticket
from helpdesk.services import articles, inboxes, sla
from tests.channels.mail_samples import bounce
from tests.house import make
from tests.mail_peer import QUESTION, MailWorld
from tests.services.smtp_sink import Sink

ROBOT = "robot@peer.example"
ROUNDS = 12


@pytest.fixture
def world(cast, config, work):
    """The cast's helpdesk with mail going in and out."""
    there = MailWorld(config, cast.mail, work)
    yield there
    there.close()


def answer(mail: EmailMessage, threads: bool, **marks: str) -> bytes:
    """What the robot writes: always the same question, so that a machine always has something to say."""
    reply = EmailMessage()
    reply["From"], reply["To"], reply["Subject"] = ROBOT, "support@kopi.example", QUESTION
    reply["Message-ID"] = make_msgid(domain="peer.example")
    if threads:
        reply["In-Reply-To"] = reply["References"] = mail["Message-ID"]
    for name, value in marks.items():
        reply[name.replace("_", "-")] = value
    reply.set_content(QUESTION)
    return reply.as_bytes()


def bounced(mail: EmailMessage) -> bytes:
    return bounce(original=mail["Message-ID"], recipient=ROBOT)


ROBOTS = {
    "it threads and marks nothing": lambda mail: answer(mail, True),
    "it opens a new matter each time": lambda mail: answer(mail, False),
    "RFC 3834": lambda mail: answer(mail, True, Auto_Submitted="auto-replied"),
    "precedence": lambda mail: answer(mail, False, Precedence="bulk"),
    "Exchange": lambda mail: answer(mail, False, X_Auto_Response_Suppress="All"),
    "an old autoresponder": lambda mail: answer(mail, False, X_Autoreply_From="vacation"),
    "a newsletter": lambda mail: answer(mail, False, List_Unsubscribe="<https://peer.example/u>"),
    "it bounces everything": bounced,
    "it redirects our own mail back to us": lambda mail: mail.as_bytes(),
}


@pytest.mark.parametrize("name", ROBOTS)
def test_whatever_answers_us_is_answered_at_most_once(world, name):
    world.deliver(answer(EmailMessage(), False), ROBOT)
    mails = []
    for _ in range(ROUNDS):
        new = world.sent()
        mails += new
        for mail in new:
            assert mail["Auto-Submitted"] and mail["Precedence"] == "bulk" and mail["X-Auto-Response-Suppress"] == "All"
            world.deliver(ROBOTS[name](mail), "" if name == "it bounces everything" else ROBOT)
    assert len(mails) == 1, f"{len(mails)} mails in {ROUNDS} rounds"
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) <= 2
        assert session.scalar(select(func.count()).select_from(Delivery)) == 1


def test_what_was_not_confirmed_is_told_in_the_ticket(world):
    for text in ("A matter", "Another matter"):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = ROBOT, "support@kopi.example", text
        mail.set_content("Nothing that the assistant knows.")
        world.deliver(mail.as_bytes(), ROBOT)
        world.sent()
    assert len(world.sink.mails) == 1
    with db.reading() as session:
        [withheld] = session.scalars(select(Event).where(Event.name == "AutomaticMailWithheld"))
        assert withheld.ticket_id == 2 and "not proved" in withheld.data["why"]


def test_a_confirmation_threads_goes_to_nobody_if_it_bounces_and_comes_once(world):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = ROBOT, "support@kopi.example", "BUY CHEAP at spam.example"
    mail["Message-ID"] = "<first@peer.example>"
    mail.set_content("Something else entirely")
    world.deliver(mail.as_bytes(), ROBOT)
    [confirmation] = world.sent()
    assert world.sink.mails[0][0] == "", "MAIL FROM:<>"
    assert confirmation["In-Reply-To"] == "<first@peer.example>"
    assert confirmation["Auto-Submitted"] == "auto-replied"
    assert "spam.example" not in world.sink.mails[0][2].decode(), "the address is not proved, so nothing is repeated"
    assert "number 1" in confirmation.get_body(("plain",)).get_content()
    reply = EmailMessage()
    reply["From"], reply["To"], reply["In-Reply-To"] = ROBOT, "support@kopi.example", confirmation["Message-ID"]
    reply.set_content("And one more thing")
    world.deliver(reply.as_bytes(), ROBOT)
    assert world.sent() == []
    other = EmailMessage()
    other["From"], other["To"], other["Subject"] = ROBOT, "support@kopi.example", "My order"
    other.set_content("A new matter, from an address that has proved itself")
    world.deliver(other.as_bytes(), ROBOT)
    [second] = world.sent()
    assert second["Subject"] == "Re: My order"


class Relay(Sink):
    """Between two helpdesks: takes away every mark and every thread, and hands the rest over. `doors`: port by
    domain."""
    GONE = ("auto-submitted", "precedence", "x-auto-response-suppress", "x-helpdesk-inbox", "in-reply-to", "references",
            "reply-to", "message-id", "list-unsubscribe", "list-unsubscribe-post")

    def __init__(self):
        super().__init__()
        self.doors, self.handed = {}, 0

    def pass_on(self) -> None:
        """Deliver what came since the last time."""
        while self.handed < len(self.mails):
            mail, (_, to, _) = self.parsed()[self.handed], self.mails[self.handed]
            self.handed += 1
            for name in self.GONE:
                del mail[name]
            mail["Message-ID"] = make_msgid(domain="relay.example")
            with smtplib.SMTP("127.0.0.1", self.doors[to[0].rpartition("@")[2]], "localhost", 20) as smtp:
                smtp.sendmail(str(mail["From"]), to, mail.as_bytes())


def test_two_helpdesks_that_confirm_each_other_fall_silent(tmp_path, request):
    relay, houses = Relay(), {}
    try:
        for name in ("a.example", "b.example"):
            (tmp_path / name).mkdir()
            house = houses[name] = make("sqlite", tmp_path / name, request)
            house.stop_meta = lambda: None
            with db.transaction() as session:
                sla.ensure_default(session)
                inboxes.create(session, "email", name, {
                    "address": f"support@{name}", "smtp_host": "127.0.0.1", "smtp_port": str(relay.port),
                    "smtp_security": "none", "acknowledge": "yes"})
                articles.create(session, title=QUESTION, body=QUESTION, questions=["delivery time"])
            relay.doors[name] = house.smtp_port
            house.start()
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "support@b.example", "support@a.example", QUESTION
        mail.set_content(QUESTION)
        with smtplib.SMTP("127.0.0.1", relay.doors["a.example"], "localhost", 20) as smtp:
            smtp.sendmail("support@b.example", ["support@a.example"], mail.as_bytes())
        quiet_since, count = time.monotonic(), 0
        while time.monotonic() - quiet_since < 6 and count < 50:
            relay.pass_on()
            if len(relay.mails) != count:
                quiet_since, count = time.monotonic(), len(relay.mails)
            time.sleep(0.1)
        assert 2 <= count <= 4, f"{count} mails between two helpdesks"
    finally:
        for house in houses.values():
            house.stop()
        relay.shutdown()
        relay.server_close()
