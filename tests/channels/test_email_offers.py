"""What a server takes beyond plain SMTP (8BITMIME, SMTPUTF8), by real servers of aiosmtpd and by a script."""
from email import message_from_bytes, policy

import pytest

from channels.base import Outbound, SendError
from channels.email import Email
from tests.channels.smtp_script import ScriptedServer
from tests.channels.smtp_server import SmtpServer

LETTER = Outbound("d1", "ann@example.net", "Grüße aus Köln,\nनमस्ते", subject="Grüße", message_id="<d1@example.org>",
                  sender_name="Zoë", files=[("Übersicht – ελ.txt", "text/plain", "ä".encode())])


@pytest.fixture(params=[True, False], ids=["smtputf8", "plain"])
def server(request, tmp_path):
    """(the server, whether it knows SMTPUTF8)"""
    running = SmtpServer(tmp_path, request.param)
    yield running, request.param
    running.stop()


def inbox(port: int, **more: str) -> dict[str, str]:
    return {"address": "support@example.org", "smtp_host": "127.0.0.1", "smtp_port": str(port),
            "smtp_security": "none", **more}


def check(raw: bytes) -> None:
    mail = message_from_bytes(raw, policy=policy.default)
    assert str(mail["Subject"]) == "Grüße" and mail["From"].addresses[0].display_name == "Zoë"
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == "Grüße aus Köln,\nनमस्ते\n"
    [file] = mail.iter_attachments()
    assert (file.get_filename(), file.get_payload(decode=True)) == ("Übersicht – ελ.txt", "ä".encode())


def test_letters_of_all_the_world_arrive_at_a_real_server(server):
    real, _ = server
    Email(inbox(real.port)).send(LETTER)
    [envelope] = real.envelopes
    check(envelope.content)
    assert "BODY=8BITMIME" in envelope.mail_options


def test_an_address_in_another_script_needs_a_server_that_knows_it(server):
    real, knows = server
    letter = Outbound("d1", "用户@例子.example", "hello", subject="Hi", message_id="<d1@example.org>")
    if not knows:
        with pytest.raises(SendError, match="cannot send to an address with these letters") as caught:
            Email(inbox(real.port)).send(letter)
        assert caught.value.permanent and not real.envelopes
        return
    Email(inbox(real.port)).send(letter)
    [envelope] = real.envelopes
    assert envelope.rcpt_tos == ["用户@xn--fsqu00a.example"] and "SMTPUTF8" in envelope.mail_options
    assert str(message_from_bytes(envelope.content, policy=policy.SMTPUTF8)["To"]) == "用户@xn--fsqu00a.example"


def test_a_copy_to_such_an_address_does_not_keep_the_others_from_theirs(server):
    real, _ = server
    Email(inbox(real.port)).send(Outbound("d1", "ann@example.net", "hello", subject="Hi", to=("ann@example.net",),
                                                cc=("用户@例子.example", "bo@example.net"), message_id="<d1@e.org>"))
    raw = real.envelopes[0].content
    mail = message_from_bytes(raw, policy=policy.default)
    assert raw.isascii() and [a.addr_spec for a in mail["Cc"].addresses] == ["bo@example.net"]
    assert "用户@xn--fsqu00a.example" in str(mail["Cc"]), "it is told that there was another reader"


def test_a_server_that_offers_nothing_gets_seven_bits():
    with ScriptedServer() as server:
        Email(server.settings()).send(LETTER)
    assert server.mails[0].isascii() and not any("BODY=" in line for line in server.heard)
    check(server.mails[0])


def test_eight_bits_are_used_where_they_are_offered():
    with ScriptedServer(offers=("8BITMIME",)) as server:
        Email(server.settings()).send(LETTER)
    assert "Grüße aus Köln".encode() in server.mails[0] and any("BODY=8BITMIME" in line for line in server.heard)
    assert server.mails[0].split(b"\r\n\r\n")[0].isascii(), "headers stay plain without SMTPUTF8"
    check(server.mails[0])


def test_lines_that_are_too_long_for_eight_bits_are_encoded():
    with ScriptedServer(offers=("8BITMIME",)) as server:
        Email(server.settings()).send(Outbound("d1", "ann@example.net", "ä" * 3000, message_id="<d1@e.org>"))
    assert max(map(len, server.mails[0].split(b"\r\n"))) <= 998


def test_international_domains_go_out_in_ascii_everywhere():
    with ScriptedServer() as server:
        Email(server.settings(address="hilfe@bücher.example")).send(
            Outbound("d1", "ann@straße.example", "x", message_id="<d1@e.org>"))
    assert any("xn--strae-oqa.example" in line for line in server.heard if line.lower().startswith("rcpt"))
    assert b"hilfe@xn--bcher-kva.example" in server.mails[0]


