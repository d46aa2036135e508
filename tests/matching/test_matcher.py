"""Which entry a message leads to: spelling, languages, messages that belong nowhere, edits, and what is kept."""
import tomllib

import pytest

from helpdesk import paths
from helpdesk.matching import Entry, Matcher, confusions, cross_validated
from helpdesk.matching.spelling import languages

ORDER, PAY, BACK = "order", "pay", "back"
FAQ = [
    Entry(ORDER, "Where is my order?", ("Track my parcel", "My package is late", "When will my delivery arrive?")),
    Entry(PAY, "How can I pay?", ("Payment methods", "Do you take credit cards?", "Can I pay by invoice?")),
    Entry(BACK, "Can I send it back?", ("Return an item", "What is your return policy?", "I do not like the shoes")),
]


@pytest.fixture(scope="module")
def matcher():
    return Matcher(FAQ)


def best(matcher, text):
    found = matcher.rank(text, 1)
    return found[0] if found else (None, 0.0)


@pytest.mark.parametrize("text, entry", [
    ("hwo can i apy", PAY), ("trakc my pacel", ORDER), ("retrun polcy", BACK), ("do you taek crdit cards", PAY)])
def test_typos_are_put_right(matcher, text, entry):
    assert best(matcher, text)[0] == entry and best(matcher, text)[1] > 0.5


@pytest.mark.parametrize("text", [
    "Kapan pesanan saya dikirim ke rumah", "Quiero cambiar la dirección de entrega", "Onde está minha encomenda agora",
    "मेरा ऑर्डर कहाँ है", "mera order kahan hai", "Ask Zoltán about AB-1234 💡"])
def test_words_of_other_languages_and_names_are_left_alone(matcher, text):
    assert matcher._model.speller.corrected(text) == text


def test_the_language_is_told_by_the_words():
    for text, language in (("saya mau bayar pesanan", "id"), ("quiero pagar mi pedido", "es")):
        assert languages(text.split())[language] == 1.0
    assert languages(["xyzzy"]) == {}


@pytest.mark.parametrize("text", ["what is the capital of peru", "cuéntame otro chiste", "resep rendang dong", "qwrtz",
                                  "sing a song about penguins"])
def test_what_belongs_nowhere_is_not_answered(matcher, text):
    assert best(matcher, text)[1] < 0.4


@pytest.mark.parametrize("text", ["", "   ", "?!", "💡💡", "\x00", "a" * 10_000, "word " * 2_000, "मुझे pay करना है 💳"])
def test_nothing_that_people_send_breaks_it(matcher, text):
    found = matcher.rank(text, 3)
    assert all(0 <= score <= 1 for _, score in found) and len(found) <= 3


def test_an_edited_entry_is_found_as_after_learning_anew():
    matcher = Matcher(FAQ)
    matcher.replace(Entry(PAY, "Do you have gift vouchers?", ("Buy a gift card", "Redeem my voucher code")))
    matcher.replace(Entry("shop", "Where is your shop?", ("Opening hours", "Visit you in person")))
    matcher.remove(BACK)
    again = matcher.refitted()
    assert (matcher.edits, again.edits) == (3, 0) and len(matcher) == len(again) == 10
    for text in ("reedem a vouchr", "opening hours today", "track my parcel please"):
        assert best(matcher, text)[0] == best(again, text)[0]
        assert abs(best(matcher, text)[1] - best(again, text)[1]) < 0.25
    assert max(best(matcher, gone)[1] for gone in ("Payment methods", "Return an item")) < 0.7      # the shipped cut


def test_what_was_learnt_can_be_kept(matcher, monkeypatch):
    state = matcher.state()
    monkeypatch.setattr("helpdesk.matching.regression.fit", None)       # learning would fail
    assert Matcher(FAQ, state=state).rank("track it") == matcher.rank("track it")
    with pytest.raises(TypeError):
        Matcher(FAQ[:2], state=state)
    with pytest.raises(TypeError):
        Matcher(FAQ, state=b"damaged")


def test_the_demo_finds_more_of_its_own_phrasings_than_shared_words_do():
    text = (paths.SEEDS / "articles/en.toml").read_text(encoding="utf-8")
    listed = tomllib.loads(text)["article"][:30]
    entries = [Entry(one["title"], one["title"], tuple(one["questions"])) for one in listed]
    trials = cross_validated(entries, folds=3)
    right = sum(true == found for true, found, _ in trials) / len(trials)
    said = [(set(text.lower().split()), entry.id) for entry in entries for text in entry.phrasings]
    shared = sum(max(((len(one & other), id) for n, (other, id) in enumerate(said) if n != at), key=lambda x: x[0])[1]
                 == own for at, (one, own) in enumerate(said)) / len(said)
    assert right > shared and right > 0.5


def test_confusions_name_the_other_entry():
    twins = [Entry(1, "Change my address", ("new street", "we are moving house")),
             Entry(2, "Alter my address", ("new street please", "we are moving to another house"))]
    found = confusions(Matcher(twins), folds=3)
    assert set(found) <= {1, 2} and found and all(id not in others for id, others in found.items())
