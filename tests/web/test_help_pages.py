"""The help centre as customers read it, over HTTP."""
import json
import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from sqlalchemy import func, select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import (
    Article,
    ArticleFeedback,
    ArticleRedirect,
    ArticleView,
    BusinessHours,
    Category,
    CategoryName,
    HelpSearch,
    Message,
    Ticket,
)
from helpdesk.services import articles, expected_answer, help_centre, help_contact, identities, sla
from helpdesk.web import help_frame, help_views

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
BASE = "http://127.0.0.1:5999"
SECRET = "zanzibar"             # stands in everything that nobody outside may read


@pytest.fixture
def shop(cast):
    """Two English articles in a category, one of them in Indonesian too, and three that are not for the world."""
    with db.transaction() as session:
        shelf = Category(key="delivery", icon="send")
        session.add(shelf)
        session.flush()
        for locale, name, slug in (("en", "Delivery", "delivery"), ("id", "Pengiriman", "pengiriman")):
            session.add(CategoryName(category_id=shelf.id, locale=locale, name=name, slug=slug,
                                     description=f"About {name}"))
        made = {}
        for key, title, body, locale in (
                ("long", "How long does delivery take?",
                 "Two to four **days**.\n\n## Abroad\n\nTen days.\n\n"
                 "## Islands\n\nA week.\n\n## Express\n\nOne day, by </script><script>alert(1)</script> courier.",
                 "en"),
                ("track", "Where is my parcel?", "Open the tracking link in your mail.", "en"),
                ("lama", "Berapa lama pengiriman?", "Dua sampai empat hari.", "id"),
                ("draft", f"Draft {SECRET}", f"Nobody reads {SECRET}.", "en"),
                ("staff", f"Staff {SECRET}", f"Only agents read {SECRET}.", "en"),
                ("account", f"Account {SECRET}", f"Only proved people read {SECRET}.", "en")):
            one = articles.create(session, title=title, body=body, locale=locale, questions=[f"{title} please"])
            one.category_id = shelf.id
            made[key] = one
        made["lama"].original_id = made["long"].id
        made["draft"].published = False
        made["staff"].audience = "agents"
        made["account"].about_account = True
        session.flush()
        return {key: one.id for key, one in made.items()}


def get(client, path, **headers):
    return client.get(path, headers={**BROWSER, **headers})


def page(client, path):
    answer = get(client, path)
    assert answer.status_code == 200, (path, answer.status_code, answer.location)
    return answer.text


def data(html):
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.S)[1])


def rows(model):
    help_views.flush()
    with db.reading() as session:
        return list(session.scalars(select(model).order_by(model.id)))


# Languages

@pytest.mark.parametrize(("header", "lang", "to"), [
    ("id-ID,id;q=0.9,en;q=0.8", "", "id"), ("fr,de;q=0.7", "", "en"), ("", "", "en"),
    ("en-GB;q=0.3,id;q=0.9", "", "id"),
    ("id;q=0,en", "", "en"), ("en", "id", "id"), ("x" * 3000, "", "en"), ("id;q=nan;q", "", "en")])
def test_the_first_address_leads_to_the_browsers_language(client, shop, header, lang, to):
    answer = get(client, f"/help?lang={lang}", **{"Accept-Language": header})
    assert (answer.status_code, answer.location, answer.headers["Vary"]) == (302, f"/help/{to}/", "Accept-Language")
    assert get(client, answer.location, **{"Accept-Language": header}).status_code == 200


@pytest.mark.parametrize(("asked", "there"), [
    ("/help/id-ID/", "/help/id/"), ("/help/pt/", "/help/en/"), ("/help/EN/", "/help/en/"),
    ("/help/fr/where-is-my-parcel", "/help/en/where-is-my-parcel"), ("/help/fr/search?q=tea", "/help/en/search?q=tea")])
