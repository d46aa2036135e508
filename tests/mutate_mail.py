"""Mails as nobody should send them: a good mail, damaged in one to four ways. The same seed gives the same mails."""
from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.channels.mail_samples import (
    PLAIN_BOUNCE,
    bounce,
    file_part,
    html_part,
    mail,
    multipart,
    parts,
    text_part,
)

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpora" / "email"
LARGEST_SEED = 60_000
CHARSETS = [b"utf-8", b"utf-16", b"utf-7", b"iso-2022-jp", b"hz", b"gb18030", b"x-none", b"idna", b"", b"\xff",
            b"cp65001", b"unicode_escape", b"rot13", b"us-ascii*1", b"'" * 40]
ENCODINGS = [b"base64", b"quoted-printable", b"x-uuencode", b"8bit", b"binary", b"7bit", b"gzip", b"", b"BASE64;x=y"]
TYPES = [b"multipart/mixed", b"multipart/alternative", b"multipart/report; report-type=delivery-status", b"text/html",
         b"message/rfc822", b"message/delivery-status", b"application/ms-tnef", b"text/calendar", b"multipart/signed",
         b"application/pkcs7-mime", b"message/partial", b"message/external-body", b"text", b"/", b"multipart/", b";;;"]
NASTY = [b"\x00", b"\x00" * 200, b"\xff\xfe", b"\r", b"\n", b"\r\n\r\n", b"\x1b$B", b"=?utf-8?B?",
         b"=?x?Q?=00=0A?=", b"(" * 500, b"<" * 300, b'"', b"\\", b"--", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"%n%s%x",
         b"begin 644 ../x\n", b"@" * 600, b";" * 400, b"A" * 5_000, b"> " * 2_000, b"<div>" * 400, b"&" * 3_000,
         b"On Mon, 2 Jun 2025 x wrote:\n" * 60,
         b"\xe2\x80\xae"]
FIELDS = [b"From", b"To", b"Subject", b"Date", b"Message-ID", b"References", b"In-Reply-To", b"Content-Type",
          b"Received", b"Content-Transfer-Encoding", b"Content-Disposition", b"Auto-Submitted", b"Return-Path",
          b"List-Id", b"MIME-Version"]
HEADER = re.compile(rb"^[A-Za-z-]{2,40}:(?:[^\n]|\n[ \t])*", re.M)


def own_seeds() -> list[bytes]:
    """Good mails of many kinds, written here."""
    alternative = parts(text_part("Hello"), html_part("<p>Hello <b>you</b></p><blockquote>old</blockquote>"),
                        kind="alternative")
    head, _, body = alternative.partition(b"\r\n\r\n")
    calendar = (b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Kettle\r\nDTSTART:20250602T080000Z\r\n"
                b"END:VEVENT\r\nEND:VCALENDAR")
    from tests.channels.test_email_marks import BOX
    return [
        mail(), mail("<p>Hi <img src=cid:a></p>" * 20, kind="text/html"), bounce(), bounce("delayed"), PLAIN_BOUNCE,
        mail("水壶漏水", charset="gb18030"),
        mail("Grüße\n-- \nAnn\n\nAm 2.6.2025 um 10:00 schrieb X <x@example.org>:\n> alt"),
        multipart((head.decode(), body), file_part("bill.pdf", b"%PDF" * 300)),
        multipart(text_part("see"), ("Content-Type: message/rfc822", mail("inner"))),
        multipart(text_part("come"), ("Content-Type: text/calendar; method=REQUEST", calendar)),
        multipart(text_part("x"), ("Content-Type: application/ms-tnef; name=winmail.dat", BOX)),
        multipart(text_part("s"), ("Content-Type: application/pgp-signature", b"x"), kind="signed"),
        mail("---------- Forwarded message ---------\nFrom: Bo <bo@example.net>\nDate: Mon, 2 Jun 2025 10:00\n\nold",
             headers={"Subject": "Fwd: Kettle"}),
        mail("begin 644 a.txt\n%:&5L;&\\\n`\nend\n", headers={"Subject": "=?utf-8?B?R3LDvMOfZQ==?="})]


def seeds() -> list[bytes]:
    """Ours, and the corpora's where they lie beside the project (read there, never copied)."""
    lent = sorted(CORPUS.rglob("*.eml")) if CORPUS.exists() else []
    return own_seeds() + [path.read_bytes() for path in lent if 0 < path.stat().st_size <= LARGEST_SEED]


