"""Articles from files: each helpdesk's own shape, hostile archives, and there and back again."""
import base64
import io
import json
import stat
import zipfile
from collections import Counter

import pytest
from sqlalchemy import select

from channels.base import SendError
from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Article, ArticlePicture, ArticleRedirect, Category, Question
from helpdesk.services import article_pictures, article_versions, articles, categories
from helpdesk.services.article_imports import csv_table, exporting, html_text, packages, reading, writing
from tests.services.test_article_pictures import picture

DOT = picture(size=(4, 4))


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def imported(content, name="file.zip", locale="en", **wishes):
    """(what happened to how many, the outcomes)"""
    entries = reading.read(packages.opened(name, content), locale)
    with db.transaction() as session:
        outcomes = writing.write(session, entries, actor="system", **wishes)
    return Counter(one.what for one in outcomes), outcomes


def told(content, name="file.zip"):
    with db.reading() as session:
        entries = reading.read(packages.opened(name, content), "en")
        return Counter(one.what for one in writing.write(session, entries, actor="system", try_only=True))


def found():
    """The articles by title."""
    with db.reading() as session:
        return {one.title: one for one in session.scalars(select(Article))}


ZENDESK = {
    "categories": [{"id": 1, "name": "General", "locale": "en-us"}],
    "sections": [{"id": 10, "category_id": 1, "name": "Delivery", "locale": "en-us"},
                 {"id": 10, "category_id": 1, "name": "Envíos", "locale": "es"}],
    "articles": [{"id": 360, "section_id": 10, "title": "How long?", "locale": "en-us", "draft": False, "position": 1,
                  "html_url": "https://old.zendesk.example/hc/en-us/articles/360-How-long-", "user_segment_id": None,
                  "body": "<h2>Inland</h2><p>Three <b>days</b>.<script>alert(1)</script></p><ul><li>or four</li></ul>"
                          f'<img alt="map" src="data:image/png;base64,{base64.b64encode(DOT).decode()}">'},
                 {"id": 361, "section_id": 10, "title": "For us", "locale": "en-us", "draft": True, "body": "<p>x</p>",
                  "user_segment_id": 77}],
    "translations": [{"source_id": 360, "source_type": "Article", "locale": "es", "title": "¿Cuánto tarda?",
                      "body": "<p>Tres días.</p>", "draft": False}]}


def test_zendesk_guide(database):
    content = json.dumps(ZENDESK).encode()
    assert told(content, "guide.json") == {"new": 3} and found() == {}
    assert imported(content, "guide.json")[0] == {"new": 3}
    there = found()
    english, spanish, internal = there["How long?"], there["¿Cuánto tarda?"], there["For us"]
    assert english.body.startswith("## Inland\n\nThree **days**.\n\n- or four\n\n![map](/help/pictures/")
    assert (spanish.original_id, spanish.locale, internal.published, internal.audience) == (
        english.id, "es", False, "agents")
    assert spanish.category_id == english.category_id
    with db.reading() as session:
        names = {one.locale: one.name for one in session.scalar(select(Category)).names}
        assert names == {"en": "Delivery", "es": "Envíos"}
        assert "/hc/en-us/articles/360-How-long-" in session.scalars(select(ArticleRedirect.path)).all()
        assert len(session.scalars(select(ArticlePicture)).all()) == 1
    assert imported(content, "guide.json")[0] == told(content, "guide.json") == {"same": 3}
    changed = json.dumps({**ZENDESK, "articles": [{**ZENDESK["articles"][0], "title": "How many days?"}]}).encode()
    assert imported(changed, "guide.json", update=False)[0] == {"kept": 2}
    assert imported(changed, "guide.json")[0] == {"changed": 1, "same": 1}
    assert found()["How many days?"].slug == "how-long", "the address stays"


