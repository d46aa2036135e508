"""What comes in from each mail provider: whole mails, mails in fields, events. Payloads are written here, in each
provider's own shape, with made-up people."""
from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest

from channels._http import Http, Reply
from channels._mail_api import PROVIDERS
from channels._mail_api.form import form_of
from channels._mail_api.rebuild import Piece, rebuilt
from channels._mail_parse import parse_mail
from channels.base import Inbound, Receipt, Request, SendError, Status, Unreadable
from channels.mail_api import MailApi

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOKEN = "0123456789abcdef0123456789abcdef"
REACHED = f"support+{TOKEN}@example.org"
RAW = (b"From: =?utf-8?q?Ann_=C3=84sh?= <ann@example.com>\r\nTo: Support <support@example.org>\r\n"
       b"Subject: Re: =?utf-8?b?UMOkY2tjaGVu?=\r\nMessage-ID: <a.1@example.com>\r\n"
       b"In-Reply-To: <ours.1@example.org>\r\n"
       b"Date: Thu, 01 Jan 2026 10:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
       b"Noch nicht da.\r\n\r\nOn Wed, 31 Dec 2025, Support wrote:\r\n> Morgen!\r\n")
HEADERS = [["From", "Ann Äsh <ann@example.com>"], ["To", "Support <support@example.org>"], ["Subject", "Re: Päckchen"],
           ["Message-ID", "<a.1@example.com>"], ["In-Reply-To", "<ours.1@example.org>"],
           ["Date", "Thu, 01 Jan 2026 10:00:00 +0000"], ["Content-Type", "multipart/mixed; boundary=gone"]]
AS_OBJECT = {name: value for name, value in HEADERS}
TEXT = "Noch nicht da.\r\n\r\nOn Wed, 31 Dec 2025, Support wrote:\r\n> Morgen!\r\n"
HTML = "<p>Noch <b>nicht</b> da.</p>"
PICTURE = b"\x89PNG\r\n\x1a\n--x\x00"
PICTURE64 = base64.b64encode(PICTURE).decode()


def multipart(fields: dict[str, str], files: list[tuple[str, str, str, bytes]] = ()) -> Request:
    body = b"".join(f'--xYz\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode()
                    for n, v in fields.items())
    for field, name, kind, content in files:
        body += (f'--xYz\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
                 f"Content-Type: {kind}\r\n\r\n").encode() + content + b"\r\n"
    return Request("POST", {"Content-Type": "multipart/form-data; boundary=xYz"}, {}, body + b"--xYz--\r\n")


def post(payload) -> Request:
    return Request("POST", JSON, {}, json.dumps(payload).encode())


def mandrill(*messages: dict) -> Request:
    events = json.dumps([{"event": "inbound", "ts": 1, "msg": one} for one in messages])
    return Request("POST", FORM, {}, urlencode({"mandrill_events": events}).encode())


def sns(message: dict) -> Request:
    return post({"Type": "Notification", "MessageId": "m", "TopicArn": "t", "Message": json.dumps(message)})


def mailjet_part() -> dict:
    return {"Headers": {"Content-Type": 'image/png; name="cat.png"', "Content-ID": "<cat@x>",
                        "Content-Disposition": 'inline; filename="cat.png"'}, "ContentRef": "InlineAttachment1"}


