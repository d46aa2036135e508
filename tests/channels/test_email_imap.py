"""Reading a real Dovecot: nothing is missed, nothing is changed, and one bad mail hides no other."""
import imaplib
import json
import threading
from datetime import datetime

import pytest

from channels._imap_fetch import imap_date, new_mail
from channels._mail_parse import parse_mail
from channels.base import SendError
from channels.email import Email
from tests.channels.dovecot import dovecot  # noqa: F401  (a fixture)
from tests.channels.fault_proxy import Fault, FaultyLine, Poor
from tests.channels.mail_samples import mail
from tests.channels.smtp_script import ScriptedServer


def fetched(channel: Email, cursor: str, known=None) -> list:
    """The mails that come, without the marks between them that only remember the place."""
    return [one for one in channel.fetch(cursor, known) if one.source_key]


def place(channel: Email, cursor: str = "") -> str:
    """Where a look ends."""
    return [cursor, *(one.cursor for one in channel.fetch(cursor))][-1]


def sample(number: int) -> bytes:
    return mail(f"number {number}", headers={"Message-ID": f"<{number}@example.net>"})


def test_new_mail_comes_once_in_order_with_a_cursor_for_each(dovecot):  # noqa: F811
    for number in range(3):
        dovecot.append("order", sample(number))
    channel = Email(dovecot.config("order"))
    found = fetched(channel, "")
    assert [f.body for f in found] == [sample(n) for n in range(3)]
    assert len({f.source_key for f in found}) == 3
    dovecot.append("order", sample(3))
    assert [f.body for f in fetched(channel, found[0].cursor)] == [sample(n) for n in (1, 2, 3)]
    assert [f.body for f in fetched(channel, found[2].cursor)] == [sample(3)]
    last = fetched(channel, found[2].cursor)[-1].cursor
    assert fetched(channel, last) == []


def test_the_first_look_takes_the_last_seven_days_and_later_ones_everything_however_old(dovecot):  # noqa: F811
    for number, days in enumerate((30, 8, 6, 0)):
        dovecot.append("old", sample(number), days_ago=days)
    channel = Email(dovecot.config("old"))
    found = fetched(channel, "")
    assert [f.body for f in found] == [sample(2), sample(3)]
    dovecot.append("old", sample(4), days_ago=300)
    assert [f.body for f in fetched(channel, found[-1].cursor)] == [sample(4)]


def test_nothing_is_marked_as_read_or_moved(dovecot):  # noqa: F811
    dovecot.append("peek", sample(1))
    fetched(Email(dovecot.config("peek")), "")
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
    assert [first.body, *(f.body for f in coming if f.source_key)] == [sample(0), sample(2), sample(3)]


def test_a_rebuilt_folder_is_read_again_from_its_beginning(dovecot):  # noqa: F811
    config = dovecot.config("rebuilt", imap_folder="Shop")
    with dovecot.client("rebuilt") as client:
        client.create("Shop")
    for number, days in ((0, 20), (1, 0), (2, 0)):
        dovecot.append("rebuilt", sample(number), "Shop", days)
    cursor = place(Email(config))
    stale = json.dumps(json.loads(cursor) | {"uidvalidity": 1})
    assert [f.body for f in fetched(Email(config), stale)] == [sample(1), sample(2)], "not what was unwanted at first"
    assert [f.body for f in fetched(Email(config), "not a cursor")] == [sample(0), sample(1), sample(2)]
    assert fetched(Email(config), cursor) == []


def test_a_rebuilt_folder_brings_what_is_not_known(dovecot):  # noqa: F811
    for number in range(4):
        dovecot.append("known", sample(number))
    config, asked = dovecot.config("known"), []
    stale = json.dumps(json.loads(place(Email(config))) | {"uidvalidity": 1})

    def known(pairs):
        asked.append(pairs)
        return {("<0@example.net>", len(sample(0))), ("<1@example.net>", 5), ("<2@example.net>", len(sample(2)))}
    assert [f.body for f in fetched(Email(config), stale, known)] == [sample(1), sample(3)], "1 has another size"
    assert asked == [{(f"<{n}@example.net>", len(sample(n))) for n in range(4)}]


