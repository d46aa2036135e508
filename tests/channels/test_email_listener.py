"""Our own mail server: 250 only for what is stored."""
import os
import signal
import smtplib
import socket
import ssl

import pytest

from channels._smtp_listener import Listener, Refused
from tests.channels.dovecot import write_certificate
from tests.channels.mail_samples import mail
from tests.channels.test_email_child import alive, wait_until
from tests.channels.worlds import both_worlds, run_in

SUPPORT = "support@example.org"


class Store:
    """Keeps mails, or fails as told."""

    def __init__(self):
        self.mails: list[tuple[list[str], bytes]] = []
        self.failures: list[Exception] = []

    def accept(self, recipients: list[str], raw: bytes) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.mails.append((recipients, raw))

    def known(self, address: str) -> bool:
        return address.lower().endswith("@example.org")


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def listener(store):
    with Listener("127.0.0.1", 0, store.accept, store.known, max_size=2_000_000) as listener:
        yield listener


def client(listener: Listener, kind=smtplib.SMTP):
    return kind("127.0.0.1", listener.port, local_hostname="localhost", timeout=20)


def test_a_mail_is_stored_before_its_sender_hears_yes(listener, store):
    with client(listener) as smtp:
        smtp.sendmail("ann@example.net", [SUPPORT, "sales+abc@example.org"], mail())
        assert len(store.mails) == 1
    [(recipients, raw)] = store.mails
    assert recipients == [SUPPORT, "sales+abc@example.org"]
    assert raw == (b"Return-Path: <ann@example.net>\r\nDelivered-To: support@example.org\r\n"
                   b"Delivered-To: sales+abc@example.org\r\n"
                   b"Authentication-Results: built-in.invalid; none\r\n" + mail() + b"\r\n")


@pytest.mark.parametrize("relays, kind, unchecked", [
    ((), smtplib.SMTP, True), (("10.0.0.0/8", "::1"), smtplib.SMTP, True), (("127.0.0.0/8",), smtplib.SMTP, False),
    (("127.0.0.1",), smtplib.SMTP, False), ((), smtplib.LMTP, False)])
def test_what_no_server_of_ours_had_before_counts_as_checked_by_nobody(store, relays, kind, unchecked):
    forged = b"Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n"
    with (Listener("127.0.0.1", 0, store.accept, store.known, lmtp=kind is smtplib.LMTP, relays=relays) as door,
          client(door, kind) as smtp):
        smtp.sendmail("ann@example.net", SUPPORT, forged + mail())
    [(_, raw)] = store.mails
    first = next(line for line in raw.split(b"\r\n") if line.startswith(b"Authentication-Results"))
    assert (first == b"Authentication-Results: built-in.invalid; none") is unchecked


def test_a_failing_store_makes_the_sender_try_again(listener, store):
    store.failures = [RuntimeError("the disk is full")]
    with client(listener) as smtp:
        with pytest.raises(smtplib.SMTPDataError) as caught:
            smtp.sendmail("ann@example.net", SUPPORT, mail())
        assert caught.value.smtp_code == 451 and b"disk" not in caught.value.smtp_error
        smtp.sendmail("ann@example.net", SUPPORT, mail())
    assert len(store.mails) == 1


def test_the_store_may_answer_for_itself(listener, store):
    store.failures = [Refused(554, "not\r\nthis")]
    with client(listener) as smtp, pytest.raises(smtplib.SMTPDataError) as caught:
        smtp.sendmail("ann@example.net", SUPPORT, mail())
    assert (caught.value.smtp_code, caught.value.smtp_error) == (554, b"not??this")


def test_nobody_else_gets_mail_here(listener, store):
    with client(listener) as smtp:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            smtp.sendmail("ann@example.net", "bo@example.com", mail())
        assert caught.value.recipients["bo@example.com"][0] == 550
        smtp.sendmail("ann@example.net", [SUPPORT, "bo@example.com"], mail())
    assert [r for r, _ in store.mails] == [[SUPPORT]]


def test_a_mail_that_is_too_large_is_refused(listener, store):
    with client(listener) as smtp, pytest.raises(smtplib.SMTPException):
        smtp.sendmail("ann@example.net", SUPPORT, mail("x" * 78 + "\r\n") + b"y" * 2_000_000)
    assert store.mails == []


def test_long_lines_and_eight_bit_characters_pass_unchanged(listener, store):
    raw = mail("Grüße " * 10_000 + "\r\n.\r\n..\r\nend")
    with client(listener) as smtp:
        smtp.sendmail("ann@example.net", SUPPORT, raw)
    assert store.mails[0][1].endswith(raw + b"\r\n")


