"""The admin's page of the assistant."""
import re

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.matching.curve import Judged, curve
from helpdesk.models import AssistantEvaluation, ConfidenceFit, Task
from helpdesk.services import answer_score, articles

PAGE = "/settings/assistant"
TOLD = {"off": 0.1, "loss": 0.4, "answered": 0.6, "wrong": 0.08, "at_most": 0.4}


@pytest.fixture
def ada(cast, sign_in):
    return sign_in(cast.ada)


@pytest.fixture
def tried(cast):
    """A trial in which answers are right from a confidence of 0.50 on, and wrong below."""
    judged = [Judged(0.99 - n / 1000, True) for n in range(400)] + [Judged(0.5 - n / 1000, False) for n in range(400)]
    with db.transaction() as session:
        article = articles.create(session, title="Delivery <b>", body="So.").id
        session.add(AssistantEvaluation(state="done", figures={
            "asked": 600, "unknown": 200, "top1": 0.81, "top3": 0.94, "articles": 3, "phrasings": 12, "encoders": [],
            "ms": {"p50": 2.1, "p95": 4.0}, "curve": [[p.cut, p.answered, p.wrong, p.count] for p in curve(judged)],
            "locales": {"en": {"asked": 400, "top1": 0.8, "top3": 0.9}, "es": {"asked": 200, "top1": 0.7, "top3": 0.9}},
            "confusions": [{"right": article, "taken": 99, "count": 4, "example": "where <i>"}]}))


def test_before_the_first_trial_it_offers_one_and_starts_it_in_the_background(ada):
    assert "Not tried out yet" in ada.get(PAGE).text
    page = ada.post(f"{PAGE}/evaluations", follow_redirects=True).text
    assert "being tried out" in page
    ada.post(f"{PAGE}/evaluations")
    with db.reading() as session:
        assert session.scalars(select(Task.name)).all() == ["jobs.assistant_evaluation.begin"]


def test_it_shows_what_share_would_be_answered_with_so_many_wrong_answers(ada, tried):
    page = ada.get(f"{PAGE}?wrong=5").text
    assert "81 %" in page and "right at once" in page and "from a confidence of 0.48 on" in page
    assert "Delivery &lt;b&gt;" in page and "where &lt;i&gt;" in page and "a deleted article" in page
    assert page.count("<polyline") == 1 and page.count("<circle") == 1
    [rows] = re.findall(r"From a confidence of</th>.*?<tbody>(.*?)</tbody>", page, re.S)
    assert rows.count("<tr>") == 21
    assert "style=" not in page and "onclick" not in page
    assert ada.get(f"{PAGE}?wrong=4").status_code == ada.get(f"{PAGE}?wrong=x").status_code == 200


def test_saving_changes_the_confidence_at_once_and_can_be_taken_back(ada, tried, config):
    page = ada.post(f"{PAGE}/score", data={"wrong": "10"}, follow_redirects=True).text
    assert "chosen here for at most 10 %" in page
    with db.reading() as session:
        chosen = answer_score.choice(session)
    assert chosen.wrong == 0.1 and 0.4 < chosen.score < 0.48
    page = ada.post(f"{PAGE}/score/reset", follow_redirects=True).text
    assert "as the setting says" in page
    with db.reading() as session:
        assert answer_score.current(session) == config.assistant_answer_score


def test_what_is_out_of_reach_is_said_and_changes_nothing(ada, cast):
    with db.transaction() as session:
        points = [[p.cut, p.answered, p.wrong, p.count] for p in curve([Judged(0.9, False)] * 50)]
        session.add(AssistantEvaluation(state="done", figures={
            "asked": 50, "unknown": 0, "top1": 0, "top3": 0, "articles": 2, "phrasings": 4, "encoders": [],
            "ms": {"p50": 1, "p95": 1}, "curve": points, "locales": {}, "confusions": []}))
        session.add(AssistantEvaluation(state="failed", error="no <room>"))
    page = ada.get(PAGE).text
    assert "No confidence keeps wrong answers at 5 %" in page and "no &lt;room&gt;" in page
    assert "Nothing was changed" in ada.post(f"{PAGE}/score", data={"wrong": "5"}, follow_redirects=True).text
    with db.reading() as session:
        assert answer_score.choice(session) is None


def test_a_fit_is_shown_with_before_and_after_used_and_given_up(ada, cast):
    with db.transaction() as session:
        session.add(ConfidenceFit(coefficients={"core:regression": {}}, figures={
            "marks": 240, "before": TOLD, "after": {**TOLD, "off": 0.02}}))
    page = ada.get(PAGE).text
    assert "240 judgements" in page and "10.0 %" in page and "2.0 %" in page and "Use it" in page
    with db.reading() as session:
        number = session.scalar(select(ConfidenceFit.id))
    assert "In use" in ada.post(f"{PAGE}/fits/{number}/use", follow_redirects=True).text
    assert "Use it" in ada.post(f"{PAGE}/fits/give-up", follow_redirects=True).text
    assert ada.post(f"{PAGE}/fits/99/use").status_code == 404


def test_it_is_the_admins_page(cast, sign_in):
    mia = sign_in(cast.mia)
    assert mia.get(PAGE).status_code == 403
    for path in ("evaluations", "score", "score/reset", "fits/1/use", "fits/give-up"):
        assert mia.post(f"{PAGE}/{path}").status_code == 403
