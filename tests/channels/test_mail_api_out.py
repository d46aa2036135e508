"""What leaves for each mail provider, over real HTTP to a stand-in that keeps what it was sent."""
from __future__ import annotations

import base64
import hmac
import io
import json
import time
from datetime import UTC, datetime
from email import message_from_bytes, policy
from hashlib import sha256

import pytest
from werkzeug.formparser import parse_form_data
from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from channels._http import Http
from channels._mail_api import PROVIDERS
from channels._mail_api.sigv4 import signed_headers
from channels.base import Outbound, SendError
from channels.mail_api import MailApi
from channels.simulators import serve

PAPER = ("Rechnung März.pdf", "application/pdf", b"%PDF-1.4 \x00\xff nothing")
MESSAGE = Outbound("d-17", "ann@example.com", "Grüße 👋", html="<p>Grüße</p>", subject="Päckchen", files=[PAPER],
                   replies_to=["<their.2@example.com>", "<their.1@example.com>"], message_id="<ours.17@example.org>",
                   reply_token="0123456789abcdef", sender_name='Ann "A" Ash', cc=["bo@example.com"], automatic=True)
# What each answers to a mail that it takes, and the id that is to come of it.
TAKEN = {
    "brevo": ({"messageId": "<2018.1@smtp-relay.mailin.fr>"}, "<2018.1@smtp-relay.mailin.fr>"),
    "cloudmailin": ({"id": "0a1b"}, "<ours.17@example.org>"),
    "mailersend": ({}, "5e42957d51f1d94a1070a733"),
    "mailgun": ({"id": "<ours.17@example.org>", "message": "Queued. Thank you."}, "<ours.17@example.org>"),
    "mailjet": ({"Messages": [{"Status": "success", "To": [{"Email": "ann@example.com", "MessageID": 456}]}]}, "456"),
    "mandrill": ([{"email": "ann@example.com", "status": "queued", "_id": "ab12"},
                  {"email": "bo@example.com", "status": "sent", "_id": "cd34"}], "ab12"),
    "postal": ({"status": "success", "data": {"message_id": "ours.17@example.org", "messages": {}}},
               "<ours.17@example.org>"),
    "postmark": ({"ErrorCode": 0, "MessageID": "b7bc2f4a-e38e-4336-af7d-e6c392c2f817"}, "<ours.17@example.org>"),
    "resend": ({"id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}, "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"),
    "sendgrid": ({}, "<ours.17@example.org>"),
    "ses": ({"MessageId": "0102018f"}, "<0102018f@eu-west-1.amazonses.com>"),
    "sparkpost": ({"results": {"id": "1102", "total_accepted_recipients": 2}}, "1102"),
    "unisender_go": ({"status": "success", "job_id": "1ZymBc", "emails": ["ann@example.com"]}, "1ZymBc"),
}
WHOLE = ("mailgun", "mandrill", "postal", "ses", "sparkpost")


class StandIn:
    """Answers every call with `status` and `answer`, and keeps the call."""

    def __init__(self):
        self.calls: list[dict] = []
        self.status, self.answer, self.headers = 200, {}, {}

    def __call__(self, environ, start_response):
        web = WebRequest(environ)
        raw = web.get_data(cache=True, parse_form_data=False)
        form, files = {}, {}
        if web.mimetype == "multipart/form-data":
            _, fields, uploads = parse_form_data({**environ, "wsgi.input": io.BytesIO(raw)})
            form, files = fields.to_dict(flat=False), {name: one.read() for name, one in uploads.items()}
        self.calls.append({"path": web.path, "headers": dict(web.headers), "form": form, "files": files,
                           "json": json.loads(raw) if raw[:1] in (b"{", b"[") else None, "raw": raw,
                           "method": web.method})
        return Response(json.dumps(self.answer), self.status, self.headers,
                        content_type="application/json")(environ, start_response)


@pytest.fixture
def there():
    stand_in = StandIn()
    stand_in.url, stop = serve(stand_in)
    yield stand_in
    stop()


def open_at(there, provider: str, **config: str) -> MailApi:
    return MailApi({"provider": provider, "address": "support@example.org", "name": "Example Support",
                    "api_key": "api-key-1", "account": "acc-1", "region": "eu-west-1" if provider == "ses" else "",
                    "api_base": there.url, **config}, Http(allow_private=True))


def sent_by(there, provider: str) -> tuple[str, dict]:
    there.answer, wanted = TAKEN[provider]
    there.headers = {"X-Message-Id": wanted} if provider == "mailersend" else {}
    number = open_at(there, provider).send(MESSAGE)
    assert number == wanted
    return number, there.calls[-1]


def whole_mail(provider: str, call: dict) -> bytes:
    content = call["json"]
    return {"mailgun": lambda: call["files"]["message"],
            "mandrill": lambda: content["raw_message"].encode(),
            "postal": lambda: base64.b64decode(content["data"]),
            "ses": lambda: base64.b64decode(content["Content"]["Raw"]["Data"]),
            "sparkpost": lambda: content["content"]["email_rfc822"].encode()}[provider]()


def test_every_provider_is_tried():
    assert set(TAKEN) == set(PROVIDERS)


@pytest.mark.parametrize("provider", WHOLE)
def test_a_whole_mail_goes_out_as_it_was_composed(there, provider):
    _, call = sent_by(there, provider)
    mail = message_from_bytes(whole_mail(provider, call), policy=policy.default)
    assert (mail["Message-ID"], mail["In-Reply-To"]) == ("<ours.17@example.org>", "<their.2@example.com>")
    assert mail["Reply-To"].addresses[0].addr_spec == "support+0123456789abcdef@example.org"
    assert mail["Subject"] == "Päckchen" and mail["Auto-Submitted"]
    [paper] = mail.iter_attachments()
    assert (paper.get_filename(), paper.get_content()) == (PAPER[0], PAPER[2])


def recipients(provider: str, call: dict) -> list[str]:
    content = call["json"]
    return {"mailgun": lambda: call["form"]["to"], "mandrill": lambda: content["to"],
            "postal": lambda: content["rcpt_to"],
            "ses": lambda: content["Destination"]["ToAddresses"],
            "sparkpost": lambda: [one["address"]["email"] for one in content["recipients"]]}[provider]()


@pytest.mark.parametrize("provider", WHOLE)
def test_the_envelope_names_one_reader_and_the_header_everybody(there, provider):
    _, call = sent_by(there, provider)
    assert recipients(provider, call) == ["ann@example.com"]
    mail = message_from_bytes(whole_mail(provider, call), policy=policy.default)
    named = [a.addr_spec for field in ("To", "Cc") for a in mail[field].addresses]
    assert named == ["ann@example.com", "bo@example.com"]


def fields_of(provider: str, content: dict) -> dict:
    """The same names for what each provider calls its own way."""
    if provider == "postmark":
        return {"to": content["To"], "reply": content["ReplyTo"], "subject": content["Subject"],
                "text": content["TextBody"], "html": content["HtmlBody"], "from": content["From"],
                "headers": {h["Name"]: h["Value"] for h in content["Headers"]},
                "file": (content["Attachments"][0]["Name"], content["Attachments"][0]["Content"])}
    if provider == "sendgrid":
        people = content["personalizations"][0]
        return {"to": people["to"][0]["email"], "reply": content["reply_to"]["email"],
                "subject": content["subject"], "text": content["content"][0]["value"],
                "html": content["content"][1]["value"], "from": content["from"]["email"], "headers": content["headers"],
                "file": (content["attachments"][0]["filename"], content["attachments"][0]["content"])}
    if provider == "resend":
        return {"to": content["to"][0], "reply": content["reply_to"][0], "headers":
                content["headers"], "subject": content["subject"], "text": content["text"], "html": content["html"],
                "from": content["from"], "file": (content["attachments"][0]["filename"],
                                                  content["attachments"][0]["content"])}
    if provider == "brevo":
        return {"to": content["to"][0]["email"], "reply": content["replyTo"]["email"],
                "subject": content["subject"], "text": content["textContent"], "html": content["htmlContent"],
                "from": content["sender"]["email"], "headers": content["headers"],
                "file": (content["attachment"][0]["name"], content["attachment"][0]["content"])}
    if provider == "mailersend":
        return {"to": content["to"][0]["email"], "reply": content["reply_to"]["email"],
                "subject": content["subject"], "text": content["text"], "html": content["html"],
                "from": content["from"]["email"], "headers": {
                    "In-Reply-To": content["in_reply_to"], "References": " ".join(content["references"]),
                    "Auto-Submitted": content["precedence_bulk"]},
                "file": (content["attachments"][0]["filename"], content["attachments"][0]["content"])}
    if provider == "cloudmailin":
        return {"to": content["to"], "reply": content["headers"]["Reply-To"], "subject": content["subject"],
                "text": content["plain"], "html": content["html"], "from": content["from"],
                "headers": content["headers"], "file": (content["attachments"][0]["file_name"],
                                                        content["attachments"][0]["content"])}
    if provider == "mailjet":
        [one] = content["Messages"]
        return {"to": one["To"][0]["Email"], "reply": one["ReplyTo"]["Email"],
                "subject": one["Subject"], "text": one["TextPart"], "html": one["HTMLPart"],
                "from": one["From"]["Email"], "headers": one["Headers"], "file": (one["Attachments"][0]["Filename"],
                                                    one["Attachments"][0]["Base64Content"])}
    one = content["message"]
    return {"to": one["recipients"][0]["email"], "reply": one["reply_to"],
            "subject": one["subject"], "text": one["body"]["plaintext"], "html": one["body"]["html"],
            "from": one["from_email"], "headers": one["headers"] | {"Auto-Submitted": "only X- headers pass"},
            "file": (one["attachments"][0]["name"], one["attachments"][0]["content"])}


@pytest.mark.parametrize("provider", sorted(set(PROVIDERS) - set(WHOLE)))
def test_fields_say_what_the_mail_says(there, provider):
    _, call = sent_by(there, provider)
    found = fields_of(provider, call["json"])
    assert "ann@example.com" in found["to"]
    # These send to whomever they show; a copy's reader has a delivery of their own.
    assert "bo@example.com" not in json.dumps(call["json"])
    assert "support@example.org" in found["from"]
    assert "support+0123456789abcdef@example.org" in found["reply"]
    assert (found["subject"], found["text"].strip()) == ("Päckchen", "Grüße 👋") and "Grüße" in found["html"]
    assert found["headers"]["In-Reply-To"] == "<their.2@example.com>" and found["headers"]["Auto-Submitted"]
    assert found["headers"]["References"] == "<their.1@example.com> <their.2@example.com>"
    assert (found["file"][0], base64.b64decode(found["file"][1])) == (PAPER[0], PAPER[2])


def test_our_message_id_travels_where_the_provider_keeps_it(there):
    headers = {h["Name"]: h["Value"] for h in sent_by(there, "postmark")[1]["json"]["Headers"]}
    assert (headers["Message-ID"], headers["X-PM-KeepID"]) == ("<ours.17@example.org>", "true")
    assert sent_by(there, "postmark")[1]["json"]["Metadata"] == {"message-id": "<ours.17@example.org>"}
    assert sent_by(there, "sendgrid")[1]["json"]["custom_args"] == {"helpdesk_message_id": "<ours.17@example.org>"}
    assert sent_by(there, "sparkpost")[1]["json"]["metadata"] == {"message_id": "<ours.17@example.org>"}
    assert sent_by(there, "mandrill")[1]["json"]["raw_message"].startswith(
        'X-MC-Metadata: {"message_id": "<ours.17@example.org>"}\r\n')
    assert sent_by(there, "unisender_go")[1]["json"]["message"]["global_metadata"] == {
        "message_id": "<ours.17@example.org>"}


def test_a_message_id_too_long_for_postmarks_metadata_leaves_its_own_number(there):
    there.answer = {"ErrorCode": 0, "MessageID": "b7bc-1"}
    long = f"<{'a' * 90}@example.org>"
    number = open_at(there, "postmark").send(Outbound("d", "ann@example.com", "hi", message_id=long))
    assert number == "b7bc-1" and "Metadata" not in there.calls[-1]["json"]


def test_resend_and_unisender_recognise_a_repeated_send(there):
    assert sent_by(there, "resend")[1]["headers"]["Idempotency-Key"] == "d-17"
    assert sent_by(there, "unisender_go")[1]["json"]["idempotence_key"] == "d-17"


def test_the_account_is_named_the_way_each_wants_it(there):
    def auth(provider):
        return sent_by(there, provider)[1]["headers"]
    assert auth("mailgun")["Authorization"] == "Basic " + base64.b64encode(b"api:api-key-1").decode()
    assert there.calls[-1]["path"] == "/v3/acc-1/messages.mime"
    assert auth("mailjet")["Authorization"] == "Basic " + base64.b64encode(b"acc-1:api-key-1").decode()
    assert auth("postmark")["X-Postmark-Server-Token"] == "api-key-1"
    assert auth("sendgrid")["Authorization"] == auth("resend")["Authorization"] == "Bearer api-key-1"
    assert auth("mailersend")["Authorization"] == auth("cloudmailin")["Authorization"] == "Bearer api-key-1"
    assert there.calls[-1]["path"] == "/acc-1/messages"
    assert auth("brevo")["Api-Key"] == auth("sparkpost")["Authorization"] == "api-key-1"
    assert auth("postal")["X-Server-Api-Key"] == auth("unisender_go")["X-Api-Key"] == "api-key-1"
    assert sent_by(there, "mandrill")[1]["json"]["key"] == "api-key-1"


def test_amazon_gets_a_request_that_is_signed_for_its_host_and_body(there):
    _, call = sent_by(there, "ses")
    at = call["headers"]["X-Amz-Date"]
    again = signed_headers("POST", there.url + call["path"], call["raw"], key_id="acc-1", secret="api-key-1",
                           region="eu-west-1", service="ses", content_type="application/json",
                           now=datetime.strptime(at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
    assert call["headers"]["Authorization"] == again["Authorization"]


def test_the_signer_agrees_with_amazons_published_example():
    """The signing key is the one that Amazon's documentation derives from this secret, day, region and service; the
    canonical request is written out by hand."""
    found = signed_headers("GET", "https://iam.amazonaws.com/", b"", key_id="AKIDEXAMPLE", region="us-east-1",
                           secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", service="iam",
                           now=datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
    assert "Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request" in found["Authorization"]
    key = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    for part in (b"20150830", b"us-east-1", b"iam", b"aws4_request"):
        key = hmac.new(key, part, sha256).digest()
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
    empty = sha256(b"").hexdigest()
    canonical = ("GET\n/\n\nhost:iam.amazonaws.com\n" f"x-amz-content-sha256:{empty}\nx-amz-date:20150830T123600Z\n\n"
                 f"host;x-amz-content-sha256;x-amz-date\n{empty}")
    to_sign = ("AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
               + sha256(canonical.encode()).hexdigest())
    assert found["Authorization"].endswith(hmac.new(key, to_sign.encode(), sha256).hexdigest())


# Errors


def refusal(there, provider: str, status: int, answer, headers=None) -> SendError:
    there.status, there.answer, there.headers = status, answer, headers or {}
    with pytest.raises(SendError) as caught:
        open_at(there, provider).send(MESSAGE)
    return caught.value


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_too_many_calls_wait_as_long_as_they_are_told(there, provider):
    error = refusal(there, provider, 429, {"message": "slow down"}, {"Retry-After": "7"})
    assert not error.permanent and not error.uncertain and error.retry_after == 7


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_trouble_at_the_provider_passes(there, provider):
    for status in (500, 502, 503):
        error = refusal(there, provider, status, "oops")
        assert not error.permanent and not error.broken and not error.uncertain
    assert refusal(there, provider, 504, {}).uncertain


@pytest.mark.parametrize(("provider", "status", "answer"), [
    ("mailgun", 401, {}), ("postmark", 401, {"ErrorCode": 10, "Message": "bad token"}),
    ("postmark", 422, {"ErrorCode": 400, "Message": "no such sender signature"}), ("sendgrid", 401, {"errors": []}),
    ("mandrill", 500, {"status": "error", "code": -1, "name": "Invalid_Key", "message": "Invalid API key"}),
    ("ses", 403, {"message": "The security token included in the request is invalid"}),
    ("ses", 400, {"__type": "com.amazonaws.sesv2#SendingPausedException", "message": "paused"}), ("resend", 403, {}),
    ("brevo", 401, {"code": "unauthorized", "message": "Key not found"}), ("mailersend", 401, {}), ("mailjet", 401, {}),
    ("sparkpost", 403, {"errors": [{"message": "Forbidden."}]}), ("cloudmailin", 401, {}), ("unisender_go", 401, {}),
    ("postal", 200, {"status": "error", "data": {"code": "InvalidServerAPIKey", "message": "no such key"}})])
def test_a_refused_account_is_called_broken(there, provider, status, answer):
    error = refusal(there, provider, status, answer)
    assert error.permanent and error.broken


@pytest.mark.parametrize(("provider", "status", "answer", "words"), [
    ("mailgun", 400, {"message": "'to' parameter is not a valid address"}, "not a valid address"),
    ("postmark", 422, {"ErrorCode": 406, "Message": "inactive recipient"}, "inactive recipient"),
    ("sendgrid", 400, {"errors": [{"message": "Does not contain a valid address.", "field": "x"}]}, "valid address"),
    ("mandrill", 200, [{"email": "ann@example.com", "status": "rejected", "reject_reason": "hard-bounce"}],
     "hard-bounce"),
    ("mandrill", 500, {"status": "error", "name": "ValidationError", "message": "You must specify a value"}, "specify"),
    ("ses", 400, {"message": "Address blacklisted"}, "blacklisted"),
    ("resend", 422, {"name": "validation_error", "message": "Invalid `to` field"}, "Invalid"),
    ("brevo", 400, {"code": "invalid_parameter", "message": "email is not valid"}, "not valid"),
    ("mailersend", 422, {"message": "The to.0.email must be valid."}, "valid"),
    ("mailjet", 400, {"Messages": [{"Status": "error", "Errors": [{"ErrorMessage": "bad address"}]}]}, "bad address"),
    ("sparkpost", 200, {"results": {"id": "1", "total_accepted_recipients": 0}}, "any more"),
    ("cloudmailin", 422, {"error": "to is invalid"}, "invalid"),
    ("postal", 200, {"status": "parameter-error", "data": {"message": "rcpt_to is empty"}}, "empty"),
    ("unisender_go", 200, {"status": "success", "job_id": "1", "failed_emails": {"ann@example.com": "unsubscribed"}},
     "unsubscribed")])
def test_a_refused_mail_says_why_and_leaves_the_account_alone(there, provider, status, answer, words):
    error = refusal(there, provider, status, answer)
    assert error.permanent and not error.broken and words in str(error)


@pytest.mark.parametrize("provider", sorted(set(PROVIDERS) - {"sendgrid"}))
def test_an_answer_without_an_id_leaves_it_open_whether_the_mail_went_out(there, provider):
    answer = {"status": "success", "data": {}} if provider == "postal" else [] if provider == "mandrill" else {}
    assert refusal(there, provider, 200, answer).uncertain


def test_sendgrids_own_limit_header_is_heeded(there, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1_000_000.0)
    assert refusal(there, "sendgrid", 429, {}, {"X-RateLimit-Reset": "1000042"}).retry_after == 42


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_a_provider_that_repeats_our_key_does_not_spread_it(there, provider):
    answer = {"message": "bad api-key-1", "Message": "bad api-key-1", "ErrorMessage": "bad api-key-1",
              "error": "bad api-key-1", "errors": [{"message": "bad api-key-1"}], "data": {"message": "bad api-key-1"}}
    error = refusal(there, provider, 400, answer)
    assert "api-key-1" not in str(error) and error.permanent


# Trying the account


@pytest.mark.parametrize(("provider", "answer", "words"), [
    ("mailgun", {"domain": {"name": "example.org", "state": "active"}}, "example.org"),
    ("postmark", {"Name": "Support"}, "Support"), ("sendgrid", {"scopes": ["mail.send"]}, "takes mail"),
    ("mandrill", {"username": "kopi"}, "kopi"), ("brevo", {"email": "me@example.org"}, "me@example.org"),
    ("ses", {"SendingEnabled": True, "ProductionAccessEnabled": False, "SendQuota": {"Max24HourSend": 200}}, "sandbox"),
    ("resend", {"data": [{"name": "example.org", "status": "verified"}]}, "example.org"),
    ("mailersend", {"quota": 100, "remaining": 99}, "99"), ("mailjet", {"Data": [{"Email": "me@example.org"}]}, "me@"),
    ("sparkpost", {"results": {"company_name": "Kopi"}}, "Kopi"), ("unisender_go", {"email": "me@example.org"}, "me@"),
    ("postal", {"status": "error", "data": {"code": "MessageNotFound"}}, "takes this key"),
    ("cloudmailin", {}, "write")])
def test_the_account_can_be_tried(there, provider, answer, words):
    there.answer = answer
    assert words in open_at(there, provider).test()


@pytest.mark.parametrize("provider", sorted(set(PROVIDERS) - {"cloudmailin"}))
def test_a_wrong_key_is_found_by_trying(there, provider):
    there.status, there.answer = 401, {"message": "no"}
    with pytest.raises(SendError) as caught:
        open_at(there, provider).test()
    assert caught.value.broken


@pytest.mark.parametrize(("provider", "answer"), [
    ("mailgun", {"domain": {"name": "example.org", "state": "unverified"}}), ("sendgrid", {"scopes": ["user.read"]}),
    ("ses", {"SendingEnabled": False})])
def test_an_account_that_may_not_send_is_found_by_trying(there, provider, answer):
    there.answer = answer
    with pytest.raises(SendError) as caught:
        open_at(there, provider).test()
    assert caught.value.broken


def test_settings_that_cannot_work_say_so_in_words(there):
    for config, words in (({"provider": "pigeon-post"}, "no mail provider"),
                          ({"provider": "postal", "api_base": ""}, "address of your Postal server"),
                          ({"provider": "ses", "region": "Frankfurt"}, "is no region"),
                          ({"provider": "cloudmailin", "account": ""}, "SMTP user name")):
        with pytest.raises(SendError) as caught:
            open_at(there, **config).send(MESSAGE)
        assert caught.value.broken and words in str(caught.value)
