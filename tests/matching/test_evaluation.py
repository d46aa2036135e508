"""Trials: what is left out, what is counted, and what a cut promises."""
import pytest

from helpdesk.matching import evaluation
from helpdesk.matching.curve import ENOUGH, Judged, at, at_most, curve
from helpdesk.matching.entry import Entry


class Exact:
    """Finds an entry by the words it has in common; remembers what it was taught and asked."""
    seen: list = []

    def __init__(self, entries):
        self.entries = entries
        Exact.seen.append(self)
        self.asked = []

    def rank(self, text, k, locale):
        self.asked.append(text)
        said = set(text.split())
        found = [(entry.id, max(len(said & set(p.split())) / len(said) for p in entry.phrasings))
                 for entry in self.entries]
        return sorted(found, key=lambda one: -one[1])[:k]


def faq(count=10, phrasings=5):
    return [Entry(n, f"topic{n} title{n}", tuple(f"topic{n} word{n}-{m}" for m in range(phrasings - 1)), locale="en")
            for n in range(count)]


def test_nothing_is_asked_of_a_matcher_that_has_seen_it():
    Exact.seen = []
    entries = faq()
    tried = evaluation.cross_validate(entries, Exact)
    assert len(Exact.seen) == evaluation.FOLDS
    for ranker in Exact.seen:
        taught = {text for entry in ranker.entries for text in entry.phrasings}
        assert not taught & set(ranker.asked)
    known = [one for one in tried if one.question.right]
    strange = [one for one in tried if not one.question.right]
    assert sorted(one.question.text for one in strange) == sorted(text for e in entries for text in e.phrasings)
    assert len(known) == 4 / 5 * len(strange)       # an entry that is hidden whole is not asked a second time there
    assert all(one.place == 0 for one in known)


def test_a_translation_answers_for_its_original_and_hides_with_it():
    Exact.seen = []
    entries = [Entry(1, "topic a", ("topic b",), locale="en"), Entry(2, "topic c", ("topic d",), locale="es"),
               Entry(3, "other e", ("other f",), locale="en")]
    tried = evaluation.cross_validate(entries, Exact, {1: "x", 2: "x"})
    for ranker in Exact.seen:
        assert {1, 2} & {e.id for e in ranker.entries} in (set(), {1, 2})
    assert {one.question.right for one in tried} >= {frozenset({1, 2}), frozenset({3}), frozenset()}


def test_one_phrasing_cannot_be_left_out_and_a_large_faq_is_sampled():
    tried = evaluation.cross_validate([Entry(1, "topic a"), Entry(2, "other b")], Exact)
    assert not [one for one in tried if one.question.right]
    assert len(evaluation.cross_validate(faq(40, 20), Exact, most=100)) == 100


def test_the_figures_of_a_trial():
    def tried(right, found, score, locale="en", text="?"):
        return evaluation.Tried(evaluation.Question(text, frozenset(right), locale), ((found, score), (9, 0.1)), 0.002)
    said = evaluation.figures([tried({1}, 1, 0.9), tried({1}, 2, 0.4, text="taken"), tried({9}, 1, 0.3, "es"),
                          tried({1}, 2, 0.2), tried((), 1, 0.8)])
    assert (said["asked"], said["unknown"], said["top1"], said["top3"]) == (4, 1, 0.25, 0.5)
    assert said["locales"]["en"]["asked"] == 3 and said["locales"]["es"]["top3"] == 1
    assert said["confusions"][0] == {"right": 1, "taken": 2, "count": 2, "example": "taken"}
    assert said["ms"] == {"p50": 2.0, "p95": 2.0}
    cuts = {cut: (answered, wrong) for cut, answered, wrong, _ in said["curve"]}
    assert cuts[0.0] == (1, 0.8)                    # 4 known and 1 unknown, which is a fifth anyway
    assert cuts[0.85] == (0.2, 0) and cuts[0.95] == (0, 0)
    assert cuts[0.5] == (0.4, 0.5)


def test_questions_without_an_answer_weigh_as_much_as_they_are_thought_to_come():
    known = [evaluation.Tried(evaluation.Question("a", frozenset({1})), ((1, 0.9),), 0.0)] * 8
    strange = [evaluation.Tried(evaluation.Question("b", frozenset()), ((1, 0.9),), 0.0)] * 8
    wrong = {unknown: evaluation.figures([*known, *strange], unknown)["curve"][0][2] for unknown in (0.2, 0.5, None)}
    assert wrong == {0.2: 0.2, 0.5: 0.5, None: 0.5}


def test_a_curve_falls_from_everything_to_nothing():
    points = curve([Judged(n / 100, n % 10 != 0) for n in range(100)])
    assert points[0].answered == 1 and points[-1].answered == 0
    assert all(a.answered >= b.answered for a, b in zip(points, points[1:], strict=False))
    assert curve([]) == [] and at_most([], 0.05) is None
    assert at(points, 0.501).cut == 0.51 and at(points, 0.5).cut == 0.5


@pytest.mark.parametrize(("wrong", "cut"), [(0.05, 0.48), (0.5, 0.0), (0.0, 0.51)])
def test_the_cut_for_a_share_of_wrong_answers(wrong, cut):
    judged = [Judged(0.99 - n / 1000, True) for n in range(400)] + [Judged(0.5 - n / 1000, False) for n in range(400)]
    point = at_most(curve(judged), wrong)
    assert point.cut == cut and point.wrong <= wrong and point.count >= ENOUGH


def test_a_few_sure_answers_promise_nothing_and_a_lucky_stretch_below_a_bad_one_is_not_taken():
    assert at_most(curve([Judged(0.9, True)] * (ENOUGH - 1)), 0.05) is None
    assert at_most(curve([Judged(0.9, False)] * 30 + [Judged(0.5, True)] * 3_000), 0.05) is None
