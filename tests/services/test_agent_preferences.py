"""How agents like to work, and which keys they may have."""
import pytest

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent
from helpdesk.services import agent_preferences, shortcut_keys


def choose(cast, name, value):
    with db.transaction() as session:
        agent_preferences.choose(session, session.get(Agent, cast.alice.id), name, value)


def kept(cast) -> dict:
    with db.reading() as session:
        return session.get(Agent, cast.alice.id).preferences


def test_who_never_chose_has_the_default(cast):
    assert agent_preferences.of(cast.alice, "density") == "comfortable"
    assert agent_preferences.of(cast.alice, "single_keys") is True


def test_a_choice_is_kept_and_the_default_is_not(any_cast):
    choose(any_cast, "density", "compact")
    assert kept(any_cast) == {"density": "compact"}
    choose(any_cast, "density", "comfortable")
    assert kept(any_cast) == {}


@pytest.mark.parametrize("name, value", [("density", "huge"), ("single_keys", "yes"), ("keys", ["j"])])
def test_what_cannot_be_is_refused_and_nothing_changes(cast, name, value):
    with pytest.raises(Invalid):
        choose(cast, name, value)
    assert kept(cast) == {}


def test_an_unknown_name_is_told(cast):
    with pytest.raises(NotFound, match="'colour'"):
        agent_preferences.of(cast.alice, "colour")


def test_no_two_shipped_actions_share_a_key():
    shortcut_keys.remapped({})
    assert len(shortcut_keys.BY_ACTION) == len(shortcut_keys.KEYS)


def test_a_key_moves_and_its_old_place_is_free():
    assert shortcut_keys.remapped({"next": "n", "note": "N"}) == {"next": "n", "note": "N"}
    assert shortcut_keys.in_use({"open": "q"})["open"] == ["q", "Enter"]
    assert shortcut_keys.in_use({"next": ""})["next"] == []


def test_what_is_as_shipped_is_not_kept():
    assert shortcut_keys.remapped({"next": "j"}) == {}


@pytest.mark.parametrize("changed, why", [
    ({"next": "k"}, "would be both"), ({"send": "s"}, "no key to change"), ({"fly": "x"}, "no key to change"),
    ({"next": "jj"}, "one character"), ({"next": " "}, "one character"), ({"next": "g"}, "one character"),
    ({"next": "g "}, "one character"), ({"next": 3}, "one character"), ({"next": "g i"}, "would be both")])
def test_keys_that_cannot_be(changed, why):
    with pytest.raises(Invalid, match=why):
        shortcut_keys.remapped(changed)
