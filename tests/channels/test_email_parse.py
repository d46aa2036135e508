"""Real mail, tidy and otherwise, to facts. These run the pure parser; test_email_child.py runs it in its child."""
import hashlib
from datetime import UTC, datetime

import pytest

from channels._mail_headers import addresses, normal_address
from channels.base import Inbound
from tests.channels.mail_samples import NOW, SUPPORT, mail, read


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


def test_seven_bit_charsets_of_raw_subjects_are_read_too():
    subject = "やかんが漏れる"
    raw = mail("x").replace(b"Subject: Kettle", b"Subject: " + subject.encode("iso-2022-jp"))
    assert read(raw).subject == subject
    utf7 = mail(b"Gr+APwA3w-e", charset="utf-7").replace(b"Subject: Kettle", b"Subject: Gr+APwA3w-e")
    assert read(utf7).subject == "Grüße"
    assert headers(Subject="1 +APw- 1").subject == "1 +APw- 1"      # nothing says that this is UTF-7


def test_spaces_that_somebody_typed_are_kept():
    assert headers(Subject="a  b\u3000c\r\n  d").subject == "a  b\u3000c d"


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
    assert normal_address('"ann"@example.net') == "ann@example.net"
    assert normal_address('"a@b"@example.net') == '"a@b"@example.net'
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
