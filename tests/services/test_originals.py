"""Messages as they were written: pictures in their places, the answered mail folded, colours that fit."""
import re

import pytest

from channels._html import clean
from helpdesk.services.originals import shown, shows
from helpdesk.services.quotes import AFTER, BEFORE, folded


def test_embedded_pictures_come_from_our_store_and_remote_ones_only_when_wanted():
    html = clean('<img src="cid:A%40b"><img src="cid:gone"><img src="https://t.example/x?a=1&amp;b=2" alt="X">')
    held = shown(html, {"a@B": "/attachments/7"}, None)
    assert held.html == '<img src="/attachments/7"><img class="missing"><img alt="X" class="held">' and held.held == 1
    loaded = shown(html, {}, lambda url: f"/ours?url={url}&s=1")
    assert 'src="/ours?url=https://t.example/x?a=1&amp;b=2&amp;s=1"' in loaded.html and loaded.held == 0


def test_pixels_that_only_tell_that_one_reads_are_never_fetched():
    html = clean('<img src="http://t.example/1" width="1" height="1"><img src="http://t.example/2" style="width:0px">')
    asked = []
    assert shown(html, {}, lambda url: asked.append(url) or "/x").held == 0 and asked == []


def test_backgrounds_are_pictures_too():
    html = clean('<td style="background:url(http://t.example/x) red"><table background="http://t.example/y"><td>x')
    assert shown(html, {}, None).held == 1 or "table" not in html
    loaded = shown(clean('<table background="http://t.example/y"><td>x'), {}, lambda url: "/ours?'\")<")
    assert "url(/ours?&#x27;&quot;)&lt;)" in loaded.html


def test_only_so_many_pictures_are_fetched_for_a_message():
    asked = []
    shown(clean('<img src="http://t.example/x">' * 500), {}, lambda url: asked.append(url) or "/x")
    assert len(asked) == 200


def test_html_that_was_stored_without_the_policy_is_harmless_all_the_same():
    bad = '<script>x</script><img src=x onerror=y data-src="javascript:z"><p onclick=x style="position:fixed">p</p>'
    assert shown(bad, {}, lambda url: "/x").html == "<img><p>p</p>"
    assert shown('<img data-src="https://t.example/x&quot; onerror=&quot;y">', {}, lambda u: f"/o?{u}").html == (
        '<img src="/o?https://t.example/x&quot; onerror=&quot;y">')


@pytest.mark.parametrize(("html", "own"), [
    ("<p>x</p>", False), ('<p style="color:black">x</p>', False), ('<p style="color:#222222;margin:0">x</p>', False),
    ('<p style="color:rgb(34, 34, 34)">x</p>', False), ('<p style="color:windowtext">x</p>', False),
    ('<p style="color:#c00">x</p>', True), ('<p style="background:#fff">x</p>', True),
    ('<p style="background-color:transparent">x</p>', False), ('<table bgcolor="white"><td>x', True),
    ('<font color="red">x</font>', True), ('<p style="border-color:red">x</p>', False)])
def test_a_mail_without_colours_of_its_own_wears_ours(html, own):
    result = shown(clean(html), {}, None)
    assert result.own == own
    assert own or "color:#2" not in result.html and "color:black" not in result.html


@pytest.mark.parametrize(("cid", "there"), [("logo@x", True), ("LOGO@X", True), ("ogo@x", False), ("", False)])
def test_whether_a_mail_shows_a_part_of_its_own(cid, there):
    assert shows(clean('<p>cid:other</p><img src="cid:logo%40x">'), cid) == there


def parts(html: str) -> tuple[str, str, str]:
    """What stands before, in and after the fold."""
    before, _, rest = folded(clean(html)).partition(BEFORE)
    inside, _, after = rest.partition(AFTER)
    return tuple("".join(c for c in re.sub("<[^>]*>", "", text) if c.isupper()) for text in (before, inside, after))


QUOTE = '<blockquote type="cite">Q</blockquote>'


@pytest.mark.parametrize(("html", "expected"), [
    (f"N{QUOTE}", ("N", "Q", "")), (f"{QUOTE}N", ("", "Q", "N")), (f"N{QUOTE}<p>S</p>", ("N", "Q", "S")),
    (f"N{QUOTE}M{QUOTE}", ("NQM", "Q", "")), (f"N{QUOTE}M{QUOTE}L", ("NQMQL", "", "")),
    (QUOTE, ("Q", "", "")), (f"<p> &nbsp;</p>{QUOTE}<br>", ("Q", "", "")), ("<p>N</p>", ("N", "", "")),
    ('N<div class="moz-cite-prefix">O</div>' + QUOTE, ("N", "OQ", "")),
    ('N<div class="gmail_quote"><div class="gmail_attr">O</div>' + QUOTE + "</div>", ("N", "OQ", "")),
    ('<div>N<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">F</div><div>Q</div></div>', ("N", "FQ", "")),
    ('<div>N<div><div style="border:none;border-top:solid #E1E1E1 1.0pt">F</div></div><p>Q</p></div>', ("N", "FQ", "")),
    ('<div><div id="divRplyFwdMsg">F</div><div>Q</div></div>', ("FQ", "", "")),
    ('<div>N<div id="divRplyFwdMsg">F</div></div><p>Q</p>', ("N", "F", "Q")),
    ("<blockquote>N</blockquote>", ("N", "", "")), ("N<blockquote>I</blockquote>", ("NI", "", "")),
    ('N<table><tr><td class="gmail_quote">Q</td></tr></table>', ("NQ", "", "")),
    ('<img src="cid:x">' + QUOTE, ("", "Q", ""))])
def test_the_answered_mail_is_folded_when_it_stands_apart(html, expected):
    assert parts(html) == expected


def test_folding_keeps_the_html_well_formed():
    for html in (f"<div><p>N</p><div>{QUOTE}</div></div>", '<div>N<div><div id="divRplyFwdMsg">F</div></div>Q</div>z'):
        whole = re.findall(r"<(/?)(\w+)", folded(clean(html)))
        open_tags = []
        for end, tag in whole:
            if not end:
                open_tags.append(tag)
            elif tag != "br":
                assert open_tags.pop() == tag
        assert open_tags == []
