"""How the help centre looks is chosen in the console; and what was searched for is shown there."""
import io

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Event
from helpdesk.services import help_reading

PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
FORM = {"on": "1", "robots": "1", "accent": "#8a4b2a", "locale": "en", "shop_url": "https://kopi.example",
        "title-en": "Kopi help", "welcome-id": "Mau kopi apa?"}


@pytest.fixture
def mia(sign_in, cast):
    return sign_in(cast.mia)


def test_what_is_chosen_is_seen_by_readers_and_written_down(mia, client):
    answer = mia.post("/settings/help-centre", data={**FORM, "logo": (io.BytesIO(PIXEL), "logo.png")},
                      content_type="multipart/form-data")
    assert answer.status_code == 302
    html = client.get("/help/en/").text
    assert "Kopi help" in html and "#8a4b2a" in html and 'href="https://kopi.example"' in html
    logo = client.get(html.partition('img src="')[2].partition('"')[0])
    assert (logo.data, logo.content_type) == (PIXEL, "image/png") and "immutable" in logo.headers["Cache-Control"]
    assert "Kopi help" in mia.get("/settings/help-centre").text
    with db.reading() as session:
        audit = session.scalars(select(Event.data).where(Event.name == "SettingsChanged")).all()[-1]
    assert audit["what"] == "help centre" and "accent" in audit["detail"] and "logo" in audit["detail"]


def test_what_cannot_be_is_refused_and_nothing_is_lost(mia):
    answer = mia.post("/settings/help-centre", data={**FORM, "shop_url": "javascript:alert(1)"})
    assert answer.status_code == 422 and "https://" in answer.text and "Mau kopi apa?" in answer.text


def test_search_engines_can_be_kept_out(mia, client):
    mia.post("/settings/help-centre", data={key: value for key, value in FORM.items() if key != "robots"})
    answer = client.get("/help/en/")
    assert 'content="noindex"' in answer.text and answer.headers["X-Robots-Tag"] == "noindex"
    assert client.get("/help/sitemap.xml").status_code == 404
    assert "Allow" not in client.get("/robots.txt").text


def test_an_agent_chooses_nothing(sign_in, cast):
    alice = sign_in(cast.alice)
    assert alice.get("/settings/help-centre").status_code == 403
    assert alice.post("/settings/help-centre", data=FORM).status_code == 403
    assert alice.get("/articles/searches").status_code == 403


def test_managers_see_what_was_looked_for_and_what_to_do(mia):
    assert "No searches yet" in mia.get("/articles/searches").text
    db.run(help_reading.searched, "cold <brew>", "en", "help", 0)
    html = mia.get("/articles/searches?days=7").text
    assert "cold &lt;brew&gt;" in html and "/articles/new?locale=en&amp;question=cold%20%3Cbrew%3E" in html
