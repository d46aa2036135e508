"""The card on a contact's page: consents, everything that is held, being forgotten."""
import io
import zipfile

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Consent, Contact, Erasure, Identity, Inbox, PageView, PersonExport, RetentionRule
from helpdesk.services import retention
from tests.people import ANN, customer_mail, deliver_mail


@pytest.fixture
def ann(app, cast, work):
    """Ann has written."""
    deliver_mail(cast.mail, customer_mail("Where is my parcel?"))
    work()
    with db.reading() as session:
        return session.scalar(select(Identity.contact_id).where(Identity.value == ANN))


def test_an_agent_writes_down_what_somebody_said(ann, cast, sign_in):
    alice = sign_in(cast.alice)
    with db.reading() as session:
        number = session.scalar(select(Identity.id))
    answer = alice.post(f"/contacts/{ann}/consents", data={
        "purpose": "surveys", "given": "0", "identity": number, "note": "on the phone"}, follow_redirects=True)
    assert "on the phone" in answer.text and "Ended" in answer.text and "told an agent" in answer.text
    with db.reading() as session:
        row = session.scalar(select(Consent))
        assert (row.given, row.source, row.actor, row.identity_id) == (False, "agent", f"agent:{cast.alice.id}", number)
    assert alice.post(f"/contacts/{ann}/consents", data={"purpose": "x", "given": "1"}).status_code == 422
    assert alice.post(f"/contacts/{ann}/consents", data={"purpose": "news"}).status_code == 422
    assert alice.post(f"/contacts/{ann}/consents", data={"purpose": "news", "given": "1", "identity": 99}
                      ).status_code == 404


def test_a_manager_exports_and_fetches_and_an_agent_does_not(ann, cast, sign_in, work):
    alice, mia = sign_in(cast.alice), sign_in(cast.mia)
    assert "Export everything" not in alice.get(f"/contacts/{ann}").text
    assert alice.post(f"/contacts/{ann}/exports").status_code == 403
    assert "is being made" in mia.post(f"/contacts/{ann}/exports", data={"notes": "1"}, follow_redirects=True).text
    with db.reading() as session:
        number = session.scalar(select(PersonExport.id))
    assert mia.get(f"/contacts/exports/{number}").status_code == 404
    work()
    assert f"/contacts/exports/{number}" in mia.get(f"/contacts/{ann}").text
    assert alice.get(f"/contacts/exports/{number}").status_code == 403
    answer = mia.get(f"/contacts/exports/{number}")
    assert "attachment" in answer.headers["Content-Disposition"] and "sandbox" in answer.headers[
        "Content-Security-Policy"]
    assert "messages.json" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()


def test_erasing_shows_what_goes_and_wants_the_word(ann, cast, sign_in, work):
    alice, mia = sign_in(cast.alice), sign_in(cast.mia)
    assert alice.get(f"/contacts/{ann}/erase").status_code == 403
    assert alice.post(f"/contacts/{ann}/erase", data={"mode": "erase", "typed": "ERASE"}).status_code == 403
    page = mia.get(f"/contacts/{ann}/erase").text
    assert "Messages" in page and "Still open" in page
    for wrong in ({"mode": "erase", "typed": ""}, {"mode": "erase", "typed": "PSEUDONYMISE"}, {"typed": "ERASE"},
                  {"mode": "burn", "typed": "ERASE"}):
        assert mia.post(f"/contacts/{ann}/erase", data=wrong).status_code == 422
    with db.reading() as session:
        assert not session.scalars(select(Erasure)).all()
    answer = mia.post(f"/contacts/{ann}/erase", data={"mode": "erase", "typed": " erase "}, follow_redirects=True)
    assert "This person was erased" in answer.text and ANN not in answer.text
    work()
    page = mia.get(f"/contacts/{ann}").text
    assert "Erased person" in page and "new contact" in page and "Export everything" not in page
    assert ANN not in mia.get("/contacts").text
    assert "[erased]" in mia.get("/tickets/1", follow_redirects=True).text
    for path in ("consents", "exports", "hold", "erase"):
        assert mia.post(f"/contacts/{ann}/{path}", data={"typed": "ERASE", "mode": "erase"}).status_code == 409


