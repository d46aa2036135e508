"""Reading a real Dovecot: nothing is missed, nothing is changed, and one bad mail hides no other."""
import imaplib
import json
import threading
from datetime import datetime

import pytest

from channels._imap import imap_date, new_mail
from channels._mail_parse import parse_mail
from channels.base import SendError
from channels.email import Email
from tests.channels.dovecot import dovecot  # noqa: F401  (a fixture)
from tests.channels.mail_samples import mail
from tests.channels.smtp_script import ScriptedServer


def sample(number: int) -> bytes:
    return mail(f"number {number}", headers={"Message-ID": f"<{number}@example.net>"})


def test_new_mail_comes_once_in_order_with_a_cursor_for_each(dovecot):  # noqa: F811
    for number in range(3):
        dovecot.append("order", sample(number))
    channel = Email(dovecot.config("order"))
    found = list(channel.fetch(""))
    assert [f.body for f in found] == [sample(n) for n in range(3)]
    assert len({f.source_key for f in found}) == 3
    dovecot.append("order", sample(3))
    assert [f.body for f in channel.fetch(found[0].cursor)] == [sample(n) for n in (1, 2, 3)]
    assert [f.body for f in channel.fetch(found[2].cursor)] == [sample(3)]
    last = list(channel.fetch(found[2].cursor))[-1].cursor
    assert list(channel.fetch(last)) == []


def test_the_first_look_takes_the_last_seven_days_and_later_ones_everything_however_old(dovecot):  # noqa: F811
    for number, days in enumerate((30, 8, 6, 0)):
        dovecot.append("old", sample(number), days_ago=days)
    channel = Email(dovecot.config("old"))
    found = list(channel.fetch(""))
    assert [f.body for f in found] == [sample(2), sample(3)]
    dovecot.append("old", sample(4), days_ago=300)
    assert [f.body for f in channel.fetch(found[-1].cursor)] == [sample(4)]


def test_nothing_is_marked_as_read_or_moved(dovecot):  # noqa: F811
    dovecot.append("peek", sample(1))
    list(Email(dovecot.config("peek")).fetch(""))
    with dovecot.client("peek") as client:
        client.select("INBOX", readonly=True)
        assert client.search(None, "UNSEEN")[1] == [b"1"]


def test_mail_that_another_program_read_or_deleted_disturbs_nothing(dovecot):  # noqa: F811
    for number in range(4):
        dovecot.append("other", sample(number))
    coming = Email(dovecot.config("other")).fetch("")
    first = next(coming)
    with dovecot.client("other") as client:
        client.select("INBOX")
        client.store("2", "+FLAGS", "\\Deleted")
        client.store("3", "+FLAGS", "\\Seen")
        client.expunge()
    assert [first.body, *(f.body for f in coming)] == [sample(0), sample(2), sample(3)]


def test_a_rebuilt_folder_is_read_again_from_its_beginning(dovecot):  # noqa: F811
    config = dovecot.config("rebuilt", imap_folder="Shop")
    with dovecot.client("rebuilt") as client:
        client.create("Shop")
    for number, days in ((0, 20), (1, 0)):
        dovecot.append("rebuilt", sample(number), "Shop", days)
    cursor = list(Email(config).fetch(""))[-1].cursor
    stale = json.dumps(json.loads(cursor) | {"uidvalidity": 1})
    assert [f.body for f in Email(config).fetch(stale)] == [sample(0), sample(1)]
    assert [f.body for f in Email(config).fetch("not a cursor")] == [sample(0), sample(1)]
    assert list(Email(config).fetch(cursor)) == []


def test_odd_mails_come_as_they_are(dovecot):  # noqa: F811
    odd = [b"no header at all", b"Subject: \xff\xfe\r\n\r\n\xff", mail("x" * 300_000),
           b"From: a@b\r\n\r\n" + b")\r\n" * 99]
    for raw in odd:
        dovecot.append("odd", raw)
    assert [f.body for f in Email(dovecot.config("odd")).fetch("")] == odd


def test_a_mail_that_is_too_large_is_announced_and_hides_no_other(dovecot, monkeypatch):  # noqa: F811
    monkeypatch.setattr("channels._imap.LARGEST", 5_000)
    for raw in (sample(0), mail("x" * 9_000), sample(1)):
        dovecot.append("large", raw)
    channel = Email(dovecot.config("large"))
    first, notice, last = channel.fetch("")
    assert (first.body, last.body) == (sample(0), sample(1))
    [item] = parse_mail(notice.body)
    assert "more than the helpdesk takes" in item.text and item.address == "ann@example.net"


def test_a_mail_that_the_server_cannot_give_is_announced_and_hides_no_other(dovecot, monkeypatch):  # noqa: F811
    for number in range(3):
        dovecot.append("poison", sample(number))
    real = imaplib.IMAP4.uid

    def refusing(self, command, *args):
        return ("NO", [b"[SERVERBUG] broken"]) if args[0] == "2" and "BODY" in args[1] else real(self, command, *args)

    monkeypatch.setattr(imaplib.IMAP4, "uid", refusing)
    first, notice, last = Email(dovecot.config("poison")).fetch("")
    assert (first.body, last.body) == (sample(0), sample(2)) and b"SERVERBUG" in notice.body


def test_a_refused_login_is_a_broken_account(dovecot):  # noqa: F811
    with pytest.raises(SendError, match="refuses the login") as caught:
        list(Email(dovecot.config("any", imap_password="wrong-secret")).fetch(""))
    assert caught.value.broken and "wrong-secret" not in str(caught.value)


def test_trouble_on_the_line_passes(dovecot):  # noqa: F811
    for change in ({"imap_port": "1"}, {"imap_folder": "No such folder"}, {"imap_port": "no number"}):
        with pytest.raises(SendError) as caught:
            list(Email(dovecot.config("any", **change)).fetch(""))
        assert not caught.value.broken


def test_certificates_are_checked(dovecot):  # noqa: F811
    for security, port in (("tls", dovecot.tls_port), ("starttls", dovecot.port)):
        config = dovecot.config("tls", imap_security=security, imap_port=str(port))
        with pytest.raises(SendError, match="not trusted") as caught:
            list(new_mail(config, ""))
        assert caught.value.broken
        assert list(new_mail({**config, "verify": "no"}, "")) == []
        assert list(new_mail({**config, "imap_host": "localhost", "ca_file": str(dovecot.certificate)}, "")) == []


def test_waiting_ends_when_mail_comes_and_after_its_time(dovecot):  # noqa: F811
    channel = Email(dovecot.config("idle"))
    assert channel.idle(0.2) is False
    arriving = threading.Timer(0.5, dovecot.append, ("idle", sample(1)))
    arriving.start()
    assert channel.idle(30) is True
    arriving.join()


def test_without_an_imap_server_there_is_nothing_to_fetch_or_wait_for():
    channel = Email({"address": "support@example.org"})
    assert list(channel.fetch("")) == [] and channel.idle(5) is False


def test_the_account_can_be_tried(dovecot):  # noqa: F811
    dovecot.append("try", sample(1))
    with ScriptedServer() as server:
        words = Email({**server.settings(), **dovecot.config("try")}).test()
    assert words == ("Reading works: 127.0.0.1 shows 1 mails in INBOX. "
                     "Sending works: localhost takes mail without a login.")


def test_days_are_written_in_english_whatever_the_locale():
    assert imap_date(datetime(2025, 3, 7)) == "07-Mar-2025"
    assert imap_date(datetime(2025, 12, 31)) == "31-Dec-2025"
