"""What counts as a question, on a labelled set of our own: tests/services/said/questions.tsv."""
from pathlib import Path

from helpdesk.services.questions import LONGEST, MOST, questions

LABELLED = [line.split("\t") for line in
            (Path(__file__).parent / "said/questions.tsv").read_text(encoding="utf-8").splitlines()]


def test_the_labelled_set_is_read_with_the_precision_and_recall_that_the_documentation_states():
    asked = {text for _, label, text in LABELLED if label == "1"}
    found = {text for _, _, text in LABELLED if questions(text)}
    right = asked & found
    assert len(right) / len(found) == 1.0, f"taken for questions: {sorted(found - asked)}"
    assert len(right) / len(asked) == 1.0, f"missed: {sorted(asked - found)}"


def test_only_the_asking_sentences_are_given_the_last_ones_of_a_long_message():
    text = "Hello,\nmy parcel is late. Where is it? I ordered on Monday.\nCan I still cancel?\n\nThanks"
    assert questions(text) == ["Where is it?", "Can I still cancel?"]
    many = questions("\n".join(f"What is number {n}?" for n in range(9)))
    assert many == [f"What is number {n}?" for n in range(9)][-MOST:]
    [long] = questions("What about " + "this and that " * 100 + "?")
    assert len(long) == LONGEST and long.endswith("…")


def test_quoted_lines_addresses_and_odd_texts_are_no_questions():
    for text in ("> Where is my parcel?", "https://a.example/?q=1", "", "…", "!!!", "\u0000", "." * 5_000, "🙂"):
        assert questions(text) == [], text
    assert questions("???") == []


def test_on_sentences_that_the_rules_were_not_made_with_they_do_as_the_documentation_says():
    """tests/services/said/unseen.tsv was written after the rules, and they were not changed for it."""
    lines = [line.split("\t") for line in
             (Path(__file__).parent / "said/unseen.tsv").read_text(encoding="utf-8").splitlines()]
    asked = {text for kind, label, text in lines if kind == "q" and label == "1"}
    found = {text for kind, _, text in lines if kind == "q" and questions(text)}
    right = len(asked & found)
    assert right / len(found) >= 0.90 and right / len(asked) >= 0.80
