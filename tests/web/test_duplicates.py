"""Suggested doubles in the console: shown with their reasons, told apart, and never joined by being looked at."""
import pytest
from sqlalchemy import event, func, select

from helpdesk import db
from helpdesk.jobs import duplicates as job
from helpdesk.models import Contact, DuplicatePair, Identity, Ticket
from helpdesk.services import duplicate_pairs, identities
from tests.people import ANN, written

SHOUT = "My secret order of diamonds"


@pytest.fixture
def pair(cast):
    """Ann by mail (1) and Ann by another spelling of her mailbox (2), each with a ticket; nothing is verified."""
    with db.transaction() as session:
        written(session, cast.mail, SHOUT, address="ann.lee@gmail.com", name="Ann Lee")
        written(session, cast.mail, "Hello", address="annlee+shop@gmail.com", name="Ann M. Lee", external_id="b")
    job.refresh_due()
    return 1, 2


@pytest.fixture
def alice(sign_in, cast):
    """Alice's browser."""
    return sign_in(cast.alice)


def test_a_contacts_page_has_a_place_for_them_and_fills_it_with_reasons(alice, pair):
    assert 'hx-get="/contacts/1/duplicates"' in alice.get("/contacts/1").text
    part = alice.get("/contacts/1/duplicates", headers={"HX-Request": "true"}).text
    assert part.strip().startswith('<div id="duplicates">') and "<html" not in part
    assert "are one mailbox" in part and "/contacts/1/merge/2" in part and "Not the same person" in part
    whole = alice.get("/contacts/2/duplicates").text
    assert "<html" in whole and "/contacts/2/merge/1" in whole


def test_nothing_is_shown_where_nobody_is_alike(alice, cast):
    db.run(written, cast.mail, "Hello", name="Ann Lee")
    job.refresh_due()
    assert "May be" not in alice.get("/contacts/1/duplicates", headers={"HX-Request": "true"}).text
    assert "Nobody else is alike enough" in alice.get("/contacts/1/duplicates").text
    assert "May also be" not in alice.get("/inbox/all/1").text
    assert "duplicate" not in alice.get("/contacts").text and "No duplicates" in alice.get("/contacts/duplicates").text
    assert alice.get("/contacts/9/duplicates").status_code == 404


def test_the_ticket_says_so_in_one_line_and_one_statement(alice, pair):
    page = alice.get("/inbox/all/1").text
    assert "May also be" in page and 'href="/contacts/1/merge/2"' in page and "Ann M. Lee" in page
    asked = []
    event.listen(db.engine(), "before_cursor_execute", lambda *args: asked.append(args[2]))
    alice.get("/inbox/all/1")
    assert sum("duplicate_pair" in one for one in asked) == 1


def test_the_whole_list_is_reached_from_the_contacts_with_its_count(alice, pair):
    assert "1 possible duplicate<" in alice.get("/contacts").text
    page = alice.get("/contacts/duplicates").text
    assert "Ann M. Lee" in page and "ann.lee@gmail.com" in page and "/contacts/1/merge/2" in page
    assert "possible duplicate" not in alice.get("/contacts?q=ann", headers={"HX-Request": "true"}).text


def test_the_list_is_paged(alice, cast):
    with db.transaction() as session:
        for n in range(duplicate_pairs.PAGE + 1):
            for value in (f"person{n}.x@gmail.com", f"person{n}x@gmail.com"):
                session.add(Identity(kind="email", value=value, contact=Contact(name=f"Zoë Quint{n}")))
    while job.refresh_due():
        pass
    first = alice.get("/contacts/duplicates").text
    assert first.count('class="card pair"') == duplicate_pairs.PAGE and "21 possible" in alice.get("/contacts").text
    more = first.partition('hx-get="')[2].partition('"')[0]
    rest = alice.get(more, headers={"HX-Request": "true"}).text
    assert rest.count('class="card pair"') == 1 and "Load more" not in rest
    assert alice.get("/contacts/duplicates?after=%00nonsense").status_code == 200


