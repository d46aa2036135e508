"""A real Dovecot behind a line that goes wrong: every mail comes once, in order where that can be, and one that cannot
be had hides no other."""
import json
from datetime import UTC, datetime

import pytest

from channels import _imap_cursor, _imap_fetch, _imap_line
from channels._mail_parse import parse_mail
from channels.base import SendError
from channels.email import Email
from tests.channels import fault_proxy as line
from tests.channels.dovecot import dovecot  # noqa: F401  (a fixture)
from tests.channels.mail_samples import mail

MAILS = 7


def sample(number: int) -> bytes:
    return mail(f"number {number}\r\n" + "x" * 400, headers={"Message-ID": f"<{number}@example.net>"})


@pytest.fixture
def quick(monkeypatch):
    """Nobody waits for long, and what was put aside is due at once."""
    monkeypatch.setattr(_imap_line, "SECONDS", 0.7)
    monkeypatch.setattr(_imap_cursor, "WAITS", (0, 0, 0, 0, 0))


class Reader:
    """Looks again and again, and remembers only what a worker would have committed."""

    def __init__(self, config):
        self.config, self.cursor = config, ""
        self.had, self.problems, self.errors = [], [], []

    def look(self, known=None):
        try:
            for one in Email(self.config).fetch(self.cursor, known):
                self.cursor = one.cursor
                if one.problem:
                    self.problems.append(one)
                elif one.source_key:
                    self.had.append(one)
        except SendError as error:
            self.errors.append(str(error))
        return self

    def numbers(self):
        """Which samples came, in the order of their coming."""
        return [int(one.body.partition(b"number ")[2].split(b"\r\n")[0]) for one in self.had]


def reader(server, user, fault, mails=MAILS, **config):
    with server.client(user) as client:
        for number in range(1, mails + 1):
            client.append("INBOX", None, None, sample(number))
    proxy = line.FaultyLine(server.port, fault)
    return proxy, Reader(server.config(user, imap_port=str(proxy.port), **config))


