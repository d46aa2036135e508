"""Drafts: a reply apart from a note, each with a version."""
import pytest

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Draft, Ticket
from helpdesk.services import drafts
from tests.people import written


@pytest.fixture
def number(any_cast):
    with db.transaction() as session:
        return written(session, any_cast.mail, "Hello").ticket_id


@pytest.fixture
def save(any_cast, number):
    def run(text, seen=0, mode="reply", who=None, **fields):
        with db.transaction() as session:
            return drafts.save(session, session.get(Ticket, number), session.get(Agent, (who or any_cast.alice).id),
                               mode, text, fields, seen)
    return run


def texts(cast, number, who=None):
    with db.reading() as session:
        found = drafts.of(session, session.get(Ticket, number), who or cast.alice)
        return {mode: row.text for mode, row in found.items()}


def test_a_reply_and_a_note_and_each_agent_have_their_own(any_cast, number, save):
    assert (save("To Ann"), save("To us", mode="note"), save("Bob's", who=any_cast.bob)) == (1, 1, 1)
    assert texts(any_cast, number) == {"reply": "To Ann", "note": "To us"}
    assert texts(any_cast, number, any_cast.bob) == {"reply": "Bob's"}
    with db.reading() as session:
        assert drafts.tickets_with(session, any_cast.alice, [number, 999]) == {number}
        assert drafts.tickets_with(session, any_cast.carol, [number]) == set()


def test_two_windows_notice_each_other(any_cast, number, save):
    first = save("One")
    assert save("One more", first) == 2
    with pytest.raises(drafts.Elsewhere) as told:
        save("Another", first)
    assert told.value.theirs.text == "One more"
    assert save("One more", first) == 2         # the same again, after an answer that got lost
    assert save("Another", 2) == 3


def test_emptied_it_is_gone_and_what_comes_late_brings_nothing_back(any_cast, number, save):
    assert save("One") == 1 and save("  ", 1) == 0 and save("", 0) == 0
    assert texts(any_cast, number) == {}
    with pytest.raises(drafts.Elsewhere) as told:
        save("One", 1)
    assert told.value.theirs is None and save("New", 0) == 1


def test_what_comes_back_stands_above_what_was_written_since(any_cast, number, save):
    save("Newer words", cc="a@example.com", files=[["b.txt", "text/plain", 1, "b" * 64]])
    with db.transaction() as session:
        drafts.put_back(session, session.get(Ticket, number), session.get(Agent, any_cast.alice.id), "reply",
                        "Taken back", {"files": [["a.txt", "text/plain", 1, "a" * 64]]})
        draft = session.get(Draft, (number, any_cast.alice.id, "reply"))
        assert draft.text == "Taken back\n\nNewer words" and draft.fields["cc"] == "a@example.com"
        assert [one[0] for one in draft.fields["files"]] == ["a.txt", "b.txt"]


def test_what_is_no_draft(save):
    with pytest.raises(Invalid):
        save("x", mode="mail")
    with pytest.raises(Invalid):
        save("x" * 200_000)
