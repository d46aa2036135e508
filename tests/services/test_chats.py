"""What a visitor writes in the widget, kept before it is acknowledged."""
import json

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Invalid, TooMany
from helpdesk.models import RawInbound
from helpdesk.services import chats, visitors


@pytest.fixture
def visitor(any_cast):
    with db.transaction() as session:
        return visitors.start(session, any_cast.widget, "en")[0].id


def write(cast, visitor, text, client_id="client-0001"):
    with db.transaction() as session:
        chats.write(session, cast.widget, visitor, {"client_id": client_id, "text": text})


def kept():
    with db.reading() as session:
        return [json.loads(body)["text"] for body in session.scalars(select(RawInbound.body).order_by(RawInbound.id))]


def test_half_a_character_does_not_lose_the_message(any_cast, visitor):
    write(any_cast, visitor, "\ud83d hello\0")
    assert kept() == ["hello"]


def test_the_same_client_id_is_kept_once(any_cast, visitor):
    write(any_cast, visitor, "hello")
    write(any_cast, visitor, "hello")
    assert kept() == ["hello"]


@pytest.mark.parametrize("text, client_id", [("", "client-0001"), ("x" * 10_001, "client-0001"), ("hello", "short"),
                                             ("hello", "with spaces in it")])
def test_what_makes_no_sense_is_refused_in_words(any_cast, visitor, text, client_id):
    with pytest.raises(Invalid):
        write(any_cast, visitor, text, client_id)


def test_nobody_can_flood_an_inbox(any_cast, visitor):
    for number in range(chats.MESSAGES_PER_MINUTE):
        write(any_cast, visitor, "hello", f"client-{number:04}")
    with pytest.raises(TooMany) as refused:
        write(any_cast, visitor, "hello", "client-last")
    assert 0 < refused.value.retry_after <= 60
