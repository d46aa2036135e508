"""One thing to write for each way in which the assistant ends a message: the phone and the shop offer them to press."""
from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from helpdesk.models import SensitiveTopic
from helpdesk.services import topics

SENSITIVE = "health"        # the starter that the sample about glass belongs to


class Sample(NamedTuple):
    """What happens, in a few words for whoever chooses, and what the customer writes. `locale` is its language."""
    key: str
    what: str
    text: str
    locale: str = "en"


SAMPLES = (
    Sample("answered", "Answered at once", "How long does delivery take and what does it cost?"),
    Sample("choices", "Not sure: three to choose from", "I need help with payment"),
    Sample("form", "Asks for the order number first", "Where is my order?"),
    Sample("several", "Several questions in one", "How should I store my coffee? And can I pay on delivery?"),
    Sample("topic", "A sensitive topic: to a person", "There was glass in my coffee and now I am bleeding"),
    Sample("person", "Wants a person", "I would like to talk to a person, please"),
    Sample("anger", "Angry: to a person", "THIS IS RIDICULOUS!!! You useless idiots, I want my money back!!!"),
    Sample("indonesian", "In Indonesian", "Berapa lama pengiriman dan berapa ongkosnya?", "id"),
    Sample("spanish", "In Spanish", "¿Cuánto tarda el envío y cuánto cuesta?", "es"),
)


def prepare(session: Session, team_id: int | None) -> SensitiveTopic:
    """Switch the sensitive topic on that one of the samples speaks of; its tickets go to this team."""
    topic = topics.add_starter(session, SENSITIVE, actor="system")
    topic.team_id = team_id
    return topic
