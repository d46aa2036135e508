"""Entries compared with what is there, and written: what an import would do and what it does are one piece of code.

An article is known again by an address under which it was read before, or by its own address and language; so the same
files twice change nothing. Phrasings are added to those that are there, never taken away: customers may have taught
some.
"""
from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import db, events
from helpdesk.errors import Invalid
from helpdesk.models import Article, ArticleRedirect, Category
from helpdesk.services import article_addresses, article_pictures, article_versions, categories, slugs
from helpdesk.services.article_fields import Fields, checked
from helpdesk.services.article_imports.entries import Entry
from helpdesk.services.categories import Name
from helpdesk.services.markdown import PICTURES

MOST = 10_000


@dataclass(frozen=True)
class Outcome:
    """What happens to one entry. `what`: new, changed, same, kept (it is there, and was not to be changed), refused.
    `why`: for a refusal, or what was left out."""
    where: str
    title: str
    locale: str
    what: str
    why: str = ""
    article_id: int | None = None
    category: str = ""


def write(session: Session, entries: Iterable[Entry], *, actor: str, update: bool = True, drafts: bool = False,
          try_only: bool = False) -> list[Outcome]:
    """Write all entries, or with `try_only` only say what would happen. Without `update` articles that are there stay
    as they are; with `drafts` nothing is published."""
    entries = list(entries)[:MOST]
    run = _Run(session, actor, update, drafts, try_only)
    outcomes = [run.one(entry) for entry in entries]
    done = Counter(one.what for one in outcomes)
    if not try_only and done["new"] + done["changed"]:
        detail = f"imported {done['new']} new and {done['changed']} changed articles"
        events.record(session, events.SettingsChanged(what="article", detail=detail), actor=actor)
    return outcomes


