"""What we send, and what becomes of it."""
from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from channels._mail_compose import compose
from channels._mail_parse import parse_mail
from channels.base import Outbound, SendError
from channels.email import Email
from tests.channels.dovecot import write_certificate
from tests.channels.smtp_script import CUT, ScriptedServer

INBOX = {"address": "support@example.org", "name": "Example Support"}
REPLY = Outbound("d1", "ann@example.net", "Grüße,\n.\nTurn it off.", html="<p>Grüße</p>", subject="Re: Kettle",
                 message_id="<d1@example.org>", replies_to=("<b@x>", "<a@x>"), reply_token="abcd1234abcd",
                 sender_name="Bo Brown", files=[
                     ("Anleitung ä.pdf", "application/pdf", b"%PDF"), ("a.txt", "text/plain", b"x\n")])


def written(message: Outbound = REPLY):
    return message_from_bytes(compose(message, INBOX).data, policy=policy.default)


def test_a_reply_has_everything_a_mail_program_needs():
    mail = written()
    assert [str(mail[n]) for n in ("From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "Reply-To")] == [
        "Bo Brown <support@example.org>", "ann@example.net", "Re: Kettle", "<d1@example.org>", "<b@x>", "<a@x> <b@x>",
        "Example Support <support+abcd1234abcd@example.org>"]
    assert mail.get_body(("plain",)).get_content().splitlines() == ["Grüße,", ".", "Turn it off."]
    assert "<p>Grüße</p>" in mail.get_body(("html",)).get_content()
    assert [p.get_content_type() for p in mail.walk()][:4] == ["multipart/mixed", "multipart/alternative",
                                                              "text/plain", "text/html"]
    assert [(p.get_filename(), p.get_payload(decode=True)) for p in mail.iter_attachments()] == [
        ("Anleitung ä.pdf", b"%PDF"), ("a.txt", b"x\n")]
    assert mail["Date"] and mail["Auto-Submitted"] is None


def test_our_own_parser_reads_it_back_and_knows_it_as_ours():
    data = compose(REPLY, INBOX).data
    [item] = parse_mail(data)
    assert (item.text, item.subject, item.replies_to) == (REPLY.text, "Re: Kettle", ("<b@x>", "<a@x>"))
    assert len(item.files) == 2
    assert parse_mail(data.replace(b"From: Bo Brown <support@", b"From: Bo Brown <list@"),
                      ["support@example.org"])[0].automatic == "our own mail came back"


def test_what_a_machine_wrote_says_so():
    mail = written(replace(REPLY, automatic=True))
    assert [str(mail[n]) for n in ("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence")] == [
        "auto-replied", "All", "bulk"]
    assert str(written(replace(REPLY, automatic=True, replies_to=()))["Auto-Submitted"]) == "auto-generated"


def test_ids_stay_whole_however_long_and_the_first_and_the_nearest_are_kept():
    ids = [f"<{n}-{'x' * 150}@example.org>" for n in range(40)]
    mail = written(replace(REPLY, replies_to=ids, message_id="<" + "y" * 200 + "@example.org>"))
    assert str(mail["References"]).split() == [ids[-1], *ids[:19][::-1]]
    assert str(mail["In-Reply-To"]) == ids[0]
    assert str(mail["Message-ID"]) == "<" + "y" * 200 + "@example.org>"
    assert max(map(len, compose(replace(REPLY, text="word " * 3000), INBOX).data.split(b"\r\n"))) < 998


def test_everybody_is_named_but_only_one_is_written_to():
    made = compose(replace(REPLY, address="bo@example.net", to=("Ann@example.net",), cc=("bo@example.net",)), INBOX)
    mail = message_from_bytes(made.data, policy=policy.default)
    assert made.recipients == ("bo@example.net",)
    assert (str(mail["To"]), str(mail["Cc"]), mail["Bcc"]) == ("ann@example.net", "bo@example.net", None)


def test_a_hidden_copy_names_its_reader_nowhere():
    made = compose(replace(REPLY, address="secret@example.net", to=("ann@example.net",)), INBOX)
    assert made.recipients == ("secret@example.net",) and b"secret" not in made.data


def test_reports_come_back_to_an_address_of_this_one_delivery():
    assert compose(REPLY, INBOX).sender == "support+abcd1234abcd@example.org"
    assert compose(REPLY, {**INBOX, "verp": "no"}).sender == "support@example.org"
    assert compose(REPLY, {**INBOX, "bounce_address": "bounce@example.org"}).sender == (
        "bounce+abcd1234abcd@example.org")


def test_a_reader_can_end_mails_of_a_kind():
    mail = written(replace(REPLY, unsubscribe="https://help.example/u/t"))
    assert (str(mail["List-Unsubscribe"]), str(mail["List-Unsubscribe-Post"])) == (
        "<https://help.example/u/t>", "List-Unsubscribe=One-Click")
    assert written(replace(REPLY, unsubscribe="http://desk/u/t"))["List-Unsubscribe-Post"] is None
    assert written()["List-Unsubscribe"] is None
    long = "https://" + "help." * 30 + "example/u/t"
    assert f"List-Unsubscribe: <{long}>\r\n".encode() in compose(replace(REPLY, unsubscribe=long), INBOX).data


@pytest.mark.parametrize("change", [
    {"subject": "x\r\nBcc: a@example.com"}, {"sender_name": "x\ny"}, {"message_id": "<a@b>\r\nX: y"},
    {"subject": "a\0"},
    {"replies_to": ("<a@b>\nX: y",)}, {"reply_token": "x\r\ny"}, {"files": [("a\r\nb", "text/plain", b"")]},
    {"unsubscribe": "https://x\r\nBcc: y@z"}, {"to": ("a@b\r\nX: y",)},
    {"address": "a@b\r\nX: y"}, {"address": "nobody"}, {"cc": ("nobody",)}, {"message_id": "no brackets"}])
def test_what_no_header_may_hold_is_refused_for_good(change):
    with pytest.raises(SendError) as caught:
        compose(replace(REPLY, **change), INBOX)
    assert caught.value.permanent


def test_international_addresses_are_written_in_ascii():
    made = compose(replace(REPLY, address="ann@exämple.net"), INBOX)
    assert made.recipients == ("ann@xn--exmple-cua.net",)


def test_a_mail_is_never_cut_into_several():
    [part] = Email(INBOX).prepare(replace(REPLY, text="word " * 300_000))
    assert len(part.text) == 1_500_000


# Handing over

def failing(answers: dict[str, str], message: Outbound = REPLY, **settings: str) -> SendError:
    with ScriptedServer(answers, offers=("AUTH PLAIN",)) as server, pytest.raises(SendError) as caught:
        Email(server.settings(**settings)).send(message)
    return caught.value


def kinds(error: SendError) -> set[str]:
    return {name for name in ("permanent", "uncertain", "broken") if getattr(error, name)}


def test_a_mail_arrives_byte_for_byte():
    with ScriptedServer(offers=("AUTH PLAIN", "SIZE 99999999")) as server:
        assert Email(server.settings(smtp_user="u", smtp_password="p")).send(REPLY) == "<d1@example.org>"
    [item] = parse_mail(server.mails[0])
    assert (item.text, [f.content for f in item.files]) == (REPLY.text, [b"%PDF", b"x\n"])
    assert [line.split()[0] for line in server.heard] == ["ehlo", "AUTH", "mail", "rcpt", "DATA", "quit"]


@pytest.mark.parametrize("answers, expected", [
    ({"MAIL": "451 later"}, set()), ({"RCPT ann@example.net": "450 greylisted"}, set()), ({"DATA": "452 full"}, set()),
    ({"END": "451 later"}, set()), ({"GREETING": "421 busy"}, set()), ({"MAIL": "421 closing"}, set()),
    ({"MAIL": "550 no"}, {"permanent"}), ({"RCPT ann@example.net": "550 unknown"}, {"permanent"}),
    ({"DATA": "554 no"}, {"permanent"}), ({"END": "554 spam"}, {"permanent"}),
    ({"MAIL": "530 authentication required"}, {"broken"}),
    ({"GREETING": CUT}, set()), ({"MAIL": CUT}, set()), ({"DATA": CUT}, set()), ({"END": CUT}, {"uncertain"}),
    ({"END": "what?"}, {"uncertain"})])
def test_refusals_and_broken_lines_are_told_apart(answers, expected):
    assert kinds(failing(answers)) == expected


def test_a_refused_login_is_a_broken_account_and_the_password_is_not_repeated():
    error = failing({"AUTH": "535 wrong"}, smtp_user="u", smtp_password="very-secret")
    assert kinds(error) == {"broken"} and "very-secret" not in str(error)
    assert kinds(failing({"AUTH": "454 later"}, smtp_user="u", smtp_password="p")) == set()


def test_a_server_that_knows_one_sender_only_gets_that_one():
    with ScriptedServer({"MAIL support+abcd1234abcd@example.org": "553 sender not owned by user"}) as server:
        Email(server.settings()).send(REPLY)
    assert [line.split(":<")[1].split(">")[0] for line in server.heard if line.startswith("mail")] == [
        "support+abcd1234abcd@example.org", "support@example.org"]


def test_nobody_at_home_may_be_tried_again():
    with pytest.raises(SendError) as caught:
        Email({**INBOX, "smtp_host": "127.0.0.1", "smtp_port": "1", "smtp_security": "none"}).send(REPLY)
    assert kinds(caught.value) == set()


def test_starttls_is_never_given_up_silently():
    error = failing({}, smtp_security="starttls")
    assert kinds(error) == {"broken"}


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_told_otherwise(tmp_path):
    certificate, key = write_certificate(tmp_path)
    with ScriptedServer(tls=(certificate, key)) as server:
        with pytest.raises(SendError, match="certificate of localhost is not trusted") as caught:
            Email(server.settings(smtp_security="tls")).send(REPLY)
        assert kinds(caught.value) == {"broken"} and not server.mails
        Email(server.settings(smtp_security="tls", ca_file=str(certificate))).send(REPLY)
        Email(server.settings(smtp_security="tls", smtp_host="127.0.0.1", verify="no")).send(REPLY)
    assert len(server.mails) == 2


def test_the_account_can_be_tried():
    with ScriptedServer(offers=("AUTH PLAIN",)) as server:
        words = Email(server.settings(smtp_user="desk", smtp_password="p")).test()
        assert words == ("No mailbox is read: mail comes to the built-in SMTP server. "
                         "Sending works: localhost accepts desk.")
        assert server.heard[-2:] == ["noop", "quit"]
    with ScriptedServer({"AUTH": "535 no"}, offers=("AUTH PLAIN",)) as server:
        with pytest.raises(SendError, match="Sending fails"):
            Email(server.settings(smtp_user="desk", smtp_password="p")).test()
