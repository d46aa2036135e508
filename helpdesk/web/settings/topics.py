"""Assistant topics: what people handle, whatever the assistant knows of it."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import SensitiveTopic, Team
from helpdesk.rendering import page
from helpdesk.services import topics
from helpdesk.services.account_data import asks_for_account_data
from helpdesk.services.languages import detect
from helpdesk.services.listening import wants_person
from helpdesk.services.mood import mood
from helpdesk.services.words import words
from helpdesk.web.access import needs

pages = Blueprint("settings_topics", __name__, url_prefix="/settings/topics")
TRIED = 1_500           # characters of what is tried


@pages.get("")
@needs("topics")
def index():
    """All topics, the starters that are not there yet; try=<text> shows what would be made of a message."""
    return _page()


@pages.get("/new")
@needs("topics")
def new():
    """The form for one more."""
    return _form(None, {"active": "1"})


@pages.get("/<int:topic_id>")
@needs("topics")
def edit(topic_id: int):
    """The form with what is kept."""
    with db.reading() as session:
        topic = _one(session, topic_id)
    return _form(topic_id, {"name": topic.name, "words": topic.words, "team": topic.team_id or "",
                            "active": "1" if topic.active else ""})


@pages.post("")
@needs("topics")
def add():
    """name, words (one expression a line), team (id or empty), active."""
    return _save(None)


@pages.post("/<int:topic_id>")
@needs("topics")
def save(topic_id: int):
    """The same fields; remove=1 forgets the topic."""
    if request.form.get("remove"):
        with db.transaction() as session:
            topics.remove(session, topic_id, g.agent.actor)
        return _back("Removed.")
    return _save(topic_id)


@pages.post("/starters")
@needs("topics")
def add_starter():
    """key of a starter."""
    with db.transaction() as session:
        topic = topics.add_starter(session, request.form.get("key", ""), g.agent.actor)
    return _back(f"{topic.name} is a topic now. Choose the team that gets it.")


def _save(topic_id: int | None):
    given = request.form
    try:
        with db.transaction() as session:
            topics.save(session, topic_id, name=given.get("name", ""), listed=given.get("words", ""),
                        team_id=given.get("team", type=int), active=given.get("active") == "1", actor=g.agent.actor)
    except Invalid as error:
        return _form(topic_id, given, str(error)), error.status
    return _back("Saved. It holds from the next message on.")


def _page():
    text = request.args.get("try", "")[:TRIED].strip()
    with db.reading() as session:
        kept, teams = topics.topics(session), dict(session.execute(select(Team.id, Team.name)).all())
        names = {one.name for one in kept}
        return page("settings/topics/index.html", topics=kept, teams=teams, text=text,
                    starters=[one for one in topics.starters() if one.name not in names],
                    tried=_tried(kept, text) if text else None)


def _tried(kept: list[SensitiveTopic], text: str) -> dict:
    """What the assistant would hear in a message."""
    said = words(text)
    hits = [hit for topic in kept if (hit := topics.match(topic, said))]
    return {"hits": hits, "person": wants_person(text), "mood": mood(text), "account": asks_for_account_data(text),
            "language": detect(text).code}


def _form(topic_id: int | None, fields, problem: str = ""):
    with db.reading() as session:
        teams = session.execute(select(Team.id, Team.name).order_by(Team.name)).all()
    return page("settings/topics/edit.html", topic_id=topic_id, fields=fields, problem=problem,
                teams=[("", "Nobody in particular"), *map(tuple, teams)])


def _back(said: str):
    flash(said, "good")
    return redirect(url_for("settings_topics.index"))


def _one(session, topic_id: int) -> SensitiveTopic:
    topic = session.get(SensitiveTopic, topic_id)
    if topic is None:
        raise NotFound("There is no such topic.")
    return topic