def test_a_language_that_is_not_there_leads_to_the_nearest(client, shop, asked, there):
    answer = get(client, asked)
    assert (answer.status_code, answer.location) == (302, there)
    assert get(client, there).status_code == 200


@pytest.mark.parametrize(("asked", "there"), [
    ("/help/", "/help"), ("/help/en/where-is-my-parcel/", "/help/en/where-is-my-parcel"),
    ("/help/en/c/delivery/", "/help/en/c/delivery"), ("/help/id/c/delivery", "/help/id/c/pengiriman")])
def test_one_page_has_one_address(client, shop, asked, there):
    answer = get(client, asked)
    assert (answer.status_code, answer.location) == (301, there)


def test_each_language_has_its_own_words_and_names_the_others(client, shop):
    english = page(client, "/help/en/how-long-does-delivery-take")
    indonesian = page(client, "/help/id/berapa-lama-pengiriman")
    assert '<html lang="en" dir="ltr">' in english and "Did this help?" in english
    assert '<html lang="id" dir="ltr">' in indonesian and "Apakah ini membantu?" in indonesian
    for html in (english, indonesian):
        for locale, path in (("en", "how-long-does-delivery-take"), ("id", "berapa-lama-pengiriman")):
            assert f'<link rel="alternate" hreflang="{locale}" href="{BASE}/help/{locale}/{path}">' in html
        assert f'hreflang="x-default" href="{BASE}/help/en/how-long' in html
    assert f'<link rel="canonical" href="{BASE}/help/id/berapa-lama-pengiriman">' in indonesian


def test_a_right_to_left_language_is_written_that_way(client, cast):
    db.run(articles.create, title="كم يستغرق التوصيل؟", body="يومان.", locale="ar")
    assert '<html lang="ar" dir="rtl">' in page(client, "/help/ar/")


# Pages

def test_the_first_page_has_categories_and_what_is_read_most(client, shop):
    with db.transaction() as session:
        session.get(Article, shop["track"]).views = 7
    html = page(client, "/help/en/")
    assert "/help/en/c/delivery" in html and "2 articles" in html
    category = page(client, "/help/en/c/delivery")
    assert category.index("How long does delivery take?") < category.index("Where is my parcel?")
    assert "/help/id/c/pengiriman" in category


def test_an_article_has_its_way_contents_and_neighbours(client, shop):
    html = page(client, "/help/en/how-long-does-delivery-take")
    assert "<strong>days</strong>" in html and 'href="/help/en/c/delivery"' in html
    assert re.findall(r'<a href="#([\w-]+)"', html) == re.findall(r'<h2 id="(part-[\w-]+)"', html) != []
    assert 'href="/help/en/where-is-my-parcel"' in html.partition('<aside class="related"')[2]
    assert '<script>alert' not in html


def test_a_page_of_a_house_without_articles_says_so(client, cast):
    assert "There are no articles in this language yet." in page(client, "/help/en/")


# Not for the world

def test_what_is_not_public_is_nowhere(client, shop):
    slugs = [f"{key}-{SECRET}" for key in ("draft", "staff", "account")]
    places = ["/help/en/", "/help/en/c/delivery", f"/help/en/search?q={SECRET}", f"/help/en/suggest?q={SECRET}",
              "/help/sitemap-1.xml", "/help/en/how-long-does-delivery-take", "/help/en/where-is-my-parcel",
              "/widget/shop/frame"]
    for place in places:
        html = page(client, place).replace(f"“{SECRET}”", "").replace(f'value="{SECRET}"', "")
        assert f"read {SECRET}" not in html and f"-{SECRET}" not in html, place
    for slug in slugs:
        assert get(client, f"/help/en/{slug}").status_code == 404
        assert get(client, f"/help/en/{slug}/feedback").status_code == 404
        assert client.post(f"/help/en/{slug}/feedback", data={"helped": "yes"}, headers=BROWSER).status_code == 404
    assert not rows(ArticleFeedback)
    assert {one.article_id for one in rows(ArticleView)} == {shop["long"], shop["track"]}


