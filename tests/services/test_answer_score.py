"""The confidence from which the assistant answers by itself."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Event
from helpdesk.services import answer_score
from helpdesk.services.answer_score import Choice


def test_what_an_admin_chose_takes_the_place_of_the_setting_until_it_is_taken_back(any_database, config):
    with db.transaction() as session:
        assert answer_score.current(session) == config.assistant_answer_score and answer_score.choice(session) is None
        answer_score.choose(session, 0.61, 0.05, "agent:1")
    with db.transaction() as session:
        assert answer_score.current(session) == 0.61 and answer_score.choice(session) == Choice(0.61, 0.05)
        answer_score.choose(session, 0.7, 0.02, "agent:1")
        answer_score.reset(session, "agent:1")
        answer_score.reset(session, "agent:1")
        assert answer_score.current(session) == config.assistant_answer_score
        details = session.scalars(select(Event.data).where(Event.name == "SettingsChanged")).all()
    assert [one["detail"].split()[-2] for one in details] == ["0.61", "0.70", f"{config.assistant_answer_score:.2f}"]


def test_a_confidence_is_between_0_and_1(database):
    with db.transaction() as session, pytest.raises(Invalid, match="between 0 and 1"):
        answer_score.choose(session, 1.2, 0.05, "agent:1")