WHOLE = {
    "mailgun": Request("POST", FORM, {}, urlencode({"recipient": REACHED, "body-mime": RAW}).encode()),
    "mandrill": mandrill({"raw_msg": RAW.decode(), "email": REACHED}),
    "sendgrid": multipart({"email": RAW.decode(), "envelope": json.dumps({"to": [REACHED]})}),
    "cloudmailin": multipart({"message": RAW.decode(), "envelope[to]": REACHED}),
    "mailersend": post({"type": "inbound.message", "data": {"raw": RAW.decode(), "recipients": {
        "rcptTo": [{"email": REACHED}]}}}),
    "sparkpost": post([{"msys": {"relay_message": {"rcpt_to": REACHED, "content": {
        "email_rfc822": base64.b64encode(RAW).decode(), "email_rfc822_is_base64": True}}}}]),
    "postal": post({"id": 1, "rcpt_to": REACHED, "message": base64.b64encode(RAW).decode(), "base64": True}),
    "ses": sns({"notificationType": "Received", "content": base64.b64encode(RAW).decode(), "receipt": {
        "action": {"type": "SNS", "encoding": "BASE64"}, "recipients": [REACHED]}, "mail": {"messageId": "x"}}),
}
IN_FIELDS = {
    "mailgun": multipart({"recipient": REACHED, "message-headers": json.dumps(HEADERS), "body-plain": TEXT,
                          "body-html": "<p>Noch <b>nicht</b> da.</p><img src='cid:cat@x'>", "attachment-count": "1",
                          "content-id-map": '{"<cat@x>": "attachment-1"}'},
                         [("attachment-1", "cat.png", "image/png", PICTURE)]),
    "mandrill": mandrill({"headers": AS_OBJECT, "text": TEXT, "html": HTML, "email": REACHED, "images": {
        "cat@x": {"name": "cat.png", "type": "image/png", "base64": True, "content": PICTURE64}}}),
    "sendgrid": multipart({"headers": "\n".join(f"{n}: {v}" for n, v in HEADERS), "text": TEXT,
                           "html": HTML, "envelope": json.dumps({"to": [REACHED]}),
                           "charsets": '{"text":"utf-8","html":"utf-8"}',
                           "attachment-info": json.dumps({"attachment1": {
                               "filename": "cat.png", "type": "image/png", "content-id": "cat@x"}})},
                          [("attachment1", "cat.png", "image/png", PICTURE)]),
    "postmark": post({"From": "x", "MessageID": "73e6", "OriginalRecipient": REACHED, "TextBody": TEXT,
                      "HtmlBody": HTML, "FromFull": {"Email": "ann@example.com", "Name": "Ann Äsh"},
                      "ToFull": [{"Email": "support@example.org", "Name": "Support"}], "Subject": "Re: Päckchen",
                      "Date": "Thu, 01 Jan 2026 10:00:00 +0000", "Headers": [
                          {"Name": n, "Value": v} for n, v in HEADERS if n in ("Message-ID", "In-Reply-To")],
                      "Attachments": [{"Name": "cat.png", "ContentType": "image/png", "Content": PICTURE64,
                                       "ContentID": "cat@x"}]}),
    "cloudmailin": post({"headers": AS_OBJECT, "envelope": {"to": REACHED}, "plain": TEXT,
                         "html": HTML, "attachments": [{
                             "file_name": "cat.png", "content_type": "image/png", "content": PICTURE64,
                             "content_id": "<cat@x>"}]}),
    "mailjet": post({"Headers": AS_OBJECT, "Recipient": REACHED, "Text-part": TEXT, "Parts": [mailjet_part()],
                     "Html-part": HTML, "InlineAttachment1": PICTURE64}),
    "postal": post({"id": 1, "rcpt_to": REACHED, "from": HEADERS[0][1], "to": HEADERS[1][1], "subject": "Re: Päckchen",
                    "message_id": "a.1@example.com", "in_reply_to": "<ours.1@example.org>", "plain_body": TEXT,
                    "date": HEADERS[5][1], "html_body": HTML, "attachments": [
                        {"filename": "cat.png", "content_type": "image/png", "data": PICTURE64}]}),
}


class Remote:
    """The provider's own pages from which something is fetched."""

    def __init__(self, pages: dict[str, Reply]):
        self.pages, self.asked = pages, []

    def get(self, url: str, **content) -> Reply:
        self.asked.append((url, content))
        return next((reply for end, reply in self.pages.items() if url.endswith(end)), Reply(404))


def open_with(provider: str, http=None) -> MailApi:
    return MailApi({"provider": provider, "address": "support@example.org", "api_key": "key", "account": "AKID",
                    "region": "eu-west-1" if provider == "ses" else ""}, http or Http())


def read(provider: str, request: Request, http=None) -> list:
    return open_with(provider, http).read(request)


def check(item: Inbound) -> None:
    assert (item.external_id, item.address, item.name) == ("<a.1@example.com>", "ann@example.com", "Ann Äsh")
    assert (item.subject, item.text) == ("Re: Päckchen", "Noch nicht da.")
    assert "Morgen!" in item.full_text and item.sent_at.isoformat() == "2026-01-01T10:00:00+00:00"
    assert item.replies_to == ("<ours.1@example.org>",) and TOKEN in item.tokens and not item.automatic
    assert "support@example.org" in item.to


@pytest.mark.parametrize("provider", WHOLE)
def test_a_whole_mail_is_read_as_any_other(provider):
    [item] = read(provider, WHOLE[provider])
    check(item)