def mutants(count: int, seed: int, given: Sequence[bytes] | None = None) -> Iterator[bytes]:
    """`count` damaged mails."""
    chance = random.Random(seed)
    pool = list(given or seeds())
    for _ in range(count):
        raw = bytearray(chance.choice(pool))
        for _ in range(chance.randint(1, 4)):
            raw = chance.choice(DAMAGES)(raw, chance, pool)
        yield bytes(raw[:2_000_000])


def _flip(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    for _ in range(chance.randint(1, 30)):
        if raw:
            raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return raw


def _cut(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    return raw[:chance.randrange(len(raw) + 1)]


def _remove(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    begin = chance.randrange(len(raw) + 1)
    del raw[begin:begin + chance.randint(1, 400)]
    return raw


def _insert(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    at = chance.randrange(len(raw) + 1)
    raw[at:at] = chance.choice(NASTY)
    return raw


def _repeat(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    begin = chance.randrange(len(raw) + 1)
    piece = raw[begin:begin + chance.randint(1, 300)]
    raw[begin:begin] = piece * chance.randint(2, 60)
    return raw


def _swap_fields(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    fields = list(HEADER.finditer(bytes(raw[:20_000])))
    if len(fields) < 2:
        return raw
    one, two = sorted(chance.sample(fields, 2), key=lambda m: m.start())
    return raw[:one.start()] + two[0] + raw[one.end():two.start()] + one[0] + raw[two.end():]


def _rename_field(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    return bytearray(re.sub(rb"^[A-Za-z-]{2,40}(?=:)", lambda _: chance.choice(FIELDS), bytes(raw),
                            count=chance.randint(1, 4), flags=re.M))


def _add_field(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    value = chance.choice([chance.choice(NASTY), chance.choice(TYPES), b"<x@y>, " * 90,
                           b"=?utf-8?Q?a?= " * 300, b"<@>,<>;:;"])
    return bytearray(chance.choice(FIELDS) + b": " + value + b"\r\n") + raw


def _lie(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    pattern, lies = chance.choice([(rb'charset="?[\w-]*"?', CHARSETS), (rb"(?<=Encoding: )\S*", ENCODINGS),
                                   (rb"(?<=Type: )[\w/.+-]*", TYPES)])
    return bytearray(re.sub(pattern, lambda m: (b"charset=" if b"charset" in pattern else b"") + chance.choice(lies),
                            bytes(raw), count=chance.randint(1, 5), flags=re.I))


def _break_boundary(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    marks = list(re.finditer(rb"^--[^\r\n]{1,80}", bytes(raw), re.M))
    if not marks:
        return raw
    mark = chance.choice(marks)
    raw[mark.start():mark.end()] = chance.choice([b"", mark[0] + b"--", mark[0][:-1], mark[0] + b" x", mark[0] * 3,
                                                  b"--"])
    return raw


def _nest(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    for n in range(chance.choice([1, 3, 30, 99, 101, 300])):
        mark = b"n%d" % n
        raw = bytearray(b'Content-Type: multipart/mixed; boundary="' + mark + b'"\r\n\r\n--' + mark + b"\r\n") + raw
        if len(raw) > 300_000:
            break
    return raw


def _embed(raw: bytearray, chance: random.Random, pool: Sequence[bytes]) -> bytearray:
    kind = chance.choice([b"message/rfc822", b"message/delivery-status", b"application/pkcs7-mime",
                          b"application/ms-tnef"])
    head = b"From: a@example.net\r\nContent-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\nContent-Type: "
    return bytearray(head + kind + b"\r\n\r\n" + chance.choice(pool)[:50_000] + b"\r\n--e\r\n\r\n") + raw


def _line_ends(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    end = chance.choice([b"\r", b"\r\n", b"\n\r", b"\r\r\n", b"\n"])
    return bytearray(bytes(raw).replace(b"\r\n", b"\n").replace(b"\n", end))


def _huge_line(raw: bytearray, chance: random.Random, _pool) -> bytearray:
    at = chance.randrange(len(raw) + 1)
    piece = chance.choice([b"x", b" ", b"\t", b"=20", b"<a href=x>", b"a@b,"])
    raw[at:at] = piece * chance.choice([1_000, 20_000, 90_000])
    return raw


DAMAGES = (_flip, _cut, _remove, _insert, _repeat, _swap_fields, _rename_field, _add_field, _lie, _break_boundary,
           _nest, _embed, _line_ends, _huge_line)