def test_only_what_comes_from_now_on(dovecot):  # noqa: F811
    for number in range(3):
        dovecot.append("fromnow", sample(number))
    channel = Email(dovecot.config("fromnow", imap_first_days="0"))
    cursor = place(channel)
    assert cursor and fetched(channel, cursor) == []
    dovecot.append("fromnow", sample(3), days_ago=40)
    assert [f.body for f in fetched(channel, cursor)] == [sample(3)]
    assert [f.body for f in fetched(Email(dovecot.config("fromnow", imap_first_days="30")), "")] == [
        sample(0), sample(1), sample(2)]


def test_what_was_old_at_the_first_look_does_not_come_later(dovecot):  # noqa: F811
    """Neither from a folder that held nothing newer, nor when the first look ended in the middle."""
    for number, days in enumerate((30, 0, 30, 0, 30)):
        dovecot.append("unwanted", sample(number), days_ago=days)
    channel = Email(dovecot.config("unwanted"))
    half = next(channel.fetch(""))
    assert half.body == sample(1) and [f.body for f in fetched(channel, half.cursor)] == [sample(3)]
    dovecot.append("unwanted2", sample(9), days_ago=30)
    channel = Email(dovecot.config("unwanted2"))
    cursor = place(channel)
    assert fetched(channel, cursor) == []
    dovecot.append("unwanted2", sample(10), days_ago=30)
    assert [f.body for f in fetched(channel, cursor)] == [sample(10)], "moved in later"


def test_another_account_is_another_mailbox_even_where_the_numbers_agree(dovecot):  # noqa: F811
    """Servers that give every folder the UIDVALIDITY 1 exist."""
    for number in range(3):
        dovecot.append("moved-a", sample(number))
    cursor = place(Email(dovecot.config("moved-a")))
    dovecot.append("moved-b", sample(7))
    new = Email(dovecot.config("moved-b"))
    there = json.loads(place(new))["uidvalidity"]
    found = fetched(new, json.dumps(json.loads(cursor) | {"uidvalidity": there}))
    assert [f.body for f in found] == [sample(7)]
    assert found[0].source_key.split(":")[1] != json.loads(cursor)["mailbox"]


def test_a_mail_that_is_moved_away_and_back_comes_again_under_a_new_number(dovecot):  # noqa: F811
    dovecot.append("back", sample(1))
    channel = Email(dovecot.config("back"))
    first = fetched(channel, "")[0]
    with dovecot.client("back") as client:
        client.create("Away")
        for source, target in (("INBOX", "Away"), ("Away", "INBOX")):
            client.select(source)
            client.copy("1", target)
            client.store("1", "+FLAGS", "\\Deleted")
            client.expunge()
    [again] = fetched(channel, first.cursor)
    assert again.body == sample(1) and again.source_key != first.source_key


def test_what_lies_there_can_be_listed_and_fetched_again(dovecot):  # noqa: F811
    for number, days in ((0, 30), (1, 5), (2, 3), (3, 0)):
        dovecot.append("lying", sample(number), days_ago=days)
    channel = Email(dovecot.config("lying"))
    cursor = place(channel)
    dovecot.append("lying", sample(4))
    keys = channel.lying(cursor, 4)
    assert [f.body for f in channel.these(cursor, keys) if f.source_key] == [sample(2), sample(3)], "4 is new, not lost"
    assert len(channel.lying(cursor, 60)) == 3, "nothing that was unwanted at first"
    assert [f.body for f in fetched(channel, channel.rewound(cursor, keys[0]))] == [sample(4), sample(2)]
    assert channel.rewound(cursor, "imap:other:INBOX:1:2") == ""
    with pytest.raises(SendError, match="not read in this shape"):
        channel.lying("", 7)


@pytest.mark.parametrize("offers", ["all", "none"])
def test_afterwards_mails_are_left_marked_or_moved(dovecot, offers):  # noqa: F811
    def folder(name):
        with dovecot.client(user) as client:
            if client.select(name, readonly=True)[0] != "OK":
                return None
            return tuple(len(client.search(None, words)[1][0].split()) for words in ("SEEN UNDELETED", "UNDELETED"))
    user = f"tidy-{offers}"
    for number in range(3):
        dovecot.append(user, sample(number))
    with FaultyLine(dovecot.port, Poor() if offers == "none" else Fault()) as proxy:
        config = dovecot.config(user, imap_port=str(proxy.port))
        keys = [f.source_key for f in fetched(Email(config), "")][:2]
        assert Email(config).tidy(keys) == 0 and folder("INBOX") == (0, 3)
        assert Email(config | {"imap_after": "seen"}).tidy(keys) == 2 and folder("INBOX") == (2, 3)
        move = config | {"imap_after": "move", "imap_move_to": "Läuft & ist da"}
        assert Email(move).tidy(keys) == 2 and folder("INBOX") == (0, 1)
        assert folder('"L&AOQ-uft &- ist da"') == (2, 2)
        assert Email(move).tidy(keys) == 2, "twice does no harm"
        for wrong in ({"imap_move_to": ""}, {"imap_move_to": "Inbox"}):
            with pytest.raises(SendError):
                Email(move | wrong).tidy(keys)


