"""Hostile HTML of our own, and a page that says which of many pieces of HTML ran anything."""
from __future__ import annotations

import json

# What each one tries is plain to see. In LOADS, %s is an address that must not be called.
RUNS = [
    '<script>alert(1)</script>', '<ScRiPt >alert(1)</sCrIpT >', '<script src=data:,alert(1)></script>',
    '<img src=x onerror=alert(1)>', "<img src=x onerror='alert`1`'>", '<img/src=x/onerror=alert(1)>',
    '<img src="x" onerror="&#97;lert(1)">', '<img src=x onerror\n=\nalert(1)>', '<image src=x onerror=alert(1)>',
    '<img alt="`" src="x" onerror="alert(1)">', "<IMG SRC=x ONERROR=alert(1) STYLE='color:red'>",
    '<svg onload=alert(1)>', '<svg><script>alert(1)</script></svg>', '<svg><script>&#97;lert(1)</script></svg>',
    '<svg><animate onbegin=alert(1) attributeName=x dur=1s>', '<svg><set onbegin=alert(1) attributeName=x>',
    "<svg><a xlink:href='javascript:alert(1)'><text y=20>x</text></a></svg>",
    '<svg><style><img src=x onerror=alert(1)></style></svg>', '<svg><foreignObject><img src=x onerror=alert(1)>',
    '<math><a xlink:href=javascript:alert(1)>x</a></math>', '<math><mtext><img src=x onerror=alert(1)></mtext></math>',
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
    '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
    '<a href=javascript:alert(1)>x</a>', "<a href=' java\nscript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>", "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>", "<a href='javascript&colon;alert(1)'>x</a>",
    '<a href=javascript:alert(1) target=_self>x</a>', '<area href=javascript:alert(1)>',
    '<map><area shape=rect coords=0,0,9,9 href=javascript:alert(1)></map>',
    '<iframe src=javascript:alert(1)></iframe>', "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    '<iframe onload=alert(1)></iframe>', "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src='data:text/html,<script>alert(1)</script>'>", '<object data=javascript:alert(1)></object>',
    '<body onload=alert(1)>', '<body onpageshow=alert(1)>', '<div onmouseover=alert(1)>x</div>',
    '<details open ontoggle=alert(1)><summary>x</summary></details>', '<input autofocus onfocus=alert(1)>',
    '<select autofocus onfocus=alert(1)>', '<textarea autofocus onfocus=alert(1)></textarea>',
    '<button onclick=alert(1)>x</button>', '<form action=javascript:alert(1)><button>x</button></form>',
    '<form><button formaction=javascript:alert(1)>x</button></form>',
    '<isindex action=javascript:alert(1) type=image>', '<video><source onerror=alert(1)></video>',
    '<audio src=x onerror=alert(1)>', '<video poster=x onloadstart=alert(1) src=x>',
    '<marquee onstart=alert(1)>x</marquee>',
    "<style>@keyframes x{}</style><p style='animation:x 1s' onanimationstart=alert(1)>x",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    '<template><img src=x onerror=alert(1)></template><script>alert(1)</script>',
    '<title><img src=x onerror=alert(1)></title></title><img src=x onerror=alert(1)>',
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    '<textarea></textarea><img src=x onerror=alert(1)></textarea>', '<!--><img src=x onerror=alert(1)>-->',
    '<!-- --!><img src=x onerror=alert(1)> -->', '<![CDATA[<img src=x onerror=alert(1)>]]>',
    '<style></style\x00><img src=x onerror=alert(1)></style>', '<p style="background:url(\'javascript:alert(1)\')">x',
    '<p title=\'"><img src=x onerror=alert(1)>\'>x',
    '<p class=\'"><svg/onload=alert(1)>\' data-src=\'"><svg/onload=alert(1)>\'>x',
    '<img data-src="x" onerror=alert(1) src=y>', '<p data-quote=\'"><img src=x onerror=alert(1)>\'>x',
    '<table background="javascript:alert(1)"><td>x', "<base href=javascript:/a/><a href='//alert(1)//'>x</a>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href='data:text/css,*{}' onload=alert(1)>",
    '<dialog open onclose=alert(1)><form method=dialog><button>x</button></form></dialog>',
    '<p popover onbeforetoggle=alert(1) id=z>x<button popovertarget=z>y',
    '<custom-tag onclick=alert(1)>x</custom-tag>', '<p contenteditable onfocus=alert(1) autofocus tabindex=1>x',
]
LOADS = [
    '<img src="%s">', "<img srcset='%s 2x' src='x'>", "<picture><source srcset='%s'><img></picture>",
    "<img data-src=x lowsrc='%s' dynsrc='%s'>", '<p style="background:url(\'%s\')">x',
    "<p style='background-image:url(%s)'>x", "<p style='list-style:url(%s)'>x", "<p style='border-image:url(%s) 1'>x",
    "<p style='content:url(%s)'>x", "<p style='cursor:url(%s),auto'>x", '<p style=\'background:image-set("%s" 1x)\'>x',
    "<p style='filter:url(%s#x)'>x", "<p style='mask:url(%s)'>x", "<p style='back\\67 round:u\\72l(%s)'>x",
    "<p style='/**/background/**/:/**/url(%s)'>x", "<style>@import '%s';</style>", '<style>@import url(%s);</style>',
    '<style>p{background:url(%s)}</style><p>x',
    '<style>@font-face{font-family:q;src:url(%s)}p{font-family:q}</style><p>x',
    '<style>p::after{content:url(%s)}</style><p>x',
    '<style>input[value^=a]{background:url(%s)}</style><input value=ab>', "<link rel=stylesheet href='%s'>",
    "<link rel=prefetch href='%s'>", "<link rel=preload as=image href='%s'>", "<link rel=icon href='%s'>",
    "<link rel=dns-prefetch href='%s'>", "<table background='%s'><td background='%s'>x", "<body background='%s'>x",
    "<video poster='%s'></video>", "<video src='%s' autoplay></video>", "<audio src='%s' autoplay></audio>",
    "<video><track default src='%s'></video>", "<object data='%s'></object>", "<embed src='%s'>",
    "<iframe src='%s'></iframe>", "<frameset><frame src='%s'></frameset>", "<input type=image src='%s'>",
    "<svg><image href='%s' /></svg>", "<svg><image xlink:href='%s' /></svg>", "<svg><use href='%s#x' /></svg>",
    "<svg><feImage href='%s' /></svg>", "<meta http-equiv=refresh content='0;url=%s'>",
    "<base href='%s/'><img src='x.png'>", "<img src='%s' loading=eager crossorigin>", "<script src='%s'></script>",
    "<bgsound src='%s'>", "<img src=x longdesc='%s'>", "<blockquote cite='%s'>x</blockquote>",
    "<a href='%s' ping='%s'>x</a>", "<html manifest='%s'>", "<img usemap='%s' src='%s'>", "<image src='%s'>",
    "<div data-background='%s'>x</div>", "<img data-src='%s'>", "<portal src='%s'></portal>",
    '<p style=\'src:url(%s);background:URL( "%s" )\'>x', "<img src='%s' width=1 height=1>",
]

