"""The page of macros: making, changing, comparing, duplicating, putting away."""
import io

import pytest

from helpdesk import db
from helpdesk.models import Macro
from tests.people import written

PART = {"X-Fragment": "1"}


@pytest.fixture
def mia(sign_in, cast):
    return sign_in(cast.mia)


def form(**more):
    return {"name": "Refund", "shortcut": "refund", "mode": "reply", "whose": "all",
            "text": "Hi {{ contact.first_name }}", "status": "resolved", "tags": "refund, Money", **more}


def kept(number=1) -> Macro:
    with db.reading() as session:
        macro = session.get(Macro, number)
        list(macro.files)
        session.expunge(macro)
        return macro


def test_a_macro_is_made_with_its_actions_and_files(mia):
    assert mia.post("/settings/macros", data=form(assign="me", follow="1", snooze="", files=[
        (io.BytesIO(b"%PDF"), "form.pdf")])).status_code == 302
    macro = kept()
    assert [(one["do"], one["value"]) for one in macro.actions] == [
        ("assign", "me"), ("tag", "refund"), ("tag", "money"), ("follow", None), ("status", "resolved")]
    assert [file.name for file in macro.files] == ["form.pdf"]
    page = mia.get("/settings/macros/1").text
    assert 'value="refund, money"' in page and "Take off form.pdf" in page
    assert "Resolve the ticket" in mia.get("/settings/macros?q=ref").text
    assert "Nothing found" in mia.get("/settings/macros?q=zzz", headers=PART).text


def test_a_form_that_is_wrong_comes_back_as_it_was(mia):
    answer = mia.post("/settings/macros", data=form(text="Hi {{ nobody }}"))
    assert answer.status_code == 422 and "Nothing can fill" in answer.text and "Hi {{ nobody }}" in answer.text


def test_two_who_save_at_once(mia, sign_in, cast):
    mia.post("/settings/macros", data=form())
    mia.post("/settings/macros/1", data=form(seen=1, text="First"))
    late = sign_in(cast.ada).post("/settings/macros/1", data=form(seen=1, text="Second"))
    assert late.status_code == 409 and "First" in late.text and "Second" in late.text
    assert 'name="seen" value="2"' in late.text and kept().text == "First"


def test_agents_have_their_own_and_only_look_at_the_others(mia, sign_in, cast):
    mia.post("/settings/macros", data=form())
    alice = sign_in(cast.alice)
    assert alice.post("/settings/macros/1", data=form(seen=1)).status_code == 403
    assert "managers change it" in alice.get("/settings/macros/1").text
    twin = alice.post("/settings/macros/1/copy")
    assert twin.status_code == 302 and kept(2).agent_id == cast.alice.id
    assert alice.post("/settings/macros/1/archive").status_code == 403
    assert alice.post("/settings/macros/2/archive").status_code == 302 and kept(2).archived_at
    alice.post("/settings/macros/2/archive", data={"archived": "0"})
    assert kept(2).archived_at is None
    assert sign_in(cast.bob).get("/settings/macros/2").status_code == 404


def test_the_preview_is_of_a_real_ticket(mia, cast):
    with db.transaction() as session:
        number = written(session, cast.mail, "Hello", name="Ann Lee").ticket_id
    shown = mia.post("/settings/macros/preview", data=form(ticket=number, note="Hello")).text
    assert "Hi Ann" in shown and "Add the tag money" in shown and f"#{number}" in shown
    shown = mia.post("/settings/macros/preview", data=form(text="{{ x }}", ticket="999999")).text
    assert "There is no {{ x }}" in shown
