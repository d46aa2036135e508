"""The frame that a message is shown in, and its remote pictures, over HTTP."""
import re

import pytest

from helpdesk import db
from helpdesk.models import Attachment, Message
from helpdesk.services import files
from tests.people import written
from tests.services.test_pictures import PNG, sender


@pytest.fixture
def alice(cast, sign_in):
    return sign_in(cast.alice)


@pytest.fixture
def message(cast):
    """message(html, **fields) → the id of a mail with this HTML."""
    def make(html, **fields):
        with db.transaction() as session:
            made = written(session, cast.mail, "Hello", html=html)
            for name, value in fields.items():
                setattr(made, name, value)
            return made.id
    return make


def test_the_frame_has_no_rights_and_leaves_no_trace(alice, message):
    headers = alice.get(f"/messages/{message('<p>x</p>')}/html").headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'" and "script-src" not in policy and policy["form-action"] == "'none'"
    assert policy["frame-ancestors"] == "'self'" and headers["X-Frame-Options"] == "SAMEORIGIN"
    assert set(policy["sandbox"].split()) == {"allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox"}
    assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_who_may_not_see_the_ticket_may_not_see_the_frame_or_its_pictures(client, message):
    number = message("<p>secret</p>")
    for path in (f"/messages/{number}/html", f"/messages/{number}/pictures/x?url=http://x.example/"):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 302 and "secret" not in answer.text
    assert client.post(f"/messages/{number}/pictures").status_code == 401


def test_there_is_a_frame_only_for_what_has_an_original(alice, message):
    for number in (message(""), message("<p>x</p>", payload={"unsent_at": "2025-01-01T00:00:00+00:00"}), 99_999):
        assert alice.get(f"/messages/{number}/html").status_code == 404
        assert alice.post(f"/messages/{number}/pictures").status_code == 404


def test_a_customers_own_survey_link_is_not_for_agents(alice, message):
    url = "http://localhost/rate/secret-token"
    number = message(f'<a href="{url}?score=5">★</a>', direction="out", payload={"survey": {"url": url}})
    assert "secret-token" not in alice.get(f"/messages/{number}/html").text


def test_pictures_have_addresses_only_once_they_are_wanted(alice, message, config):
    with sender(lambda path: (200, {}, PNG if path == "/a.png" else b"<svg/>")) as (address, asked):
        number = message(f'<img data-src="{address}/a.png"><img data-src="{address}/b.svg">')
        frame = alice.get(f"/messages/{number}/html").text
        assert 'data-held="2"' in frame and " src=" not in frame and asked == []
        assert alice.post(f"/messages/{number}/pictures", headers={"X-Fragment": "1"}).status_code == 204
        sources = re.findall(r' src="([^"]+)"', alice.get(f"/messages/{number}/html").text)
        assert len(sources) == 2 and asked == []
        shown, refused = (alice.get(source.replace("&amp;", "&")) for source in sources)
        assert (shown.status_code, shown.mimetype, shown.data) == (200, "image/png", PNG)
        assert "sandbox" in shown.headers["Content-Security-Policy"] and refused.status_code == 502
        assert "svg" not in refused.text
        for forged in (sources[0] + "x", sources[0].replace("a.png", "c.png"), sources[0].replace(
                f"/messages/{number}/", "/messages/99/"), f"/messages/{number}/pictures/x?url={address}/d.png"):
            assert alice.get(forged).status_code == 404
        assert [path for path, _ in asked] == ["/a.png", "/b.svg"]


def test_without_scripts_the_button_leads_back_to_the_ticket(alice, message):
    answer = alice.post(f"/messages/{message('<p>x</p>')}/pictures", data={"always": "1"})
    assert answer.status_code == 302 and "/tickets/" in answer.location


def test_a_picture_that_the_mail_shows_is_listed_only_for_plain_text(alice, cast):
    from channels.base import File
    with db.transaction() as session:
        made = written(session, cast.mail, "Hello", html='<img data-src="cid:logo">', files=(
            File("logo.png", "image/png", content=PNG, cid="logo", size=len(PNG)),
            File("loose.png", "image/png", content=PNG, cid="loose", size=len(PNG)),
            File("drawing.png", "image/png", content=b"<svg/>", cid="logo", size=6)))
        ticket_id, message_id = made.ticket_id, made.id
    with db.reading() as session:
        found = session.query(Attachment).filter_by(message_id=message_id).order_by(Attachment.id).all()
        assert [one.inline for one in found] == [True, False, False]
    assert alice.get(f"/inbox/all/{ticket_id}").text.count('<li class="as-text">') == 1


def test_the_page_asks_nothing_more_for_messages_with_an_original(alice, cast, database):
    from sqlalchemy import event
    with db.transaction() as session:
        ticket_id = written(session, cast.mail, "Hello").ticket_id
    asked = []
    event.listen(database, "before_cursor_execute", lambda *a: asked.append(a[2]))
    alice.get(f"/inbox/all/{ticket_id}")
    before = len(asked)
    with db.transaction() as session:
        stored = files.put("a.png", "image/png", PNG)
        for one in session.query(Message).filter_by(ticket_id=ticket_id):
            one.html = '<img data-src="cid:a">'
            session.add(Attachment(message_id=one.id, name="a.png", content_type="image/png", cid="a", inline=True,
                                   sha256=stored.sha256, size=stored.size))
    asked.clear()
    alice.get(f"/inbox/all/{ticket_id}")
    assert len(asked) <= before
