"""One person, however WhatsApp writes their number."""
import pytest

from helpdesk import db
from helpdesk.services import identities, phones


@pytest.mark.parametrize(("one", "other"), [
    ("+5541988887777", "+554188887777"), ("+5511999998888", "+551199998888"), ("+5491123456789", "+541123456789")])
def test_two_ways_to_write_a_mobile(one, other):
    assert (phones.twin(one), phones.twin(other)) == (other, one)


@pytest.mark.parametrize("number", [
    "+551133334444",        # a landline in Sao Paulo
    "+4917011110001", "+628123456789", "+5511", "", "+541"])
def test_other_numbers_are_written_in_one_way(number):
    assert phones.twin(number) is None


@pytest.mark.parametrize(("first", "then"), [
    ("+5541988887777", "554188887777"), ("+554188887777", "5541988887777"), ("+541123456789", "5491123456789")])
def test_both_are_one_contact(any_cast, first, then):
    one = db.run(identities.resolve, "phone", first, name="Ann", how="platform")
    other = db.run(identities.resolve, "phone", then, how="platform")
    assert one.id == other.id and other.value == first
