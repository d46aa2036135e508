"""Signed and encrypted mail, invitations and Outlook's own format are shown as far as they can be, and kept as they
came."""
import base64
import struct
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from channels._mail_calendar import invitation
from channels._mail_cms import is_encrypted, signed_content
from channels._mail_rtf import decompressed, unwrapped
from channels._mail_tnef import read_tnef
from tests.channels.mail_samples import mail, multipart, parts, read, text_part

# Signed and encrypted


def certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ann")])
    start = datetime(2025, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=999))
    return builder.sign(key, hashes.SHA256()), key


def signed(content: bytes, *options) -> bytes:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(*certificate(), hashes.SHA256())
    return builder.sign(Encoding.DER, list(options))


def test_a_signed_mail_is_read_and_its_signed_part_is_kept_to_the_byte():
    inside = b"Content-Type: text/plain; charset=utf-8\r\nX-Odd:   spaces \r\n\r\nHello,  \r\n\tkettle\r\n"
    for end in (b"\r\n", b"\n"):
        part = inside.replace(b"\r\n", end)
        raw = multipart(("", b""), ("Content-Type: application/pgp-signature; name=signature.asc", b"-----BEGIN"),
                        kind="signed", extra="; protocol=application/pgp-signature").replace(b"\r\n", end)
        raw = raw.replace(b"--=_signed" + end + end + end, b"--=_signed" + end + part, 1)
        item = read(raw)
        assert (item.text.split(), item.marks) == (["Hello,", "kettle"], ("signed",))
        assert [f.name for f in item.files] == ["signed part.eml", "signature.asc"]
        assert item.files[0].content == part


def test_a_mail_wrapped_in_its_own_signature_is_unwrapped():
    inside = multipart(text_part("Hello from inside"), ("Content-Type: application/pdf; name=a.pdf", b"%PDF"))
    wrapped = signed(inside, pkcs7.PKCS7Options.Binary)
    assert signed_content(wrapped) == inside
    head = 'Content-Type: application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"\r\n'
    raw = mail("", headers={"Content-Transfer-Encoding": "base64"}).replace(
        b'Content-Type: text/plain; charset="utf-8"\r\n', head.encode()) + base64.encodebytes(wrapped)
    item = read(raw)
    assert (item.text, item.marks) == ("Hello from inside", ("signed",))
    assert [(f.name, f.content) for f in item.files] == [("a.pdf", b"%PDF"), ("smime.p7m", wrapped)]


def test_a_signature_alone_and_broken_wrappings_hold_no_mail():
    assert signed_content(signed(b"x", pkcs7.PKCS7Options.DetachedSignature)) is None
    wrapped = signed(b"x" * 300, pkcs7.PKCS7Options.Binary)
    for cut in range(0, len(wrapped), 7):
        signed_content(wrapped[:cut])                   # nothing raises
    assert signed_content(b"\x30\x80" * 5_000) is None and signed_content(b"") is None


def test_an_indefinite_length_is_read_too():
    oid, data = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
    content = b"\xa0\x80\x24\x80\x04\x03abc\x04\x02de\0\0\0\0"
    signed_data = b"\x30\x80\x02\x01\x01\x31\x00" + b"\x30\x80" + data + content + b"\0\0" + b"\0\0"
    assert signed_content(b"\x30\x80" + oid + b"\xa0\x80" + signed_data + b"\0\0" + b"\0\0") == b"abcde"


def test_an_encrypted_mail_says_so_and_its_content_is_kept():
    secret = b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n-----END PGP MESSAGE-----\r\n"
    raw = multipart(("Content-Type: application/pgp-encrypted", b"Version: 1"),
                    ("Content-Type: application/octet-stream; name=encrypted.asc", secret), kind="encrypted")
    item = read(raw)
    assert (item.text, item.marks) == ("[Encrypted text, in the attached file]", ("encrypted",))
    assert item.files[1].name == "encrypted.asc" and item.files[1].content == secret
    sealed = bytes.fromhex("3080" "06092a864886f70d010703" "a080") + b"x"
    assert is_encrypted(sealed) and not is_encrypted(signed(b"x", pkcs7.PKCS7Options.Binary))
    item = read(multipart(("Content-Type: application/x-pkcs7-mime; name=smime.p7m", sealed)))
    assert item.marks == ("encrypted",) and item.files[0].content == sealed