def test_zendesk_files_of_the_api_one_by_one_in_a_zip(database):
    parts = {f"{kind}.json": json.dumps({kind: ZENDESK[kind], "count": 1, "next_page": None}) for kind in ZENDESK}
    assert imported(zipped(**parts))[0] == {"new": 3}


def test_zendesk_with_its_translations_inside_and_pages_that_overlap(database):
    """articles.json?include=translations has them inside each article; `user_segment_ids` is the newer name."""
    inside = [{"id": 900, "source_id": 360, "source_type": "Article", "locale": "en-us", "title": "How long?",
               "body": "<p>same</p>", "draft": False},
              {"id": 901, "source_id": 360, "source_type": "Article", "locale": "es", "title": "¿Cuánto tarda?",
               "body": "<p>Tres días.</p>", "draft": True}]
    first = {"articles": [{**ZENDESK["articles"][0], "translations": inside}], "next_page": "https://…", "page": 1,
             "sections": [{"id": 10, "name": "Delivery", "locale": "en-us", "translations": [
                 {"locale": "es", "title": "Envíos", "source_type": "Section"}]}]}
    second = {"articles": [ZENDESK["articles"][0], {
        "id": 362, "section_id": 10, "title": "Partners", "locale": "en-us", "draft": False, "body": "<p>x</p>",
        "user_segment_id": None, "user_segment_ids": [5]}], "next_page": None, "page": 2}
    assert imported(zipped(**{"p1.json": json.dumps(first), "p2.json": json.dumps(second)}))[0] == {"new": 3}
    there = found()
    assert there["¿Cuánto tarda?"].original_id == there["How long?"].id and not there["¿Cuánto tarda?"].published
    assert there["Partners"].audience == "agents", "what only some may read is never shown to everybody"
    with db.reading() as session:
        assert {one.locale: one.name for one in session.scalar(select(Category)).names} == {
            "en": "Delivery", "es": "Envíos"}


def test_zendesk_single_answers_and_search_results_and_a_translation_alone(database):
    article, text = ZENDESK["articles"][0], {**ZENDESK["translations"][0], "source_id": "360"}
    parts = {"one.json": {"article": article}, "text.json": {"translation": text}, "shelf.json": {
        "section": ZENDESK["sections"][0]}, "search.json": {"count": 1, "results": [
            {**article, "id": 363, "title": "Found", "html_url": "https://old.zendesk.example/hc/en-us/articles/363",
             "result_type": "article", "snippet": "…"}, {"id": 1, "result_type": "community_post", "title": "No"}]}}
    assert imported(zipped(**{name: json.dumps(said) for name, said in parts.items()}))[0] == {"new": 3}
    assert found()["¿Cuánto tarda?"].original_id == found()["How long?"].id
    counts, outcomes = imported(json.dumps({"translations": [text]}).encode(), "translations.json")
    assert counts == {"refused": 1} and "translates is not in" in outcomes[0].why


def test_chatwoot_names_translations_inside_the_original_and_lists_each_language_by_itself(database):
    """No associated_article_id, null instead of an empty list, and no category with what is named inside."""
    def one(number, title, shelf, inside=None, **more):
        return {"id": number, "slug": f"s{number}", "title": title, "content": f"About {title}.", "description": None,
                "status": "published", "position": 10, "account_id": 1, "updated_at": 1, "views": 3, "category": shelf,
                "author": {"id": 1, "name": "A"}, "associated_articles": inside, **more}
    english = {"id": 2, "slug": "basics", "locale": "en", "name": "Basics"}
    spanish = {"id": 3, "slug": "basics", "locale": "es", "name": "Básico"}
    named = [{"id": 8, "category_id": 3, "title": "Empezar", "content": "About Empezar.", "status": "published"},
             {"id": 9, "category_id": 77, "title": "Mulai", "content": "About Mulai.", "status": "published"}]
    other = [{"id": 10, "category_id": 3, "title": "Otra", "content": "About Otra.", "status": "draft"}]
    files = {"en.json": {"payload": [one(7, "Begin", english, named),
                                     one(11, "Loose", {"id": None, "name": None}, other)]},
             "es.json": {"payload": [one(8, "Empezar", spanish)], "meta": {"articles_count": 1}}}
    counts, outcomes = imported(zipped(**{name: json.dumps(said) for name, said in files.items()}))
    assert counts == {"new": 4, "refused": 1}
    assert [(said.title, "language" in said.why) for said in outcomes if said.what == "refused"] == [("Mulai", True)]
    there = found()
    assert {title: (there[title].locale, there[title].published) for title in there} == {
        "Begin": ("en", True), "Loose": ("en", True), "Empezar": ("es", True), "Otra": ("es", False)}
    assert there["Empezar"].original_id == there["Begin"].id


