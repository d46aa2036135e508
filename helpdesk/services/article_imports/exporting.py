"""All articles as files that can be read in again: Markdown with what stands above it, or one table."""
from __future__ import annotations

import csv
import io
import json
import zipfile

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from helpdesk.models import Article, ArticleRedirect
from helpdesk.services import article_versions, categories, files
from helpdesk.services.markdown import PICTURES

COLUMNS = ("key", "title", "summary", "body", "questions", "locale", "slug", "category", "audience", "published",
           "assistant", "account", "needs")
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}


def markdown_zip(session: Session) -> bytes:
    """A folder for each category, a file for each article and language, and their pictures."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        keys = _keys(session)
        redirects: dict[int, list[str]] = {}
        for path, number in session.execute(select(ArticleRedirect.path, ArticleRedirect.article_id)):
            redirects.setdefault(number, []).append(path)
        for article in _articles(session):
            said = _said(article, keys)
            folder = article.category.key if article.category else "articles"
            body = said.pop("body")
            for picture in article.pictures:
                if PICTURES + picture.token in body and files.path(picture.sha256).exists():
                    name = f"pictures/{picture.sha256[:16]}.{ENDINGS.get(picture.content_type, 'png')}"
                    body = body.replace(PICTURES + picture.token, f"../{name}")
                    if name not in archive.namelist():
                        archive.writestr(name, files.content(picture.sha256))
            said["category_key"] = folder if article.category else ""
            said["redirects"] = redirects.get(article.id, [])
            front = "\n".join(f"{name} = {_toml(value)}" for name, value in said.items()
                              if value not in ("", []) or name == "category")      # none, whatever the folder is called
            archive.writestr(f"{folder}/{said['key']}.{article.locale}.md", f"+++\n{front}\n+++\n\n{body}\n")
    return out.getvalue()


def table(session: Session) -> str:
    """One row for each article and language. Pictures stay where they are."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    keys = _keys(session)
    for article in _articles(session):
        said = _said(article, keys)
        writer.writerow({**said, "questions": "\n".join(said["questions"]), "needs": " ".join(said["needs"]),
                         **{name: "yes" if said[name] else "no" for name in ("published", "assistant", "account")}})
    return out.getvalue()


def _articles(session: Session) -> list[Article]:
    """Originals first, so that translations find them; without the archive."""
    return list(session.scalars(select(Article).where(Article.archived_at.is_(None)).options(
        selectinload(Article.questions), selectinload(Article.versions), selectinload(Article.pictures),
        selectinload(Article.category)).order_by(Article.original_id.is_not(None), Article.id)))


def _keys(session: Session) -> dict[int, str]:
    """One word for each original: its address, with a number where two languages have the same."""
    keys: dict[int, str] = {}
    for number, slug in session.execute(select(Article.id, Article.slug).where(Article.original_id.is_(None))
                                        .order_by(Article.id)):
        keys[number] = slug if slug not in keys.values() else f"{slug}-{number}"
    return keys


def _said(article: Article, keys: dict[int, str]) -> dict:
    fields = article_versions.current(article)
    return {"key": keys.get(article.original_id or article.id, article.slug), "title": fields.title,
            "summary": fields.summary, "body": fields.body, "questions": list(fields.questions),
            "locale": fields.locale, "slug": fields.slug, "category": categories.title(article.category, fields.locale),
            "audience": fields.audience, "published": article.published, "assistant": fields.for_assistant,
            "account": fields.about_account, "needs": list(fields.needs)}


def _toml(value: object) -> str:
    """Words, lists of words, yes and no, as https://toml.io writes them: JSON's way, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