@pytest.mark.parametrize("provider", IN_FIELDS)
def test_a_mail_in_fields_says_the_same(provider):
    [item] = read(provider, IN_FIELDS[provider])
    check(item)
    assert "<b>nicht</b>" in item.html
    [picture] = item.files
    assert (picture.name, picture.content_type, picture.content) == ("cat.png", "image/png", PICTURE)
    assert picture.cid == ("" if provider == "postal" else "cat@x")


@pytest.mark.parametrize("provider", IN_FIELDS)
def test_the_same_fields_give_the_same_mail(provider):
    first, second = read(provider, IN_FIELDS[provider]), read(provider, IN_FIELDS[provider])
    assert [(i.external_id, i.fingerprint) for i in first] == [(i.external_id, i.fingerprint) for i in second]


def test_what_the_form_of_the_body_was_does_not_come_back():
    """A boundary that is gone must not swallow the text, and a field must not bring fields of its own."""
    raw = rebuilt([*map(tuple, HEADERS), ("X-Bad\r\nBcc", "evil"), ("X-Folded", "a\r\nBcc: evil@example.com")], "hello")
    [item] = parse_mail(raw)
    assert item.text == "hello" and b"\r\nBcc" not in raw


def test_a_bounce_in_fields_is_still_a_bounce():
    report = (b"Final-Recipient: rfc822; bo@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
              b"Diagnostic-Code: smtp; 550 no\r\n")
    returned = b"From: support@example.org\r\nTo: bo@example.com\r\nMessage-ID: <ours.7@example.org>\r\n\r\nhi\r\n"
    raw = rebuilt([("From", "MAILER-DAEMON@mx.example.com"), ("To", "support@example.org"),
                   ("Subject", "Undelivered Mail Returned to Sender"), ("Message-ID", "<b@mx.example.com>"),
                   ("Content-Type", "multipart/report; report-type=delivery-status; boundary=gone")],
                  "It came back.", "",
                  [Piece("", "message/delivery-status", b"Reporting-MTA: dns; mx\r\n\r\n" + report),
                   Piece("", "message/rfc822", returned)])
    [receipt] = parse_mail(raw)
    assert isinstance(receipt, Receipt) and (receipt.external_id, receipt.address) == ("<ours.7@example.org>",
                                                                                       "bo@example.com")


# What has to be fetched


def test_amazons_larger_mails_lie_in_a_bucket():
    event = {"notificationType": "Received", "mail": {"messageId": "x"}, "receipt": {
        "recipients": [REACHED], "action": {"type": "S3", "bucketName": "our-mail", "objectKey": "in/a b+c"}}}
    remote = Remote({"/our-mail/in/a%20b%2Bc": Reply(200, {}, RAW)})
    [item] = read("ses", sns(event), remote)
    check(item)
    [(url, content)] = remote.asked
    assert url.startswith("https://s3.eu-west-1.amazonaws.com/") and "AWS4-HMAC" in content["headers"]["Authorization"]


@pytest.mark.parametrize(("status", "final"), [(503, False), (500, False), (404, True), (403, True)])
def test_what_cannot_be_fetched_now_is_tried_again(status, final):
    event = {"notificationType": "Received", "mail": {"messageId": "x"}, "receipt": {
        "action": {"type": "S3", "bucketName": "our-mail", "objectKey": "k"}}}
    announced = post({"type": "email.received", "data": {"email_id": "e"}})
    for provider, request in (("ses", sns(event)), ("resend", announced)):
        with pytest.raises(SendError) as caught:
            read(provider, request, Remote({"": Reply(status)}))
        assert caught.value.permanent is final


def test_a_bucket_is_a_name_and_nothing_else():
    event = {"notificationType": "Received", "mail": {"messageId": "x"}, "receipt": {
        "action": {"type": "S3", "bucketName": "../../evil", "objectKey": "k"}}}
    with pytest.raises(Unreadable):
        read("ses", sns(event), Remote({"": Reply(200, {}, RAW)}))


def test_resend_announces_a_mail_that_is_then_fetched_whole():
    remote = Remote({"/emails/receiving/e-1": Reply(200, {}, json.dumps({
        "to": [REACHED], "raw": {"download_url": "https://files.example/raw"}}).encode()), "/raw": Reply(200, {}, RAW)})
    [item] = read("resend", post({"type": "email.received", "data": {"email_id": "e-1"}}), remote)
    check(item)
    assert remote.asked[0][1] == {"token": "key"} and remote.asked[1][1] == {"token": ""}    # the key stays at home


