"""A whole conversation by mail, over real SMTP in both directions."""
import smtplib

import pytest

from channels._smtp_listener import Listener
from channels.base import Outbound, Request, SendError
from channels.email import Email
from channels.simulators.mail import MailSimulator

ANN = "ann@example.net"


class Desk:
    """Stands in for the helpdesk."""

    def __init__(self):
        self.raw: list[bytes] = []

    def accept(self, recipients: list[str], raw: bytes) -> None:
        self.raw.append(raw)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def provider(desk):
    with Listener("127.0.0.1", 0, desk.accept, lambda a: a.endswith("@example.org")) as listener:
        with MailSimulator("127.0.0.1", listener.port) as provider:
            yield provider


@pytest.fixture
def channel(provider):
    return Email({"address": "support@example.org", "name": "Support", "smtp_host": provider.smtp_host,
                  "smtp_port": str(provider.smtp_port), "smtp_security": "none"})


def read(channel: Email, raw: bytes):
    [item] = channel.read(Request("MAIL", {}, {}, raw))
    return item


def test_a_customer_writes_gets_an_answer_and_replies(desk, provider, channel):
    number = provider.customer_writes(ANN, "Mein Kessel leckt.", "Kessel", name="Ann Äsh",
                                      file=("a.png", "image/png", b"PNG"))
    first = read(channel, desk.raw[0])
    assert (first.external_id, first.address, first.name, first.text, first.subject) == (
        number, ANN, "Ann Äsh", "Mein Kessel leckt.", "Kessel")
    assert [(f.name, f.content) for f in first.files] == [("a.png", b"PNG")]

    channel.send(Outbound("d1", ANN, "Ist er neu?\n\nIhr Support", html="<p>Ist er neu?</p>", subject="Re: Kessel",
                          message_id="<d1@example.org>", replies_to=(number,), reply_token="abcdef123456"))
    answer = provider.conversation(ANN)[-1]
    assert (answer["from_business"], answer["id"], answer["text"], answer["replies_to"]) == (
        True, "<d1@example.org>", "Ist er neu?\n\nIhr Support", number)

    provider.customer_writes(ANN, "Ja.", reply_to=answer["id"])
    second = read(channel, desk.raw[1])
    assert (second.text, second.subject, second.tokens, second.replies_to) == (
        "Ja.", "Re: Kessel", ("abcdef123456",), ("<d1@example.org>", number))
    assert "> Ist er neu?" in second.full_text
    assert [m["from_business"] for m in provider.conversation(ANN)] == [False, True, False]
    assert provider.conversation("bo@example.net") == []


def test_each_reader_has_a_copy_and_may_answer_all(desk, provider, channel):
    bo = "bo@example.net"
    for address, token in ((ANN, "a" * 32), (bo, "b" * 32)):
        channel.send(Outbound("d1", address, "Is it new?", subject="Kettle", message_id="<d1@example.org>",
                              reply_token=token, to=(ANN,), cc=(bo,)))
    [mine], [his] = provider.conversation(ANN), provider.conversation(bo)
    assert (mine["to"], mine["cc"], his["cc"]) == ([ANN], [bo], [bo]) and "a" * 32 in mine["reply_to"]
    provider.customer_writes(bo, "No.", reply_to="<d1@example.org>", reply_all=True)
    item = read(channel, desk.raw[-1])
    assert (item.address, item.tokens, item.cc) == (bo, ("b" * 32,), (ANN,))
    assert provider.conversation(ANN)[-1]["sender"] == bo, "and Ann has it too"


def test_a_mail_to_an_unknown_address_is_not_taken(provider):
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        provider.customer_writes(ANN, "hello", to="nobody@example.com")
    assert provider.conversation(ANN) == []


@pytest.mark.parametrize("code, permanent", [(450, False), (451, False), (550, True), (554, True)])
def test_faults_can_be_had_for_the_asking(provider, channel, code, permanent):
    provider.fail_next(code, "as you wish", times=2)
    for _ in range(2):
        with pytest.raises(SendError, match=f"{code} as you wish") as caught:
            channel.send(Outbound("d1", ANN, "hello"))
        assert caught.value.permanent is permanent
    channel.send(Outbound("d1", ANN, "hello"))
    assert [m["text"] for m in provider.conversation(ANN)] == ["hello"]