class _Run:
    """One import: what it has seen so far."""

    def __init__(self, session: Session, actor: str, update: bool, drafts: bool, try_only: bool) -> None:
        self.session, self.actor = session, actor
        self.update, self.drafts, self.try_only = update, drafts, try_only
        self.seen: set[tuple[str, str]] = set()
        self.groups: dict[str, int] = {}            # the article whose translations the others of a group are
        self.shelves: dict[str, Category] = {}
        self.cleaned: dict[str, tuple[str, str]] = {}       # picture as it came → as it is kept (hashes), or why not

    def one(self, entry: Entry) -> Outcome:
        """Write or try one entry."""
        said = Outcome(entry.where, entry.fields.title, entry.fields.locale, "refused", category=entry.category)
        if entry.problem:
            return replace(said, why=entry.problem)
        try:
            fields = checked(entry.fields)
            self._once(entry, fields)
            if self.try_only:
                return self._write(entry, fields, said)
            with db.savepoint(self.session):       # one that is refused half-way leaves nothing behind
                return self._write(entry, fields, said)
        except Invalid as error:
            self.shelves.clear()        # one that was made for this entry is gone with it
            return replace(said, why=str(error))

    def _once(self, entry: Entry, fields: Fields) -> None:
        name = (fields.slug or entry.group or slugs.slug(fields.title), fields.locale)
        if name in self.seen:
            raise Invalid("It is in the file twice, by its address or key and language.")
        self.seen.add(name)

    def _write(self, entry: Entry, fields: Fields, said: Outcome) -> Outcome:
        there = self._there(entry, fields)
        if there is not None:
            self.groups.setdefault(entry.group, there.original_id or there.id)
            if not self.update:
                return replace(said, what="kept", article_id=there.id)
            return self._change(there, entry, fields, said)
        if self.try_only:
            body, why = self._body(entry, fields, None)
            checked(replace(fields, body=body))
            return replace(said, what="new", why=why)
        return self._make(entry, fields, said)

    def _there(self, entry: Entry, fields: Fields) -> Article | None:
        paths = [path for address in entry.addresses if (path := _path(address))]
        known = self.session.scalars(select(Article).join(ArticleRedirect).where(ArticleRedirect.path.in_(paths))).all()
        for one in known:
            if one.locale == fields.locale:
                return one
        if known and entry.group:
            self.groups.setdefault(entry.group, known[0].original_id or known[0].id)
            root = self.groups[entry.group]
            twin = self.session.scalar(select(Article).where(Article.original_id == root,
                                                             Article.locale == fields.locale))
            if twin is not None:
                return twin
        slug = fields.slug or slugs.slug(fields.title)
        return self.session.scalar(select(Article).where(Article.locale == fields.locale, Article.slug == slug))

    def _make(self, entry: Entry, fields: Fields, said: Outcome) -> Outcome:
        fields = replace(fields, category_id=self._shelf(entry, fields.locale))
        original = self.session.get(Article, self.groups[entry.group]) if entry.group in self.groups else None
        if original is not None and original.locale == fields.locale:
            original = None
        article = article_versions.create(self.session, fields, published=entry.published and not self.drafts,
                                          actor=self.actor, original=original)
        body, why = self._body(entry, fields, article)
        if body != fields.body:
            article.body = article.versions[-1].body = checked(replace(fields, body=body)).body
        if entry.group:
            self.groups.setdefault(entry.group, article.original_id or article.id)
        self._remember(article, entry)
        return replace(said, what="new", why=why, article_id=article.id)

    def _change(self, article: Article, entry: Entry, fields: Fields, said: Outcome) -> Outcome:
        before = article_versions.current(article)
        body, why = self._body(entry, fields, article)
        shelf = before.category_id if not entry.category else self._shelf(entry, fields.locale)
        after = checked(replace(
            fields, body=body, slug=before.slug, category_id=shelf, summary=fields.summary or before.summary,
            questions=(*before.questions, *fields.questions)))
        publish = entry.published and not self.drafts
        same = after == checked(before, unfinished=True) and (article.published or not publish)
        said = replace(said, what="same" if same else "changed", why=why, article_id=article.id)
        if not self.try_only:
            if not same:
                article_versions.save(self.session, article, after, then="publish" if publish else "draft",
                                      actor=self.actor)
            self._remember(article, entry)
        return said

    def _remember(self, article: Article, entry: Entry) -> None:
        own = article_addresses.own_path(article.locale, article.slug)
        for address in entry.addresses:
            path = _path(address)
            taken = self.session.get(ArticleRedirect, path) if path else None
            if path and path != own and (taken is None or taken.article_id == article.id):
                article_addresses.remember(self.session, article.id, path)

    def _shelf(self, entry: Entry, locale: str) -> int | None:
        """The category of this name or key, made or named where it is not."""
        if not entry.category:
            return None
        key = entry.shelf or entry.category
        listed = categories.listed(self.session)
        found = next((one for one in listed for name in one.names
                      if name.locale == locale and name.name.casefold() == entry.category.casefold()), None)
        found = found or self.shelves.get(key) or next((one for one in listed if one.key == slugs.slug(key)), None)
        if self.try_only:
            return found.id if found else -1
        if found is None:
            found = categories.create(self.session, {locale: Name(entry.category)}, key=key, actor=self.actor)
        elif all(name.locale != locale for name in found.names):
            names = {name.locale: Name(name.name, name.description, name.slug) for name in found.names}
            categories.change(self.session, found, {**names, locale: Name(entry.category)}, icon=found.icon,
                              actor=self.actor)
        self.shelves[key] = found
        return found.id

    def _body(self, entry: Entry, fields: Fields, article: Article | None) -> tuple[str, str]:
        """The text with its pictures put in, and which of them could not be. A picture that the article has already is
        the same one again."""
        body, refused = fields.body, []
        for address, content in entry.pictures.items():
            token = self._token(article, address, content)
            if token.startswith("!"):
                refused.append(f"{address[:60]}: {token[1:]}")
            elif token:
                body = re.sub(r"(!\[[^\]]*\]\(\s*<?)" + re.escape(address) + r"(?=[>)\s])",
                              lambda found, token=token: found[1] + PICTURES + token, body)
        return body, "; ".join(refused)[:300]

    def _token(self, article: Article | None, address: str, content: bytes) -> str:
        """The token of the picture, '' while only trying and it is new, '!' and the reason when it is none."""
        raw = hashlib.sha256(content).hexdigest()
        if raw not in self.cleaned:
            try:
                clean = article_pictures.cleaned(content)[1]
                self.cleaned[raw] = (hashlib.sha256(clean).hexdigest(), "")
            except Invalid as error:
                self.cleaned[raw] = ("", str(error))
        sha256, why = self.cleaned[raw]
        if why:
            return "!" + why
        there = next((one.token for one in article.pictures if one.sha256 == sha256), "") if article else ""
        if there or self.try_only or article is None:
            return there
        return article_pictures.add(self.session, article, address.rsplit("/", 1)[-1] or "picture", content).token


def _path(address: str) -> str:
    """An address that says by its path alone what it is: one with a query is no place of one article."""
    return "" if "?" in address else article_addresses.path_of(address)
