"""Signing (RFC 6376): what arrives is checked by dkimpy, against records that stand in for the DNS."""
from email import message_from_bytes, policy

import dkim
import pytest

from channels import _mail_dkim
from channels._mail_compose import Offer, compose
from channels.base import Outbound, SendError
from channels.email import Email
from tests.channels.smtp_script import ScriptedServer

KEY, OTHER = _mail_dkim.new_key(), _mail_dkim.new_key()
INBOX = {"smtp_host": "127.0.0.1", "address": "support@example.org", "name": "Support", "dkim_selector": "desk1",
         "dkim_key": KEY}
MAIL = Outbound("d1", "ann@example.net", "Grüße,\n.\nals Anhang.", subject="Ünterlagen", message_id="<d1@example.org>",
                reply_token="abcd1234abcd", unsubscribe="https://help.example/u/t",
                files=[("ä.pdf", "application/pdf", b"%PDF")])


def dns(name: bytes, timeout: int = 5) -> bytes | None:
    """The zone of example.org."""
    record, value = _mail_dkim.record(INBOX)
    return value.encode() if name.decode().rstrip(".") == record else None


def test_the_record_is_named_after_selector_and_domain():
    name, value = _mail_dkim.record(INBOX)
    assert name == "desk1._domainkey.example.org" and value.startswith("v=DKIM1; k=rsa; p=MII")
    assert _mail_dkim.record({**INBOX, "dkim_domain": "mail.example.com"})[0] == "desk1._domainkey.mail.example.com"


def test_what_a_server_gets_is_signed_and_holds():
    with ScriptedServer(offers=("8BITMIME", "SMTPUTF8")) as server:
        Email(server.settings(**INBOX)).send(MAIL)
        assert not any("8BITMIME" in line for line in server.heard), "a relay that turns it to 7-bit breaks a signature"
    raw = server.mails[0]
    assert dkim.verify(raw, dnsfunc=dns)
    tags = str(message_from_bytes(raw, policy=policy.compat32)["DKIM-Signature"])
    for name in ("from", "to", "subject", "date", "message-id", "reply-to", "list-unsubscribe",
                 "list-unsubscribe-post"):
        assert name in tags


@pytest.mark.parametrize("before, after", [(b"From: Support", b"From: Boss"), (b"List-Unsubscribe-Post: List",
                                                                              b"List-Unsubscribe-Post: Lisp"),
                                           (b"\r\nTo: ann@", b"\r\nTo: eve@"), (b"Subject: =?", b"Subject: x =?"),
                                           (b"\r\nSubject: ", b"\r\nFrom: eve@evil.example\r\nSubject: ")])
def test_a_change_on_the_way_breaks_it(before, after):
    raw = compose(MAIL, INBOX).data
    assert before in raw and dkim.verify(raw, dnsfunc=dns)
    assert not dkim.verify(raw.replace(before, after, 1), dnsfunc=dns)


def test_without_a_key_nothing_is_signed():
    assert b"DKIM-Signature" not in compose(MAIL, {**INBOX, "dkim_key": ""}).data


def test_a_key_that_cannot_be_read_breaks_the_account_in_words():
    with pytest.raises(SendError, match="no private key that can be read") as caught:
        compose(MAIL, {**INBOX, "dkim_key": "-----BEGIN NONSENSE-----"})
    assert caught.value.broken and "NONSENSE" not in str(caught.value)


@pytest.mark.parametrize("change, field", [({"dkim_key": "x"}, "dkim_key"), ({"dkim_selector": "a b"}, "dkim_selector"),
                                           ({"dkim_domain": "nowhere"}, "dkim_domain")])
def test_the_form_names_the_field_that_is_wrong(change, field):
    assert set(Email.problems({**INBOX, **change})) == {field}
    assert Email.problems(INBOX) == {} and Email.problems({**INBOX, "dkim_key": "", "dkim_selector": "a b"}) == {}


def test_the_test_of_an_inbox_looks_into_the_dns():
    assert "and the record is in the DNS" in _mail_dkim.published(INBOX, dns)
    assert "not in the DNS yet" in _mail_dkim.published(INBOX, lambda *_, **__: None)
    with pytest.raises(SendError, match="another key"):
        _mail_dkim.published({**INBOX, "dkim_key": OTHER}, dns)

    def away(*_, **__):
        raise TimeoutError("no name server")
    assert "could not be looked up: no name server" in _mail_dkim.published(INBOX, away)


def test_pkcs8_keys_are_taken_too_and_others_refused():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key = serialization.load_pem_private_key(KEY.encode(), password=None).private_bytes(*plain).decode()
    assert dkim.verify(compose(MAIL, {**INBOX, "dkim_key": key}).data, dnsfunc=dns)
    edwards = ed25519.Ed25519PrivateKey.generate().private_bytes(*plain).decode()
    assert "Only RSA" in Email.problems({**INBOX, "dkim_key": edwards})["dkim_key"]


def test_a_signed_mail_stays_7_bit_whatever_the_server_offers():
    made = compose(MAIL, INBOX, offer=Offer(eight_bit=True, utf8=True))
    assert made.data.isascii() and not made.needs.eight_bit