def test_resend_without_the_whole_mail_is_read_from_fields():
    remote = Remote({"/emails/receiving/e-1": Reply(200, {}, json.dumps({
        "to": [REACHED, "support@example.org"], "headers": AS_OBJECT, "text": TEXT, "html": HTML,
        "attachments": [{"filename": "cat.png", "content_type": "image/png", "download_url": "https://files.example/cat",
                         "content_id": "cat@x"}]}).encode()), "/cat": Reply(200, {}, PICTURE)})
    [item] = read("resend", post({"type": "email.received", "data": {"email_id": "e-1"}}), remote)
    check(item)
    assert item.files[0].content == PICTURE


def test_brevos_files_are_fetched_by_their_token():
    payload = {"items": [{"Headers": AS_OBJECT, "RawTextBody": TEXT, "RawHtmlBody": "", "Recipients": [REACHED],
                          "Attachments": [{"Name": "cat.png", "ContentType": "image/png", "DownloadToken": "t/1"}]}]}
    remote = Remote({"/inbound/attachments/t%2F1": Reply(200, {}, PICTURE)})
    [item] = read("brevo", post(payload), remote)
    check(item)
    assert item.files[0].content == PICTURE and remote.asked[0][1]["headers"]["api-key"] == "key"


# Spam, batches, nonsense


@pytest.mark.parametrize(("provider", "request_"), [
    ("mailgun", Request("POST", FORM, {}, urlencode({"body-mime": RAW, "X-Mailgun-Sflag": "Yes"}).encode())),
    ("sendgrid", multipart({"email": RAW.decode(), "spam_score": "7.1"})),
    ("postmark", post({"From": "ann@example.com", "MessageID": "1", "TextBody": "x", "Headers": [
        {"Name": "X-Spam-Status", "Value": "Yes, score=9"}]})),
    ("ses", sns({"notificationType": "Received", "content": RAW.decode(), "mail": {"messageId": "x"}, "receipt": {
        "action": {"type": "SNS"}, "virusVerdict": {"status": "FAIL"}}}))])
def test_what_the_provider_holds_for_spam_comes_but_no_machine_answers_it(provider, request_):
    [item] = read(provider, request_)
    assert item.automatic and item.address == "ann@example.com"


def test_one_unreadable_mail_does_not_sink_the_others():
    bad = "Subject: deep\r\n" + "X: " + "y" * 200_000 + "\r\n\r\nhi"
    messages = [{"raw_msg": raw, "email": REACHED} for raw in (bad, RAW.decode())]
    first, second = read("mandrill", mandrill(*messages))
    check(second)
    assert first.automatic == "unreadable" and bad.encode() in first.files[0].content
    with pytest.raises(Unreadable):
        read("mandrill", mandrill(messages[0]))


def test_an_unknown_event_does_not_sink_the_others():
    events = [{"event": "hologram"}, {"event": "delivered", "helpdesk_message_id": "<ours@x>", "timestamp": 1}, {}]
    [receipt] = read("sendgrid", post(events))
    assert (receipt.external_id, receipt.status) == ("<ours@x>", Status.DELIVERED)


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
@pytest.mark.parametrize("body", [b"", b"not json", b"7", b"null", b'"x"', b"{}", b"\xff\xfe\x00", b"[" * 10_000,
                                  b"a=b", b'{"event": 7}', b'{"event-data": {}}', b'{"type": "activity.x", "data": 7}'])
def test_nonsense_is_unreadable_or_says_nothing(provider, body):
    for headers in (JSON, FORM, {"Content-Type": "multipart/form-data; boundary=x"}, {}):
        try:
            items = read(provider, Request("POST", headers, {}, body), Remote({}))
        except (Unreadable, SendError):
            continue
        assert items == []


# Events


