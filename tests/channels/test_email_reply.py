"""What a customer newly wrote is shown; the history below it is not, and nothing they wrote is lost."""
import pytest

from channels._mail_reply import newly_written
from channels._mail_text import html_to_text
from tests.channels.mail_samples import INTRODUCTIONS, OUTLOOK_HEADERS, QUOTED

NEW = "It still leaks.\n\nBest wishes\nAnn"


@pytest.mark.parametrize("language", INTRODUCTIONS)
def test_history_is_trimmed_in_many_languages(language):
    assert newly_written(f"{NEW}\n\n{INTRODUCTIONS[language]}\n\n{QUOTED}") == NEW


@pytest.mark.parametrize("language", [k for k in INTRODUCTIONS if k not in ("ru", "ja", "ar")])
def test_history_without_quote_marks_is_trimmed_after_its_introduction(language):
    unmarked = QUOTED.replace("> ", "").replace(">", "")
    assert newly_written(f"{NEW}\n\n{INTRODUCTIONS[language]}\n\n{unmarked}") == NEW


@pytest.mark.parametrize("language", OUTLOOK_HEADERS)
def test_a_block_of_old_header_lines_begins_the_history(language):
    assert newly_written(f"{NEW}\n\n________________________________\n{OUTLOOK_HEADERS[language]}\n\nOld text") == NEW
    assert newly_written(f"{NEW}\n\n{OUTLOOK_HEADERS[language]}\n\nOld text") == NEW


@pytest.mark.parametrize("line", [
    "-----Original Message-----", "-----Ursprüngliche Nachricht-----", "-------- Message d'origine --------",
    "-----Mensaje original-----", "-----Oorspronkelijk bericht-----", "-----原始邮件-----",
    "## Please type your reply above this line ##", "-- Reply above this line --"])
def test_a_dividing_line_begins_the_history(line):
    assert newly_written(f"{NEW}\n\n{line}\nold words\nmore old words") == NEW


@pytest.mark.parametrize("signature", [
    "-- \nAnn Ash\nKettle Lane 1", "Sent from my iPhone", "Von meinem iPhone gesendet", "Envoyé de mon iPhone",
    "Enviado desde mi iPhone", "Inviato da iPhone", "Get Outlook for Android", "发自我的iPhone", "iPhoneから送信"])
def test_a_signature_is_trimmed(signature):
    assert newly_written(f"{NEW}\n\n{signature}") == NEW
    assert newly_written(f"{NEW}\n\n{signature}\n\n{INTRODUCTIONS['en']}\n{QUOTED}") == NEW


def test_answers_between_quoted_lines_keep_what_they_answer():
    text = f"{INTRODUCTIONS['en']}\n> Is it new?\n\nYes.\n\n> Is it hot?\n\nNo."
    assert newly_written(text) == text


def test_an_answer_below_the_quotation_stands_alone():
    assert newly_written(f"{INTRODUCTIONS['en']}\n{QUOTED}\nIt still leaks.") == "It still leaks."


@pytest.mark.parametrize("text", [
    "One of you wrote: it is fine. It is not.\nSee 2 June.",
    "On Monday I wrote to you and nobody answered.\nOn Tuesday too.",
    "From: Berlin\nTo: Hamburg\nI need two tickets.",
    "I tried:\n-- first\n-- second\nand neither works",
    "Colours:\n- red\n- blue",
    "> the whole mail is quoted",
    "a > b and b > c"])
def test_ordinary_text_stays_whole(text):
    assert newly_written(text) == text


def test_a_forwarded_mail_is_kept():
    text = f"Please see this.\n\n---------- Forwarded message ---------\n{OUTLOOK_HEADERS['en']}\n\nThe bill is wrong."
    assert newly_written(text) == text


def test_text_that_would_be_trimmed_to_nothing_is_kept():
    text = f"{INTRODUCTIONS['en']}\n{QUOTED}".strip()
    assert newly_written(text) == text


def test_a_long_text_without_history_is_kept_whole_and_a_long_history_is_trimmed():
    long = "word " * 40_000
    assert newly_written(long) == long.strip()
    assert newly_written(f"{NEW}\n\n{INTRODUCTIONS['en']}\n" + "> old\n" * 100_000) == NEW


