"""What the inbox's page and the doctor say of a mailbox."""
from datetime import timedelta

import pytest

from helpdesk import db
from helpdesk.checks import mailboxes as checks
from helpdesk.clock import now
from helpdesk.models import Inbox, RawInbound
from helpdesk.services import inboxes, mail_pause, mailbox_health, quarantine, replies, tickets
from helpdesk.services.mailbox_health import advice
from tests.people import written


def iso(**ago) -> str:
    return (now() - timedelta(**ago)).isoformat()


@pytest.fixture
def mailbox(cast):
    """mailbox(**what is known) sets it on the mail inbox, which has been read."""
    def known(error="", cursor='{"uid": 7}', **reading):
        with db.transaction() as session:
            inbox = session.get(Inbox, cast.mail.id)
            inbox.cursor, inbox.polled_at, inbox.error = cursor, now(), error
            inbox.reading = {"read_at": iso(minutes=1), "lag": 12, "left": 0, **reading}
    return known


def said():
    return {one.name: one for one in checks.findings()}


def test_an_inbox_that_reads_no_mailbox_is_not_spoken_of(cast):
    assert said() == {}


@pytest.mark.parametrize("known,state,words", [
    ({}, "ok", "not compared yet"),
    ({"looked_at": iso(hours=3), "looked": 9, "missing": 0}, "ok", "9 mails compared, none missing"),
    ({"looked_at": iso(hours=3), "looked": 9, "missing": 2, "fetched": 2}, "warn", "2 mails of 9 were missing"),
    ({"looked_at": iso(days=8), "looked": 9, "missing": 2, "fetched": 2}, "ok", "Read at"),
    ({"tidy_error": "no such folder"}, "warn", "cannot be marked or moved there: no such folder"),
    ({"read_at": iso(minutes=20), "error": "Receiving fails: x refuses the login"}, "warn", "It was not read since"),
])
def test_the_doctor_says_how_it_is_doing(mailbox, known, state, words):
    mailbox(**known)
    found = said()["Mailbox Support mail"]
    assert found.state == state and words in found.says and bool(found.fix) == (state == "warn")


def test_what_could_not_be_read_is_counted_and_shown(mailbox, cast, sign_in):
    mailbox(left=3, lag=4000)
    with db.transaction() as session:
        session.add(RawInbound(inbox_id=cast.mail.id, source_key="imap:x:INBOX:1:2", method="MISSING", body=b"",
                               state="quarantined", error="It could not be read from the mailbox yet: why"))
    assert "1 mail could not be read" in said()["Mailbox Support mail"].says
    page = sign_in(cast.ada).get(f"/settings/inboxes/{cast.mail.id}").text
    assert "1 in quarantine" in page and "Still to fetch" in page and "Late" in page and "Not yet; once a day" in page


def test_the_page_says_what_to_do_about_an_error(mailbox, cast, sign_in):
    mailbox(error="Receiving fails: mail.example refuses the login of ann")
    page = sign_in(cast.ada).get(f"/settings/inboxes/{cast.mail.id}").text
    assert "Type the password in again" in page


def test_words_of_servers_lead_to_advice():
    assert "folder" in advice("reading mail from x failed: Response status \"OK\" expected, but \"NO\" received. Data: "
                              "[b\"Mailbox doesn't exist: X\"]")
    assert "port" in advice("reading mail from x failed: timed out")
    assert advice("something new") == ""


def test_a_pause_of_automatic_mail_is_ended_on_the_page(cast, sign_in, monkeypatch):
    monkeypatch.setattr(mail_pause, "PER_MINUTE", 1)
    for number in range(3):
        with db.transaction() as session:
            ticket = written(session, cast.mail, "Hi", address=f"p{number}@example.net",
                             external_id=f"<{number}>").ticket_id
            replies.send(session, tickets.lock(session, ticket), "A word", by="system")
    mia, ada = sign_in(cast.mia), sign_in(cast.ada)
    assert "2 messages wait" in mia.get("/settings/deliveries").text
    assert "An admin can release it" in mia.get("/settings/deliveries").text
    assert mia.post("/settings/deliveries/pause", data={"what": "send"}).status_code == 403
    assert ada.post("/settings/deliveries/pause", data={"what": "?"}).status_code == 422
    assert "Held back: more than" in ada.get(f"/tickets/{ticket}", follow_redirects=True).text
    assert "2 messages dropped" in ada.post("/settings/deliveries/pause", data={"what": "drop"},
                                             follow_redirects=True).text
    with db.reading() as session:
        assert mail_pause.paused(session) is None and mail_pause.held(session) == 0
    assert "is paused" not in ada.get("/settings/deliveries").text


def test_health_is_known_only_where_something_was_read(cast):
    with db.reading() as session:
        assert mailbox_health.health(session, session.get(Inbox, cast.mail.id)) is None
        assert inboxes.config(session.get(Inbox, cast.mail.id))["imap_first_days"] == "7"


def test_replaying_everything_leaves_out_what_must_wait(mailbox, cast):
    mailbox(cursor="")
    with db.transaction() as session:
        for number, method in enumerate(("MISSING", "MAIL")):
            session.add(RawInbound(inbox_id=cast.mail.id, source_key=f"imap:x:INBOX:1:{number}", method=method,
                                   body=b"Subject: x\r\n\r\n", state="quarantined", error="why"))
    with db.transaction() as session:
        says = quarantine.replay_numbers(session, [], True)
    assert says.startswith("1 will be processed again") and "1 stays: The inbox reads another mailbox now" in says
