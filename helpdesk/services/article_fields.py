"""What can be written about an article, tidied and checked: one set of rules for forms, seeds and imports. Pure."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from helpdesk.errors import Invalid
from helpdesk.services import slugs
from helpdesk.services.words import words

TITLE_LIMIT, SUMMARY_LIMIT, BODY_LIMIT = 200, 300, 50_000
QUESTION_LIMIT, QUESTIONS_LIMIT = 500, 500
SLUG_LIMIT = 120
LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
NEED = re.compile(r"[a-z][a-z0-9_]{0,39}")
AUDIENCES = ("public", "agents")
UNTITLED = "Untitled"


@dataclass(frozen=True)
class Fields:
    """An article as somebody wrote it. `slug` is '' when it shall be made from the title; `needs` names what the
    assistant asks for before it answers."""
    title: str
    body: str
    summary: str = ""
    questions: tuple[str, ...] = ()
    locale: str = "en"
    slug: str = ""
    category_id: int | None = None
    audience: str = "public"
    for_assistant: bool = True
    about_account: bool = False
    needs: tuple[str, ...] = ()

    @property
    def text(self) -> tuple[str, str, str]:
        """The part that has versions."""
        return self.title, self.summary, self.body


def checked(fields: Fields, unfinished: bool = False) -> Fields:
    """The fields without stray spaces and doubled questions. An unfinished text may lack title and body. Raises
    Invalid with what to correct."""
    title, summary = " ".join(fields.title.split()), " ".join(fields.summary.split())
    body, locale = fields.body.replace("\r\n", "\n").replace("\0", "").strip(), fields.locale.strip()
    if unfinished:
        title = title or UNTITLED
    if not title or len(title) > TITLE_LIMIT:
        raise Invalid(f"Give the article a title of at most {TITLE_LIMIT} characters.")
    if len(summary) > SUMMARY_LIMIT:
        raise Invalid(f"The summary may have at most {SUMMARY_LIMIT} characters.")
    if not body and not unfinished or len(body) > BODY_LIMIT:
        raise Invalid(f"Write an answer of at most {BODY_LIMIT:,} characters.")
    if not LOCALE.fullmatch(locale) or len(locale) > 16:
        raise Invalid(f"{locale!r} is no language code; use one such as en, id or pt-BR.")
    if fields.audience not in AUDIENCES:
        raise Invalid("An article is for everybody (public) or for the team only (agents).")
    return replace(fields, title=title, summary=summary, body=body, locale=locale, slug=_slug(fields.slug),
                   questions=_questions(fields.questions, title),
                   needs=tuple(dict.fromkeys(need for need in fields.needs if NEED.fullmatch(need))))


def _slug(text: str) -> str:
    """What somebody typed as an address, in the letters of one; '' stays ''."""
    text = text.strip().strip("/")
    if not text:
        return ""
    if len(text) > SLUG_LIMIT:
        raise Invalid(f"The address may have at most {SLUG_LIMIT} characters.")
    return slugs.slug(text)


def _questions(lines: Sequence[str], title: str) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        line = " ".join(line.split())
        if len(line) > QUESTION_LIMIT:
            raise Invalid(f"Question {number} is longer than {QUESTION_LIMIT} characters.")
        if words(line):
            kept.setdefault(" ".join(words(line)), line)
    kept.pop(" ".join(words(title)), None)
    if len(kept) > QUESTIONS_LIMIT:
        raise Invalid(f"At most {QUESTIONS_LIMIT} questions can lead to one article.")
    return tuple(kept.values())
