"""The help texts of the demo company, as they stand in config/seeds/articles: complete, and the same shop in every
language. Nothing here needs a database."""
import re
import tomllib
from collections import Counter

import pytest

from helpdesk import paths
from helpdesk.demo import house
from helpdesk.services.words import words

FOLDER = paths.SEEDS / "articles"
WHOLE = ("en", "id", "es")          # languages that have every article
LEAST = 62
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def read(file):
    return tomllib.loads(file.read_text(encoding="utf-8"))


ARTICLES = {file.stem: read(file)["article"] for file in house.help_texts()}
CATEGORIES = read(FOLDER / "categories.toml")["category"]
each_language = pytest.mark.parametrize("locale", sorted(ARTICLES))


def test_every_article_is_there_in_the_three_languages():
    keys = {locale: [one["key"] for one in ARTICLES[locale]] for locale in ARTICLES}
    assert all(len(set(listed)) == len(listed) for listed in keys.values())
    assert len(keys["en"]) >= LEAST
    for locale in keys:
        assert locale not in WHOLE or keys[locale] == keys["en"]
        assert set(keys[locale]) <= set(keys["en"])


@each_language
def test_an_article_is_short_clear_and_asked_for_in_many_ways(locale):
    for one in ARTICLES[locale]:
        assert one["locale"] == locale, one["key"]
        assert 40 <= len(one["body"].split()) <= 150, one["key"]
        assert 20 <= len(one["summary"]) <= 160 and len(one["title"]) <= 100, one["key"]
        assert 6 <= len(one["questions"]) <= 10, one["key"]


@each_language
def test_no_two_articles_are_asked_for_with_the_same_words(locale):
    asked = Counter(" ".join(words(text)) for one in ARTICLES[locale] for text in (one["title"], *one["questions"]))
    assert [text for text, n in asked.items() if n > 1] == []


@each_language
def test_no_two_titles_consist_of_the_same_words(locale):
    titles = Counter(" ".join(sorted(set(words(one["title"])))) for one in ARTICLES[locale])
    assert [title for title, n in titles.items() if n > 1] == []


def test_translations_tell_the_same_numbers_and_belong_together():
    english = {one["key"]: one for one in ARTICLES["en"]}
    for locale in ARTICLES:
        for one in ARTICLES[locale]:
            original = english[one["key"]]
            assert numbers(one["body"]) == numbers(original["body"]), (locale, one["key"])
            for field in ("category", "needs", "account", "audience"):
                assert one.get(field) == original.get(field), (locale, one["key"], field)


def numbers(text: str) -> set[str]:
    return {number.replace(",", ".") for number in NUMBER.findall(text)}


def test_what_an_article_says_of_itself_is_known():
    known = {"key", "category", "title", "summary", "body", "locale", "questions", "needs", "account", "audience"}
    for locale in ARTICLES:
        for one in ARTICLES[locale]:
            assert set(one) <= known, one["key"]
            assert one.get("needs", []) in ([], ["order_number"])
            assert one.get("account", True) is True and one.get("audience", "agents") == "agents"
            assert (one["category"] == "team") == ("audience" in one), one["key"]
    assert sum("audience" in one for one in ARTICLES["en"]) == 5


def test_categories_have_names_an_icon_and_articles():
    icons = re.findall(r'<symbol id="([^"]+)"', (paths.PACKAGE.parent / "static/src/img/icons.svg").read_text())
    assert {one["key"] for one in CATEGORIES} == {one["category"] for one in ARTICLES["en"]}
    assert [one["position"] for one in CATEGORIES] == list(range(1, len(CATEGORIES) + 1))
    for one in CATEGORIES:
        assert one["icon"] in icons, one["key"]
        assert set(one["names"]) == {"en", "id", "es", "pt", "hi"}, one["key"]
        assert all(name["name"] and len(name["description"]) <= 300 for name in one["names"].values())
    for locale in ("en", "id", "es", "pt", "hi"):
        assert len({one["names"][locale]["name"] for one in CATEGORIES}) == len(CATEGORIES)


def test_the_demos_story_asks_what_the_texts_answer():
    """Customers of the story that press “this helped” ask with the words of an article."""
    told = tomllib.loads((paths.SEEDS / "demo.toml").read_text(encoding="utf-8"))["story"]
    asked = {" ".join(words(text)) for listed in ARTICLES.values() for one in listed
             for text in (one["title"], *one["questions"])}
    helped = [story for story in told if any(step[0] == "presses" and step[-1] == "helped" for step in story["steps"])]
    assert len(helped) >= 5
    for story in helped:
        assert " ".join(words(story["steps"][0][2])) in asked, story["who"]
