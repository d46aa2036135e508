"""The help centre's pages, as a reader's browser asks for them, with 2,000 articles in twenty categories.

The floor is a page of the same kind with nothing but Flask, the ORM and Jinja (flask_floor.py); both are asked in turns
by the same client, as in `pages`. It says that it is a machine, so its searches are not kept.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import requests
from sqlalchemy import insert

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Article, Category, CategoryName, Question
from tests.bench import running
from tests.bench.desks import WORDS
from tests.bench.figures import Figure, median, tool
from tests.bench.pages import GOAL, SHARES, ask
from tests.house import free_port, wait_for

ARTICLES, CATEGORIES, ROUNDS = 2_000, 20, 5
PAGES = {"first page": "/help/en/", "category": "/help/en/c/category-1", "article": "/help/en/article-777",
         "search": "/help/en/search?q=where+is+the+parcel+of+order+777"}


def run(full: bool) -> Iterator[Figure]:
    """One size: more articles than a small firm will ever write."""
    tool("flask_floor.py"), tool("http_lat.py")
    with tempfile.TemporaryDirectory(prefix="helpdesk_bench_") as folder, running.house(1) as house:
        db.connect(house.config.database_url)
        fill()
        port, database = free_port(), str(Path(folder) / "floor.db")
        subprocess.run([sys.executable, str(tool("flask_floor.py")), "seed", "1000"], check=True,
                       env={**os.environ, "FF_DB": database})
        with running.process("tests.bench.floor_web", str(port), FF_DB=database) as floor_web:
            floor = f"http://127.0.0.1:{port}"
            wait_for(lambda: running.answers(f"{floor}/login"), "the floor to answer")
            browser = requests.Session()
            browser.get(f"{floor}/login", timeout=5)
            cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
            sides = ((f"{floor}/ticket/500", cookie, floor_web.pid), ("", "", house.parts["serve"].pid))
            for name, path in PAGES.items():
                requests.get(house.url + path, timeout=60)      # the index is built once, after an edit
                found: list[dict] = []
                for turn in range(ROUNDS):
                    one: dict = {}
                    for side in ((0, 1), (1, 0))[turn % 2]:
                        url, sent, pid = sides[side]
                        one[side] = ask(url or house.url + path, sent, pid, "-H", "User-Agent: bench-bot")
                    found.append(one)
                for share, word in SHARES.items():
                    floors, ours = (median([one[side][share] for one in found]) for side in (0, 1))
                    yield Figure(f"help centre, {name}, {word}", ours, "ms", floors,
                                 most=GOAL if share == "p95" else None)


def fill() -> None:
    """The articles of the connected database: some ninety words each, five phrasings."""
    at = now()
    with db.transaction() as session:
        session.execute(insert(Category), [{"id": n + 1, "key": f"category-{n}", "position": n}
                                           for n in range(CATEGORIES)])
        session.execute(insert(CategoryName), [{"category_id": n + 1, "locale": "en", "name": f"Category {n}",
                                                "slug": f"category-{n}"} for n in range(CATEGORIES)])
        session.execute(insert(Article), [
            {"id": 10_000 + n, "title": f"{words(n, 7).capitalize()} {n}?", "summary": words(n + 3, 12),
             "body": f"{words(n, 45)}.\n\n## {words(n, 4)}\n\n- {words(n + 1, 20)}\n- {words(n + 2, 20)}\n",
             "locale": "en", "slug": f"article-{n}", "category_id": n % CATEGORIES + 1, "published": True,
             "audience": "public", "needs": [], "views": n % 100, "created_at": at, "updated_at": at}
            for n in range(ARTICLES)])
        session.execute(insert(Question), [
            {"article_id": 10_000 + n, "text": f"{words(n * 5 + k, 8)} {n}", "source": "written", "created_at": at}
            for n in range(ARTICLES) for k in range(5)])


def words(number: int, count: int) -> str:
    """So many words, other ones for each number."""
    return " ".join(WORDS[(number * 7 + at * (number % 5 + 1)) % len(WORDS)] for at in range(count))