@pytest.mark.parametrize("said", [
    {"payload": [{"id": [1], "title": "T", "content": "x", "category": 3, "portal": "shop", "status": ["published"]}]},
    {"articles": [{"id": {"a": 1}, "title": "T", "body": "<p>x</p>", "section_id": [2], "translations": None}]},
    {"mailbox_id": 1, "category": "Start", "articles": [{"id": 1, "title": "T", "text": "x", "categories": ["a"]}]}])
def test_shapes_that_are_a_little_off_are_read_all_the_same(database, said):
    assert imported(json.dumps(said).encode(), "export.json")[0] == {"new": 1}


def test_chatwoot(database):
    said = {"payload": [
        {"id": 5, "slug": "reset", "title": "Reset it", "content": "Press **here**.\n\n1. Wait", "status": "published",
         "description": "How to", "category": {"id": 2, "slug": "basics", "locale": "en", "name": "Basics"},
         "portal": {"slug": "shop", "config": {"default_locale": "en"}}},
        {"id": 6, "slug": "zurueck", "title": "Setz zurück", "content": "Hier.", "status": 0,
         "associated_article_id": 5, "portal": {"slug": "shop"},
         "category": {"id": 3, "slug": "basics", "locale": "pt_BR", "name": "Básico"}}],
        "meta": {"articles_count": 2}}
    assert imported(json.dumps(said).encode(), "articles.json")[0] == {"new": 2}
    there = found()
    assert (there["Reset it"].summary, there["Reset it"].published, there["Setz zurück"].published) == (
        "How to", True, False)
    assert there["Setz zurück"].original_id == there["Reset it"].id and there["Setz zurück"].locale == "pt"
    with db.reading() as session:
        assert set(session.scalars(select(ArticleRedirect.path))) == {"/hc/shop/articles/reset",
                                                                      "/hc/shop/articles/zurueck"}
    assert imported(json.dumps(said).encode(), "articles.json")[0] == {"same": 2}


def test_freescout(database):
    said = {"mailbox_id": 1, "name": "Shop", "categories": [{"id": 3, "name": "Start", "articles": [
        {"id": 12, "title": "Quick start", "text": "<p>Plug it in.</p>", "status": 1,
         "url": "https://desk.example/help/1/article/12", "client_url": "https://shop.example/docs?article=12"}],
        "subcategories": [{"id": 7, "name": "More", "articles": [
            {"id": 13, "title": "Deep", "text": "<div>Dig.</div>", "status": 2}], "subcategories": []}]}]}
    assert imported(json.dumps(said).encode(), "export.json")[0] == {"new": 2}
    there = found()
    assert (there["Quick start"].body, there["Deep"].published) == ("Plug it in.", False)
    with db.reading() as session:
        assert session.scalars(select(ArticleRedirect.path)).all() == ["/help/1/article/12"]
        assert sorted(categories.title(one) for one in session.scalars(select(Category))) == ["More", "Start"]
    assert imported(json.dumps(said).encode(), "export.json")[0] == {"same": 2}