@pytest.mark.parametrize("html, new", [
    ("<div>It still leaks.</div><br><div class=gmail_quote><div class=gmail_attr>Le lun. 2 juin 2025, X a écrit :<br>"
     "</div><blockquote class=gmail_quote>old</blockquote></div>", "It still leaks."),
    ("<p>It still leaks.</p><div id=divRplyFwdMsg><b>From:</b> Support<br><b>Sent:</b> Monday</div><div>old</div>",
     "It still leaks."),
    ("<p>It still leaks.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0 0 0'><p><b>Von:</b>"
     " Support<br><b>Gesendet:</b> Montag</p></div><p>alt</p>", "It still leaks."),
    ("<div>It still leaks.</div><div id=yahoo_quoted_1 class=yahoo_quoted><div>On Monday, Support wrote:</div>"
     "<div>old</div></div>", "It still leaks."),
    ("It still leaks.<br><blockquote type=cite><div>On 2 Jun 2025, at 10:00, Support wrote:</div>old</blockquote>",
     "It still leaks."),
    ("<div>It still leaks.</div><div class=protonmail_quote>On Monday, Support wrote:"
     "<blockquote>old</blockquote></div>",
     "It still leaks."),
    ("<div>It still leaks.</div><div class=moz-cite-prefix>Am 02.06.25 um 10:00 schrieb Support:</div>"
     "<blockquote cite=mid:x>old</blockquote>", "It still leaks."),
    ("<div>It still leaks.</div><div id=appendonsend></div><hr tabindex=-1 style='display:inline-block;width:98%'>"
     "<div id=divRplyFwdMsg dir=ltr><b>From:</b> Support &lt;support@example.org&gt;<br><b>Sent:</b> Monday, June "
     "2, 2025"
     " 10:00 AM<br><b>To:</b> Ann<br><b>Subject:</b> Kettle</div><div>old</div>", "It still leaks."),
    ("<div>It still leaks.</div><hr id=stopSpelling>Date: Mon, 2 Jun 2025<br>From: support@example.org<br>To: "
     "Ann<br>old",
     "It still leaks."),
    ("<div>It still leaks.</div><div id=ms-outlook-mobile-reference-message><div id=divRplyFwdMsg><b>From:</b> Support"
     "</div>old</div>", "It still leaks."),
    ("<div>It still leaks.</div><div style='padding-top:5px;border-top:1px solid "
     "rgb(229,229,229)'><div><b>From:</b>&nbsp;"
     "<a href=mailto:support@example.org>Support</a><br><b>Sent:</b>&nbsp;Monday, June 2, 2025 10:00 "
     "AM<br><b>To:</b>&nbsp;"
     "Ann</div></div><div>old</div>", "It still leaks."),
    ("It still leaks.<br><br>Понедельник, 2 июня 2025, 10:00 +03:00 от Support &lt;support@example.org&gt;:<br>"
     "<blockquote style='border-left:1px solid #0857A6'>old</blockquote>", "It still leaks."),
    ("<div>It still leaks.</div><div>&nbsp;</div><div>02.06.2025, 10:00, \"Support\" &lt;support@example.org&gt;:</div>"
     "<blockquote><p>old</p></blockquote>", "It still leaks."),
    ("<div>It still leaks.</div><div class=zmail_extra><div id=Zm-_Id_-Sgn>---- On Mon, 02 Jun 2025 10:00:00 +0200 <b>"
     "Support &lt;support@example.org&gt;</b> wrote ----</div><blockquote>old</blockquote></div>", "It still leaks."),
    ("<div>It still leaks.</div><hr id=zwchr><div><b>From: </b>Support &lt;support@example.org&gt;<br><b>To: "
     "</b>Ann<br>"
     "<b>Sent: </b>Monday, 2 June, 2025 10:00:00<br><b>Subject: </b>Kettle</div>old", "It still leaks."),
    ("<div>It still leaks.</div><div name=quote style='border-left:2px solid #C3D9E5'><div><b>Gesendet:</b> "
     "Montag, 02. "
     "Juni 2025 um 10:00 Uhr<br><b>Von:</b> Support &lt;support@example.org&gt;<br><b>An:</b> Ann<br><b>Betreff:</b> "
     "Kessel</div><div>alt</div></div>", "It still leaks."),
    ("<div>It still leaks.</div><div><br></div>-----Original Message-----<br>From: Support "
     "&lt;support@example.org&gt;<br>"
     "To: Ann<br>Sent: Mon, 2 Jun 2025 10:00 am<br>old", "It still leaks."),
    ("<div>It still leaks.</div><div>------------------&nbsp;原始邮件&nbsp;------------------</div><div "
     "style='background:"
     "#efefef'><b>发件人:</b>&nbsp;\"Support\" "
     "&lt;support@example.org&gt;;<br><b>发送时间:</b>&nbsp;2025年6月2日<br></div>old",
     "It still leaks."),
    ("It still leaks.<br>At 2025-06-02 10:00:00, \"Support\" &lt;support@example.org&gt; wrote:<br><blockquote "
     "id=isReplyContent>old</blockquote>", "It still leaks."),
    ("<p>It still leaks.</p><div id=mail-editor-reference-message-container><div>old</div></div>", "It still leaks."),
    ("<blockquote class=gmail_quote><div>Hello there</div></blockquote>It still leaks.", "It still leaks."),
    ("Please note:<blockquote class=gmail_quote><div>my own words, set in</div></blockquote>",
     "Please note:\n\nmy own words, set in"),
    ("<p>See <a href='../index.html'>the page</a>.</p>", "See the page."),
    ("<blockquote>Is it new?</blockquote><p>Yes.</p><blockquote>Is it hot?</blockquote><p>No.</p>",
     "> Is it new?\n\nYes.\n\n> Is it hot?\n\nNo."),
])
def test_the_containers_of_mail_programs_mark_the_history(html, new):
    assert newly_written(html_to_text(html)) == new


def test_html_becomes_readable_text():
    text = html_to_text("<h1>Title</h1><p>Hello&nbsp;<b>you</b>,<br>see <a href='https://example.com/x'>this</a>.</p>"
                        "<ul><li>one<li>two</ul><table><tr><td>a<td>b</table><pre>x\n  y</pre><style>p{}</style>")
    assert text == "Title\n\nHello you,\nsee this <https://example.com/x>.\n\n- one\n- two\n\na b\n\nx\n  y"
