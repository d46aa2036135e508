"""Splitting, linking, and giving a ticket to somebody else, in the console."""
import pytest

from helpdesk import db
from helpdesk.models import Message, Ticket
from helpdesk.services import identities, replies, tickets
from tests.people import EVE, written


@pytest.fixture
def number(cast):
    """A ticket with two matters in it; its number."""
    with db.transaction() as session:
        first = written(session, cast.mail, "Where is it?", external_id="<1@x>", subject="Order").ticket_id
        written(session, cast.mail, "Also, my lamp is broken", external_id="<2@x>", replies_to=["<1@x>"])
        replies.send(session, tickets.lock(session, first), "Which lamp?", agent=session.merge(cast.alice))
        return first


@pytest.fixture
def alice(cast, sign_in):
    return sign_in(cast.alice)


def message_id(text):
    with db.reading() as session:
        return session.query(Message).filter_by(text=text).one().id


def test_a_split_is_seen_before_it_is_made_and_has_its_own_subject(alice, number):
    message = message_id("Also, my lamp is broken")
    assert f'href="/tickets/{number}/split?message={message}"' in alice.get(f"/inbox/all/{number}").text
    page = alice.get(f"/tickets/{number}/split?message={message}").text
    assert "2 messages go along" in page and "Which lamp?" in page and "Where is it?" not in page
    answer = alice.post(f"/tickets/{number}/split", data={"message": message, "subject": "Lamp"})
    made = int(answer.location.rpartition("/")[2])
    page = alice.get(answer.location).text
    assert "Lamp" in page and "Which lamp?" in page and "Follows" in page
    assert f'href="/tickets/{number}"' in page, "both are linked"
    assert f"/tickets/{made}/merge" in page, "Undo"
    old = alice.get(f"/inbox/all/{number}").text
    assert f"split a message off into ticket #{made}" in old and "Followed by" in old
    alice.post(f"/tickets/{made}/merge", data={"into": number, "together": "1"})
    assert "Which lamp?" in alice.get(f"/inbox/all/{number}").text
    assert alice.get(f"/tickets/{number}/split?message=9999").status_code == 404
    assert alice.get(f"/tickets/{number}/split").status_code == 404
    ours = message_id("Which lamp?")
    assert alice.get(f"/tickets/{number}/split?message={ours}").status_code == 422


def test_with_one_click_the_browser_goes_to_the_new_ticket(alice, number):
    message = message_id("Also, my lamp is broken")
    answer = alice.post(f"/tickets/{number}/split", data={"message": message}, headers={"X-Fragment": "1"})
    with db.reading() as session:
        assert answer.headers["HX-Redirect"] == f"/inbox/all/{session.get(Message, message).ticket_id}"
    whole = alice.post(f"/tickets/{number}/split", data={"message": message_id("Where is it?")})
    assert whole.status_code == 422 and "whole conversation" in whole.text


def test_a_split_can_be_somebody_elses(alice, number, cast):
    with db.transaction() as session:
        eve = identities.mentioned(session, "email", EVE, "Eve").contact_id
    answer = alice.post(f"/tickets/{number}/split", data={"message": message_id("Also, my lamp is broken"),
                                                          "contact": eve})
    with db.reading() as session:
        assert session.get(Ticket, int(answer.location.rpartition("/")[2])).contact_id == eve


def test_the_contact_is_changed_after_a_look_and_changed_back(alice, number, cast):
    with db.transaction() as session:
        eve = identities.mentioned(session, "email", EVE, "Eve").contact_id
        ann = session.get(Ticket, number).contact_id
    assert f'href="/tickets/{number}/contact"' in alice.get(f"/inbox/all/{number}").text
    assert f"contact?contact={eve}" in alice.get(f"/tickets/{number}/contact?q=eve").text
    assert "Nobody found" in alice.get(f"/tickets/{number}/contact?q=Ann").text, "theirs it is already"
    page = alice.get(f"/tickets/{number}/contact?contact={eve}").text
    assert "Takes no part any more" in page and EVE in page
    assert "already" in alice.get(f"/tickets/{number}/contact?contact={ann}").text
    page = alice.get(alice.post(f"/tickets/{number}/contact", data={"contact": eve}).location).text
    assert page.count(f'action="/tickets/{number}/contact/undo"') == 2, "in the toast and in the line of the event"
    assert "changed the customer from" in page
    alice.post(f"/tickets/{number}/contact/undo")
    with db.reading() as session:
        assert session.get(Ticket, number).contact_id == ann
    assert alice.post(f"/tickets/{number}/contact", data={"contact": 9999}).status_code == 404
    assert alice.post(f"/tickets/{number}/contact", data={"contact": ann}).status_code == 409


def test_links_are_made_shown_and_removed(alice, number, cast):
    with db.transaction() as session:
        part = written(session, cast.mail, "A part", external_id="<p@x>").ticket_id
    page = alice.get(f"/tickets/{number}/link").text
    assert f'name="other" value="{part}"' in page
    alice.post(f"/tickets/{number}/links", data={"other": part, "kind": "child"})
    page = alice.get(f"/inbox/all/{number}").text
    assert "Its parts" in page and "it is a part of this" in page
    assert "A part of" in alice.get(f"/inbox/all/{part}").text
    alice.post(f"/tickets/{number}/status", data={"status": "resolved"})
    assert "1 of its parts is not done" in alice.get(f"/inbox/all/{number}").text
    alice.post(f"/tickets/{number}/links/resolve")
    alice.post(f"/tickets/{number}/status", data={"status": "open"})
    assert "All of its parts are done" in alice.get(f"/inbox/all/{number}").text
    alice.post(f"/tickets/{part}/links/remove", data={"other": number, "kind": "parent"})
    assert "Its parts" not in alice.get(f"/inbox/all/{number}").text
    assert alice.post(f"/tickets/{number}/links", data={"other": number, "kind": "related"}).status_code == 422
    assert alice.post(f"/tickets/{number}/links", data={"other": 9999, "kind": "related"}).status_code == 404
