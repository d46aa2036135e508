"""Every sentence that people who work here see has its words in every language, and none is left over."""
import re

import pytest

from helpdesk import i18n
from helpdesk.i18n import catalogs, extraction

HOLES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
OTHERS = [one for one in i18n.LOCALES if one != i18n.SOURCE]


def holes(text: str) -> set[str]:
    return set(HOLES.findall(text))


def test_the_catalogs_are_as_the_code_speaks():
    wanted = extraction.update(write=False)
    assert set(wanted) == set(extraction.FOLDER.glob("*/*.po")), "run python -m helpdesk.i18n"
    stale = [path.as_posix() for path, content in wanted.items() if path.read_bytes() != content]
    assert not stale, "run python -m helpdesk.i18n"


@pytest.mark.parametrize("locale", OTHERS)
def test_no_sentence_is_missing_and_each_has_its_holes(locale):
    assert extraction.missing()[locale] == []
    for english, said in catalogs.catalog(locale).sentences.items():
        for one in (said,) if isinstance(said, str) else said:
            assert holes(one) == holes(english) | (holes(one) & {"%(n)s", "{n}"}), english


def test_a_sentence_is_said_in_the_language_that_is_spoken():
    with i18n.speaking("es"):
        assert i18n._("Sign in") == "Entrar"
        with i18n.speaking("ar"):
            assert i18n.direction() == "rtl" and i18n._("Settings") == "الإعدادات"
        assert i18n.locale() == "es"
    assert i18n._("Sign in") == "Sign in" and i18n.direction() == "ltr"


def test_what_nobody_translated_is_said_in_english():
    with i18n.speaking("hi"):
        assert i18n._("Never %(said)s", said="written") == "Never written"
        assert i18n.ngettext("%(n)s thing of mine", "%(n)s things of mine", 2) == "2 things of mine"
    with i18n.speaking("tlh"):
        assert i18n.locale() == "en"


def test_counted_things_follow_the_rule_of_the_language():
    arabic = catalogs.Catalog({"%(n)s day": ("a", "b", "c", "d", "e", "f")}, catalogs.catalog("ar")._rule)
    assert [arabic.get_plural("%(n)s day", "%(n)s days", n) for n in (0, 1, 2, 3, 11, 100)] == list("abcdef")


@pytest.mark.parametrize("wishes, spoken", [
    (("pt-PT",), "pt-BR"), (("in",), "id"), (("de", "es-MX"), "es"), (("fr",), "en"), ((), "en"),
    (("en_US", "hi"), "en"),
    (("PT_br",), "pt-BR")])
def test_of_the_wishes_the_first_that_is_offered_is_taken(monkeypatch, wishes, spoken):
    monkeypatch.setattr(i18n, "OFFERED", tuple(i18n.LOCALES))
    assert i18n.best(*wishes) == spoken


def test_a_page_is_in_the_language_of_the_browser_and_brings_its_scripts_words(client, monkeypatch):
    english = client.get("/sign-in", headers={"Accept-Language": "ar"}).text
    assert '<html lang="en" dir="ltr"' in english and "/static/words/" not in english, "not offered yet"
    monkeypatch.setattr(i18n, "OFFERED", tuple(i18n.LOCALES))
    page = client.get("/sign-in", headers={"Accept-Language": "ar, en;q=0.5"}).text
    assert '<html lang="ar" dir="rtl"' in page and "تسجيل الدخول" in page
    url = re.search(r'<script src="(/static/words/ar-\w+\.js)"', page)[1]
    words = client.get(url)
    assert words.text.startswith("globalThis.helpdeskWords={") and "immutable" in words.headers["Cache-Control"]
    assert "لا شيء يطابق" in words.text
    assert client.get("/static/words/xx-1.js").status_code == 404
    assert '<html lang="en" dir="ltr"' in client.get("/sign-in", headers={"Accept-Language": "en"}).text
