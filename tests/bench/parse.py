"""Mails read and cleaned per second, by the parser in a child process as it runs, beside the least that can be called
reading: the standard library's `email` and nh3, in this process. And what a child needs of memory."""
from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import nh3

from channels._mail_child import MEMORY_BYTES
from channels._mail_pool import Pool
from tests.bench.figures import Figure, median

ROUNDS = 7
WORDS = ("kettle leaks water since Monday please send another one order number was delivered thank you for the answer "
         "regards Ann").split()


def run(full: bool) -> Iterator[Figure]:
    """Small mails, and large ones with files."""
    pool = Pool(children=1, mails_per_child=100_000)
    try:
        kinds = (("5 KB", [small(n) for n in range(200)]), ("1 MB with 4 files", [large(n) for n in range(8)]))
        for label, mails in kinds:
            floor, product, straight = [], [], []
            for _ in range(ROUNDS):
                floor.append(_rate(_least, mails))
                product.append(_rate(pool.parse, mails))
                straight.append(_rate(_here, mails))
            yield Figure(f"read a mail of {label}, in a child", median(product), "/s", median(floor), least=0.5)
            yield Figure(f"read a mail of {label}, without the way there", median(straight), "/s", median(floor))
        if full:
            for n in range(3_000):
                pool.parse(small(n))
        [child] = pool.idle
        yield Figure("most memory of the child", _most_memory(child.process.pid) / 1e6, "MB", most=MEMORY_BYTES / 1e6)
    finally:
        pool.close()


def small(number: int) -> bytes:
    """An answer of some 5 KB: text and HTML, with the mail that it answers below."""
    chance = random.Random(number)
    new = " ".join(chance.choices(WORDS, k=120))
    old = "\n".join(f"> {' '.join(chance.choices(WORDS, k=9))}" for _ in range(12))
    html = (f"<div dir=ltr><p style='color:#222'>{new}</p></div><br><div class=gmail_quote><div class=gmail_attr>"
            f"On Mon, 2 Jun 2025 at 10:00, Support wrote:</div>"
            f"<blockquote>{old.replace('> ', '<br>')}</blockquote></div>")
    mail = _head(number)
    mail.set_content(f"{new}\n\nOn Mon, 2 Jun 2025 at 10:00, Support <support@example.org> wrote:\n{old}\n")
    mail.add_alternative(html, subtype="html")
    return mail.as_bytes()


def large(number: int) -> bytes:
    """The same with four files, 1 MB in all."""
    mail = message_from_bytes(small(number), policy=policy.default)
    mail.make_mixed()
    for n in range(4):
        mail.add_attachment(random.Random(n).randbytes(190_000), maintype="image", subtype="jpeg", filename=f"{n}.jpg")
    return mail.as_bytes()


def _head(number: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Ann Ash <ann@example.net>", "support@example.org"
    mail["Subject"] = f"Re: Kettle {number}"
    mail["Date"], mail["Message-ID"] = "Mon, 02 Jun 2025 10:00:00 +0200", f"<{number}@example.net>"
    for n in range(4):
        mail["Received"] = f"from mx{n}.example.net by mx.example.org with ESMTPS; Mon, 2 Jun 2025 10:00:0{n} +0200"
    return mail


def _least(raw: bytes) -> None:
    mail = message_from_bytes(raw, policy=policy.default)
    str(mail["Subject"]), str(mail["From"]), str(mail["Message-ID"])
    for part in mail.walk():
        if part.get_content_type() == "text/html":
            nh3.clean(part.get_content())
        elif not part.is_multipart():
            part.get_payload(decode=True)


def _here(raw: bytes) -> None:
    from channels._mail_parse import parse_mail
    parse_mail(raw)


def _rate(read: Callable[[bytes], object], mails: list[bytes]) -> float:
    begin = time.perf_counter()
    for raw in mails:
        read(raw)
    return len(mails) / (time.perf_counter() - begin)


def _most_memory(pid: int) -> float:
    """Bytes that this process held at most (VmHWM)."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
