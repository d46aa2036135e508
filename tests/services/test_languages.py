"""The language of short messages: how often it is told rightly, and that a guess is seldom sure and wrong."""
import pytest

from helpdesk.services.languages import detect, language
from helpdesk.services.phrases import LANGUAGES
from tests import sentences


def _rows():
    return [(code, line) for code in LANGUAGES for line in sentences.lines(code)]


@pytest.mark.parametrize("least, most, share", [(1, 3, 0.84), (4, 7, 0.97), (8, 99, 0.97)])
def test_messages_of_every_length(least, most, share):
    rows = [(code, line) for code, line in _rows() if least <= len(line.split()) <= most]
    wrong = [(code, line, detect(line)) for code, line in rows if detect(line).code != code]
    assert len(wrong) <= (1 - share) * len(rows), wrong


def test_with_what_is_known_of_the_person_short_ones_are_told_too():
    rows = [(code, line) for code, line in _rows() if len(line.split()) <= 3]
    wrong = [(code, line) for code, line in rows if detect(line, prior=code).code != code]
    assert len(wrong) <= 0.05 * len(rows), wrong


def test_what_is_clear_is_hardly_ever_wrong():
    clear = [(code, line) for code, line in _rows() if detect(line).clear]
    assert len(clear) > 0.7 * len(_rows())
    assert len([1 for code, line in clear if detect(line).code != code]) <= 0.01 * len(clear)


@pytest.mark.parametrize("text, code", [
    ("Guten Tag, wo ist meine Bestellung?", "de"), ("Bonjour, où est ma commande ?", "fr"),
    ("Dov'è il mio ordine? Grazie", "it"), ("waar is mijn bestelling", "nl"), ("siparişim nerede, lütfen", "tr"),
    ("где мой заказ", "ru"), ("أين طلبي", "ar"), ("我的订单在哪里", "zh"), ("注文はどこですか", "ja"),
    ("ออเดอร์ของฉันอยู่ไหน", "th")])
def test_other_languages_are_noticed(text, code):
    assert detect(text).code == code and not detect(text).spoken
    assert language(text) == ("", False)


@pytest.mark.parametrize("text, code", [
    ("order cancel karna hai", "hi"), ("mera refund kab milega please", "hi"), ("mau cancel order dong", "id"),
    ("quiero cancelar mi order please", "es"), ("meu tracking number não funciona", "pt"),
    ("मेरा order कहाँ है", "hi"), ("WhatsApp पर मैसेज करो", "hi")])
def test_mixed_languages_are_read_by_their_small_words(text, code):
    assert detect(text).code == code


def test_what_is_known_of_the_person_decides_only_where_the_words_do_not():
    assert detect("ok", prior="es").code == "es" and not detect("ok", prior="es").clear
    assert detect("refund", prior="pt-BR").code == "pt"
    assert detect("where is my order", prior="es").code == "en"
    assert detect("humano por favor", prior="pt").code == "pt"
    assert detect("", prior="fr").code == "" and detect("12345").code == ""
