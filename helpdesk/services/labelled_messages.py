"""A file of messages with the article that answers each: what to try the assistant with, beside its own phrasings."""
from __future__ import annotations

import csv
import io
from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.errors import Invalid
from helpdesk.models import Article
from helpdesk.services.listening import language

HEADS = ("text", "message", "question")
NOTHING = ("", "-", "none")
SHOWN = 5


def read(session: Session, text: str) -> list[dict]:
    """The questions for helpdesk.matching.evaluating, of a CSV or TSV text: message; title, address or number of the
    article, or nothing where none answers it; perhaps a language. A first line of headings is passed over.

    Raises Invalid, naming the lines whose article is not there.
    """
    known, questions, wrong = _articles(session), [], []
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    for number, row in enumerate(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter), 1):
        said, article, locale = (*(cell.strip() for cell in row), "", "", "")[:3]
        if not said or number == 1 and said.lower() in HEADS:
            continue
        right = [] if article.lower() in NOTHING else known.get(article.lower())
        if right is None:
            wrong.append(f"line {number}: {article!r}")
        else:
            questions.append({"text": said, "right": sorted(right), "locale": locale or language(said)[0]})
    if wrong:
        raise Invalid("These articles are not there: " + "; ".join(wrong[:SHOWN]) + ("; …" if wrong[SHOWN:] else ""))
    if not questions:
        raise Invalid("There is no message in this file. Each line is: message, article.")
    return questions


def _articles(session: Session) -> dict[str, set[int]]:
    """By number, title and address; of one title in two languages either is right."""
    found: dict[str, set[int]] = defaultdict(set)
    for id, title, slug in session.execute(select(Article.id, Article.title, Article.slug)):
        for name in (str(id), title.lower(), slug.lower()):
            found[name].add(id)
    return dict(found)
