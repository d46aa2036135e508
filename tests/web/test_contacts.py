"""The people outside: finding them, what is known, and what is only claimed."""
import pytest

from helpdesk import db
from helpdesk.models import Contact, Ticket
from helpdesk.services import identities
from tests.people import ANN, EVE, written


@pytest.fixture
def ann(cast):
    """Ann wrote once, by mail."""
    return db.run(written, cast.mail, "Hello", name="Ann Lee").identity_id and 1


@pytest.fixture
def alice(sign_in, cast):
    """Alice's browser."""
    return sign_in(cast.alice)


def test_people_are_found_by_name_and_by_part_of_an_address(alice, cast, ann):
    db.run(written, cast.mail, "Hello", address=EVE, name="Eve", external_id="eve")
    assert "Ann Lee" in alice.get("/contacts").text
    for words in ("ann l", "ann@exam"):
        page = alice.get("/contacts", query_string={"q": words}).text
        assert "Ann Lee" in page and EVE not in page
    assert "Nobody found" in alice.get("/contacts?q=zzz").text
    assert "Ann Lee" not in alice.get("/contacts?q=%25").text, "a percent sign is a character"


def test_what_is_known_can_be_corrected_and_a_wrong_zone_is_named(alice, ann):
    form = {"name": "Ann Lee-Marsh", "company": "Blue Ltd", "locale": "en", "time_zone": "Europe/Paris"}
    assert alice.post("/contacts/1", data=form).status_code == 302
    page = alice.get("/contacts/1").text
    assert "Ann Lee-Marsh" in page and "Blue Ltd" in page and 'data-zone="Europe/Paris"' in page
    wrong = alice.post("/contacts/1", data={**form, "time_zone": "Moon"})
    assert wrong.status_code == 422 and "is no time zone" in wrong.text


def test_a_claim_is_shown_as_unverified_and_shows_nothing_of_its_owner(alice, cast, ann):
    number = db.run(written, cast.mail, "Hello", address=EVE, name="Eve", external_id="eve").ticket_id
    with db.transaction() as session:
        identities.claim(session, session.get(Ticket, number).contact, "email", ANN)
    page = alice.get(f"/inbox/all/{number}").text
    assert ANN in page and "not verified" in page


def test_only_a_manager_joins_records_or_vouches_for_an_address(alice, sign_in, cast, ann):
    db.run(written, cast.mail, "Hello", address=EVE, name="Eve", external_id="eve")
    assert alice.post("/contacts/1/merge", data={"into": 2}).status_code == 403
    assert alice.post("/contacts/1/identities/1/verify").status_code == 403
    mia = sign_in(cast.mia)
    assert "Unverified" in mia.get("/contacts/1").text
    mia.post("/contacts/1/identities/1/verify")
    assert "Unverified" not in mia.get("/contacts/1").text
    assert mia.post("/contacts/1/identities/2/verify").status_code == 404, "not an address of this contact"
    assert mia.post("/contacts/1/merge", data={"into": 1}).status_code == 409
    mia.post("/contacts/1/merge", data={"into": 2})
    assert mia.get("/contacts/1").location == "/contacts/2"
    joined = mia.get("/contacts/2").text
    assert ANN in joined and EVE in joined
    with db.reading() as session:
        assert session.get(Contact, 1).merged_into_id == 2


def test_search_shows_tickets_and_people_and_jumps_to_a_number(alice, ann):
    page = alice.get("/search?q=ann").text
    assert "People" in page and "Tickets" in page and "/inbox/all/1" in page
    assert alice.get("/search?q=%231").location == "/tickets/1"
    assert "Nothing found" in alice.get("/search?q=unicorn").text


def test_how_somebody_wants_to_be_answered_is_noted_shown_and_taken_back(alice, ann):
    assert alice.post("/contacts/1/preference", data={"channel": "email"}).status_code == 302
    page = alice.get("/contacts/1").text
    assert "Answers by" in page and "Noted by an agent" in page
    refused = alice.post("/contacts/1/preference", data={"channel": "whatsapp"})
    assert refused.status_code == 422 and "no address there" in refused.text
    alice.post("/contacts/1/preference", data={"channel": ""})
    with db.reading() as session:
        contact = session.get(Contact, 1)
        assert (contact.prefers, contact.prefers_by) == ("", "")
