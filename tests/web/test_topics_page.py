"""Settings, Assistant topics: added, changed, tried, removed; starters."""
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import SensitiveTopic


def kept():
    with db.reading() as session:
        return {one.name: (one.words, one.team_id, one.active) for one in session.scalars(select(SensitiveTopic))}


def test_a_topic_is_added_changed_and_removed(sign_in, cast):
    mia = sign_in(cast.mia)
    assert mia.post("/settings/topics", data={"name": "Big orders", "words": "wholesale\nbulk*", "active": "1",
                                              "team": cast.sales.id}).status_code == 302
    assert kept() == {"Big orders": ("wholesale\nbulk*", cast.sales.id, True)}
    page = mia.get("/settings/topics").text
    assert "Big orders" in page and "Sales" in page and "wholesale, bulk*" in page
    assert 'selected' in mia.get("/settings/topics/1").text
    mia.post("/settings/topics/1", data={"name": "Wholesale", "words": "wholesale", "team": ""})
    assert kept() == {"Wholesale": ("wholesale", None, False)}
    assert mia.post("/settings/topics/1", data={"remove": "1"}).status_code == 302
    assert kept() == {} and mia.get("/settings/topics/1").status_code == 404


def test_what_makes_no_sense_is_said_and_what_was_typed_stays(sign_in, cast):
    answer = sign_in(cast.mia).post("/settings/topics", data={"name": "Odd", "words": "where is", "active": "1"})
    assert answer.status_code == 422 and "in every other message" in answer.text
    assert "where is</textarea>" in answer.text and kept() == {}


def test_a_starter_becomes_a_topic_and_is_offered_no_more(sign_in, cast):
    mia = sign_in(cast.mia)
    assert 'value="legal"' in mia.get("/settings/topics").text
    mia.post("/settings/topics/starters", data={"key": "legal"})
    assert "lawyer" in kept()["Legal threats"][0] and kept()["Legal threats"][2] is True
    assert 'value="legal"' not in mia.get("/settings/topics").text
    assert mia.post("/settings/topics/starters", data={"key": "nope"}).status_code == 404


def test_a_message_can_be_tried(sign_in, cast):
    mia = sign_in(cast.mia)
    mia.post("/settings/topics/starters", data={"key": "legal"})
    page = mia.get("/settings/topics?try=Mi+abogada+los+va+a+llamar+%3Cb%3E%21%21%21").text
    assert "“<span dir=\"auto\">abogada</span>” is" in page and "Spanish" in page and "<b>" not in page
    assert "a human now" not in page and "shouted" in page
    assert "Wants a person</dt><dd>Yes" in mia.get("/settings/topics?try=a+human+please").text


def test_agents_do_not_set_topics(sign_in, cast):
    assert sign_in(cast.alice).get("/settings/topics").status_code == 403