def test_pgp_in_the_text():
    text = ("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello\n- -x\nAnn\n-----BEGIN PGP "
    "SIGNATURE-----\n\niQ\n"
            "-----END PGP SIGNATURE-----\n\nPS: bye")
    item = read(mail(text))
    assert item.text == "Hello\n-x\nAnn\n\n\nPS: bye" and item.full_text == text
    assert item.marks == ("signed",) and item.files[0].content == text.encode()
    item = read(mail("Hi\n-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----\n"))
    assert item.text == "Hi\n[Encrypted text, in the attached file]" and item.marks == ("encrypted",)
    for quoted in ("> -----BEGIN PGP SIGNED MESSAGE-----\n> x", "the line -----BEGIN PGP MESSAGE----- in a sentence"):
        assert read(mail(quoted)).marks == ()


# Invitations

def event(*lines: str, method: str = "REQUEST") -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "END:VTIMEZONE",
                        "BEGIN:VEVENT", *lines, "BEGIN:VALARM", "SUMMARY:no", "END:VALARM", "END:VEVENT",
                        "END:VCALENDAR"])


@pytest.mark.parametrize("lines, method, words", [
    (["SUMMARY:Kettle\\, again", "DTSTART;TZID=Europe/Berlin:20250602T100000",
     "DTEND;TZID=Europe/Berlin:20250602T113000",
      "LOCATION:Room 1\\nsecond floor", 'ORGANIZER;CN="Ann Ash":mailto:ann@example.net'], "REQUEST",
     "Invitation: Kettle, again\nWhen: Monday, 2 June 2025, 10:00–11:30 (Europe/Berlin, UTC+2)\nWhere: Room 1 second "
     "floor\nOrganiser: Ann Ash <ann@example.net>"),
    (["SUMMARY:A", "DTSTART:20250602T080000Z", "DURATION:PT45M", "RRULE:FREQ=WEEKLY;COUNT=3"], "REQUEST",
     "Invitation: A\nWhen: Monday, 2 June 2025, 08:00–08:45 (UTC), every week"),
    (["SUMMARY:A", "DTSTART;VALUE=DATE:20250602", "DTEND;VALUE=DATE:20250605"], "PUBLISH",
     "Event: A\nWhen: Monday, 2 June 2025 – Wednesday, 4 June 2025, all day"),
    (["SUMMARY:A", "DTSTART;VALUE=DATE:20250602"], "CANCEL", "Cancelled: A\nWhen: Monday, 2 June 2025, all day"),
    (["SUMMARY:A", "DTSTART;TZID=W. Europe Standard Time:20250602T230000",
      "DTEND;TZID=W. Europe Standard Time:20250603T010000"], "REQUEST",
     "Invitation: A\nWhen: Monday, 2 June 2025, 23:00 – Tuesday, 3 June 2025, 01:00 (W. Europe Standard Time)"),
    (["SUMMARY:A", "ATTENDEE;PARTSTAT=DECLINED;CN=Bo:mailto:bo@example.net"], "REPLY",
     "Answer to an invitation: A\nBo <bo@example.net> declines"),
    (["SUMMARY;LANGUAGE=de:Lange\r\n r Titel", "DTSTART:nonsense"], "REQUEST", "Invitation: Langer Titel"),
    (["DTSTART:20250602T080000", "DTEND:99999999T000000"], "REQUEST",
     "Invitation: without a title\nWhen: Monday, 2 June 2025, 08:00 (local time of the place)")])
def test_invitations_in_words(lines, method, words):
    assert invitation(event(*lines, method=method)) == words


@pytest.mark.parametrize("text", ["", "BEGIN:VCALENDAR", "BEGIN:VEVENT\n" * 1000, "END:VEVENT", "X" * 100_000,
                                  "BEGIN:VEVENT\nDTSTART;TZID=../../etc/passwd:20250602T100000\nEND:VEVENT",
                                  "BEGIN:VEVENT\nDTSTART:00000000T000000\nDURATION:P9999W\nEND:VEVENT"])
def test_odd_calendars_do_no_harm(text):
    invitation(text)


