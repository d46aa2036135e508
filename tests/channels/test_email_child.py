"""Mail is parsed in a child with limits: what breaks it breaks neither the desk nor the next mail."""
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from channels._mail_frames import read_frame, write_frame
from channels._mail_parse import parse_mail
from channels._mail_pool import Pool
from channels.base import Request, Unreadable
from channels.email import Email
from tests.channels.mail_samples import bounce, file_part, html_part, mail, multipart, text_part
from tests.channels.worlds import ROOT, both_worlds, run_in


@pytest.fixture
def pool():
    pool = Pool(children=1)
    yield pool
    pool.close()


def wait_until(true, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


@contextmanager
def stopped(pid: int):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_the_child_says_what_the_parser_says(pool):
    files = multipart(text_part("Grüße"), html_part("<p>x</p>"), file_part("a.pdf", b"\x00\xff" * 9))
    for raw in (mail(), bounce(), files):
        ours = parse_mail(raw, ["support@example.org"])
        assert pool.parse(raw, own=["support@example.org"]) == ours
    assert pool.idle[0].served == 3


def test_the_channel_parses_through_the_child_and_knows_its_own_address():
    channel = Email({"address": "Support@Example.org"})
    [item] = channel.read(Request("MAIL", {}, {}, mail(headers={"From": "support@example.org"})))
    assert item.automatic == "sent from our own address"
    with pytest.raises(Unreadable, match="empty"):
        channel.read(Request("MAIL", {}, {}, b""))


def test_a_mail_that_takes_too_long_is_refused_and_the_next_one_is_read(pool):
    pool.parse(mail())
    child = pool.idle[0]
    with stopped(child.process.pid), pytest.raises(Unreadable, match="too long"):
        pool.parse(mail(), timeout=0.3)
    assert not alive(child.process.pid)
    assert pool.parse(mail())[0].text == "Hello, my kettle leaks."


def test_cpu_time_is_limited_even_when_the_clock_is_patient():
    script = ("import channels._mail_child as c, channels._mail_parse\n"
              "def spin(*_):\n    while True: pass\n"
              "c.parse_mail = spin\nc.main()\n")
    line, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen([sys.executable, "-c", script], stdin=theirs, cwd=ROOT)
    write_frame(line.sendall, {"own": [], "cpu": 1}, b"x")
    with pytest.raises(EOFError):
        read_frame(line.recv)
    assert process.wait(10) == -signal.SIGXCPU
    line.close()


def test_a_mail_that_needs_too_much_memory_is_refused(pool):
    big = mail(b"x" * 200_000_000)
    with pytest.raises(Unreadable, match="memory|too long or broke"):
        pool.parse(big, timeout=30)
    assert pool.parse(mail())[0].address == "ann@example.net"


def test_a_child_killed_at_work_is_replaced_unnoticed(pool):
    pool.parse(mail())
    victim = pool.idle[0].process.pid
    found = []
    with stopped(victim):
        asking = threading.Thread(target=lambda: found.extend(pool.parse(mail())))
        asking.start()
        wait_until(lambda: not pool.idle)
        os.kill(victim, signal.SIGKILL)
        asking.join(10)
    assert found[0].address == "ann@example.net"
    assert pool.idle[0].process.pid != victim


def test_a_child_killed_while_idle_is_replaced(pool):
    pool.parse(mail())
    victim = pool.idle[0].process.pid
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: not alive(victim))
    assert pool.parse(mail())[0].address == "ann@example.net"


def test_children_are_renewed_after_so_many_mails():
    pool = Pool(children=1, mails_per_child=2)
    pids = []
    for _ in range(4):
        pool.parse(mail())
        pids += [c.process.pid for c in pool.idle]
    pool.close()
    assert len(set(pids)) == 2


def test_two_mails_are_parsed_at_once_and_a_third_waits():
    pool = Pool(children=2)
    found = []
    threads = [threading.Thread(target=lambda: found.extend(pool.parse(mail()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 6 and len(pool.idle) == 2
    pool.close()


def test_a_child_is_small_and_knows_none_of_our_secrets(pool, monkeypatch):
    monkeypatch.setenv("HELPDESK_KEY", "do-not-tell")
    pool.parse(mail())
    pid = pool.idle[0].process.pid
    with open(f"/proc/{pid}/environ", "rb") as file:
        assert b"do-not-tell" not in file.read()
    with open(f"/proc/{pid}/status") as file:
        resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    assert resident < 40_000


@both_worlds
def test_it_works_in_threads_and_under_gevent(world):
    out = run_in(world, """
import threading
from channels._mail_pool import parse_pool
from tests.channels.mail_samples import mail
found = []
threads = [threading.Thread(target=lambda: found.extend(parse_pool.parse(mail()))) for _ in range(5)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(found), {i.address for i in found})
""")
    assert out.split() == ["5", "{'ann@example.net'}"]


def test_other_greenlets_run_while_a_mail_is_parsed():
    out = run_in("gevent", """
import os, signal, gevent
from channels._mail_pool import Pool
from channels.base import Unreadable
from tests.channels.mail_samples import mail
pool = Pool(1); pool.parse(mail()); os.kill(pool.idle[0].process.pid, signal.SIGSTOP)
ticks = []
def tick():
    while True: ticks.append(1); gevent.sleep(0.01)
ticker = gevent.spawn(tick)
try: pool.parse(mail(), timeout=0.5)
except Unreadable as error: print(error)
print(len(ticks) > 5)
""")
    assert out.splitlines() == ["parsing this mail took too long", "True"]


@both_worlds
def test_no_child_outlives_its_parent(world):
    out = run_in(world, """
import os
from channels._mail_pool import parse_pool
from tests.channels.mail_samples import mail
parse_pool.parse(mail())
print(parse_pool.idle[0].process.pid, flush=True)
os._exit(0)     # as kill -9 would: nothing is tidied up
""")
    wait_until(lambda: not alive(int(out)))
