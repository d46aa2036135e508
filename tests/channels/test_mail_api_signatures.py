"""How each mail provider proves itself. Keys and signatures are made here, as the provider makes them."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID

from channels._http import Reply
from channels._mail_api import PROVIDERS, sns
from channels.base import BadSignature, Request, SendError
from channels.mail_api import MailApi

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:helpdesk-mail"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem"


def open_with(provider: str, http=None, **config: str) -> MailApi:
    return MailApi({"provider": provider, "address": "support@example.org", "api_key": "api-key-1", **config}, http)


def refused(channel: MailApi, *requests: Request) -> None:
    for request in requests:
        with pytest.raises(BadSignature):
            channel.verify(request)


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"helpdesk:{password}".encode()).decode()}


# By password


@pytest.mark.parametrize("provider", ["postmark", "brevo", "mailjet", "sparkpost", "cloudmailin", "sendgrid"])
def test_who_signs_nothing_must_bring_the_password(provider):
    channel = open_with(provider, webhook_secret="correct-horse")
    request = Request("POST", {**JSON, **basic("correct-horse")}, {}, b"{}")
    channel.verify(request)
    channel.verify(Request("POST", JSON, {"token": "correct-horse"}, b"{}"))
    channel.verify(Request("POST", {**JSON, "x-messagesystems-webhook-token": "correct-horse"}, {}, b"{}"))
    refused(channel, replace(request, headers=JSON), replace(request, headers={**JSON, **basic("wrong")}),
            Request("POST", JSON, {"token": ""}, b"{}"), replace(request, headers={"Authorization": "Basic !!"}),
            replace(request, headers={"Authorization": "Bearer correct-horse"}))


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_nothing_passes_without_a_secret(provider):
    channel = open_with(provider, api_key="")
    refused(channel, Request("POST", JSON, {}, b"{}"), Request("POST", basic(""), {"token": ""}, b"{}"),
            Request("GET", {}, {}, b""), Request("POST", FORM, {}, b"timestamp=1&token=2&signature="),
            Request("POST", {**JSON, "Signature": "", "svix-id": "1"}, {}, b'{"auth":"' + b"0" * 32 + b'"}'))


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_an_admin_is_told_when_no_call_could_ever_be_known(provider):
    [_, without] = open_with(provider, api_key="").steps("https://help.example.com/webhooks/mail_api/abc")
    with pytest.raises(SendError):
        without.check()
    [_, given] = open_with(provider, signing_key="s", webhook_secret="w").steps("https://help.example.com/hook")
    assert "https://help.example.com/hook" in given.check()


def test_the_form_says_what_this_provider_needs_beside():
    values = {"address": "support@example.org", "api_key": "k"}
    needed = {name: set(MailApi.problems({**values, "provider": name})) for name in PROVIDERS}
    assert {name: keys for name, keys in needed.items() if keys} == {
        "ses": {"account", "region"}, "mailjet": {"account"}, "cloudmailin": {"account"}, "postal": {"api_base"}}
    wrong = MailApi.problems({**values, "address": "nonsense", "signature": "{{secret}}"})
    assert set(wrong) == {"address", "signature"}


def test_an_unknown_provider_takes_nothing():
    refused(open_with("pigeon-post"), Request("POST", JSON, {}, b"{}"))


# Mailgun


def mailgun(key: str = "signing-key", age: float = 0, token: str = "t" * 50) -> dict[str, str]:
    timestamp = str(int(time.time() - age))
    return {"timestamp": timestamp, "token": token,
            "signature": hmac.new(key.encode(), (timestamp + token).encode(), hashlib.sha256).hexdigest()}


def test_mailgun_signs_timestamp_and_token():
    channel = open_with("mailgun", signing_key="signing-key")
    good = mailgun()
    form = Request("POST", FORM, {}, urlencode({"subject": "x", **good}).encode())
    events = Request("POST", JSON, {}, json.dumps({"signature": good, "event-data": {}}).encode())
    for request in (form, events):
        channel.verify(request)
        assert channel.source_key(request) == "mailgun:" + "t" * 50
    for wrong in (mailgun("other-key"), {**good, "token": "u" * 50}, {**good, "timestamp": "1"},
                  {**good, "signature": ""},
                  {k: v for k, v in good.items() if k != "signature"}, mailgun(age=13 * 3600), mailgun(age=-13 * 3600)):
        refused(channel, Request("POST", FORM, {}, urlencode(wrong).encode()),
                Request("POST", JSON, {}, json.dumps({"signature": wrong}).encode()))


def test_mailgun_may_try_again_for_hours():
    open_with("mailgun", signing_key="signing-key").verify(
        Request("POST", FORM, {}, urlencode(mailgun(age=9 * 3600)).encode()))


def test_a_senders_field_cannot_take_the_place_of_mailguns_own():
    """A mail may bring a field called timestamp or token; Mailgun puts its own behind it."""
    channel = open_with("mailgun", signing_key="signing-key")
    pairs = [("token", "forged"), ("timestamp", "1"), *mailgun().items()]
    channel.verify(Request("POST", FORM, {}, urlencode(pairs).encode()))


# SendGrid


def test_sendgrid_signs_events_with_its_own_key():
    private = ec.generate_private_key(ec.SECP256R1())
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    public = base64.b64encode(der).decode()
    channel = open_with("sendgrid", signing_key=public, webhook_secret="correct-horse")
    body, timestamp = b'[{"event":"delivered"}]\r\n', "1600112502"
    signature = base64.b64encode(private.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {**JSON, "X-Twilio-Email-Event-Webhook-Signature": signature,
               "X-Twilio-Email-Event-Webhook-Timestamp": timestamp}
    request = Request("POST", headers, {}, body)
    channel.verify(request)
    refused(channel, replace(request, body=body + b" "), replace(request, headers={**headers, **{
        "X-Twilio-Email-Event-Webhook-Timestamp": "1600112503"}}), replace(request, headers=JSON),
        # A wrong signature is not made good by the password.
        replace(request, body=b"[]", headers={**headers, **basic("correct-horse")}),
        replace(request, headers={**headers, "X-Twilio-Email-Event-Webhook-Signature": "MEUC=="}))
    refused(open_with("sendgrid", signing_key="bm90IGEga2V5"), request)
    channel.verify(Request("POST", {**FORM, **basic("correct-horse")}, {}, b"x=1"))     # Inbound Parse, unsigned


# Mandrill


def mandrill(key: str, url: str, fields: dict[str, str]) -> Request:
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(key.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    return Request("POST", {**FORM, "X-Mandrill-Signature": signature}, {}, urlencode(fields).encode(), url)


def test_mandrill_signs_address_and_fields():
    url = "https://help.example.com/webhooks/mail_api/abc"
    channel = open_with("mandrill", signing_key="key-of-the-route key-of-the-webhook")
    fields = {"mandrill_events": '[{"event":"send"}]', "added": "é & +"}
    for key in ("key-of-the-route", "key-of-the-webhook"):
        channel.verify(mandrill(key, url, fields))
    good = mandrill("key-of-the-route", url, fields)
    refused(channel, mandrill("other", url, fields), replace(good, url=url + "/"),
            replace(good, body=good.body + b"&a=1"), replace(good, headers=FORM), mandrill("test-webhook", url, fields))


def test_mandrill_asks_by_head_and_by_an_empty_list_before_it_has_a_key():
    channel = open_with("mandrill", signing_key="key-1")
    head = Request("HEAD", {}, {}, b"")
    channel.verify(head)
    assert channel.handshake(head) == ""
    request = mandrill("test-webhook", "https://help.example.com/webhooks/mail_api/abc", {"mandrill_events": "[]"})
    channel.verify(request)
    assert channel.handshake(request) is None and channel.read(request) == []


# MailerSend, Postal, Unisender Go


def test_mailersend_signs_the_body():
    channel = open_with("mailersend", signing_key="secret-a,secret-b")
    signature = hmac.new(b"secret-b", b"{}", hashlib.sha256).hexdigest()
    request = Request("POST", {**JSON, "Signature": signature}, {}, b"{}")
    channel.verify(request)
    refused(channel, replace(request, body=b"{ }"), replace(request, headers=JSON))


@pytest.mark.parametrize(("header", "hash_of"), [("X-Postal-Signature", SHA1), ("X-Postal-Signature-256", SHA256)])
def test_postal_signs_the_body_with_its_dkim_key(header, hash_of):
    private = rsa.generate_private_key(65537, 2048)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    bare = "".join(pem.splitlines()[1:-1])
    body = b'{"event": "MessageSent", "payload": {}}'
    signature = base64.b64encode(private.sign(body, padding.PKCS1v15(), hash_of())).decode()
    request = Request("POST", {**JSON, header: signature}, {}, body)
    for written in (pem, bare, f"v=DKIM1; t=s; h=sha256; p={bare};"[len("v=DKIM1; t=s; h=sha256; "):]):
        open_with("postal", signing_key=written).verify(request)
    refused(open_with("postal", signing_key=bare), replace(request, body=body + b" "), replace(request, headers=JSON))
    refused(open_with("postal", signing_key="AAAA"), request)


def test_unisender_hides_the_key_in_the_bodys_hash():
    channel = open_with("unisender_go", api_key="api-key-1")
    body = b'{"auth":"api-key-1","events_by_user":[{"user_id":1,"events":[]}],"note":"\xc3\xa9"}'
    signed = body.replace(b"api-key-1", hashlib.md5(body).hexdigest().encode())
    channel.verify(Request("POST", JSON, {}, signed))
    refused(channel, Request("POST", JSON, {}, signed + b" "), Request("POST", JSON, {}, body),
            Request("POST", {}, {}, b""))
    asked = Request("GET", {}, {}, b"")
    channel.verify(asked)
    assert channel.handshake(asked) == "ok"


# Resend (Svix)


def svix(body: bytes, secret: bytes = b"0123456789abcdef01234567", age: int = 0, number: str = "msg_1") -> Request:
    at = str(int(time.time()) - age)
    digest = base64.b64encode(hmac.new(secret, f"{number}.{at}.".encode() + body, hashlib.sha256).digest()).decode()
    headers = {"svix-id": number, "svix-timestamp": at, "svix-signature": f"v1,AAAA v1,{digest}"}
    return Request("POST", {**JSON, **headers}, {}, body)


def test_resend_signs_as_svix_does():
    secrets = " ".join(f"whsec_{base64.b64encode(one).decode()}" for one in (b"f" * 24, b"0123456789abcdef01234567"))
    channel = open_with("resend", signing_key=secrets)
    good = svix(b"{}")
    channel.verify(good)
    assert channel.source_key(good) == "svix:msg_1"
    refused(channel, replace(good, body=b"{ }"), svix(b"{}", b"g" * 24), svix(b"{}", age=400), svix(b"{}", age=-400),
            replace(good, headers={**good.headers, "svix-id": "msg_2"}),
            replace(good, headers={**good.headers, "svix-timestamp": "now"}),
            replace(good, headers={**good.headers,
                                   "svix-signature": good.headers["svix-signature"].replace("v1,", "v2,")}))


# Amazon SNS


class Amazon:
    """Signs as SNS does, and answers for its host: the certificate, and the confirmation of a subscription."""

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        name = Name([NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        at = datetime.now(UTC)
        self.pem = (CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
                    .serial_number(random_serial_number()).not_valid_before(at - timedelta(days=1))
                    .not_valid_after(at + timedelta(days=1)).sign(self.key, SHA256()).public_bytes(Encoding.PEM))
        self.asked: list[str] = []
        self.status = 200

    def get(self, url: str, **_) -> Reply:
        self.asked.append(url)
        return Reply(self.status, {}, self.pem)

    def signed(self, kind: str = "Notification", version: str = "2", **fields) -> dict:
        message = {"Type": kind, "MessageId": "m-1", "TopicArn": TOPIC, "Message": "{}", "SigningCertURL": CERTIFICATE,
                   "Timestamp": "2026-01-01T00:00:00.000Z", "SignatureVersion": version, **fields}
        text = "".join(f"{n}\n{message[n]}\n" for n in sorted({
            "Message", "MessageId", "Timestamp", "TopicArn", "Type", *(
                ("Subject",) if kind == "Notification" else ("SubscribeURL", "Token"))}) if n in message)
        algorithm = SHA256() if version == "2" else SHA1()
        return message | {"Signature": base64.b64encode(
            self.key.sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()}


def post(message: dict) -> Request:
    return Request("POST", {"Content-Type": "text/plain; charset=UTF-8"}, {}, json.dumps(message).encode())


@pytest.fixture
def amazon():
    sns._pems.clear()
    return Amazon()


@pytest.mark.parametrize("version", ["1", "2"])
def test_amazon_signs_what_its_topics_say(amazon, version):
    channel = open_with("ses", amazon, signing_key=f"arn:aws:sns:eu-west-1:1:other {TOPIC}")
    request = post(amazon.signed(version=version, Subject="Amazon SES Email Receipt Notification"))
    channel.verify(request)
    channel.verify(request)
    assert amazon.asked == [CERTIFICATE] and channel.source_key(request) == "sns:m-1"


def test_amazons_signature_covers_every_field(amazon):
    channel = open_with("ses", amazon, signing_key=TOPIC)
    good = amazon.signed()
    refused(channel, *(post({**good, name: "x"}) for name in ("Message", "MessageId", "Timestamp", "Type", "Signature",
                                                             "SignatureVersion")), post({**good, "Subject": "x"}))


def test_a_topic_of_somebody_else_is_refused_although_amazon_signed(amazon):
    refused(open_with("ses", amazon, signing_key=TOPIC), post(amazon.signed(TopicArn=TOPIC.replace("1234", "9999"))))
    refused(open_with("ses", amazon, signing_key=""), post(amazon.signed()))


@pytest.mark.parametrize("url", [
    "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0a.pem",
    "https://evil.example/sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem",
    "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem",
    "https://sns.eu-west-1.amazonaws.com/../SimpleNotificationService-0a.pem",
    "https://evil.example/?https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem@evil.example/",
    "https://bucket.s3.amazonaws.com/SimpleNotificationService-0a.pem", "", None, 7])
def test_a_certificate_comes_from_amazons_own_host_only(amazon, url):
    refused(open_with("ses", amazon, signing_key=TOPIC), post(amazon.signed(SigningCertURL=url)))
    assert amazon.asked == []


def test_without_the_certificate_amazon_is_asked_to_come_again(amazon):
    amazon.status = 503
    with pytest.raises(SendError):
        open_with("ses", amazon, signing_key=TOPIC).verify(post(amazon.signed()))


def test_a_subscription_that_was_asked_for_is_confirmed(amazon):
    channel = open_with("ses", amazon, signing_key=TOPIC)
    url = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
    request = post(amazon.signed("SubscriptionConfirmation", SubscribeURL=url, Token="2336412f37"))
    channel.verify(request)
    assert channel.handshake(request) == "subscribed" and amazon.asked[-1] == url
    assert channel.handshake(post(amazon.signed())) is None
    refused(open_with("ses", amazon, signing_key="arn:aws:sns:eu-west-1:1:other"), request)


def test_a_subscriptions_address_is_amazons_too(amazon):
    channel = open_with("ses", amazon, signing_key=TOPIC)
    evil = "https://evil.example/?Action=ConfirmSubscription"
    request = post(amazon.signed("SubscriptionConfirmation", SubscribeURL=evil, Token="t"))
    channel.verify(request)
    with pytest.raises(SendError):
        channel.handshake(request)
    assert amazon.asked == [CERTIFICATE]
