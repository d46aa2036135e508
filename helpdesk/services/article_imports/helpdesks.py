"""What other helpdesks give out as JSON, told by its own names.

Zendesk Guide: the Help Center API's articles, sections, categories and translations, each in lists of their own or
inside what they belong to, and what its search finds
(https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/). Chatwoot: the portal's articles and
categories as its API answers them; translations are named inside their original
(https://github.com/chatwoot/chatwoot/tree/develop/app/views/api/v1/accounts/articles). FreeScout: the export of the
knowledge base API modules, categories with articles.
"""
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from helpdesk.errors import Invalid
from helpdesk.services.article_fields import SUMMARY_LIMIT, Fields
from helpdesk.services.article_imports.entries import Entry, locale_of
from helpdesk.services.article_imports.html_text import is_html, markdown_of

KINDS = ("articles", "sections", "categories", "translations")
ONE_OF = {"article": "articles", "section": "sections", "category": "categories", "translation": "translations"}
CHATWOOT_STATES = {"0": "draft", "1": "published", "2": "archived"}


def read(files: Mapping[str, bytes], locale: str) -> list[Entry]:
    """The articles in the JSON files, whichever helpdesk they are from. Raises Invalid."""
    zendesk: dict[str, list[dict]] = {kind: [] for kind in KINDS}
    chatwoot: list[tuple[str, dict]] = []
    found: list[Entry] = []
    for name, content in sorted(files.items()):
        if not name.lower().endswith(".json"):
            continue
        said = _parsed(name, content)
        if isinstance(said, dict) and "mailbox_id" in said:
            found += _freescout(said, name, locale)
        elif items := _chatwoot_items(said):
            chatwoot += [(name, one) for one in items]
        else:
            _gather(zendesk, said, name)
    return found + list(_chatwoot(chatwoot, locale)) + list(_zendesk(zendesk, locale))


def _parsed(name: str, content: bytes) -> object:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{name} is no JSON: {error}") from error


def _gather(zendesk: dict[str, list[dict]], said: object, name: str) -> None:
    """Lists under their own names, one object under its own, or what a search found; or a bare list in a file that is
    called like them."""
    if isinstance(said, dict):
        lists = {kind: _dicts(said, kind) for kind in KINDS if isinstance(said.get(kind), list)}
        single = {kind: [said[name]] for name, kind in ONE_OF.items() if isinstance(said.get(name), dict)}
        results = [one for one in _dicts(said, "results") if one.get("result_type", "article") == "article"]
        if lists or single or results:
            for part in (lists, single, {"articles": results}):
                for kind, ones in part.items():
                    zendesk[kind] += ones
            return
    kind = next((kind for kind in KINDS if kind in name.lower().rsplit("/", 1)[-1]), "")
    if not kind or not isinstance(said, list):
        raise Invalid(f"{name} is from no helpdesk that is known here (Zendesk Guide, Chatwoot, FreeScout).")
    zendesk[kind] += [one for one in said if isinstance(one, dict)]


def _zendesk(said: Mapping[str, list[dict]], locale: str) -> Iterator[Entry]:
    sections: dict[tuple[str, str], Mapping] = {}
    for one in said["sections"]:
        for text in (*_dicts(one, "translations"), one):
            sections[_id(one), str(text.get("locale") or "")] = {"name": text.get("name") or text.get("title")}
    any_section = {_id(one): one for one in reversed(said["sections"])}
    articles = {_id(one): one for one in reversed(said["articles"])}
    inside = [{"source_id": one.get("id"), **text} for one in said["articles"] for text in _dicts(one, "translations")]
    there = set()
    for one in said["articles"]:
        if (_id(one), one.get("locale")) not in there:      # pages of a list that grows meanwhile overlap
            there.add((_id(one), one.get("locale")))
            yield _zendesk_entry(one, one, sections, any_section, locale)
    for one in said["translations"] + inside:
        number = _id(one, "source_id")
        if (one.get("source_type") or "Article") != "Article" or (number, one.get("locale")) in there:
            continue
        there.add((number, one.get("locale")))
        if number in articles:
            yield _zendesk_entry(articles[number], one, sections, any_section, locale)
        else:
            yield Entry(f"translation of article {number}, {one.get('locale')}",
                        Fields(title=str(one.get("title") or ""), body="", locale=locale),
                        problem="The article that it translates is not in these files.")


def _zendesk_entry(article: Mapping, text: Mapping, sections: Mapping, any_section: Mapping, locale: str) -> Entry:
    """`text` is the article itself, or one of its translations."""
    number, section = _id(article), _id(article, "section_id")
    shelf = sections.get((section, str(text.get("locale") or ""))) or any_section.get(section) or {}
    address = text.get("html_url") or f"/hc/{text.get('locale', 'en-us')}/articles/{number}"
    body, pictures, problem = _body(text.get("body"))
    segmented = article.get("user_segment_id") or article.get("user_segment_ids")
    fields = Fields(title=str(text.get("title") or text.get("name") or ""), body=body,
                    locale=locale_of(str(text.get("locale") or article.get("locale") or ""), locale),
                    audience="agents" if segmented else "public")
    return Entry(f"article {number}, {fields.locale}", fields,
                 not (article.get("draft") or text.get("draft") or text.get("hidden")), str(shelf.get("name") or ""),
                 f"zendesk-{section}" if shelf else "", f"zendesk-{number}", (address,), pictures, problem)


