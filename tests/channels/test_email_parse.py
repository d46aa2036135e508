"""Real mail, tidy and otherwise, to facts. These run the pure parser; test_email_child.py runs it in its child."""
import hashlib
from datetime import UTC, datetime

import pytest

from channels._html import clean
from channels._mail_headers import addresses, normal_address
from channels._mail_parse import parse_mail
from channels.base import Inbound, Unreadable
from tests.channels.mail_samples import SUPPORT, file_part, html_part, mail, multipart, parts, text_part

NOW = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)


def read(raw: bytes) -> Inbound:
    [item] = parse_mail(raw, [SUPPORT], NOW)
    return item


def headers(**fields: str) -> Inbound:
    return read(mail(headers={k.replace("_", "-"): v for k, v in fields.items()}))


def test_a_plain_mail():
    item = read(mail())
    assert (item.external_id, item.address, item.name, item.subject, item.text) == (
        "<kettle-1@example.net>", "ann@example.net", "Ann Ash", "Kettle", "Hello, my kettle leaks.")
    assert item.sent_at == datetime(2025, 6, 2, 8, 0, tzinfo=UTC)
    assert (item.to, item.cc, item.html, item.files, item.automatic) == ((SUPPORT,), (), "", (), "")


# Charsets

@pytest.mark.parametrize("charset, text", [
    ("utf-8", "Grüße 🙂"), ("iso-8859-1", "Grüße"), ("windows-1252", "“€5”"), ("iso-8859-15", "€"),
    ("koi8-r", "Привет"),
    ("windows-1251", "Привет"), ("gb2312", "水壶漏水"), ("big5", "水壺漏水"), ("shift_jis", "やかん①"),
    ("euc-jp", "やかん"),
    ("iso-2022-jp", "やかん"), ("euc-kr", "주전자"), ("ks_c_5601-1987", "주전자"), ("utf-7", "Grüße"),
    ("utf-16", "Grüße"),
    ("windows-1256", "إبريق"), ("iso-8859-8-i", "קומקום"), ("cp-850", "Grüße")])
def test_charsets(charset, text):
    encoding = {"ks_c_5601-1987": "cp949", "shift_jis": "cp932", "iso-8859-8-i": "iso8859_8", "cp-850": "cp850"}
    raw = mail(text.encode(encoding.get(charset, charset))).replace(b'charset="utf-8"', f'charset="{charset}"'.encode())
    assert read(raw).text == text


@pytest.mark.parametrize("label", ["x-no-such-charset", "", "hex", "zlib", "idna", "punycode", "utf-8\x00", "☃"])
def test_an_impossible_charset_falls_back(label):
    raw = mail("Grüße").replace(b'charset="utf-8"', f'charset="{label}"'.encode())
    assert read(raw).text == "Grüße"


def test_nothing_that_a_database_refuses_comes_through():
    item = read(mail("a\x00b\ud800".encode("utf-8", "surrogatepass"), headers={
        "Subject": "x\x00y =?utf-8?B?AHo=?=", "From": "=?utf-8?B?QQBC?= <ann@example.net>"}))
    for value in (item.text, item.full_text, item.subject, item.name):
        assert "\x00" not in value
        value.encode()
    assert (item.subject, item.name) == ("x y z", "AB")


# Headers

