"""What JSON channels share: one unreadable part of a delivery costs its neighbours nothing."""
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels._payload import each
from channels.base import Inbound

AT = datetime(2026, 1, 1, tzinfo=UTC)


def read(item):
    if item == "ignored":
        return []
    return [Inbound(item["id"], item["from"], AT, text=item["text"])]


def stand_in(item):
    return Inbound(item["id"], item["from"], AT, text="[unreadable]")


GOOD, BROKEN = {"id": "1", "from": "a", "text": "hi"}, {"id": "2", "from": "b"}


def test_what_cannot_be_read_is_named_in_its_place_and_order():
    assert [i.text for i in each([GOOD, BROKEN, "ignored", GOOD], read, stand_in)] == ["hi", "[unreadable]", "hi"]


def test_what_tells_no_sender_is_left_out_and_logged(caplog):
    assert [i.text for i in each([7, GOOD], read, stand_in)] == ["hi"]
    assert "cannot be read" in caplog.text
    assert [i.text for i in each([BROKEN, GOOD], read)] == ["hi"]


def test_a_field_of_the_wrong_type_counts_as_unreadable():
    assert [i.text for i in each([{**GOOD, "text": 7}, GOOD], read, stand_in)] == ["[unreadable]", "hi"]


@pytest.mark.parametrize("items", [[BROKEN], [BROKEN, "ignored"], [7, BROKEN]])
def test_when_nothing_can_be_read_the_delivery_cannot(items):
    with pytest.raises((KeyError, TypeError)):
        list(each(items, read, stand_in))


def test_nothing_is_nothing():
    assert list(each([], read)) == [] and list(each(["ignored"], read)) == []