def test_a_table_its_columns_are_guessed_and_each_wrong_row_is_named(database):
    table = ('Titel;Antwort;Pertanyaan;Category;Language;Status;URL\n'
             '"How long?";"Three\ndays";"when|how soon";Delivery;en_US;published;https://x.example/a/1\n'
             ';"No title";;;;;\n"How long?";again;;;en;;\n"Later";"<p>Soon &amp; <i>surely</i></p>";;;en;draft;\n'
             '"Bad";"x";;;klingon!;;\n').encode("cp1252")
    assert csv_table.guessed(csv_table.header(table)) == {
        0: "title", 1: "body", 2: "questions", 3: "category", 4: "locale", 5: "published", 6: "url"}
    counts, outcomes = imported(table, "faq.csv")
    assert counts == {"new": 2, "refused": 3}
    assert [(one.where, one.why[:12]) for one in outcomes if one.what == "refused"] == [
        ("faq.csv, row 3", "The title is"), ("faq.csv, row 4", "It is in the"), ("faq.csv, row 6", "'klingon!' i")]
    there = found()
    assert (there["How long?"].body, there["How long?"].locale) == ("Three\ndays", "en")
    assert (there["Later"].body, there["Later"].published) == ("Soon & *surely*", False)
    with db.transaction() as session:
        session.add(Question(article_id=there["How long?"].id, text="learned from somebody", source="learned"))
    assert imported(table, "faq.csv")[0] == {"same": 2, "refused": 3}
    with db.reading() as session:
        assert set(session.scalars(select(Question.text))) == {"when", "how soon", "learned from somebody"}
    with pytest.raises(Invalid, match="columns"):
        imported(b"a,b\n1,2\n", "x.csv")


def test_markdown_folders_with_pictures_and_languages(database, tmp_path):
    (tmp_path / "Delivery/img").mkdir(parents=True)
    (tmp_path / "Delivery/img/my map.png").write_bytes(DOT)
    (tmp_path / "Delivery/how-long.md").write_text(
        "---\ntitle: \"How long?\"\nquestions:\n  - when\n  - how soon\nneeds: [order_number]\n"
        "audience: internal\n---\nThree days.\n\n![Map](img/my%20map.png) ![no](../../secret.png) ![far](https://x.example/a.png)\n")
    (tmp_path / "Delivery/how-long.es.md").write_text("# ¿Cuánto tarda?\n\nTres días.\n")
    (tmp_path / "README.md").write_text("# Not an article")
    entries = reading.read(packages.found(tmp_path), "en")
    with db.transaction() as session:
        writing.write(session, entries, actor="system", drafts=True)
    there = found()
    english, spanish = there["How long?"], there["¿Cuánto tarda?"]
    assert len(there) == 2 and {english.original_id, spanish.original_id} <= {None, english.id, spanish.id}
    assert (english.audience, english.needs, english.published) == ("agents", ["order_number"], False)
    assert "![Map](/help/pictures/" in english.body and "![no](../../secret.png)" in english.body
    assert english.category_id == spanish.category_id is not None


def test_pictures_of_other_servers_are_fetched_only_when_asked_and_stay_links_otherwise(database):
    table = b"title,body\nOne,![a](https://x.example/a.png) ![b](https://x.example/b.png)\n"
    imported(table, "t.csv")
    assert "https://x.example/a.png" in found()["One"].body

    def fetch(url):
        if url.endswith("b.png"):
            raise SendError("this address is not allowed")
        return "image/png", DOT
    entries, missed = reading.with_remote_pictures(reading.read({"t.csv": table}, "en"), fetch)
    with db.transaction() as session:
        writing.write(session, entries, actor="system")
    body = found()["One"].body
    assert "![a](/help/pictures/" in body and "![b](https://x.example/b.png)" in body
    assert missed == ["x.example: this address is not allowed"]


def link():
    entry = zipfile.ZipInfo("a.md")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize("name", ["../a.md", "/etc/a.md", "a/../../b.md", "C:\\a.md", "..\\a.md", link()])