def test_many_mails_on_one_connection_and_bounces_without_sender(listener, store):
    with client(listener) as smtp:
        for number in range(20):
            smtp.sendmail("", SUPPORT, mail(str(number)))
    assert [raw.rsplit(b"\r\n\r\n", 1)[1].strip() for _, raw in store.mails] == [str(n).encode() for n in range(20)]
    assert store.mails[0][1].startswith(b"Return-Path: <>\r\n")


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\n\n.\r\n"])
def test_no_second_mail_can_be_smuggled_in_by_odd_line_ends(listener, store, end):
    inner = (b"MAIL FROM:<ceo@example.com>\r\nRCPT TO:<support@example.org>\r\nDATA\r\n"
             b"From: ceo@example.com\r\n\r\nfaked\r\n.\r\n")
    with socket.create_connection(("127.0.0.1", listener.port), 20) as line:
        file = line.makefile("rb")
        for said in (b"", b"EHLO x", b"MAIL FROM:<ann@example.net>", b"RCPT TO:<support@example.org>", b"DATA"):
            line.sendall(said + b"\r\n" if said else b"")
            while file.readline()[3:4] == b"-":
                pass
        line.sendall(b"Subject: x\r\n\r\nhello" + end + inner + b"QUIT\r\n")
        file.read()
    assert len(store.mails) <= 1
    assert not any(raw.startswith(b"Return-Path: <ceo@example.com>") for _, raw in store.mails)


def test_lmtp_answers_for_each_recipient(store):
    door = Listener("127.0.0.1", 0, store.accept, store.known, lmtp=True)
    with door, client(door, smtplib.LMTP) as lmtp:
        lmtp.ehlo_or_helo_if_needed()
        lmtp.mail("ann@example.net")
        assert [lmtp.rcpt(a)[0] for a in (SUPPORT, "bo@example.com", "sales@example.org")] == [250, 550, 250]
        assert lmtp.data(mail())[0] == 250
        assert lmtp.getreply()[0] == 250
        assert lmtp.noop()[0] == 250
    assert [r for r, _ in store.mails] == [[SUPPORT, "sales@example.org"]]


def test_a_certificate_switches_starttls_on(store, tmp_path):
    certificate, key = write_certificate(tmp_path)
    with Listener("127.0.0.1", 0, store.accept, store.known, certificate=str(certificate), key=str(key)) as listener:
        with smtplib.SMTP("localhost", listener.port, timeout=20) as smtp:
            smtp.starttls(context=ssl.create_default_context(cafile=str(certificate)))
            smtp.sendmail("ann@example.net", SUPPORT, mail())
    assert len(store.mails) == 1


def test_a_killed_server_comes_back_on_the_same_port(listener, store):
    old = listener.process.pid
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: listener.process is not None and listener.process.pid != old)
    with client(listener) as smtp:
        smtp.sendmail("ann@example.net", SUPPORT, mail())
    assert len(store.mails) == 1


def test_stopping_frees_the_port_and_ends_the_child(store):
    listener = Listener("127.0.0.1", 0, store.accept, store.known)
    listener.start()
    pid = listener.process.pid
    with pytest.raises(OSError):
        Listener("127.0.0.1", listener.port, store.accept, store.known).start()
    listener.stop()
    wait_until(lambda: not alive(pid))
    with pytest.raises(OSError):
        client(listener)


SCRIPT = """
import smtplib, threading
from channels._smtp_listener import Listener
from tests.channels.mail_samples import mail
home, kept = [], []
def accept(recipients, raw):
    home.append(threading.current_thread().name)
    kept.append(raw)
def send(n):
    with smtplib.SMTP("127.0.0.1", listener.port, local_hostname="localhost", timeout=20) as smtp:
        for _ in range(5): smtp.sendmail("ann@example.net", "support@example.org", mail(str(n)))
with Listener("127.0.0.1", 0, accept, lambda a: True) as listener:
    threads = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    [t.start() for t in threads]; [t.join() for t in threads]
print(len(kept), set(home))
"""


@both_worlds
def test_it_works_in_threads_and_under_gevent(world):
    assert run_in(world, SCRIPT).strip() == "20 {'smtp-listener'}"


def test_the_store_runs_in_a_greenlet_of_the_loops_own_thread():
    out = run_in("gevent", """
import gevent, smtplib
from gevent.monkey import get_original
ident = get_original("threading", "get_ident")
from channels._smtp_listener import Listener
from tests.channels.mail_samples import mail
where = []
def accept(recipients, raw):
    gevent.sleep(0)
    where.append(ident())
with Listener("127.0.0.1", 0, accept, lambda a: True) as listener, smtplib.SMTP("127.0.0.1", listener.port) as smtp:
    smtp.sendmail("ann@example.net", "support@example.org", mail())
print(where == [ident()])
""")
    assert out.strip() == "True"


@both_worlds
def test_no_server_outlives_its_parent(world):
    out = run_in(world, """
import os
from channels._smtp_listener import Listener
listener = Listener("127.0.0.1", 0, lambda r, raw: None, lambda a: True)
listener.start()
print(listener.process.pid, flush=True)
os._exit(0)
""")
    wait_until(lambda: not alive(int(out)))