@pytest.mark.parametrize("written, subject", [
    ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"), ("=?utf-8?B?R3LDvMOf?= =?utf-8?B?ZQ==?=", "Grüße"),
    ("=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),
    ("=?iso-8859-1?q?Gr=FC=DFe?=\r\n =?utf-8?q?_an_alle?=", "Grüße an alle"),
    ("=?no-such?Q?x?= y", "=?no-such?Q?x?= y"), ("=?utf-8?Q?unfinished", "=?utf-8?Q?unfinished"),
    ("=?utf-8?B?!!!?= a", "a"), ("two\r\n lines", "two lines"),
    ("Re: =?UTF-8?Q?with spaces inside?=", "Re: with spaces inside"),
    ("Grüße", "Grüße"), ("", "")])
def test_subjects(written, subject):
    assert headers(Subject=written).subject == subject


def test_raw_eight_bit_subjects_are_read_by_the_charset_of_the_body():
    for charset, subject in (("windows-1251", "Привет"), ("gb18030", "水壶漏水"), ("iso-8859-1", "Grüße")):
        raw = mail("x", charset=charset).replace(b"Subject: Kettle", b"Subject: " + subject.encode(charset))
        raw += "é".encode(charset, "replace")
        assert read(raw).subject == subject


def test_header_injection_by_encoded_words_stays_in_one_line():
    assert headers(Subject="=?utf-8?Q?a=0D=0ABcc:_x@example.com?=").subject == "a Bcc: x@example.com"


@pytest.mark.parametrize("written, found", [
    ("ann@example.net", [("", "ann@example.net")]),
    ('"Ash, Ann" <ann@example.net>, Bo <bo@example.net>', [("Ash, Ann", "ann@example.net"), ("Bo", "bo@example.net")]),
    ("Ash, Ann <ann@example.net>", [("Ash, Ann", "ann@example.net")]),
    ("=?utf-8?Q?Ash,_Ann?= <ann@example.net>", [("Ash, Ann", "ann@example.net")]),
    ("ann@example.net (Ann Ash)", [("Ann Ash", "ann@example.net")]),
    ("Team: ann@example.net, bo@example.net;", [("", "ann@example.net"), ("", "bo@example.net")]),
    ("Ann ann@example.net", [("Ann", "ann@example.net")]), ("<<ann@example.net>>", [("", "ann@example.net")]),
    ('"ann@example.net" <ann@example.net>', [("ann@example.net", "ann@example.net")]),
    ('"a b"@example.net', [("", '"a b"@example.net')]), ("Ann <>", [("Ann", "")]), ("undisclosed-recipients:;", []),
    ("", []), ("(((((", [])])
def test_addresses(written, found):
    assert addresses(written) == found


def test_addresses_have_one_spelling():
    assert normal_address("Ann@Exämple.NET") == "ann@xn--exmple-cua.net"
    assert normal_address("ANN@example.net.") == "ann@example.net"
    assert normal_address("nobody") == normal_address("@example.net") == ""


@pytest.mark.parametrize("field, address, name", [
    ({"From": ""}, "", ""), ({"From": "", "Sender": "bo@example.net"}, "bo@example.net", ""),
    ({"From": "Ann <>", "Return-Path": "<ann@example.net>"}, "ann@example.net", "Ann"),
    ({"From": '"ann@example.net" <Ann@Example.net>'}, "ann@example.net", ""),
    ({"From": f"Ann via Support <{SUPPORT}>", "X-Original-From": "Ann <ann@example.net>"}, "ann@example.net", "Ann")])
def test_senders(field, address, name):
    item = read(mail(headers=field))
    assert (item.address, item.name) == (address, name)


@pytest.mark.parametrize("written, identity", [
    ("<a@b>", "<a@b>"), ("a@b", "<a@b>"), ("  <a@ b> (comment)", "<a@b>"), ("<a@@b@c>", "<a@@b@c>")])
def test_message_ids_have_one_form(written, identity):
    assert headers(Message_ID=written).external_id == identity


def test_a_mail_without_a_usable_id_is_known_by_its_bytes():
    for raw in (mail(without=("Message-ID",)), mail(headers={"Message-ID": "<>"})):
        assert read(raw).external_id == "sha256:" + hashlib.sha256(raw).hexdigest() == read(raw).external_id


def test_a_very_long_id_is_shortened_in_the_same_way_wherever_it_stands():
    long = "<" + "x" * 2000 + "@example.net>"
    item = headers(Message_ID=long)
    assert len(item.external_id) < 100
    assert headers(In_Reply_To=long).replies_to == (item.external_id,)


def test_the_nearest_parent_comes_first():
    assert headers(In_Reply_To="<c@x>", References="<a@x> <b@x>\r\n <c@x>").replies_to == ("<c@x>", "<b@x>", "<a@x>")
    assert headers(References="<a@x><b@x>").replies_to == ("<b@x>", "<a@x>")
    assert headers(In_Reply_To="c@x").replies_to == ("<c@x>",)


def test_tokens_come_from_every_address_it_reached_and_keep_their_case():
    item = read(b"Delivered-To: support+AbCd1234@example.org\r\nX-Original-To: support+efgh5678@example.org\r\n"
                + mail("[ref:ijklMNOPqrst90_-]", headers={"Cc": "support+other999@example.org"}))
    assert item.tokens == ("AbCd1234", "efgh5678", "other999", "ijklMNOPqrst90_-")


@pytest.mark.parametrize("written, sent_at", [
    ("Mon, 02 Jun 2025 10:00:00 -0000", datetime(2025, 6, 2, 10, tzinfo=UTC)), ("2 Jun 2025 10:00 +0200 (CEST)",
     datetime(2025, 6, 2, 8, tzinfo=UTC)), ("Fri, 01 Jan 2100 00:00:00 +0000", NOW), ("yesterday", NOW), ("", NOW),
    ("Mon, 02 Jun 0025 10:00:00 +9999", NOW), ("Mon, 99 Jun 2025 99:00:00", NOW)])
def test_dates(written, sent_at):
    assert headers(Date=written).sent_at == sent_at


def test_the_fingerprint_is_the_same_on_every_way_and_differs_for_other_content():
    raw = mail()
    moved = b"Received: from a by b\r\nDelivered-To: x@example.org\r\n" + raw.replace(b"\r\n", b"\n") + b"\n"
    assert read(raw).fingerprint == read(moved).fingerprint
    assert len({read(r).fingerprint for r in (raw, mail("other"), mail(headers={"From": "b@example.net"}))}) == 3


def test_lines_that_are_no_fields_do_not_hide_the_ones_behind_them():
    raw = mail().replace(b"Subject:", b"Received: from a\r\nby b; today\r\nSubject:")
    assert (read(raw).subject, read(raw).text) == ("Kettle", "Hello, my kettle leaks.")


def test_line_ends_of_every_kind():
    for end in (b"\n", b"\r", b"\r\n"):
        item = read(mail("one\r\n\r\ntwo").replace(b"\r\n", end))
        assert (item.subject, item.text) == ("Kettle", "one\n\ntwo")


# Bodies and files

def test_text_and_html_are_two_forms_of_one_body():
    item = read(multipart(text_part("Hello"), html_part("<p>Hello</p>"), kind="alternative"))
    assert (item.text, item.html, item.files) == ("Hello", "<p>Hello</p>", ())


def test_html_alone_gives_text_too():
    assert read(mail("<p>Hello <b>you</b></p><p>Bye</p>", kind="text/html")).text == "Hello you\n\nBye"


def test_an_empty_text_beside_html_is_not_believed():
    assert read(multipart(text_part(" \n"), html_part("<p>Hello</p>"), kind="alternative")).text == "Hello"


def test_pieces_of_text_around_a_picture_are_all_read():
    picture = "Content-Type: image/png\r\nContent-Disposition: inline; filename=a.png\r\nContent-ID: <p1@x>", b"PNG"
    item = read(multipart(text_part("before"), picture, text_part("after")))
    assert item.text == "before\nafter"
    assert [(f.name, f.cid, f.content) for f in item.files] == [("a.png", "p1@x", b"PNG")]


def test_files_of_every_kind():
    inner = mail(headers={"Subject": "the older one"})
    item = read(multipart(
        text_part("see files"), file_part("bill.pdf", b"%PDF"), file_part("bill.pdf", b"%PDF2"),
        ("Content-Type: text/plain; name=notes.txt\r\nContent-Disposition: attachment", b"notes"),
        ("Content-Type: image/png\r\nContent-ID: <image001.png@01D>", b"PNG"),
        ("Content-Type: message/rfc822", inner), ("Content-Type: text/calendar; method=REQUEST", b"BEGIN:VCALENDAR")))
    assert item.text == "see files"
    assert [(f.name, f.content_type, f.content) for f in item.files] == [
        ("bill.pdf", "application/pdf", b"%PDF"), ("bill.pdf", "application/pdf", b"%PDF2"),
        ("notes.txt", "text/plain", b"notes"), ("image001.png", "image/png", b"PNG"),
        ("the older one.eml", "message/rfc822", inner.replace(b"\r\n", b"\n")),
        ("attachment.ics", "text/calendar", b"BEGIN:VCALENDAR")]


@pytest.mark.parametrize("written, name", [
    ('filename="../../etc/passwd"', "passwd"), ('filename="C:\\\\Users\\\\a\\\\bill.pdf"', "bill.pdf"),
    ('filename="bill\u202efdp.exe"', "billfdp.exe"), ('filename="a\u200b.htaccess"', "a.htaccess"),
    ('filename=".htaccess"', "htaccess"), ('filename="bill.pdf. . ."', "bill.pdf"), ('filename=""', "attachment.pdf"),
    ("filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"), ("filename*0=long-; filename*1=name.pdf", "long-name.pdf"),
    ('filename="=?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?="', "Grüße.pdf"), ("filename*=no-such''x.pdf", "x.pdf"),
    ('filename="two\r\n lines.pdf"', "two lines.pdf"), ('filename="Grüße.pdf"', "Grüße.pdf"),
    (f'filename="{"x" * 500}.pdf"', "x" * 130 + ".pdf"), ('filename="/"', "attachment.pdf")])
def test_names_of_files_are_only_names(written, name):
    part = (f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {written}", b"%PDF")
    assert read(multipart(text_part("x"), part)).files[0].name == name


def test_uuencoded_files_are_taken_out_of_the_text():
    item = read(mail("see file\r\n\r\nbegin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\n\r\nbye"))
    assert [(f.name, f.content) for f in item.files] == [("a.txt", b"hello")]
    assert item.text.split() == ["see", "file", "bye"]


def test_a_broken_mail_is_read_as_far_as_it_goes():
    for body in (multipart(text_part("Hello"))[:-14],
                 multipart(("Content-Type: multipart/mixed", b"Hello")),
                 mail("SGVsbG8", headers={"Content-Transfer-Encoding": "base64"}),
                 mail("Hello", headers={"Content-Transfer-Encoding": "no-such"}),
                 mail("Hello=", headers={"Content-Transfer-Encoding": "quoted-printable"}),
                 b"\r\n\r\n" + mail("Hello"),
                 b"From ann@example.net Mon Jun  2 10:00:00 2025\n" + mail("Hello")):
        assert read(body).full_text.strip() == "Hello"


def test_a_mail_with_nothing_in_it_is_unreadable():
    with pytest.raises(Unreadable, match="empty"):
        parse_mail(b" \r\n")


# HTML

@pytest.mark.parametrize("html, kept", [
    ("<p onclick=alert(1)>x</p>", "<p>x</p>"), ("<script>alert(1)</script>x", "x"), ("<style>p{}</style>x", "x"),
    ("<svg onload=alert(1)>x</svg>y", "y"), ("<p style='position:fixed;color:red'>x</p>", '<p style="color:red">x</p>'),
    ("<img src='https://example.com/a.gif' onerror=x>", '<img data-src="https://example.com/a.gif">'),
    ("<img alt='a > b src=\"c\"' src=cid:p1>", '<img alt="a &gt; b src=&quot;c&quot;" data-src="cid:p1">'),
    ("<img srcset='https://example.com/a.gif 1x' src='javascript:x'>", "<img>"),
    ("<form action=x><input name=y></form>z", "z"), ("<!-- x -->y", "y"), ("<base href=x><meta http-equiv=refresh>z", "z")])
def test_html_is_made_harmless(html, kept):
    assert clean(html) == kept


def test_links_open_elsewhere_and_say_nothing_of_us():
    link = clean("<a href='https://example.com' target=_top>x</a>")
    assert 'rel="noopener noreferrer nofollow"' in link and 'target="_blank"' in link
    for bad in ("javascript:alert(1)", "data:text/html,x", "/relative", "vbscript:x", " java\nscript:x"):
        assert "href" not in clean(f'<a href="{bad}">x</a>')


def test_endlessly_nested_html_is_shown_as_text():
    assert clean("<div>" * 100_000 + "hello") .split() == ["hello"]


# Bombs

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
    assert read(mail(headers={"Subject": "=?utf-8?Q?x?= " * 6_000})).subject == "x" * 1000
    assert read(mail(headers={"To": "(" * 50_000})).to == ()
    assert len(read(mail(headers={"References": " ".join(f"<{n}@x>" for n in range(9_000))})).replies_to) == 100


@pytest.mark.parametrize("body", [
    "<" * 200_000, "<a " * 100_000, "&" * 200_000, "<b>" * 100_000, "<!--" * 100_000, "<table><tr><td>" * 3_000])
def test_hostile_html_ends(body):
    assert isinstance(read(mail(body, kind="text/html")), Inbound)


@pytest.mark.parametrize("body", [
    "On " * 100_000, "> " * 200_000, "On x\n" * 50_000, "wrote:\n" * 50_000, "From: a@b\n" * 50_000, "-" * 300_000,
    "_____\n" * 50_000, "begin 644 a\n" * 50_000, "a:\n\n" * 50_000, "On 1@ " * 30_000 + "wrote:", " \n" * 100_000])
def test_hostile_text_ends(body):
    assert isinstance(read(mail(body)), Inbound)


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
