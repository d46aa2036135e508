"""Fitting the confidence anew to what customers judged."""
import random

from helpdesk.matching import Entry, Matcher, refit
from helpdesk.matching.refit import Mark

FAQ = [Entry(1, "How long does delivery take?", ("when will my parcel arrive", "delivery time")),
       Entry(2, "How do I return something?", ("can I send it back", "return policy")),
       Entry(3, "Which payment methods are there?", ("can I pay by card", "do you take paypal"))]
SAID = {1: ("delivery how long please", "when does the parcel arrive today"),
        2: ("I want to return the shoes", "send it back how"), 3: ("is paypal possible", "pay with a credit card")}


def marks(share: float, size: int) -> list[Mark]:
    """Judgements of messages that the matcher finds, of which only a share helped, whatever speaks for them."""
    dice = random.Random(1)
    return [Mark(f"{dice.choice(SAID[article])} {n}", article, dice.random() < share)
            for n in range(size) for article in [dice.choice([1, 2, 3])]]


def test_a_confidence_that_promises_too_much_is_brought_down():
    matcher = Matcher(FAQ)
    found = refit.fit(matcher, marks(0.5, 220), {}, 0.5)
    before, after = found["figures"]["before"], found["figures"]["after"]
    assert found["figures"]["marks"] > 200 and after["loss"] < before["loss"] and after["off"] < before["off"]
    again = Matcher(FAQ, own=found["coefficients"])
    for text in ("delivery how long please", "is paypal possible"):
        (article, score), (same, new) = matcher.rank(text, 1)[0], again.rank(text, 1)[0]
        assert article == same and new < score and abs(new - 0.5) < 0.2
    assert again.rank("delivery time", 1) == [(1, 1.0)]     # word for word stays certain


def test_few_judgements_bend_it_little():
    said = [text for texts in SAID.values() for text in texts]
    start = Matcher(FAQ)

    def moved(size):
        own = refit.fit(start, marks(0.5, size), {}, 0.5)["coefficients"]
        pairs = zip(start.rank_many(said, 1), Matcher(FAQ, own=own).rank_many(said, 1), strict=True)
        return sum(abs(before[0][1] - after[0][1]) for before, after in pairs)
    assert 0 < moved(6) < moved(120)


def test_what_cannot_be_learnt_from_is_left_out():
    matcher = Matcher(FAQ)
    everything_helped = [Mark("delivery how long please", 1, True)] * 50
    assert refit.fit(matcher, everything_helped, {}, 0.5) == {"coefficients": {}, "figures": {"marks": 50}}
    others = [Mark("delivery time", 1, False), Mark("is paypal possible", 1, False), Mark("…", 1, True)]
    assert refit.fit(matcher, others, {}, 0.5)["figures"]["marks"] == 0


def test_a_translation_of_the_article_that_helped_is_right_too():
    matcher = Matcher(FAQ)
    mixed = [Mark("delivery how long please", 9, True), Mark("is paypal possible", 3, False)]
    [right, wrong] = [refit.fit(matcher, mixed * 4, groups, 0.0)["figures"].get("before", {}).get("wrong")
                      for groups in ({1: "d", 9: "d"}, {})]
    assert right == 0.5 and wrong is None
