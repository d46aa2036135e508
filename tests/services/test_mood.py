"""Anger is heard in every language, and a polite complaint is none."""
import pytest

from helpdesk.services.mood import ANNOYED, mood, word
from helpdesk.services.phrases import LANGUAGES
from tests import sentences


@pytest.mark.parametrize("code", LANGUAGES)
def test_angry_messages_are_over_the_threshold_and_polite_complaints_under_it(code):
    assert [t for t in sentences.lines(code, "angry") if not mood(t).annoyed] == []
    assert [t for t in sentences.lines(code, "polite") if mood(t).annoyed] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_plain_questions_and_wishes_are_calm(code):
    assert [t for t in sentences.lines(code, "asks", "asks_not", "account", "account_not") if mood(t).annoyed] == []


@pytest.mark.parametrize("text", ["THIS IS RIDICULOUS", "this is useless", "WHERE IS MY ORDER!!!", "gak guna banget",
                                  "no sirve para nada", "isso é um absurdo", "बकवास सेवा", "bekar service", "wtf"])
def test_anger_is_heard(text):
    assert mood(text).annoyed


@pytest.mark.parametrize("text", ["thank you!!!", "WHERE IS MY ORDER", "where is my order?", "makasiiiih kak!!!",
                                  "my coffee tastes horrible", "Do you ship to the USA?", "What?!", "hellooooo",
                                  "pesanan saya di mana", "mi pedido no llega", "harga berapa", "es la tercera vez"])
def test_a_loud_or_plain_sentence_alone_is_no_anger(text):
    assert not mood(text).annoyed


def test_the_same_question_again_after_an_answer_is_anger():
    assert mood("Where is my order", "where is my order??").annoyed
    assert not mood("Where is my refund", "where is my order??").annoyed


def test_weak_signs_add_up_and_each_is_named():
    assert not mood("still nothing").annoyed and not mood("still nothing", reopened=True).annoyed
    found = mood("STILL NOTHING HERE!!!", reopened=True)
    assert found.annoyed
    assert set(found.signs) == {"unkind words", "capitals", "shouted", "came back after it was solved"}
    assert mood("what is this 😡").annoyed and not mood("oh well 😞").annoyed
    assert "stretched letters" in mood("whyyyy is it late").signs
    assert "the same word again and again" in mood("hello? hello?? hello").signs


def test_a_score_lies_between_0_and_1_and_has_a_word():
    worst = mood("WTF THIS IS USELESS AND STUPID AND TERRIBLE 😡😤 hello hello hello!!! whyyyy", reopened=True)
    assert 0.8 <= worst.score <= 1 and worst.word == "furious"
    assert [word(n) for n in (0, 0.19, 0.2, ANNOYED, 0.8, 1)] == [
        "calm", "calm", "impatient", "annoyed", "furious", "furious"]
    assert mood("").score == 0
