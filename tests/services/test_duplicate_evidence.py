"""May two contacts be one person? The judgement by itself: labelled pairs, names, addresses, numbers."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.services import duplicate_keys, mail_boxes, person_names, phones
from helpdesk.services.contact_traits import Traits
from helpdesk.services.duplicate_evidence import LEAST, compare
from helpdesk.services.mail_boxes import Same
from helpdesk.services.person_names import Likeness
from tests.services.duplicate_cases import OTHERS, SAME, who

PRECISION, RECALL = 0.97, 0.95


def suggested(pairs):
    return [pair for pair in pairs if compare(*pair).score >= LEAST]


def test_most_doubles_are_found_and_hardly_anybody_else_is():
    right, wrong = suggested(SAME), suggested(OTHERS)
    assert len(right) / (len(right) + len(wrong)) >= PRECISION, [compare(*pair).reasons for pair in wrong]
    assert len(right) / len(SAME) >= RECALL, [pair[:2] for pair in SAME if pair not in right]


def test_what_is_missed_and_what_is_wrong_are_the_hard_ones_that_are_known():
    missed = {pair[0].name for pair in SAME} - {pair[0].name for pair in suggested(SAME)}
    assert missed == {"Bob Miller", "Sri"}
    assert [pair[0].name for pair in suggested(OTHERS)] == ["Aurelia Vandenbroucke"]


@pytest.mark.parametrize("pair", SAME, ids=lambda pair: pair[0].label)
def test_whoever_is_alike_enough_shares_a_key(pair):
    one, other, alike = pair
    if compare(one, other, alike).score >= LEAST:
        assert duplicate_keys.keys(one).keys() & duplicate_keys.keys(other).keys()


def test_the_reasons_are_words_that_an_agent_can_check():
    assert compare(who("Ana Souza", "+5511987654321"), who("Ana Sousa", "+551187654321")).reasons == (
        "same phone but for the 9th digit (+551187654321, +5511987654321); name 89 % alike (Ana Sousa, Ana Souza)")
    assert compare(who("Ann Lee", "ann.lee@gmail.com", site="17"), who("Ann Lee", "annlee@gmail.com", site="23"),
                   9).reasons == (
        "ann.lee@gmail.com and annlee@gmail.com are one mailbox; same name; "
        "but the site knows them as two customers (17, 23) and many are called that")


def test_the_sites_own_ids_outweigh_a_name_and_a_slip():
    for pair in ((who("Ann Lee", "ann@lee.example"), who("Ann Lee", "telegram:20")),
                 (who("Carlos Vega", "cvega81@gmial.com"), who("Carlos Vega", "cvega81@gmail.com"))):
        assert compare(*pair).score >= LEAST
        known = [Traits(n, one.name, one.company, f"site-{n}", one.addresses) for n, one in enumerate(pair)]
        assert compare(*known).score < LEAST and "two customers" in compare(*known).contra[0].words


def test_what_somebody_typed_makes_it_possible_and_never_likely():
    """Whoever wants to pass for Ann types her name and her address."""
    ann = who("Ann Lee", "ann.lee@gmail.com")
    claim = compare(who("Ann Lee", says="ann.lee@gmail.com"), ann)
    typed = compare(Traits(0, "Ann Lee", addresses=(("email", "annlee+x@gmail.com"),),
                           typed=frozenset({"annlee+x@gmail.com"})), ann)
    for comparison in (claim, typed):
        assert comparison.enough and not comparison.likely and comparison.pro[0].said
        assert "not verified" in comparison.pro[0].words
    assert compare(who("Ann Lee", "annlee+x@gmail.com"), ann).likely


NAMES = st.sampled_from(["", "Ann Lee", "Lee, Ann", "Anna Lee", "Ann Lee Jr", "Ann", "राहुल शर्मा", "Rahul Sharma",
                         "王小明", "Visitor", "ann_lee84", "info@acme.com", "😀", "Maria da Silva Santos",
                         "J. R. Smith"]) | st.text(max_size=30)
ADDRESSES = st.lists(st.tuples(st.just("email"), st.sampled_from(
    ["ann.lee@gmail.com", "annlee@gmial.com", "ann@lee.example", "info@lee.example", "info+x@lee.example", "@", "a@b",
     "annlee84@yahoo.com", "ann.lee84@acme.com"])) | st.tuples(st.just("phone"), st.sampled_from(
         ["+5511987654321", "+551187654321", "+4917012345678", "US.123", "+1", "+49017012345678"])) | st.tuples(
             st.sampled_from(["x", "telegram", "visitor", "api"]), st.sampled_from(["annlee84", "77", "a"]) | st.text(
                 max_size=8)), max_size=4).map(tuple)
PEOPLE = st.builds(Traits, st.integers(1, 9), NAMES, st.sampled_from(["", "Acme", "ACME Ltd", "Globex"]),
                   st.sampled_from([None, "17", "23"]), ADDRESSES, ADDRESSES.map(lambda found: found[:1]))


@settings(max_examples=300, deadline=None)
@given(PEOPLE, PEOPLE, st.integers(2, 50))
def test_the_judgement_is_the_same_whichever_comes_first(one, other, alike):
    there, back = compare(one, other, alike), compare(other, one, alike)
    assert there == back and 0 <= there.score <= 100
    assert duplicate_keys.name_keys(one, other) == duplicate_keys.name_keys(other, one)


@settings(max_examples=200, deadline=None)
@given(PEOPLE, PEOPLE)
def test_the_reasons_quote_nothing_but_what_stands_on_the_contacts_pages(one, other):
    shown = " ".join([*(f"{who.label} {who.company} {who.external_id}" for who in (one, other)),
                      *(value for who in (one, other) for _, value in (*who.addresses, *who.claims)
                        if _ != "visitor" or (_, value) in who.claims)])
    for evidence in compare(one, other).evidence:
        for word in evidence.words.replace("(", " ").replace(")", " ").replace(";", " ").replace(":", " ").split():
            if "@" in word[:-1] or word.startswith("+"):
                assert word.strip(",@") in shown, (word, shown)


@pytest.mark.parametrize("name", ["Ann", "Wati", "José", "राहुल", "محمد", "Customer", "ann", "Dr. Ann"])
def test_a_first_name_alone_is_never_a_reason(name):
    for other in (name, f"{name} Lee"):
        assert compare(who(name, "telegram:1"), who(other, "ann@lee.example")).score < LEAST


@pytest.mark.parametrize(("one", "other", "like"), [
    ("Ann Lee", "LEE, Ann", Likeness.SAME), ("Dr. Jörg Groß", "Joerg Gross", Likeness.SAME),
    ("Łukasz Nowak", "Lukasz Nowak", Likeness.SAME), ("Abdul Rahman", "Abdulrahman", Likeness.SAME),
    ("王小明", "小明 王", Likeness.SAME), ("김 민서", "김민서", Likeness.SAME),
    ("Ana de Souza", "Ana Souza", Likeness.SAME),
    ("राजेश शर्मा", "Rajesh Sharma", Likeness.SOUND), ("Иван Петров", "Petrov Ivan", Likeness.SOUND),
    ("محمد الفاروق", "Mohammed Al-Farouq", Likeness.SOUND), ("María García López", "Maria Garcia", Likeness.FULLER),
    ("J. Smith", "John Smith", Likeness.INITIAL), ("J. S.", "John Smith", Likeness.OTHER),
    ("Anna Meyer", "Hanna Meyer", Likeness.NEAR), ("Ann", "Ann Lee", Likeness.FIRST), ("Ann", "Ann", Likeness.FIRST),
    ("Ann Lee", "Ann Lee Jr.", Likeness.GENERATION), ("Ann Lee II", "Ann Lee III", Likeness.GENERATION),
    ("Ann Lee", "Bob Lee", Likeness.KIN), ("Ann Lee", "Karl Voss", Likeness.OTHER), ("", "Ann Lee", Likeness.NONE),
    ("ann@lee.example", "Ann Lee", Likeness.NONE), ("+4917011110001", "Ann Lee", Likeness.NONE),
    ("Customer", "Customer", Likeness.NONE), ("😀", "😀", Likeness.NONE)])
def test_names_of_all_kinds(one, other, like):
    assert person_names.compare(person_names.parts(one), person_names.parts(other)) == like
    assert person_names.compare(person_names.parts(other), person_names.parts(one)) == like


@pytest.mark.parametrize(("one", "other", "what"), [
    ("a.n.n@gmail.com", "ann+x@googlemail.com", Same.MAILBOX), ("a.nn@web.de", "ann@web.de", Same.NOTHING),
    ("ann+x@web.de", "ann@web.de", Same.MAILBOX), ("ann@gmial.com", "ann@gmail.com", Same.SLIP),
    ("a.nn@gmail.con", "ann@gmail.com", Same.SLIP), ("ann@mail.com", "ann@gmail.com", Same.LOCAL),
    ("ann@acme.de", "ann@acme.com", Same.ENDING), ("ann@acme.co.uk", "ann@acme.com", Same.ENDING),
    ("ann@acme.example", "ann@globex.example", Same.LOCAL), ("jon.smith@acme.com", "john.smith@acme.com", Same.NEAR),
    ("annlee01@acme.com", "annlee02@acme.com", Same.NOTHING), ("ann@acme.com", "bob@acme.com", Same.NOTHING)])
def test_mail_addresses_of_all_kinds(one, other, what):
    assert mail_boxes.same(one, other) == mail_boxes.same(other, one) == what


@pytest.mark.parametrize(("text", "names", "telling"), [
    ("annlee84", {"ann", "lee"}, True), ("annlee", {"ann", "lee"}, False), ("ann.lee", {"ann", "lee"}, False),
    ("ann", set(), False), ("sunflowergirl", set(), True), ("19840112", set(), False), ("john.smith", set(), False)])
def test_what_start_of_an_address_tells_people_apart(text, names, telling):
    assert mail_boxes.telling(text, frozenset(names)) is telling


def test_numbers_are_compared_from_their_end():
    assert phones.tail("+5511987654321") == phones.tail("+551187654321") == "87654321" and phones.tail("+1234") == ""
    assert phones.shared_end("+4917011", "+4927011") == 4 and phones.shared_end("+1", "+2") == 0
    assert phones.national("+491701234567") == phones.national("+4301701234567") == "1701234567"
    assert phones.national("US.123") == phones.national("+1") == ""