def test_a_zip_that_would_write_elsewhere_is_refused_as_a_whole(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("good.md", "fine")
        archive.writestr(name, "/etc/passwd")
    with pytest.raises(Invalid, match="refused"):
        packages.opened("x.zip", out.getvalue())


def test_bombs_and_rubbish_are_refused(monkeypatch):
    monkeypatch.setattr(packages, "MOST", 20)
    bomb = zipped(**{"a.md": b"\0" * (packages.LARGEST + 1)})
    many = zipped(**{f"{number}.md": b"" for number in range(packages.MOST + 1)})
    for content in (bomb, many, b"PK\x03\x04rubbish", zipped(**{"a.md": b"x" * 1000})[:-30]):
        with pytest.raises(Invalid):
            packages.opened("x.zip", content)
    for name, content in (("a.json", b"[" * 100_000), ("a.json", b'{"a": 1}'), ("a.csv", b"\0\1"), ("a.exe", b"MZ"),
                          ("a.json", b"[]")):
        with pytest.raises(Invalid):
            reading.read(packages.opened(name, content), "en")


def test_html_becomes_markdown_and_nothing_that_hides_in_it():
    text, pictures = html_text.markdown_of(
        '<h1>A</h1><p>b<br>c <a href="javascript:alert(1)">x</a> <a href="https://k.example">k</a></p><style>p{}</style>'
        '<iframe src="//video.example/1"></iframe><table><tr><td>1</td><td>2</td></tr></table><pre>code</pre>')
    assert text.startswith("# A\n\nb") and "javascript" not in text and "p{}" not in text and not pictures
    assert "[k](https://k.example)" in text and "https://video.example/1" in text and "| 1 | 2 |" in text
    assert "deep" in html_text.markdown_of("<div>" * 5_000 + "deep")[0]


def test_everything_goes_out_and_comes_in_again_the_same(database):
    with db.transaction() as session:
        shelf = categories.create(session, {"en": categories.Name("Orders"), "es": categories.Name("Pedidos")},
                                  icon="box", actor="system")
        one = articles.create(session, title="What is “it”?", body="x", questions=["a", "b"], category_id=shelf.id,
                              summary="So.", needs=("order_number",), about_account=True, slug="it")
        line = article_pictures.line(article_pictures.add(session, one, "dot.png", DOT), "dot")
        article_versions.save(session, one, article_versions.Fields(
            **{**vars(article_versions.current(one)), "body": f"+++\n# Head\n\n{line}\n\n- =1"}), then="publish",
            actor="system")
        article_versions.create(session, article_versions.Fields(
            title="¿Qué es?", body="Eso.", locale="es", category_id=shelf.id, for_assistant=False, audience="agents"),
            published=False, actor="system", original=one)
        out, table = exporting.markdown_zip(session), exporting.table(session)
        pictured = one.body
    assert imported(out)[0] == {"same": 2}
    assert imported(table.encode(), "a.csv")[0] == {"same": 2}
    before = said()
    with db.transaction() as session:
        for article in session.scalars(select(Article).order_by(Article.id.desc())):
            session.delete(article)
            session.flush()
        categories.delete(session, session.scalar(select(Category)), "system")
    assert imported(out)[0] == {"new": 2}
    assert said() == before and found()["What is “it”?"].body != pictured, "pictures have new addresses"


def said():
    return {title: (one.summary, one.body.split("![")[0], one.locale, one.slug, one.audience, one.published,
                    one.for_assistant, one.about_account, one.needs, sorted(q.text for q in one.questions),
                    one.original_id is None, one.category.key, sorted(name.name for name in one.category.names))
            for title, one in _whole().items()}


def _whole():
    with db.reading() as session:
        rows = session.scalars(select(Article)).all()
        for one in rows:
            _ = one.questions, one.category.names
        return {one.title: one for one in rows}
