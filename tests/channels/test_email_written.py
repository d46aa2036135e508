"""The body of what we write: text, the same as HTML, signature and quotes."""
import re
from email import message_from_bytes, policy

import pytest

from channels._mail_compose import compose
from channels._mail_parse import parse_mail
from channels._mail_signature import filled, unknown
from channels._mail_written import as_html, html_body, plain_body
from channels.base import Outbound, Quote

INBOX = {"address": "support@example.org", "name": "Example Support"}


def answer(text: str = "Yes.", **more) -> Outbound:
    return Outbound("d1", "ann@example.net", text, subject="Re: Kettle", **more)


@pytest.mark.parametrize("text, html", [
    ("One.\n\nTwo,\nwith a line.", '<p dir="auto">One.</p>\n<p dir="auto">Two,<br>with a line.</p>'),
    ("Bring:\n- the box\n- the slip\n  (blue)\nThanks", '<p dir="auto">Bring:</p><ul><li dir="auto">the box</li>'
     '<li dir="auto">the slip<br>(blue)</li></ul><p dir="auto">Thanks</p>'),
    ("3. Press\n4) Wait", '<ol start="3"><li dir="auto">Press</li><li dir="auto">Wait</li></ol>'),
    ("1. Press", '<ol><li dir="auto">Press</li></ol>'),
    ("See https://a.example/x?a=1&b=2.", '<p dir="auto">See <a href="https://a.example/x?a=1&amp;b=2">'
     'https://a.example/x?a=1&amp;b=2</a>.</p>'),
    ("(https://a.example/K_(x))", '<p dir="auto">(<a href="https://a.example/K_(x)">https://a.example/K_(x)</a>)</p>'),
    ("Write to us@a.example!", '<p dir="auto">Write to <a href="mailto:us@a.example">us@a.example</a>!</p>'),
    ("<script>alert(1)</script> & \"so\"", '<p dir="auto">&lt;script&gt;alert(1)&lt;/script&gt; &amp; '
     '&quot;so&quot;</p>'),
    ("-- \nnot a list\n2024 was good\n-5 degrees",
     '<p dir="auto">-- <br>not a list<br>2024 was good<br>-5 degrees</p>'),
    ("javascript:alert(1) data:text/html,x", '<p dir="auto">javascript:alert(1) data:text/html,x</p>'),
])
def test_text_becomes_simple_html(text, html):
    assert as_html(text) == html


def test_plain_text_comes_first_with_signature_and_quotes_below():
    message = answer(signature="Ada\nKopi & Co", history=[
        Quote("On Monday, Ann Lee wrote:", "Where is it?\n\n> earlier"), Quote("On Sunday, Ada wrote:", "Soon.")])
    assert plain_body(message) == (
        "Yes.\n\n-- \nAda\nKopi & Co\n\nOn Monday, Ann Lee wrote:\n> Where is it?\n>\n>> earlier\n\n"
        "On Sunday, Ada wrote:\n> Soon.\n")
    html = html_body(message)
    assert html.index("Yes.") < html.index("Kopi &amp; Co") < html.index("On Monday") < html.index("Soon.")
    assert html.count('<blockquote type="cite"') == 2


def test_what_is_designed_elsewhere_passes_the_policy_and_keeps_its_pictures():
    message = answer(html='<p onclick="x()">Hi</p><script>bad()</script>',
                     signature_html='<img src="https://a.example/logo.png" onerror="x()"><style>p{}</style>'
                                    '<a href="javascript:x()">site</a>')
    html = html_body(message)
    assert "<p>Hi</p>" in html and 'src="https://a.example/logo.png"' in html
    assert not re.search(r"script|onclick|onerror|<style", html)


def test_a_reader_of_ours_sees_the_answer_alone():
    [item] = parse_mail(compose(answer(signature="Ada", history=[Quote("On 3 June 2025, Ann Lee wrote:", "Where?")]),
                                INBOX).data)
    assert item.text == "Yes."


@pytest.mark.parametrize("attribution", [
    "On June 3, 2025 at 9:00:00 AM UTC, Ann Lee wrote:", "Pada 3 Juni 2025 pukul 09.00.00 UTC, Ann Lee menulis:",
    "El 3 de junio de 2025, 9:00:00 UTC, Ann Lee escribió:", "Em 3 de junho de 2025 às 09:00:00 UTC, Ann Lee escreveu:",
    "3 जून 2025 को 9:00:00 am UTC बजे को Ann Lee ने लिखा:"])
def test_a_customers_answer_is_told_from_our_attribution_in_every_language(attribution):
    quoted = plain_body(answer(history=[Quote(attribution, "Where?")]))
    raw = (f"From: a@example.net\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThanks!\r\n\r\n"
           f"{quoted}").encode()
    assert parse_mail(raw)[0].text.split("\n")[0] == "Thanks!"
    assert "Where?" not in parse_mail(raw)[0].text


def test_long_history_is_left_out_whole_and_the_latest_is_kept():
    body = plain_body(answer(history=[Quote(f"Q{n}", "x" * 60_000) for n in range(9)]))
    assert [n for n in range(9) if f"Q{n}" in body] == [0, 1, 2]


@pytest.mark.parametrize("text", ["Grüße aus Köln\n" * 3, "नमस्ते, आपका पार्सल कल आएगा।\n" * 40, "word " * 3000,
                                  "ß" * 5000, ".\n..\n.x", "a\x00b\x0bc", "x\r\ny\rz"])
def test_every_text_survives_in_both_forms_and_no_line_is_too_long(text):
    data = compose(answer(text), INBOX).data
    assert max(map(len, data.split(b"\r\n"))) <= 998 and data.isascii() and b"\0" not in data
    mail = message_from_bytes(data, policy=policy.default)
    wanted = "".join(text.replace("\0", "").split())
    assert "".join(mail.get_body(("plain",)).get_content().split()) == wanted
    assert "".join(re.sub("<[^>]*>", "", mail.get_body(("html",)).get_content()).split()) == wanted


def test_signatures_know_a_fixed_list_of_words_and_nothing_else():
    values = {"agent.name": "Ada <b>", "company.name": "Kopi"}
    assert filled("{{agent.name}}\n{{ contact.name }}\n\n{{company.name}}", values) == "Ada <b>\n\nKopi"
    assert filled("<i>{{agent.name}}</i>", values, html=True) == "<i>Ada &lt;b&gt;</i>"
    assert filled("{{agent.__class__}}{{ 7*7 }}", values) == ""
    assert (unknown("{{agent.name}} {{ agent.password }}"), unknown("Hi {{company.name}}")) == ("agent.password", "")
