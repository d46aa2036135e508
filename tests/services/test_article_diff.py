"""Differences for people."""
from helpdesk.services.article_diff import Part, parts


def test_words_that_changed_stand_in_their_sentence():
    assert parts("Three days by mail.", "Two days by fast mail.") == [
        Part("removed", "Three"), Part("added", "Two"), Part("same", " days by "), Part("added", "fast "),
        Part("same", "mail.")]


def test_long_unchanged_stretches_are_left_out_and_much_text_is_compared_by_lines():
    found = parts("x " * 400 + "old", "x " * 400 + "new")
    assert found[0] == Part("left", "…") and found[-2:] == [Part("removed", "old"), Part("added", "new")]
    assert len("".join(part.text for part in found)) < 400
    before = "\n".join(f"line {n} of many words" for n in range(2_000))
    after = before.replace("line 7 of many words\n", "line 7 is new\n")
    assert Part("added", "line 7 is new\n") in parts(before, after)