def test_ses_names_our_message_id_where_its_headers_come_along_and_its_own_otherwise():
    mail = {"messageId": "0102", "destination": ["ann@example.com", "bo@example.com"]}
    event = {"eventType": "Bounce", "mail": mail, "bounce": {"bounceType": "Permanent", "bounceSubType": "General",
             "timestamp": "2026-01-01T00:00:00.000Z", "bouncedRecipients": [
                 {"emailAddress": "bo@example.com", "diagnosticCode": "smtp; 550 no such user"}]}}
    [bounce] = read("ses", sns(event))
    assert (bounce.external_id, bounce.address, bounce.status) == ("<0102@eu-west-1.amazonses.com>", "bo@example.com",
                                                                   Status.FAILED)
    assert "550" in bounce.error and bounce.at.isoformat() == "2026-01-01T00:00:00+00:00"
    event["mail"] = {**mail, "headers": [{"name": "Message-ID", "value": "<ours@example.org>"}]}
    assert read("ses", sns(event))[0].external_id == "<ours@example.org>"
    delay = {"eventType": "DeliveryDelay", "mail": mail, "deliveryDelay": {
        "delayType": "MailboxFull", "delayedRecipients": [{"emailAddress": "ann@example.com"}]}}
    [late] = read("ses", sns(delay))
    assert (late.permanent, late.error) == (False, "MailboxFull")
    [spam] = read("ses", sns({"notificationType": "Complaint", "mail": mail, "complaint": {
        "complainedRecipients": [{"emailAddress": "ann@example.com"}]}}))
    assert spam.unwanted and spam.status is Status.DELIVERED
    assert len(read("ses", sns({"eventType": "Delivery", "mail": mail, "delivery": {}}))) == 2
    assert read("ses", sns({"eventType": "Open", "mail": mail, "open": {}})) == []
    assert read("ses", post({"Type": "Notification", "Message": "Successfully validated SNS topic for SES."})) == []


@pytest.mark.parametrize(("event", "told"), [
    ({"event": "delivered"}, (Status.DELIVERED, True, False)), ({"event": "accepted"}, (Status.SENT, True, False)),
    ({"event": "failed", "severity": "permanent"}, (Status.FAILED, True, False)),
    ({"event": "failed", "severity": "temporary"}, (Status.FAILED, False, False)),
    ({"event": "rejected", "reject": {"reason": "virus"}}, (Status.FAILED, True, False)),
    ({"event": "complained"}, (Status.DELIVERED, True, True)),
    ({"event": "unsubscribed"}, (Status.DELIVERED, True, True)), ({"event": "opened"}, None),
    ({"event": "clicked"}, None)])
def test_mailguns_events(event, told):
    found = read("mailgun", post({"signature": {}, "event-data": {
        **event, "timestamp": 1766000000.123, "recipient": "ann@example.com",
        "message": {"headers": {"message-id": "ours.1@example.org"}},
        "delivery-status": {"message": "550 no", "description": ""}}}))
    assert [(r.status, r.permanent, bool(r.unwanted)) for r in found] == ([told] if told else [])
    assert all(r.external_id == "<ours.1@example.org>" and r.address == "ann@example.com" for r in found)


def test_mailguns_events_of_old():
    [receipt] = read("mailgun", Request("POST", FORM, {}, urlencode({
        "event": "bounced", "Message-Id": "<ours.1@example.org>", "recipient": "ann@example.com", "code": "550",
        "error": "5.1.1 no such user", "timestamp": "1766000000"}).encode()))
    assert (receipt.status, receipt.error) == (Status.FAILED, "550: 5.1.1 no such user")


# Forms


def test_a_form_keeps_bytes_as_they_are():
    awkward = b"\r\n--xYz-not\r\nx--xYz\r\n\x00\xff\r\r\n\n"
    form = form_of(multipart({"plain": "ä"}, [("f", "a b.bin", "application/octet-stream", awkward)]))
    assert form.get("plain") == "ä" and form.files[0].content == awkward
    assert (form.files[0].file_name, form.files[0].content_type) == ("a b.bin", "application/octet-stream")


def test_the_last_of_two_fields_counts():
    assert form_of(Request("POST", FORM, {}, b"a=1&b=%C3%A9+x&a=2")).get("a") == "2"
    assert form_of(Request("POST", FORM, {}, b"a=1&b=%C3%A9+x&a=2")).get("b") == "é x"


@pytest.mark.parametrize(("content_type", "body"), [
    ("multipart/form-data", b"--x--"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a'),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nbreaks off'),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n" * 3000), ("", b"&".join([b"a=b"] * 3000)), ("", b"nothing")])
def test_a_form_that_is_none_is_refused(content_type, body):
    with pytest.raises(ValueError):
        form_of(Request("POST", {"Content-Type": content_type}, {}, body))