WATCHED = """(() => {
    const mark = () => {
        let here = window;
        while (here.parent !== top && here.parent !== here) here = here.parent;
        try { top.ran.add(here.frameElement.id); } catch { /* in an origin of its own, or at the top */ }
    };
    for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = mark;
})()"""
POKE = """() => {
    const kinds = ["mouseover", "mouseenter", "mousemove", "focus", "click", "toggle", "wheel", "pointerdown", "close"];
    for (const frame of document.querySelectorAll("iframe")) {
        let all = [];
        try { all = [...frame.contentDocument.querySelectorAll("*")]; } catch { continue; }
        for (const one of all) for (const kind of kinds) {
            try { kind === "click" && one.click ? one.click() : one.dispatchEvent(new Event(kind)); } catch {}
        }
        for (const one of all) {
            const href = one.getAttribute?.("href") ?? one.getAttribute?.("xlink:href") ?? "";
            if (!/^\\W*java/i.test(href)) continue;
            Object.assign(frame.contentDocument.createElement("a"), { href }).click();
        }
    }
}"""


def what_ran(browser, pieces: list[str]) -> set[int]:
    """The numbers of those pieces that run anything when a browser shows them without any guard: each in a frame of
    its own, loaded, hovered, focused and clicked. Nothing leaves the machine."""
    context = browser.new_context()
    try:
        context.add_init_script(WATCHED)
        context.route("**/*", lambda route: route.fulfill(status=204, body="") if "/start" not in route.request.url
                      else route.fulfill(content_type="text/html", body="<!doctype html><title>Guardless</title>"))
        page = context.new_page()
        page.goto("http://guardless.example/start")
        page.evaluate("""(pieces) => {
            window.ran = new Set();
            pieces.forEach((piece, n) => {
                const frame = document.createElement("iframe");
                frame.id = String(n); frame.srcdoc = piece;
                document.body.append(frame);
            });
        }""", pieces)
        _until_quiet(page)
        page.evaluate(POKE)
        _until_quiet(page)
        return {int(n) for n in json.loads(page.evaluate("JSON.stringify([...ran])")) if n is not None}
    finally:
        context.close()


def _until_quiet(page) -> None:
    """Wait until nothing more has run for a second."""
    before, now = -1, 0
    while before != now:
        page.wait_for_timeout(1_000)
        before, now = now, page.evaluate("ran.size")