def test_odd_mails_come_as_they_are(dovecot):  # noqa: F811
    odd = [b"no header at all", b"Subject: \xff\xfe\r\n\r\n\xff", mail("x" * 300_000),
           b"From: a@b\r\n\r\n" + b")\r\n" * 99]
    for raw in odd:
        dovecot.append("odd", raw)
    assert [f.body for f in fetched(Email(dovecot.config("odd")), "")] == odd


def test_a_mail_that_is_too_large_is_announced_and_hides_no_other(dovecot, monkeypatch):  # noqa: F811
    monkeypatch.setattr("channels._imap_line.LARGEST", 5_000)
    for raw in (sample(0), mail("x" * 9_000), sample(1)):
        dovecot.append("large", raw)
    channel = Email(dovecot.config("large"))
    first, notice, last = fetched(channel, "")
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
    first, notice, last = fetched(Email(dovecot.config("poison")), "")
    assert (first.body, last.body) == (sample(0), sample(2))
    assert "SERVERBUG" in notice.problem and b"SERVERBUG" in notice.body


def test_a_refused_login_is_a_broken_account(dovecot):  # noqa: F811
    with pytest.raises(SendError, match="refuses the login") as caught:
        fetched(Email(dovecot.config("any", imap_password="wrong-secret")), "")
    assert caught.value.broken and "wrong-secret" not in str(caught.value)


def test_trouble_on_the_line_passes(dovecot):  # noqa: F811
    for change in ({"imap_port": "1"}, {"imap_folder": "No such folder"}, {"imap_port": "no number"}):
        with pytest.raises(SendError) as caught:
            fetched(Email(dovecot.config("any", **change)), "")
        assert not caught.value.broken


def test_certificates_are_checked(dovecot):  # noqa: F811
    for security, port in (("tls", dovecot.tls_port), ("starttls", dovecot.port)):
        config = dovecot.config("tls", imap_security=security, imap_port=str(port))
        with pytest.raises(SendError, match="not trusted") as caught:
            list(new_mail(config, ""))
        assert caught.value.broken
        assert [f.body for f in new_mail({**config, "verify": "no"}, "")] == [b""], "it only remembers the place"
        assert list(new_mail({**config, "imap_host": "localhost", "ca_file": str(dovecot.certificate)}, ""))


def test_waiting_ends_when_mail_comes_and_after_its_time(dovecot):  # noqa: F811
    channel = Email(dovecot.config("idle"))
    assert channel.idle(0.2) is False
    arriving = threading.Timer(0.5, dovecot.append, ("idle", sample(1)))
    arriving.start()
    assert channel.idle(30) is True
    arriving.join()
    cursor = place(channel)
    assert channel.idle(0.2, cursor) is False
    dovecot.append("idle", sample(2))
    assert channel.idle(30, cursor) is True, "it came between the look and the waiting"


def test_without_an_imap_server_there_is_nothing_to_fetch_or_wait_for():
    channel = Email({"address": "support@example.org"})
    assert fetched(channel, "") == [] and channel.idle(5) is False


def test_the_account_can_be_tried(dovecot):  # noqa: F811
    dovecot.append("try", sample(1))
    with ScriptedServer() as server:
        words = Email({**server.settings(), **dovecot.config("try")}).test()
    assert words == ("Reading works: 127.0.0.1 shows 1 mails in INBOX. "
                     "Sending works: localhost takes mail without a login.")


def test_days_are_written_in_english_whatever_the_locale():
    assert imap_date(datetime(2025, 3, 7)) == "07-Mar-2025"
    assert imap_date(datetime(2025, 12, 31)) == "31-Dec-2025"
