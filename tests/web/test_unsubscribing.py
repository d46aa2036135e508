"""A survey by mail can be ended with one click, by a mail program or on a page, and then none comes any more."""
import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from helpdesk import db, settings
from helpdesk.models import Consent, Delivery, Event, Identity, Inbox, Message, Survey
from helpdesk.services import automatic_mail, inboxes, replies, surveys, tickets, unsubscribing
from tests.people import ANN, customer_mail, deliver_mail
from tests.services.smtp_sink import Sink


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
def asked(cast, sink, work, config, monkeypatch):
    """asked() → the survey that came by mail to a new matter of Ann's, or None."""
    monkeypatch.setattr(surveys, "FATIGUE", surveys.FATIGUE * 0)
    monkeypatch.setattr(automatic_mail, "PER_WINDOW", 100)

    def ask():
        settings.use(replace(config, base_url="https://help.example", survey_enabled=True, survey_delay_minutes=0))
        sink.mails.clear()
        deliver_mail(cast.mail, customer_mail("Where is it?"))
        work()
        with db.transaction() as session:
            ticket = tickets.lock(session, session.scalar(select(Message.ticket_id).order_by(Message.id.desc())))
            replies.send(session, ticket, "On its way.", agent=session.merge(cast.alice))
            tickets.set_status(session, ticket, "resolved", "agent:1")
            surveys.plan(session, ticket.id, actor="agent:1")
            session.scalar(select(Identity).where(Identity.value == ANN)).trust = "replied"     # she may be mailed
        with db.transaction() as session:
            surveys.send_due(session)
        work()
        found = [mail for mail in sink.parsed() if mail["List-Unsubscribe"]]
        assert all(mail["Auto-Submitted"] for mail in found) and len(sink.mails) == 1 + len(found)
        return found[0] if found else None
    return ask


def path_of(mail) -> str:
    return re.fullmatch(r"<https://help\.example(/u/\S+)>", str(mail["List-Unsubscribe"]))[1]


def test_one_click_ends_surveys_and_answers_still_come(asked, client, cast):
    mail = asked()
    assert str(mail["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    path = path_of(mail)
    assert path in mail.get_body(("plain",)).get_content() and path in mail.get_body(("html",)).get_content()
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})      # no cookie, no page before
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert asked() is None
    with db.reading() as session:
        assert session.scalar(select(Survey.reason).order_by(Survey.id.desc())) == "no open way to the customer"
        assert session.scalars(select(Event.data).where(Event.name == "Unsubscribed")).all() == [
            {"address": ANN, "stopped": True}]


def test_opening_the_link_changes_nothing_and_a_mistake_can_be_mended(asked, client):
    path = path_of(asked())
    page = client.get(path)
    assert "Ask me no more" in page.text and page.headers["Cache-Control"] == "no-store"
    assert asked() is not None
    assert "gets no more such mails" in client.post(path, data={"stop": "1"}).text
    assert "gets no more such mails" in client.get(path).text
    assert "will be asked again" in client.post(path, data={"resume": "1"}).text
    assert asked() is not None


def test_a_survey_that_is_planned_already_is_not_sent_either(asked, cast):
    asked()
    with db.transaction() as session:
        ann = session.scalar(select(Identity).where(Identity.value == ANN))
        unsubscribing.stop(session, ann)
        ticket = tickets.lock(session, session.scalar(select(Message.ticket_id)))
        replies.send(session, ticket, "How was it?", by="system", payload={"survey": {"id": 1, "url": "x"}})
        session.flush()
        last = session.scalar(select(Delivery).order_by(Delivery.id.desc()))
        assert (last.status, last.error) == ("failed", "Not sent: this address wants no such mails.")


@pytest.mark.parametrize("token", ["", "x", "1.", "1.wrong", "9999.{}", "1{}", "１.{}", "1.{}x"])
def test_a_forged_link_is_gone(app, client, asked, token):
    asked()
    good = unsubscribing._signature(1)
    answer = client.post(f"/u/{token.format(good)}", data={"stop": "1"})
    assert answer.status_code == 404
    with db.reading() as session:
        assert not session.scalars(select(Consent)).all()


def test_the_page_speaks_the_readers_language(asked, client):
    path = path_of(asked())
    assert "Berhenti menerima email ini?" in client.get(path, headers={"Accept-Language": "id"}).text
