"""Mail by provider through the helpdesk's own door: the same threads and care, and what became of what we sent."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from channels._http import Reply
from channels._mail_api.resend import Resend
from channels.base import SendError
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Attachment, Delivery, Event, Identity, Message, RawInbound, Ticket
from helpdesk.services import automatic_mail, inboxes, outbox, replies, routes, tickets
from tests.people import ANN, customer_mail, deliver_mail

PASSWORD = "correct-horse"
BASIC = {"Authorization": "Basic " + base64.b64encode(f"helpdesk:{PASSWORD}".encode()).decode()}


@pytest.fixture
def postmark(cast):
    with db.transaction() as session:
        return inboxes.create(session, "mail_api", "Postmark", {
            "provider": "postmark", "address": "help@kopi.example", "api_key": "t", "webhook_secret": PASSWORD,
            "api_base": "http://127.0.0.1:1"}, key="pm", assistant=False)


@pytest.fixture
def post(client, postmark, work):
    """post(payload) → the answer, after the worker has done its part."""
    def send(payload, path="/webhooks/mail_api/pm", headers=BASIC):
        answer = client.post(path, json=payload, headers=headers)
        work()
        return answer
    return send


def mail(text, number="1", address=ANN, **more) -> dict:
    headers = {"Message-ID": f"<{number}@mail.example.com>", **more}
    return {"From": address, "FromFull": {"Email": address, "Name": "Ann Lee"}, "Subject": "My order", "TextBody": text,
            "ToFull": [{"Email": "help@kopi.example"}], "MessageID": number,
            "Headers": [{"Name": n, "Value": v} for n, v in headers.items()]}


def messages() -> list[Message]:
    with db.reading() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def answered(cast) -> Delivery:
    """The delivery of an agent's answer in Ann's ticket, as if the provider had taken it."""
    with db.transaction() as session:
        ticket = tickets.lock(session, messages()[0].ticket_id)
        reply = replies.send(session, ticket, "It left today.", agent=session.merge(cast.alice))
        delivery = session.scalar(select(Delivery).where(Delivery.message_id == reply.id))
        delivery.status, delivery.attempts = "sending", 1
        outbox.sent(session, delivery.id, delivery.mail_id, 1)
        return delivery


def state(delivery) -> Delivery:
    with db.reading() as session:
        return session.get(Delivery, delivery.id)


def identity(address=ANN) -> Identity:
    with db.reading() as session:
        return session.scalar(select(Identity).where(Identity.value == address))


def event(kind, delivery, **more) -> dict:
    return {"RecordType": kind, "MessageID": "uuid-1", "Metadata": {"message-id": delivery.mail_id}, "Email": ANN,
            "Recipient": ANN, **more}


def test_a_mail_becomes_a_ticket_and_its_answer_finds_it_by_message_id_and_by_address(post, cast):
    assert post(mail("Where is it?")).status_code == 200
    delivery = answered(cast)
    post(mail("Thanks!", "2", **{"In-Reply-To": delivery.mail_id}))
    post({**mail("And the invoice?", "3"), "OriginalRecipient": f"help+{delivery.reply_token}@kopi.example"})
    assert [(m.text, m.channel) for m in messages() if m.direction == "in"] == [
        ("Where is it?", "mail_api"), ("Thanks!", "mail_api"), ("And the invoice?", "mail_api")]
    assert len({m.ticket_id for m in messages()}) == 1
    assert identity().source and identity().kind == "email"


def test_a_person_is_the_same_on_both_kinds_of_mail(post, cast, work):
    post(mail("By provider"))
    deliver_mail(cast.mail, customer_mail("By mailbox"))
    work()
    with db.reading() as session:
        assert len(set(session.scalars(select(Ticket.contact_id)))) == 1


def test_without_the_password_nothing_is_stored_and_with_it_the_password_is_not(client, post):
    for headers, query in (({}, ""), ({"Authorization": "Basic " + base64.b64encode(b"a:b").decode()}, "?token=wrong")):
        assert post(mail("x"), f"/webhooks/mail_api/pm{query}", headers).status_code == 403
    assert post(mail("x"), f"/webhooks/mail_api/pm?token={PASSWORD}", {}).status_code == 200
    with db.reading() as session:
        [raw] = session.scalars(select(RawInbound))
        assert PASSWORD not in json.dumps([raw.headers, raw.query]) and raw.state == "processed"


def test_the_same_mail_twice_is_one_message(post):
    post(mail("Once"))
    post({**mail("Once"), "Tag": "another delivery of it"})
    assert [m.text for m in messages()] == ["Once"]


def test_a_mail_with_a_large_file_comes_in_whole(post):
    content = bytes(range(256)) * 20_000        # 5 MB, which no other channel's webhook may have
    post({**mail("See the film"), "Attachments": [{
        "Name": "film.mp4", "ContentType": "video/mp4", "Content": base64.b64encode(content).decode()}]})
    with db.reading() as session:
        [file] = session.scalars(select(Attachment))
        assert (file.name, file.size, file.sha256) == ("film.mp4", len(content), hashlib.sha256(content).hexdigest())


def test_other_channels_still_take_no_such_bodies(client, cast):
    assert client.post("/webhooks/telegram/none", data=b"x" * 4_000_000).status_code in (404, 413)


def test_mail_from_another_mail_inbox_of_ours_is_set_aside(post):
    post(mail("loop", address="support@kopi.example"))      # the address of the inbox that is read by IMAP
    with db.reading() as session:
        assert [raw.state for raw in session.scalars(select(RawInbound))] == ["quarantined"]


def test_what_became_of_it_is_told(post, cast):
    post(mail("Where is it?"))
    delivery = answered(cast)
    post(event("Delivery", delivery, DeliveredAt="2026-01-01T00:00:00Z"))
    assert state(delivery).status == "delivered"
    post(event("Open", delivery))
    assert state(delivery).status == "delivered"


def test_a_bounce_is_a_failure_even_after_a_first_server_took_it_and_marks_the_address(post, cast):
    post(mail("Where is it?"))
    delivery = answered(cast)
    post(event("Delivery", delivery))
    post(event("Bounce", delivery, Type="HardBounce", Description="No such user", Details="550 5.1.1"))
    assert state(delivery).status == "failed" and "550" in state(delivery).error
    assert identity().failing_since
    post(event("Delivery", delivery))
    assert state(delivery).status == "failed"


def test_a_delay_says_so_and_fails_nothing(post, cast):
    post(mail("Where is it?"))
    delivery = answered(cast)
    post(event("Bounce", delivery, Type="Transient", Details="450 greylisted"))
    assert state(delivery).status == "sent" and state(delivery).error.startswith("Delayed")
    assert identity().failing_since is None


@pytest.mark.parametrize(("news", "words"), [
    ({"RecordType": "SpamComplaint"}, "marked our mail as spam"),
    ({"RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "ManualSuppression"},
     "unsubscribed from our mail")])
def test_who_wants_no_more_is_left_alone_by_machines_until_they_write(post, cast, news, words):
    post(mail("Where is it?"))
    delivery = answered(cast)
    post({**event("", delivery), **news})
    post({**event("", delivery), **news})
    assert state(delivery).status == "delivered" and identity().unwanted == words
    with db.transaction() as session:
        ticket = session.get(Ticket, delivery.ticket_id)
        route = next(r for r in routes.routes(session, ticket) if r.inbox.channel == "mail_api")
        assert automatic_mail.refusal(session, ticket, route) == f"Not sent: the reader {words}."
        assert route.open and words in route.why
        assert [e.data["did"] for e in session.scalars(select(Event).where(Event.name == "MailUnwanted"))] == [words]
    post(mail("One more thing", "9"))
    assert identity().unwanted == ""


def test_the_agent_reads_in_the_ticket_what_the_reader_did(post, cast, sign_in):
    post(mail("Where is it?"))
    delivery = answered(cast)
    post(event("SpamComplaint", delivery))
    page = sign_in(cast.alice).get(f"/inbox/all/{delivery.ticket_id}").get_data(as_text=True)
    assert f"{ANN} marked our mail as spam" in page and "Wants no mail" in page


def test_a_machine_may_mail_as_much_as_over_a_mailbox_and_no_more(post, cast):
    post(mail("Where is it?"))
    with db.transaction() as session:
        ticket = tickets.lock(session, messages()[0].ticket_id)
        for _ in range(4):
            replies.send(session, ticket, "A word", by="system")
        found = session.scalars(select(Delivery.status).order_by(Delivery.id)).all()
        assert found == ["queued"] * 3 + ["failed"]


def test_news_without_an_id_or_of_another_mail_harm_nothing(post, cast):
    post(mail("Where is it?"))
    delivery = answered(cast)
    post({**event("Bounce", delivery, Type="HardBounce"), "Metadata": {}, "MessageID": ""})
    post({**event("Bounce", delivery, Type="HardBounce"), "Metadata": {"message-id": "<other@kopi.example>"}})
    assert state(delivery).status == "sent"


def test_mandrill_signs_the_public_address_and_asks_by_head(client, cast, config, work):
    with db.transaction() as session:
        inboxes.create(session, "mail_api", "Mandrill", {"provider": "mandrill", "address": "m@kopi.example",
                                                         "api_key": "k", "signing_key": "hook-key"}, key="md")
    assert client.head("/webhooks/mail_api/md").status_code == 200
    raw = customer_mail("By Mandrill", to="m@kopi.example").decode()
    own = customer_mail("loop", sender="m+x@kopi.example", message_id="<loop@x>").decode()
    fields = {"mandrill_events": json.dumps([{"event": "inbound", "msg": {"raw_msg": one, "email": "m@kopi.example"}}
                                             for one in (own, "Subject: nobody\r\n\r\nhi", raw)])}
    url = f"{config.base_url}/webhooks/mail_api/md?a=b"
    signed = (url + "mandrill_events" + fields["mandrill_events"]).encode()
    digest = hmac.new(b"hook-key", signed, hashlib.sha1).digest()
    headers = {"X-Mandrill-Signature": base64.b64encode(digest).decode()}
    for path, status in (("/webhooks/mail_api/md", 403), ("/webhooks/mail_api/md?a=b", 200)):
        assert client.post(path, data=urlencode(fields), headers=headers,
                           content_type="application/x-www-form-urlencoded").status_code == status
    work()
    texts = [m.text for m in messages()]
    assert "By Mandrill" in texts and len(texts) == 3, "what may not come in sinks nothing beside it"
    assert sum("could not be taken in" in text for text in texts) == 2


def test_when_amazons_certificate_cannot_be_had_it_is_asked_to_come_again(client, cast, monkeypatch):
    with db.transaction() as session:
        inboxes.create(session, "mail_api", "SES", {"provider": "ses", "address": "s@kopi.example", "api_key": "k",
                                                    "account": "a", "signing_key": "arn:t"}, key="ses")
    message = {"Type": "Notification", "TopicArn": "arn:t", "SignatureVersion": "2", "Signature": "AAAA",
               "SigningCertURL": "https://sns.nowhere-1.amazonaws.com/SimpleNotificationService-0a.pem"}

    def away(*_, **__):
        raise SendError("sns.nowhere-1.amazonaws.com cannot be found")
    monkeypatch.setattr("channels._http.Http.get", away)
    assert client.post("/webhooks/mail_api/ses", json=message).status_code == 503


def test_what_must_be_fetched_and_cannot_is_tried_again_later(client, cast, work, monkeypatch):
    with db.transaction() as session:
        inboxes.create(session, "mail_api", "Resend", {"provider": "resend", "address": "r@kopi.example",
                                                       "api_key": "k", "signing_key": "whsec_AAAA"}, key="rs")
    monkeypatch.setattr(Resend, "verify", lambda *_: None)
    found = {"to": ["r@kopi.example"], "headers": {"From": ANN, "Message-ID": "<r1@x>"}, "text": "At last"}
    answers = [Reply(503), Reply(200, {}, json.dumps(found).encode())]
    monkeypatch.setattr("channels._http.Http.get", lambda *_, **__: answers.pop(0))
    told = {"type": "email.received", "data": {"email_id": "e"}}
    assert client.post("/webhooks/mail_api/rs", json=told).status_code == 200
    work()
    assert messages() == []
    with db.transaction() as session:
        [raw] = session.scalars(select(RawInbound))
        assert raw.state == "new" and raw.next_try_at > now()
        raw.next_try_at = now()
    work()
    assert [m.text for m in messages()] == ["At last"]
