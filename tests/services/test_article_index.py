"""The index follows the articles while it answers, and what was learnt outlives a restart."""
from dataclasses import replace

import gevent
import numpy as np
import pytest

from helpdesk import db
from helpdesk.models import Article
from helpdesk.services import article_index, article_versions, articles, phrasing_vectors

QUESTIONS = {"Where is my order?": ["Track my parcel", "My package is late"],
             "How can I pay?": ["Payment methods", "Do you take cards?"],
             "Can I send it back?": ["Return an item", "What is the return policy?"]}


class Counting:
    """An encoder that counts what it is asked for."""
    name, dim = "counting-1", 4

    def __init__(self):
        self.asked = []

    def encode(self, texts):
        self.asked += texts
        rows = np.array([[len(text), text.count("e"), text.count("a"), 1] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def shelf(database, monkeypatch):
    monkeypatch.setattr(article_index, "_shelf", article_index._Shelf())
    for title, questions in QUESTIONS.items():
        db.run(articles.create, title=title, body="So.", questions=questions)
    return article_index


def best(text):
    with db.reading() as session:
        found = articles.index(session).rank(text, 1)
        return session.get(Article, found[0].article_id).title if found and found[0].score > 0.5 else None


def edits():
    return article_index._shelf.index.matcher.edits


def test_an_edit_counts_at_once_and_is_learnt_beside_the_answers(shelf, monkeypatch):
    monkeypatch.setattr(article_index, "CALM_SECONDS", 0.01)
    assert best("track my parcel") == "Where is my order?"
    stop = article_index.tend()
    try:
        db.run(articles.create, title="Do you have a shop in Lisbon?", body="Yes.", questions=["Your street address"])
        assert edits() == 0 and best("your street adress") == "Do you have a shop in Lisbon?"
        assert edits() == 1 and best("track my parcel") == "Where is my order?"
        with gevent.Timeout(20):
            while edits():
                gevent.sleep(0.01)
        assert best("your street adress") == "Do you have a shop in Lisbon?"
    finally:
        stop()


def test_what_is_withdrawn_or_not_for_the_assistant_is_not_told(shelf):
    assert best("return an item") == "Can I send it back?"
    with db.transaction() as session:
        [article] = [one for one in articles.listed(session) if one.title == "Can I send it back?"]
        article_versions.withdraw(session, article, "system")
    assert best("return an item") is None
    with db.transaction() as session:
        [article] = [one for one in articles.listed(session) if one.title == "How can I pay?"]
        fields = replace(article_versions.current(article), for_assistant=False)
        article_versions.save(session, article, fields, then="publish", actor="system")
    assert best("payment methods") is None


def test_a_restart_encodes_nothing_and_learns_nothing_again(shelf, monkeypatch):
    encoder = Counting()
    monkeypatch.setattr(article_index.encoders, "ready", lambda: (encoder,))
    article_index.refresh()
    assert encoder.asked and best("track my parcel") == "Where is my order?"
    with db.reading() as session:
        assert len(phrasing_vectors.stored(session, [encoder.name])[encoder.name]) == len(set(encoder.asked)) - 1
        assert phrasing_vectors.state(session)
    weights = article_index._shelf.index.matcher.state()
    monkeypatch.setattr(article_index, "_shelf", article_index._Shelf())
    encoder.asked.clear()
    monkeypatch.setattr("helpdesk.matching.regression.fit", None)
    article_index.refresh()
    assert encoder.asked == [] and article_index._shelf.index.matcher.state() == weights


def test_what_only_the_house_reads_has_an_index_of_its_own_that_is_tended_too(shelf, monkeypatch):
    monkeypatch.setattr(article_index, "_house", article_index._Shelf(article_index.HOUSE, whole=False))
    monkeypatch.setattr(article_index, "CALM_SECONDS", 0.01)

    def found(text):
        with db.reading() as session:
            return [match.question for match in article_index.internal(session).rank(text, 1) if match.score > 0.3]
    db.run(articles.create, title="Who may grant a refund?", body="Team leads.", audience="agents",
           questions=["refund approval", "approve money back"])
    db.run(articles.create, title="Which forklift is ours?", body="The red one.", audience="agents",
           questions=["our forklift", "colour of the forklift"])
    assert found("refund approval") and not found("track my parcel")
    assert best("refund approval") is None
    stop = article_index.tend()
    try:
        db.run(articles.create, title="Where is the spare key?", body="Under the mat.", audience="agents",
               questions=["spare key of the shop"])
        assert found("spare key of the shop")
        with gevent.Timeout(20):
            while article_index._house.index.matcher.edits:
                gevent.sleep(0.01)
        assert found("spare key of the shop")
    finally:
        stop()