PASSING = {     # what passes over by itself: everything comes in order, and nothing is put aside
    "a good line": line.Fault(),
    "one line is cut after 1500 bytes": line.CutAfter(1500, times=1),
    "one line is cut at login": line.CutAfter(300, times=1),
    "BYE in the middle of a mail": line.Bye(3, times=1),
    "half a literal": line.HalfALiteral(3, times=1),
    "a literal announced too long": line.Announces(50, 3, times=1),
    "a literal announced one byte too long": line.Announces(1, 3, times=1),
    "a literal announced too short": line.Announces(-50, 3, times=1),
    "a literal announced two bytes too short": line.Announces(-2, 3, times=1),
    "a literal of 4 GB announced": line.Announces(4_000_000_000, 3, times=1),
    "garbage on the line": line.Garbage(3, times=1),
    "silence": line.Silence(3, times=1),
    "sizes that are not true": line.WrongSizes(),
    "a chatty server": line.Chatty(),
    "a server that can nothing": line.Poor(),
    "a slow server": line.Late(),
    "a mail refused once": line.Refuses(3, times=1),
    "a command misunderstood once": line.Refuses(3, words=b"BAD what?", times=1),
    "nothing given once": line.Refuses(3, words=b"OK Fetch completed", times=1),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_costs_no_mail_and_no_order(dovecot, quick, name):  # noqa: F811
    fault = PASSING[name]
    user = f"pass{list(PASSING).index(name)}"
    proxy, reading = reader(dovecot, user, fault)
    with proxy:
        reading.look().look()
    assert reading.numbers() == list(range(1, MAILS + 1))
    assert [one.body for one in reading.had] == [sample(n) for n in range(1, MAILS + 1)]
    assert not reading.problems and len(reading.errors) <= 1
    assert len({one.source_key for one in reading.had}) == MAILS


POISON = {
    "BYE": line.Bye(3, 5), "half a literal": line.HalfALiteral(3, 5), "too long": line.Announces(9, 3, 5),
    "too short": line.Announces(-9, 3, 5), "garbage": line.Garbage(3, 5), "silence": line.Silence(3, 5),
    "refused": line.Refuses(3, 5), "misunderstood": line.Refuses(3, 5, words=b"BAD what?"),
    "nothing": line.Refuses(3, 5, words=b"OK Fetch completed"),
}


@pytest.mark.parametrize("name", POISON)
def test_a_mail_that_cannot_be_had_hides_no_other_and_comes_when_it_can(dovecot, quick, name):  # noqa: F811
    fault = POISON[name]
    proxy, reading = reader(dovecot, f"poison{list(POISON).index(name)}", fault)
    with proxy:
        reading.look()
        assert reading.numbers() == [1, 2, 4, 6, 7]
        assert sorted(int(one.source_key.rsplit(":", 1)[1]) for one in reading.problems) == [3, 5]
        assert all(one.problem and b"could not be read yet" in one.body for one in reading.problems)
        assert set(json.loads(reading.cursor)["again"]) == {"3", "5"}
        fault.times = 0
        reading.look().look()
    assert sorted(reading.numbers()) == list(range(1, MAILS + 1)) and reading.errors == []
    assert "again" not in json.loads(reading.cursor)


def test_fifty_poisonous_mails_among_many(dovecot, quick):  # noqa: F811
    poison = {*range(5, 120, 4), *range(80, 102)}
    proxy, reading = reader(dovecot, "fifty", line.Refuses(*poison), mails=120)
    with proxy:
        reading.look()
        assert reading.numbers() == [n for n in range(1, 121) if n not in poison]
        proxy.fault.times = 0
        reading.look()
    assert sorted(reading.numbers()) == list(range(1, 121))


@pytest.mark.parametrize("size", [700, 2500, 4000])
def test_lines_that_are_cut_all_the_time_get_everything_in_the_end(dovecot, quick, size):  # noqa: F811
    proxy, reading = reader(dovecot, f"cut{size}", line.CutAfter(size, times=12))
    with proxy:
        for _ in range(20):
            reading.look()
    assert sorted(reading.numbers()) == list(range(1, MAILS + 1)), reading.errors


def test_a_dead_line_is_told_of_and_blamed_on_no_mail(dovecot, quick):  # noqa: F811
    proxy, reading = reader(dovecot, "dead", line.CutAfter(0, times=1000))
    with proxy:
        reading.look().look()
        assert len(reading.errors) == 2 and "127.0.0.1" in reading.errors[0] and reading.cursor == ""
        proxy.fault.times = 0
        reading.look()
    assert reading.numbers() == list(range(1, MAILS + 1)) and not reading.problems


def test_a_server_that_dies_on_a_mail_is_not_asked_for_it_for_ever(dovecot, quick):  # noqa: F811
    """It takes a moment to come back, so that the next connection is refused as well."""
    class Dies(line.Bye):
        down = False

        def said(self, talk, text, literal):
            if Dies.down:
                Dies.down = False
                raise line.Cut()
            return super().said(talk, text, literal)

        def spoil(self, text, literal):
            Dies.down = True
            raise line.Cut()
    proxy, reading = reader(dovecot, "dies", Dies(3))
    with proxy:
        for _ in range(4):
            reading.look()
    assert reading.numbers() == [1, 2, 4, 5, 6, 7] and len(reading.problems) >= 1


def test_when_mail_after_mail_breaks_the_line_it_is_the_line(dovecot, quick):  # noqa: F811
    proxy, reading = reader(dovecot, "allbreak", line.Bye(*range(1, 21)), mails=20)
    with proxy:
        reading.look()
        assert "one after the other" in reading.errors[0] and len(reading.problems) == 5
        proxy.fault.times = 0
        reading.look().look()
    assert sorted(reading.numbers()) == list(range(1, 21))


def test_a_short_body_may_come_as_a_quoted_string_and_the_uid_behind_it(dovecot, quick):  # noqa: F811
    odd = b'no "header" at all \\ none'
    dovecot.append("quoted", odd)
    with line.FaultyLine(dovecot.port, line.Quoted()) as proxy:
        reading = Reader(dovecot.config("quoted", imap_port=str(proxy.port))).look()
    assert [one.body for one in reading.had] == [odd] and not reading.problems


def test_a_server_that_drips_is_given_up_after_a_while(dovecot, quick, monkeypatch):  # noqa: F811
    monkeypatch.setattr(_imap_fetch.mails, "COMMAND_SECONDS", 0.3)

    proxy, reading = reader(dovecot, "drips", line.Drips(), mails=2)
    with proxy:
        reading.look()
    assert any("takes too long" in one.problem for one in reading.problems)


def test_a_mail_that_is_too_large_is_told_of_whatever_its_size_is_said_to_be(dovecot, quick, monkeypatch):  # noqa: F811
    monkeypatch.setattr(_imap_line, "LARGEST", 5_000)
    for raw in (sample(1), mail("x" * 9_000), sample(2)):
        dovecot.append("huge", raw)
    with line.FaultyLine(dovecot.port, line.WrongSizes()) as proxy:
        reading = Reader(dovecot.config("huge", imap_port=str(proxy.port))).look()
    assert [one.body for one in reading.had[::2]] == [sample(1), sample(2)], (reading.errors, reading.problems)
    [item] = parse_mail(reading.had[1].body)
    assert "more than the helpdesk takes" in item.text and item.address == "ann@example.net"


def test_a_cursor_that_was_put_aside_waits_longer_each_time():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    cursor = _imap_cursor.Cursor(uid=9)
    waits = []
    for _ in range(9):
        cursor.failed(3, "broken", at)
        waits.append((datetime.fromisoformat(cursor.again["3"]["at"]) - at).total_seconds())
    assert waits == [0, 60, 300, 1800, 7200, 21600, 86400, 86400, 86400]
    assert _imap_cursor.Cursor.read(cursor.text()) == cursor