def _chatwoot_items(said: object) -> list[dict]:
    """The articles of a portal, [] when this is none."""
    if isinstance(said, dict) and isinstance(said.get("payload"), list | dict):
        payload = said["payload"]
        listed = payload.get("articles", [payload]) if isinstance(payload, dict) else payload
    elif isinstance(said, dict) and isinstance(said.get("articles"), list):
        listed = said["articles"]
    else:
        listed = said if isinstance(said, list) else []
    return listed if listed and all(isinstance(one, dict) and ("content" in one or "slug" in one and "body" not in one)
                                    for one in listed) else []


def _chatwoot(items: list[tuple[str, dict]], locale: str) -> Iterator[Entry]:
    """Items without a title are categories. What an article names as associated are its translations."""
    articles = [(name, one) for name, one in items if "title" in one]
    shelves = {_id(one): one for _, one in items if "title" not in one}
    shelves |= {_id(shelf): shelf for _, one in articles if (shelf := _inside(one, "category"))}
    inside = [(name, one, text) for name, one in articles for text in _dicts(one, "associated_articles")]
    original = {_id(text): _id(one) for _, one, text in inside}
    there = set()
    for name, one in articles:
        if _id(one) not in there:
            there.add(_id(one))
            yield _chatwoot_entry(name, one, shelves, original, locale)
    for name, _, text in inside:
        if _id(text) not in there:
            there.add(_id(text))
            yield _chatwoot_entry(name, text, shelves, original, "")


def _chatwoot_entry(name: str, one: Mapping, shelves: Mapping, original: Mapping[str, str], locale: str) -> Entry:
    """`locale` "": it has to say its language itself, for it is a translation of what may be in any."""
    category = _inside(one, "category") or shelves.get(_id(one, "category_id")) or {}
    portal = _inside(one, "portal")
    state = str(one.get("status"))
    body, pictures, problem = _body(one.get("content"))
    spoken = one.get("locale") or category.get("locale") or (
        locale and _inside(portal, "config").get("default_locale")) or ""
    if not locale and not spoken:
        problem = "Its language is not said here; give the list of its own language too."
    fields = Fields(title=str(one.get("title") or ""), body=body, locale=locale_of(str(spoken), locale),
                    summary=str(one.get("description") or "")[:SUMMARY_LIMIT])
    slug = one.get("slug")
    addresses = (f"/hc/{portal['slug']}/articles/{slug}",) if slug and portal.get("slug") else ()
    group = _id(one, "associated_article_id") or original.get(_id(one)) or _id(one)
    return Entry(f"{name}, article {one.get('id')}", fields, CHATWOOT_STATES.get(state, state) == "published",
                 str(category.get("name") or ""), str(category.get("slug") or ""), f"chatwoot-{group}", addresses,
                 pictures, problem)


def _freescout(said: Mapping, name: str, locale: str) -> Iterator[Entry]:
    seen = set()
    for category, one in _freescout_articles(said):
        if one.get("id") in seen:
            continue        # it lies on several shelves; the first one counts
        seen.add(one.get("id"))
        body, pictures, problem = _body(one.get("text"))
        fields = Fields(title=str(one.get("title") or ""), body=body,
                        locale=locale_of(str(one.get("locale") or said.get("locale") or ""), locale))
        addresses = tuple(address for address in (one.get("url"), one.get("client_url")) if address)
        yield Entry(f"{name}, article {one.get('id')}", fields, one.get("status", 1) in (1, "1", "published"),
                    str(category.get("name") or ""), f"freescout-{category.get('id')}" if category else "",
                    f"freescout-{said['mailbox_id']}-{one.get('id')}", addresses, pictures, problem)


def _freescout_articles(said: Mapping) -> Iterator[tuple[Mapping, Mapping]]:
    waiting = list(said.get("categories") or ())
    while waiting:
        category = waiting.pop(0)
        if isinstance(category, dict):
            yield from ((category, one) for one in category.get("articles") or () if isinstance(one, dict))
            waiting = list(category.get("subcategories") or category.get("children") or ()) + waiting
    for one in said.get("articles") or said.get("results") or ():
        if isinstance(one, dict):
            yield _inside(said, "category") or next(iter(_dicts(one, "categories")), {}), one
    if isinstance(said.get("article"), dict):
        yield _inside(said, "category"), said["article"]


def _id(one: Mapping, name: str = "id") -> str:
    """A number as text, "" for none: some write it as one, some as the other."""
    return "" if one.get(name) is None else str(one[name])


def _inside(one: Mapping, name: str) -> Mapping:
    """What stands under the name when it is an object, {} otherwise."""
    return one[name] if isinstance(one.get(name), dict) else {}


def _dicts(one: Mapping, name: str) -> list[dict]:
    """The objects of a list under the name; [] when there is none, or null."""
    return [part for part in one[name] if isinstance(part, dict)] if isinstance(one.get(name), list) else []


def _body(text: object) -> tuple[str, dict[str, bytes], str]:
    """(Markdown, pictures in it, what is wrong)"""
    text = str(text or "")
    body, pictures = markdown_of(text) if is_html(text) else (text.strip(), {})
    return body, pictures, "" if body else "The text is empty."