def test_a_page_that_was_withdrawn_is_gone_at_once_also_for_who_has_it(client, shop):
    first = get(client, "/help/en/where-is-my-parcel")
    with db.transaction() as session:
        session.get(Article, shop["track"]).published = False
    again = get(client, "/help/en/where-is-my-parcel", **{"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 404 and "This page is not here" in again.text and "Delivery" in again.text


def test_without_a_help_centre_there_is_nothing(client, shop):
    db.run(help_centre.save, on=False, titles={}, welcomes={}, accent="#102030", locale="", robots=True, shop_url="",
           actor="agent:1")
    for path in ("/help", "/help/en/", "/help/en/where-is-my-parcel", "/help/en/search?q=parcel", "/help/sitemap.xml",
                 "/help/en/suggest?q=parcel"):
        assert get(client, path).status_code == 404, path
    assert "Allow" not in page(client, "/robots.txt")


# Search

@pytest.mark.parametrize(("query", "first"), [
    ("where is my parcel", "Where is my parcel?"), ("wher is my parsel", "Where is my parcel?"),
    ("tracking link", "Where is my parcel?"), ("islands", "How long does delivery take?")])
def test_paraphrases_mistyped_words_and_words_in_passing_are_found(client, shop, query, first):
    html = page(client, f"/help/en/search?q={query}")
    assert re.sub("<.*?>", "", re.search(r"<h2[^>]*>(.*?)</h2>", html.partition("entries")[2])[1]) == first


def test_what_was_found_is_marked_and_harmless(client, shop):
    html = page(client, "/help/en/search?q=%3Cscript%3Ealert(1)%3C/script%3E courier")
    assert "<mark>courier</mark>" in html and "<script>alert" not in html
    assert '<meta name="robots" content="noindex">' in html


def test_a_list_in_what_was_found_reads_as_a_sentence(client, shop):
    with db.transaction() as session:
        articles.create(session, title="Couriers", locale="en", questions=["Which couriers?"],
                        body="We send with:\n\n- bicycles\n- vans\n\nA well-known courier - the best.")
    html = re.sub("<.*?>", "", page(client, "/help/en/search?q=couriers"))
    assert "We send with: bicycles vans A well-known courier - the best." in html


def test_each_search_is_kept_with_what_was_opened_from_it(client, shop):
    html = page(client, "/help/en/search?q=Where is my PARCEL")
    link = re.search(r'href="(/help/en/where-is-my-parcel\?s=[^"]+)"', html)[1]
    page(client, "/help/en/search?q=qwxz")
    page(client, link)
    page(client, link.rpartition(".")[0] + ".forged")
    page(client, "/help/en/where-is-my-parcel?q=where+is")
    found = [(one.folded, one.found > 0, one.opened_id, one.place) for one in rows(HelpSearch)]
    assert found == [("where is my parcel", True, shop["track"], "help"), ("qwxz", False, None, "help"),
                     ("where is", True, shop["track"], "help")]
    assert "Nothing found for “qwxz”" in page(client, "/help/en/search?q=qwxz")


def test_suggestions_come_while_a_word_is_typed(client, shop):
    found = get(client, "/help/en/suggest?q=how long does del").json
    assert found[0] == {"title": "How long does delivery take?", "path": "/help/en/how-long-does-delivery-take"}
    assert not rows(HelpSearch)


def test_too_many_searches_are_refused_politely(client, shop, monkeypatch):
    from helpdesk.web import help_search
    monkeypatch.setattr(help_search, "PER_MINUTE", 1)
    answers = [get(client, "/help/en/search?q=parcel") for _ in range(3)]
    assert answers[-1].status_code == 429 and answers[-1].headers["Retry-After"]
    assert "a bit too often" in answers[-1].text


# Who reads

def test_a_page_says_when_an_answer_comes_by_what_it_took_lately(client, shop, monkeypatch):
    def contact():
        monkeypatch.setattr(help_contact, "_said", {})
        help_frame._kept.clear()
        found = re.search(r'aria-labelledby="contact">(.*?)</section>', page(client, "/help/en/"), re.S)
        return " ".join(found[1].split())
    with db.transaction() as session:
        sla.ensure_default(session).first_response = {"normal": 240}
    assert "We are here now." in contact() and "We aim to answer within 4 hours." in contact()
    with db.transaction() as session:
        contact_id = identities.mentioned(session, "email", "ann@example.com", "Ann").contact_id
        for n in range(expected_answer.ENOUGH):
            at = now() - timedelta(hours=n + 2)
            session.add(Ticket(contact_id=contact_id, channel="web", created_at=at, seq=1,
                               first_response_at=at + timedelta(minutes=12)))
            session.flush()
            session.add(Message(ticket_id=session.scalar(select(func.max(Ticket.id))), seq=1, direction="in",
                                author_kind="contact", channel="web", text="?", sent_at=at))
    assert "Usually you have an answer within 15 minutes." in contact()
    with db.transaction() as session:
        other_day = str((now().weekday() + 2) % 7)
        hours = BusinessHours(name="Never today", time_zone="UTC", week={other_day: [["09:00", "17:00"]]})
        session.add(hours)
        session.flush()
        sla.ensure_default(session).hours_id = hours.id
    assert "We are closed now and back" in contact() and "We are here now." not in contact()


def test_readers_are_counted_and_machines_are_not(client, shop):
    path = "/help/en/where-is-my-parcel"
    with db.reading() as session:
        before = session.get(Article, shop["track"]).updated_at
    page(client, path)
    for agent in ("Googlebot/2.1", "curl/8.0", ""):
        client.get(path, headers={"User-Agent": agent})
    client.head(path, headers=BROWSER)
    get(client, path, **{"Sec-Purpose": "prefetch"})
    assert [(one.article_id, one.place) for one in rows(ArticleView)] == [(shop["track"], "help")]
    with db.reading() as session:
        article = session.get(Article, shop["track"])
        assert (article.views, article.updated_at) == (1, before)


def test_one_reader_says_once_whether_it_helped_and_why_not(client, shop):
    path = "/help/en/where-is-my-parcel/feedback"
    answer = client.post(path, data={"helped": "no"}, headers=BROWSER)
    assert answer.status_code == 303
    form = page(client, answer.location)
    mark = re.search(r'name="mark" value="([^"]+)"', form)[1]
    for _ in range(2):
        client.post(path, data={"comment": "Which link?", "mark": mark}, headers=BROWSER)
    client.post(path, data={"helped": "no"}, headers=BROWSER)
    client.post(path, data={"comment": "forged", "mark": "1.x"}, headers=BROWSER)
    client.post(path, data={"helped": "yes", "website": "https://spam.example"}, headers={"User-Agent": "other"})
    assert [(one.helped, one.comment) for one in rows(ArticleFeedback)] == [(False, "Which link?")]
    with db.reading() as session:
        assert session.get(Article, shop["track"]).not_helped == 1


def test_another_sites_form_does_not_arrive(client, shop):
    answer = client.post("/help/en/where-is-my-parcel/feedback", data={"helped": "no"},
                         headers={**BROWSER, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403 and not rows(ArticleFeedback)


# Search engines and caches

def test_what_search_engines_are_told(client, shop):
    html = page(client, "/help/en/how-long-does-delivery-take")
    kinds = {one["@type"]: one for one in data(html)["@graph"]}
    assert kinds["Article"]["headline"] == "How long does delivery take?"
    assert [one["name"] for one in kinds["BreadcrumbList"]["itemListElement"]] == [
        "Kopi & Co", "Delivery", "How long does delivery take?"]
    assert re.search(r'<meta name="description" content="Two to four days\.', html)
    category = page(client, "/help/en/c/delivery")
    faq = next(one for one in data(category)["@graph"] if one["@type"] == "FAQPage")
    assert [one["name"] for one in faq["mainEntity"]] == ["How long does delivery take?", "Where is my parcel?"]
    assert faq["mainEntity"][1]["acceptedAnswer"]["text"] == "Open the tracking link in your mail."
    db.run(articles.create, title="What is </script><script>alert(1)?", body="</script><script>alert(2)", locale="en")
    html = page(client, "/help/en/what-is-script-script-alert-1")
    assert data(html)["@graph"][1]["headline"] == "What is </script><script>alert(1)?" and "<script>alert" not in html


def test_the_site_map_lists_every_public_page_with_its_languages(client, shop):
    index = ElementTree.fromstring(page(client, "/help/sitemap.xml"))
    assert [one.text for one in index.findall(".//{*}loc")] == [f"{BASE}/help/sitemap-1.xml"]
    tree = ElementTree.fromstring(page(client, "/help/sitemap-1.xml"))
    urls = {one.find("{*}loc").text: one for one in tree}
    assert set(urls) == {BASE + path for path in (
        "/help/en/", "/help/id/", "/help/en/c/delivery", "/help/id/c/pengiriman",
        "/help/en/how-long-does-delivery-take", "/help/en/where-is-my-parcel", "/help/id/berapa-lama-pengiriman")}
    links = urls[f"{BASE}/help/en/how-long-does-delivery-take"].findall("{http://www.w3.org/1999/xhtml}link")
    assert {one.get("hreflang") for one in links} == {"en", "id"}
    assert urls[f"{BASE}/help/en/where-is-my-parcel"].find("{*}lastmod").text
    assert get(client, "/help/sitemap-2.xml").status_code == 404
    assert f"Sitemap: {BASE}/help/sitemap.xml" in page(client, "/robots.txt")


def test_a_page_is_kept_for_a_minute_and_then_only_asked_about(client, shop):
    path = "/help/en/where-is-my-parcel"
    first = get(client, path)
    assert first.headers["Cache-Control"].startswith("public, max-age=60") and "Set-Cookie" not in first.headers
    for headers in ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]}):
        again = get(client, path, **headers)
        assert (again.status_code, again.data) == (304, b"")
    with db.transaction() as session:
        one = session.get(Article, shop["track"])
        one.body, one.updated_at = "Ask us.", now()
    assert get(client, path, **{"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert get(client, "/help/en/").status_code == 200


def test_the_policy_lets_only_our_own_files_and_the_one_style_in(client, shop):
    answer = get(client, "/help/en/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "'unsafe-inline'" not in policy and "frame-ancestors 'none'" in policy
    assert answer.text.count("<style>") == 1 and " style=" not in answer.text and " onclick=" not in answer.text


# Old addresses

def test_an_address_from_before_leads_on_for_good(client, shop):
    with db.transaction() as session:
        for path in ("/help/en/parcel-tracking", "/hc/en-us/articles/123", "/kb/where-is-it.html"):
            session.add(ArticleRedirect(path=path, article_id=shop["track"]))
        session.add(ArticleRedirect(path="/hc/en-us/articles/9-secret", article_id=shop["draft"]))
    for path in ("/help/en/parcel-tracking", "/help/en/parcel-tracking/", "/hc/en-us/articles/123",
                 "/hc/en-us/articles/123-Where-is-it", "/hc/EN-US/articles/123", "/kb/where-is-it.html"):
        answer = client.get(path, headers=BROWSER, follow_redirects=False)
        while answer.status_code == 301 and answer.location == path.rstrip("/"):
            answer = get(client, answer.location)
        assert (answer.status_code, answer.location) == (301, "/help/en/where-is-my-parcel"), path
    assert get(client, "/hc/en-us/articles/9-secret").status_code == 404
    assert get(client, "/nowhere/at/all").status_code == 404
