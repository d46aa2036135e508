"""A mail that was passed on is told from an answer, and its first writer is known."""
import pytest

from channels._mail_forward import forwarded_from
from tests.channels.mail_languages import FIELDS, FORWARD_SUBJECTS, FORWARDS, WROTE, header_block
from tests.channels.mail_samples import QUOTED, html_part, mail, multipart, read, text_part

OLD = "Dear support,\nmy kettle leaks."
WRITER = ("Bo Ek", "bo@example.net")


def block(language: str, mailbox: str = "Bo Ek <bo@example.net>") -> str:
    return header_block(language).replace("Support <support@example.org>", mailbox)


@pytest.mark.parametrize("language, line", [(k, line) for k, lines in FORWARDS.items() for line in lines])
def test_the_mark_of_a_mail_program_names_the_writer_below_it(language, line):
    assert forwarded_from("Fwd: Kettle", f"See below.\n\n{line}\n{block(language)}\n\n{OLD}") == WRITER
    assert forwarded_from("Kettle", f"{line}\n\n{block(language)}\n\n{OLD}") == WRITER
    quoted = "\n".join(f"> {one}" for one in [line, "", *block(language).split("\n"), "", *OLD.split("\n")])
    assert forwarded_from("Fwd: Kettle", f"See below.\n\n{quoted}") == WRITER


@pytest.mark.parametrize("language", FIELDS)
@pytest.mark.parametrize("start", ["FW: Kettle", ""])
def test_outlook_says_so_in_the_subject_only(language, start):
    found = forwarded_from(start or "Kettle", f"See below.\n\n{block(language)}\n\n{OLD}")
    assert found == (WRITER if start else None)


@pytest.mark.parametrize("subject", FORWARD_SUBJECTS)
def test_subjects_of_forwards(subject):
    assert forwarded_from(f"{subject} Kettle", f"{block('en')}\n\n{OLD}") == WRITER


@pytest.mark.parametrize("subject", ["Re: FW: Kettle", "Re: Kettle", "TV: broken", "Iron: broken", "Wgt 5 kg"])
def test_other_subjects(subject):
    assert forwarded_from(subject, f"{NEW}\n\n{block('en')}\n\n{OLD}") is None


NEW = "It still leaks."


def test_an_answer_to_a_mail_that_was_passed_on_is_no_forward():
    text = f"{NEW}\n\n{WROTE['en'][0]}\n> ---------- Forwarded message ---------\n> From: Bo Ek <bo@example.net>\n> old"
    item = read(mail(text, headers={"Subject": "Re: Fwd: Kettle"}))
    assert (item.text, item.marks, item.forwarded_from) == (NEW, (), ("", ""))
    assert forwarded_from("Re: Kettle", f"{NEW}\n\n{WROTE['en'][0]}\n{QUOTED}") is None


@pytest.mark.parametrize("mailbox, writer", [
    ("Bo Ek <bo@example.net<mailto:bo@example.net>>", WRITER), ("Bo Ek [mailto:bo@example.net]", WRITER),
    ("bo@example.net", ("", "bo@example.net")), ('"Ek, Bo" <Bo@Example.net>', ("Ek, Bo", "bo@example.net")),
    ("Bo Ek <mailto:bo@example.net>", WRITER), ("Bo Ek", ("Bo Ek", "")), ("bo@example.net <bo@example.net>",
                                                                        ("", "bo@example.net")),
    ("Bo Ek\n <bo@example.net>", WRITER)])
def test_how_the_writer_is_named(mailbox, writer):
    assert forwarded_from("FW: Kettle", f"{FORWARDS['en'][0]}\n{block('en', mailbox)}\n\n{OLD}") == writer


def test_the_whole_mail_stays_the_message():
    text = f"See below.\n\n{block('de')}\n\n{OLD}"
    item = read(mail(text, headers={"Subject": "WG: Kessel"}))
    assert (item.text, item.marks, item.forwarded_from) == (text, ("forwarded",), WRITER)
    html = ("<p>See below.</p><div id=appendonsend></div><hr><div id=divRplyFwdMsg><b>From:</b> Bo Ek "
    "&lt;bo@example.net"
            "&gt;<br><b>Sent:</b> Monday, June 2, 2025 10:00 AM<br><b>To:</b> Ann<br><b>Subject:</b> Kettle</div>"
            "<div>My kettle leaks.</div>")
    item = read(mail(html, kind="text/html", headers={"Subject": "FW: Kettle"}))
    assert item.forwarded_from == WRITER and "My kettle leaks." in item.text


def test_a_mail_that_is_passed_on_as_an_attachment():
    inner = mail(OLD, headers={"From": "Bo Ek <bo@example.net>"})
    for subject, words in (("Fwd: Kettle", "See the file."), ("Kettle", "")):
        item = read(multipart(text_part(words), ("Content-Type: message/rfc822", inner)).replace(
            b"Subject: Kettle", f"Subject: {subject}".encode(), 1))
        assert (item.marks, item.forwarded_from) == (("forwarded",), WRITER)
    item = read(multipart(text_part("See the file."), html_part("<p>x</p>"), ("Content-Type: message/rfc822", inner)))
    assert item.marks == ()
