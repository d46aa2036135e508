"""Articles in Markdown: what readers see, what can never come through, and the words for channels."""
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.services import markdown

PICTURE = "/help/pictures/abcdefgh12"
RICH = f"""# Sending *it* back

Open [Orders](/orders "Yours") or ask [us](mailto:us@kopi.example).

## Print the label

> [!WARNING]
> Not for **opened** bags.

> As my aunt said.

| Country | Days |
|---|--:|
| Spain | 3 |

3. Pack it
   - well
4. Send it

![A box, "closed" & taped]({PICTURE} "So it looks")

# Sending it back
"""


def test_headings_begin_below_the_title_and_have_addresses_that_are_never_the_pages_own():
    assert [(h.level, h.id, h.text) for h in markdown.headings(RICH)] == [
        (2, "part-sending-it-back", "Sending it back"), (3, "part-print-the-label", "Print the label"),
        (2, "part-sending-it-back-2", "Sending it back")]
    page = markdown.html(RICH)
    assert '<h2 id="part-sending-it-back">Sending <em>it</em> back</h2>' in page
    assert '<h3 id="part-print-the-label">' in page and "<h1" not in page
    assert '<h2 id="part-menu">' in markdown.html("#### Menu"), "the highest heading of an article is an h2"


def test_callouts_tables_lists_and_pictures():
    page = markdown.html(RICH, locale="es", base="https://help.example/", sizes={"abcdefgh12": (640, 480)})
    assert '<div class="callout warning" role="note"><p class="callout-name">Advertencia</p>' in page
    assert "<blockquote>\n<p>As my aunt said.</p>" in page
    assert '<th class="right" scope="col">Days</th>' in page and '<td class="right">3</td>' in page
    assert re.search(r'role="region" tabindex="0" aria-label="Tabla"', page)
    assert '<ol start="3">' in page
    assert (f'<figure><img src="https://help.example{PICTURE}" alt="A box, &quot;closed&quot; &amp; taped" '
            'loading="lazy" width="640" height="480"><figcaption>So it looks</figcaption></figure>') in page
    assert '<a href="https://help.example/orders" title="Yours" rel="noopener noreferrer">Orders</a>' in page


def test_a_picture_from_elsewhere_is_a_link():
    page = markdown.html("![Our map](https://elsewhere.example/map.png)")
    assert "<img" not in page and ">Our map</a>" in page


@pytest.mark.parametrize("text", [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)", "[x](vbscript:x)", "![x](javascript:alert(1))",
    "<img src=x onerror=alert(1)>", '[x](/a "onclick=alert(1)")', '![" onerror="alert(1)](/help/pictures/abcdefgh12)',
    "<javascript:alert(1)>", "# <img src=x onerror=alert(1)>", "[x](//evil.example)", "[x](/\\evil.example)",
    "[x]: javascript:alert(1)\n\n[x]", "<svg/onload=alert(1)>", "| <b onmouseover=alert(1)> |\n|---|\n| x |"])
def test_nothing_that_runs_comes_through(text):
    page = markdown.html(text)
    opened = re.findall(r"<[a-z][^>]*>", page)
    assert not [tag for tag in opened if re.search(r"<(script|svg|b )|\son\w+=", re.sub(r'"[^"]*"', '""', tag))]
    assert not re.search(r'(?:href|src)="\s*(?:javascript|data|vbscript|//|/\\)', page, re.I)


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="ab <>[]()!*_`~#|>-\n\"'&:/=1.\\", max_size=120))
def test_no_text_breaks_it(text):
    page = markdown.html(text)
    assert "<script" not in page
    assert isinstance(markdown.plain(text), str) and len(markdown.excerpt(text, 40)) <= 41
    assert len(markdown.headings(text)) == len(re.findall(r"<h[2-6] id=", page))


def test_plain_words_for_a_channel():
    assert markdown.plain(RICH, locale="id", base="https://help.example") == """Sending it back

Open Orders (https://help.example/orders) or ask us (us@kopi.example).

Print the label

Peringatan: Not for opened bags.

> As my aunt said.

- Country: Spain, Days: 3

3. Pack it
   - well
4. Send it

A box, "closed" & taped

Sending it back"""


def test_plain_text_stays_as_it_was():
    assert markdown.plain("Two days.\nOr three & more.\n\nhttps://a.example/x_y_z") == (
        "Two days. Or three & more.\n\nhttps://a.example/x_y_z")


def test_an_excerpt_is_cut_at_a_word():
    assert markdown.excerpt("# Title\n\nOne two three, four [five](/x).", 18) == "One two three…"
    assert markdown.excerpt("> [!TIP]\n> Short.") == "Short."


def test_which_pictures_a_text_speaks_of():
    assert markdown.pictures(RICH + f"\n![again]({PICTURE})") == ["abcdefgh12"]
