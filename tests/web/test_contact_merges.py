"""Merging contacts in the console: looking, comparing, doing, taking back."""
import pytest

from helpdesk import db
from helpdesk.models import Contact, Identity, ToldApart
from tests.people import EVE, written


@pytest.fixture
def ids(cast):
    """Ann and Eve."""
    with db.transaction() as session:
        return [session.get(Identity, written(session, cast.mail, "Hi", address=address, name=name,
                                              external_id=f"<{name}@x>").identity_id).contact_id
                for address, name in (("ann@example.com", "Ann"), (EVE, "Eve"))]


def test_the_other_record_is_found_from_the_contacts_page(cast, sign_in, ids):
    alice, (ann, eve) = sign_in(cast.alice), ids
    assert f'href="/contacts/{ann}/merge"' in alice.get(f"/contacts/{ann}").text
    assert "Who is it?" in alice.get(f"/contacts/{ann}/merge").text
    for words in ("Eve", "eve@example", "EVE@"):
        assert f'href="/contacts/{ann}/merge/{eve}"' in alice.get(f"/contacts/{ann}/merge?q={words}").text
    assert "Nobody found" in alice.get(f"/contacts/{ann}/merge?q=Ann").text, "not with themselves"


def test_the_preview_compares_warns_and_can_be_turned(cast, sign_in, ids):
    mia, (ann, eve) = sign_in(cast.mia), ids
    page = mia.get(f"/contacts/{eve}/merge/{ann}").text
    assert f'action="/contacts/{eve}/merge"' in page, "the older one goes on"
    assert "Nothing proves that these are one person" in page
    turned = mia.get(f"/contacts/{eve}/merge/{ann}?stays={eve}").text
    assert f'action="/contacts/{ann}/merge"' in turned
    with db.transaction() as session:
        session.get(Contact, ann).external_id, session.get(Contact, eve).external_id = "s1", "s2"
        session.get(Contact, eve).claims = {"email": "ann@example.com"}
    page = mia.get(f"/contacts/{eve}/merge/{ann}").text
    assert "two customers of the site" in page and 'name="insist"' in page
    assert "Eve said that ann@example.com is theirs" in page
    assert mia.get(f"/contacts/{ann}/merge/{ann}").status_code == 409
    assert mia.get(f"/contacts/{ann}/merge/999").status_code == 404
    assert mia.post(f"/contacts/{eve}/merge", data={"into": ann}).status_code == 409
    assert mia.post(f"/contacts/{eve}/merge", data={"into": ann, "insist": "1"}).status_code == 302


def test_only_a_manager_merges_and_takes_back(cast, sign_in, ids):
    alice, mia, (ann, eve) = sign_in(cast.alice), sign_in(cast.mia), ids
    page = alice.get(f"/contacts/{eve}/merge/{ann}").text
    assert "Only a manager" in page and ">Merge</button>" not in page
    assert alice.post(f"/contacts/{eve}/merge", data={"into": ann}).status_code == 403
    answer = mia.post(f"/contacts/{eve}/merge", data={"into": ann})
    assert answer.location == f"/contacts/{ann}"
    page = mia.get(answer.location).text
    assert page.count(f'action="/contacts/{eve}/unmerge"') == 2, "in the toast and in the list"
    assert "Merged records" in page and "joined by Mia" in page and EVE in page
    assert f'action="/contacts/{eve}/unmerge"' not in alice.get(f"/contacts/{ann}").text
    assert alice.post(f"/contacts/{eve}/unmerge").status_code == 403
    assert mia.post(f"/contacts/{eve}/unmerge", data={"apart": "1"}).location == f"/contacts/{eve}"
    assert EVE in mia.get(f"/contacts/{eve}").text and EVE not in mia.get(f"/contacts/{ann}").text
    with db.reading() as session:
        assert session.query(ToldApart).count() == 1
    assert mia.post(f"/contacts/{eve}/unmerge").status_code == 409