def test_told_apart_by_a_press_and_taken_back_by_another(alice, pair):
    answer = alice.post("/contacts/1/duplicates/2/apart", data={"next": "/contacts/duplicates"})
    assert answer.location == "/contacts/duplicates"
    assert "No duplicates" in alice.get("/contacts/duplicates").text
    assert "May also be" not in alice.get("/inbox/all/1").text
    part = alice.get("/contacts/2/duplicates", headers={"HX-Request": "true"}).text
    assert "Told apart from 1 other" in part and "Alice" in part and "/contacts/2/merge/1" not in part
    answer = alice.post("/contacts/2/duplicates/1/maybe", data={"next": "//evil.example"})
    assert answer.location == "/contacts/2"
    assert "/contacts/2/merge/1" in alice.get("/contacts/2/duplicates").text
    assert "May also be" in alice.get("/inbox/all/1").text


def test_where_two_are_compared_the_reasons_and_a_no_are_at_hand(alice, pair):
    assert 'hx-get="/contacts/1/duplicates/2"' in alice.get("/contacts/1/merge/2?stays=2").text
    part = alice.get("/contacts/1/duplicates/2", headers={"HX-Request": "true"}).text
    assert "are one mailbox" in part and "Not the same person" in part and "<html" not in part
    alice.post("/contacts/1/duplicates/2/apart")
    whole = alice.get("/contacts/2/duplicates/1").text
    assert "told apart by Alice" in whole and "Take back" in whole and "<html" in whole
    assert alice.get("/contacts/1/duplicates/1").status_code == 404
    assert alice.get("/contacts/1/duplicates/9").status_code == 404


def test_where_nothing_speaks_for_it_that_is_said(alice, cast):
    db.run(written, cast.mail, "Hello", name="")
    db.run(written, cast.widget, "Hello", address="browser", external_id="w")
    assert "Nothing that can be compared" in alice.get("/contacts/1/duplicates/2").text


@pytest.mark.parametrize(("path", "status"), [
    ("/contacts/1/duplicates/1/apart", 422), ("/contacts/1/duplicates/99/apart", 404),
    ("/contacts/99/duplicates/1/maybe", 404), ("/contacts/1/duplicates/1/maybe", 302)])
def test_impossible_pairs_are_told_so(alice, pair, path, status):
    assert alice.post(path).status_code == status


def test_looking_joins_nobody(alice, pair):
    for path in ("/contacts/1", "/contacts/1/duplicates", "/contacts/duplicates", "/contacts/1/duplicates/2",
                 "/inbox/all/1"):
        assert alice.get(path).status_code == 200
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Contact).where(Contact.merged_into_id.is_not(None))) == 0
        assert session.scalars(select(Ticket.contact_id).order_by(Ticket.id)).all() == [1, 2]


def test_the_reasons_tell_nothing_that_the_contacts_own_pages_do_not(alice, cast, pair):
    with db.transaction() as session:
        browser = identities.resolve(session, "visitor", "f00dfeed" * 4, how="platform").contact
        identities.claim(session, browser, "email", "ann.lee@gmail.com")
    job.refresh_due()
    part = alice.get("/contacts/3/duplicates").text
    assert "said that ann.lee@gmail.com is theirs; not verified" in part
    assert "f00dfeed" not in part and SHOUT not in part
    assert SHOUT not in alice.get("/contacts/duplicates").text


@pytest.mark.parametrize("path", ["/contacts/1/duplicates", "/contacts/duplicates", "/contacts/1/duplicates/2"])
def test_nobody_from_outside_sees_any_of_it(app, client, pair, path):
    assert client.get(path, headers={"Accept": "text/html"}).status_code == 302
    assert client.get(path).status_code == 401
    for verb in ("apart", "maybe"):
        assert client.post(f"/contacts/1/duplicates/2/{verb}").status_code == 401
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(DuplicatePair)) == 1


def test_a_name_is_text_and_no_markup(alice, cast):
    with db.transaction() as session:
        for value in ("<b>x</b>.y@gmail.com", "<b>x</b>y@gmail.com"):
            session.add(Identity(kind="email", value=value, contact=Contact(name="<i>Zoë</i> <u>Quint</u>")))
        session.add(Identity(kind="email", value=ANN, contact=Contact(name="Ann Lee")))
    job.refresh_due()
    for path in ("/contacts/duplicates", "/contacts/1/duplicates"):
        page = alice.get(path).text
        assert "<b>x" not in page and "<u>" not in page and "&lt;u&gt;Quint" in page
