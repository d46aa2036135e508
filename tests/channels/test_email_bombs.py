"""Mails made to hurt: refused with a reason, or read in reasonable time."""
import pytest

from channels._mail_parse import parse_mail
from channels.base import Inbound, Unreadable
from tests.channels.mail_samples import file_part, html_part, mail, multipart, parts, read, text_part


def nested(levels: int) -> bytes:
    raw = b"Content-Type: text/plain\r\n\r\nhello"
    for level in range(levels):
        raw = f'Content-Type: multipart/mixed; boundary="b{level}"\r\n\r\n--b{level}\r\n'.encode() + raw + \
            f"\r\n--b{level}--\r\n".encode()
    return b"From: ann@example.net\r\n" + raw


@pytest.mark.parametrize("raw, reason", [
    (nested(1_000), "nested|parts"), (nested(101), "nested"),
    (mail(headers={"To": ", ".join(f"u{n}@example.net" for n in range(3_000))}), "addresses"),
    (mail(headers={"To": "a@example.net,\r\n " * 20_000}), "header"),
    (mail(headers={"Subject": "=?utf-8?Q?x?= " * 20_000}), "header"),
    (multipart(*[text_part("x")] * 501), "parts"),
    (b"Content-Type: message/rfc822\r\n\r\n" * 5_000 + mail(), "other mails")])
def test_a_bomb_is_refused_with_its_reason(raw, reason):
    with pytest.raises(Unreadable, match=reason):
        parse_mail(raw)


def test_what_is_large_but_within_bounds_is_read():
    assert read(nested(99)).text == "hello"
    assert len(read(mail(headers={"To": ", ".join(f"u{n}@example.net" for n in range(500))})).to) == 500
    assert read(multipart(*[text_part("x")] * 400)).text.count("x") == 400
    assert read(mail(headers={"Subject": "=?utf-8?Q?x?= " * 6_000})).subject == "x" * 300
    assert read(mail(headers={"To": "(" * 50_000})).to == ()
    assert len(read(mail(headers={"References": " ".join(f"<{n}@x>" for n in range(9_000))})).replies_to) == 100


@pytest.mark.parametrize("body", [
    "<" * 200_000, "<a " * 100_000, "&" * 200_000, "<b>" * 100_000, "<!--" * 100_000, "<table><tr><td>" * 3_000,
    f"<p>{'x' * 49_000}</p>" * 20])
def test_hostile_html_ends(body):
    assert isinstance(read(mail(body, kind="text/html")), Inbound)


@pytest.mark.parametrize("body", [
    "On " * 100_000, "> " * 200_000, "On x\n" * 50_000, "wrote:\n" * 50_000, "From: a@b\n" * 50_000, "-" * 300_000,
    "_____\n" * 50_000, "begin 644 a\n" * 50_000, "a:\n\n" * 50_000, "On 1@ " * 30_000 + "wrote:", " \n" * 100_000])
def test_hostile_text_ends(body):
    assert isinstance(read(mail(body)), Inbound)


@pytest.mark.parametrize("line", ["x" * 64_000, " " * 64_000, "-" * 64_000, "a@b," * 16_000, "5" * 64_000,
                                  "_ " * 32_000,
                                  "\n".join(["-" * 590] * 100), "\n".join(["On 1 <a@b> " * 50] * 100)])
def test_hostile_lines_end_in_a_bounce_and_in_a_forward(line):
    report = {"From": "mailer-daemon@example.net", "Subject": "Undelivered mail returned to sender"}
    assert parse_mail(mail(f"{line}\nuser unknown", headers=report))
    old = "From: a@b.example\nTo: x\nDate: 1 2 2025 10:00"
    assert parse_mail(mail(f"{line}\n\n{old}", headers={"Subject": "FW: x"}))


@pytest.mark.parametrize("field", ["Date", "From", "Delivered-To", "Message-ID", "References", "Content-Type",
                                   "Subject",
                                   "Content-Disposition", "Return-Path", "Auto-Submitted", "X-Failed-Recipients"])
@pytest.mark.parametrize("piece", [" ", "(", "a@", "<", "=?", '"', "x;", ", ", "x, "])
def test_hostile_fields_end(field, piece):
    raw = mail(headers={field: piece * (90_000 // len(piece))})
    try:
        assert parse_mail(raw)
    except Unreadable as error:
        assert "addresses" in str(error)


def test_any_cut_of_a_mail_is_read_or_refused_and_nothing_else():
    whole = multipart(parts_in("alternative"), file_part("bill.pdf", b"%PDF" * 50),
                      ("Content-Type: message/rfc822", mail()))
    for cut in range(0, len(whole), 11):
        for raw in (whole[:cut], whole[cut:]):
            try:
                parse_mail(raw)
            except Unreadable:
                continue


def parts_in(kind: str) -> tuple[str, bytes]:
    head, _, body = parts(text_part("Hello"), html_part("<p>Hello</p>"), kind=kind).partition(b"\r\n\r\n")
    return head.decode(), body