def test_a_legal_hold_is_shown_and_kept(ann, cast, sign_in):
    mia = sign_in(cast.mia)
    assert "court case" in mia.post(f"/contacts/{ann}/hold", data={"why": "court case"}, follow_redirects=True).text
    assert "court case" in mia.get(f"/contacts/{ann}/erase").text
    answer = mia.post(f"/contacts/{ann}/erase", data={"mode": "erase", "typed": "ERASE"})
    assert answer.status_code == 409 and "court case" in answer.text
    with db.reading() as session:
        assert session.get(Contact, ann).erased_at is None


def test_an_admin_looks_at_what_would_go_and_then_chooses(ann, cast, sign_in):
    ada, mia = sign_in(cast.ada), sign_in(cast.mia)
    assert mia.get("/settings/privacy").status_code == 403 and mia.post("/settings/privacy").status_code == 403
    page = ada.get("/settings/privacy").text
    assert "Words of settled tickets" in page and "Nobody was erased yet" in page
    given = {f"days-{key}": "" for key in retention.CLASSES} | {"days-messages": "365", "how-messages": "pseudonymise"}
    assert "would go now. Nothing is saved" in ada.post("/settings/privacy", data=given | {"look": "1"}).text
    with db.reading() as session:
        assert not session.scalars(select(RetentionRule)).all()
    answer = ada.post("/settings/privacy", data=given | {"days-raw": "x"})
    assert answer.status_code == 422 and "from 1 to" in answer.text
    assert "coming night" in ada.post("/settings/privacy", data=given, follow_redirects=True).text
    with db.reading() as session:
        rules = {one.key: (one.days, one.how) for one in retention.rules(session)}
    assert rules["messages"] == (365, "pseudonymise") and rules["raw"] == (None, "erase")


def chat(app):
    """A visitor's browser: post(path, **body)."""
    http = app.test_client()
    token = http.post("/widget/shop/session", json={}).get_json()["token"]
    return lambda path, **body: http.post(f"/widget/shop/{path}", json=body,
                                          headers={"Authorization": f"Bearer {token}"})


def test_a_visitor_agrees_to_the_line_that_the_inbox_shows(app, cast, sign_in):
    visitor = chat(app)
    assert visitor("notice").status_code == 404, "nothing is asked"
    with db.transaction() as session:
        session.get(Inbox, cast.widget.id).settings = {
            "privacy_text": "We keep what you write.", "privacy_url": "javascript:alert(1)"}
    assert "javascript:" not in app.test_client().get("/widget/shop/frame").text
    with db.transaction() as session:
        session.get(Inbox, cast.widget.id).settings = {
            "privacy_text": "We keep what you write.", "privacy_url": "https://shop.example/privacy"}
    assert "We keep what you write." in app.test_client().get("/widget/shop/frame").text
    assert visitor("notice").status_code == visitor("notice").status_code == 200
    with db.reading() as session:
        row = session.scalars(select(Consent)).one()
        assert (row.purpose, row.given, row.source, row.wording, row.version) == (
            "notice", True, "widget", "We keep what you write.", "https://shop.example/privacy")
    page = sign_in(cast.alice).get(f"/contacts/{row.contact_id}").text
    assert "this browser" in page and "https://shop.example/privacy" in page and "in the chat" in page
    assert app.test_client().post("/widget/shop/notice", json={}).status_code == 401


def test_pages_are_not_recorded_of_whoever_ended_that(app, cast, sign_in):
    visitor = chat(app)
    with db.reading() as session:
        number = session.scalar(select(Identity.contact_id))
    page = {"url": "https://shop.example/boots", "title": "Boots"}
    assert visitor("site", pages=[page]).status_code == 200
    sign_in(cast.alice).post(f"/contacts/{number}/consents", data={"purpose": "pages", "given": "0"})
    assert visitor("site", pages=[page | {"url": "https://shop.example/coats"}]).status_code == 200
    with db.reading() as session:
        assert session.scalars(select(PageView.url)).all() == ["https://shop.example/boots"]