def test_an_invitation_is_readable_and_kept():
    ics = event("SUMMARY:Kettle", "DTSTART:20250602T080000Z").encode()
    raw = multipart((parts(text_part("Please come.\n-- \nAnn"), ("Content-Type: text/calendar; method=REQUEST", ics),
                           kind="alternative").decode().split("\r\n\r\n", 1)[0],
                     parts(text_part("Please come.\n-- \nAnn"), ("Content-Type: text/calendar; method=REQUEST", ics),
                           kind="alternative").split(b"\r\n\r\n", 1)[1]),
                    ("Content-Type: application/ics; name=invite.ics", ics))
    item = read(raw)
    assert item.text == "Please come.\n\nInvitation: Kettle\nWhen: Monday, 2 June 2025, 08:00 (UTC)"
    assert item.marks == ("calendar",) and [f.name for f in item.files] == ["calendar.ics", "invite.ics"]
    assert item.files[1].content == ics


# Outlook's winmail.dat

def attribute(name: int, value: bytes) -> bytes:
    return struct.pack("<BII", 2, name, len(value)) + value + b"\0\0"


def properties(*given: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(given))
    for kind, name, value in given:
        out += struct.pack("<HH", kind, name)
        out += value if kind == 3 else struct.pack("<II", 1, len(value)) + value + b"\0" * (-len(value) % 4)
    return out


def tnef(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


NAMED = properties((3, 0x0E20, b"\5\0\0\0"), (0x1F, 0x3707, "Über.pdf\0".encode("utf-16-le")),
                   (0x1E, 0x370E, b"application/pdf\0"), (0x1F, 0x3712, "a@b\0".encode("utf-16-le")))
BOX = tnef(attribute(0x69007, struct.pack("<II", 1252, 0)), attribute(0x2800C, "Grüße\0".encode("cp1252")),
           attribute(0x69002, b"\1\0"), attribute(0x18010, b"UBER~1.PDF\0"), attribute(0x6800F, b"%PDF-1"),
           attribute(0x69005, NAMED))


def test_winmail_is_unpacked():
    item = read(multipart(text_part(""), ("Content-Type: application/ms-tnef; name=winmail.dat", BOX)))
    assert item.text == "Grüße"
    assert [(f.name, f.content_type, f.content, f.cid) for f in item.files] == [
        ("Über.pdf", "application/pdf", b"%PDF-1", "a@b")]


def test_html_and_wrapped_html_in_winmail():
    html = "<p>Hello <b>Grüße</b></p>"
    box = tnef(attribute(0x69003, properties((0x102, 0x1013, html.encode()))))
    assert read(multipart(("Content-Type: application/ms-tnef", box))).text == "Hello Grüße"
    rtf = (rb"{\rtf1\ansi\ansicpg1252\fromhtml1{\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Hello "
           rb"{\*\htmltag84 <b>}\htmlrtf \b\htmlrtf0 Gr\'fc\'dfe \u9786?{\*\htmltag92 </b>}\htmlrtf }\htmlrtf0 &"
           rb"{\*\htmltag72 </p>}}")
    head = struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0)
    box = tnef(attribute(0x69003, properties((0x102, 0x1009, head + rtf))))
    item = read(multipart(("Content-Type: application/ms-tnef", box)))
    assert item.text == "Hello Grüße ☺&"
    assert "<b>" in item.html


def test_compressed_rtf():
    # The example of [MS-OXRTFCP] §4.1.1, and one in which a run refers to itself (§4.1.2).
    one = bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af3"
                        "2068656c090020627705b06c647d0a800fa0")
    assert decompressed(one) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    two = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert decompressed(two) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    assert unwrapped(decompressed(one)) == ("", "hello world")
    for cut in range(len(one)):
        unwrapped(decompressed(one[:cut]))


def test_a_message_within_winmail():
    inner = tnef(attribute(0x78004, b"Older\0"), attribute(0x2800C, b"old words\0"))
    holds = properties((0x0D, 0x3701, b"i" * 16 + inner))
    found = read_tnef(tnef(attribute(0x69002, b"\1"), attribute(0x69005, holds)))
    assert [(f.name, f.content) for f in found.files] == [("Older.txt", b"old words")]


def test_a_broken_winmail_stays_a_file():
    for box in (b"no tnef", BOX[:4], tnef(), BOX[:20]):
        item = read(multipart(text_part("see"), ("Content-Type: application/ms-tnef; name=winmail.dat", box)))
        assert [(f.name, f.content) for f in item.files] == [("winmail.dat", box)]
    for cut in range(len(BOX)):
        read_tnef(BOX[:cut])
    assert read_tnef(tnef(attribute(0x69003, b"\xff" * 2_000))) is not None
