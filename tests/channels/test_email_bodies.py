"""Bodies, files and HTML of real mail."""
import pytest

from channels._html import clean
from channels._mail_parse import parse_mail
from channels.base import Unreadable
from tests.channels.mail_samples import file_part, html_part, mail, multipart, read, text_part


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
        ("the older one.eml", "message/rfc822", inner),
        ("calendar.ics", "text/calendar", b"BEGIN:VCALENDAR")]


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


def test_files_without_names_are_called_after_what_they_are():
    item = read(multipart(
        text_part("see files"), ("Content-Type: image/png", b"1"), ("Content-Type: image/png", b"2"),
        ("Content-Type: video/quicktime", b"3"), ("Content-Type: application/x-odd\r\nContent-ID: <a.1@x>", b"4"),
        ("Content-Type: application/pdf\r\nContent-Description: The bill/2", b"5"),
        ('Content-Type: image/gif\r\nContent-Disposition: attachment; filename=""', b"6"),
        ('Content-Type: application/pdf; name="two  spaces.pdf"', b"7")))
    assert [f.name for f in item.files] == ["image.png", "image1.png", "video.mov", "a.1", "The bill-2.pdf",
                                            "attachment.gif", "two  spaces.pdf"]


def test_in_a_related_mail_only_the_first_part_is_the_text():
    item = read(multipart(html_part("<p>Look</p>"), ("Content-Type: text/html", b"<p>a frame's page</p>"),
                          kind="related"))
    assert (item.text, [(f.name, f.content) for f in item.files]) == (
        "Look", [("document.html", b"<p>a frame's page</p>")])


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
    ("<form action=x><input name=y></form>z", "z"), ("<!-- x -->y", "y"),
    ("<base href=x><meta http-equiv=refresh>z", "z")])
def test_html_is_made_harmless(html, kept):
    assert clean(html) == kept


def test_links_open_elsewhere_and_say_nothing_of_us():
    link = clean("<a href='https://example.com' target=_top>x</a>")
    assert 'rel="noopener noreferrer nofollow"' in link and 'target="_blank"' in link
    for bad in ("javascript:alert(1)", "data:text/html,x", "/relative", "vbscript:x", " java\nscript:x"):
        assert "href" not in clean(f'<a href="{bad}">x</a>')


def test_endlessly_nested_html_is_shown_as_text():
    shown = clean("<div>" * 100_000 + "hello")
    assert "nested too deeply" in shown and shown.endswith(">hello</div>") and len(shown) < 500
