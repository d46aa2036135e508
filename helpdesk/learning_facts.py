"""Facts about articles and what people make of them in a ticket."""
from __future__ import annotations

from dataclasses import dataclass

from helpdesk.fact import Fact


@dataclass(frozen=True)
class PhrasingLearned(Fact):
    """A customer's message became a phrasing of an article, or with `undone` that was taken back."""
    message_id: int
    article_id: int
    title: str
    undone: bool = False


@dataclass(frozen=True)
class ArticleUsed(Fact):
    """An agent took an article into an answer. `how`: inserted, linked or attached. It need not have been sent."""
    article_id: int
    title: str
    how: str
