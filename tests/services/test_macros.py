"""Macros: who sees and changes them, what they would do, and two people who change one."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.models import Agent, Macro, Ticket
from helpdesk.services import files, macros
from helpdesk.services.macros import Fields
from tests.people import written


def save(who, given=None, **more):
    fields = Fields(**{"name": "Refund", "text": "Hi {{ contact.first_name }}", **(given or {})})
    with db.transaction() as session:
        known = more.pop("macro", None)
        return macros.save(session, session.get(Agent, who.id), fields,
                           macro=session.get(Macro, known) if known else None, **more).id


def names(who, q="", verb=macros.offered):
    with db.reading() as session:
        return [one.name for one in verb(session, session.get(Agent, who.id), q)]


def test_own_a_teams_and_everybodys(cast):
    save(cast.alice, {"name": "Mine"})
    save(cast.mia, {"name": "Support's", "whose": str(cast.support.id)})
    save(cast.mia, {"name": "For all", "whose": "all"})
    assert set(names(cast.alice)) == {"Mine", "Support's", "For all"}
    assert set(names(cast.bob)) == {"Support's", "For all"} and names(cast.carol) == ["For all"]
    assert names(cast.mia, verb=macros.listed) == ["For all", "Support's"]


def test_what_others_use_is_changed_by_managers_only(cast):
    shared = save(cast.mia, {"whose": "all"})
    mine = save(cast.alice)
    with pytest.raises(Forbidden):
        save(cast.alice, {"whose": "all"})
    with pytest.raises(Forbidden):
        save(cast.alice, {"name": "Changed"}, macro=shared, seen=1)
    with db.reading() as session:
        with pytest.raises(NotFound):
            macros.one(session, session.get(Agent, cast.bob.id), mine)
        with pytest.raises(NotFound):
            macros.one(session, session.get(Agent, cast.ada.id), mine)


def test_saving_over_a_newer_one_is_told_and_loses_nothing(cast):
    number = save(cast.mia, {"whose": "all"})
    save(cast.mia, {"whose": "all", "text": "Theirs"}, macro=number, seen=1)
    with pytest.raises(macros.Newer) as told:
        save(cast.ada, {"whose": "all", "text": "Mine"}, macro=number, seen=1)
    assert told.value.theirs.text == "Theirs" and told.value.theirs.version == 2
    save(cast.ada, {"whose": "all", "text": "Mine"}, macro=number, seen=2)
    with db.reading() as session:
        assert session.get(Macro, number).text == "Mine"


@pytest.mark.parametrize("wrong, words", [
    ({"name": " "}, "1 to 120"), ({"text": "", "actions": []}, "a text or an action"),
    ({"shortcut": "a b"}, "40 letters"),
    ({"mode": "mail"}, "reply or a note"), ({"text": "Hi {{ nobody }}"}, "Nothing can fill {{ nobody }}"),
    ({"actions": [{"do": "fly"}]}, "no such action"), ({"whose": "999"}, "Choose who")])
def test_what_cannot_be_saved_says_why(cast, wrong, words):
    with pytest.raises(Invalid, match=words):
        save(cast.mia, wrong)


def test_a_shortcut_is_one_persons_or_everybodys_once(cast):
    save(cast.alice, {"shortcut": "/refund"})
    with pytest.raises(Invalid, match="taken"):
        save(cast.alice, {"shortcut": "refund"})
    save(cast.bob, {"shortcut": "refund"})


def test_what_begins_with_the_words_comes_first_and_much_used_ones_before_others(cast):
    save(cast.alice, {"name": "About refunds", "shortcut": "x1"})
    save(cast.alice, {"name": "Late", "shortcut": "refund", "text": "Sorry"})
    often = save(cast.alice, {"name": "Often", "text": "No refund"})
    with db.transaction() as session:
        macros.count(session, session.get(Macro, often))
    assert names(cast.alice, "refund") == ["Late", "Often", "About refunds"]
    assert names(cast.alice, "100%") == []


def test_it_is_shown_before_it_is_done(cast):
    stored = files.put("form.pdf", "application/pdf", b"%PDF-1")
    number = save(cast.alice, {"actions": [{"do": "tag", "value": "refund"}, {"do": "status", "value": "pending"}]},
                  files=[stored])
    with db.transaction() as session:
        ticket = session.get(Ticket, written(session, cast.mail, "Hello", name="Ann Lee").ticket_id)
        agent, macro = session.get(Agent, cast.alice.id), session.get(Macro, number)
        found = macros.prepare(session, ticket, agent, macro)
        assert (found.text, list(found.words), [one.name for one in found.files]) == (
            "Hi Ann", ["Add the tag refund", "Wait for the customer"], ["form.pdf"])
        assert ticket.status == "open"
        with pytest.raises(Invalid):
            macros.run(session, ticket, agent, [*found.actions, {"do": "assign", "value": 999}])
        assert ticket.status == "open"
        macros.run(session, ticket, agent, found.actions)
        assert ticket.status == "pending" and [tag.name for tag in ticket.tags] == ["refund"]


def test_a_copy_is_ones_own_and_the_archive_gives_back(cast):
    number = save(cast.mia, {"whose": "all", "shortcut": "refund"})
    with db.transaction() as session:
        alice, mia = session.get(Agent, cast.alice.id), session.get(Agent, cast.mia.id)
        macro = session.get(Macro, number)
        assert macros.copy(session, alice, macro).agent_id == alice.id
        with pytest.raises(Forbidden):
            macros.archive(session, alice, macro)
        macros.archive(session, mia, macro)
    assert names(cast.alice) == ["Refund (copy)"]
    save(cast.mia, {"whose": "all", "name": "New", "shortcut": "refund"})
    with db.transaction() as session:
        macros.archive(session, session.get(Agent, cast.mia.id), session.get(Macro, number), archived=False)
        assert session.scalars(select(Macro.shortcut).where(Macro.name == "Refund")).all() == [""]
