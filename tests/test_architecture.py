"""The one-way rule between layers, read from the imports, and that no place of personal data is forgotten. What breaks
a rule is printed."""
import ast
import dataclasses
from pathlib import Path

import pytest

from helpdesk import events
from helpdesk.models import Base
from helpdesk.services import persons
from helpdesk.services.personal_data import EVENT_PERSONAL, EVENT_PLAIN, TABLES

ROOT = Path(__file__).parent.parent
WEB_WORLD = ("flask", "flask_socketio", "werkzeug")
MAY_NOT = {       # folder: what nothing below it may import
    "channels": ("helpdesk", "flask", "flask_socketio", "sqlalchemy"),
    "helpdesk/models": ("helpdesk.services", "helpdesk.web", "helpdesk.realtime", "helpdesk.jobs", *WEB_WORLD),
    "helpdesk/services": ("helpdesk.web", "helpdesk.realtime", "helpdesk.jobs", "helpdesk.app", "helpdesk.cli",
                          "helpdesk.rendering", *WEB_WORLD),
    "helpdesk/jobs": ("helpdesk.web", "helpdesk.app", "helpdesk.cli", "helpdesk.rendering", "flask"),
    "helpdesk/realtime": ("helpdesk.app", "helpdesk.cli"),
    "helpdesk/web": ("helpdesk.app", "helpdesk.cli"),
}


def imports(path: Path):
    """(line, dotted name) of everything a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("folder", MAY_NOT)
def test_imports_go_one_way(folder):
    files = list((ROOT / folder).rglob("*.py"))
    assert files, f"{folder} has moved"
    wrong = [f"{path.relative_to(ROOT)}:{line} imports {name}" for path in files for line, name in imports(path)
             for forbidden in MAY_NOT[folder] if name == forbidden or name.startswith(forbidden + ".")]
    assert not wrong, "\n".join(wrong)


def test_only_the_database_module_commits():
    allowed = {ROOT / "helpdesk/db.py", ROOT / "helpdesk/schema.py"}
    wrong = [f"{path.relative_to(ROOT)}:{node.lineno}" for path in (ROOT / "helpdesk").rglob("*.py")
             if path not in allowed for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"]
    assert not wrong, "\n".join(wrong)


def test_every_reaction_exists():
    from helpdesk.jobs.tasks import function
    from helpdesk.reactions import REACTIONS
    for fact, reactions in REACTIONS.items():
        assert issubclass(getattr(events, fact), events.Fact)
        for reaction in reactions:
            assert callable(function(reaction)), reaction


def test_every_route_says_who_may_ask(app):
    """A view either needs a role or checks by itself and says so; nothing is open by accident."""
    open_by_nature = {"static", "home"}
    undeclared = [rule.endpoint for rule in app.url_map.iter_rules()
                  if rule.endpoint not in open_by_nature
                  and not hasattr(app.view_functions[rule.endpoint], "needs_right")
                  and not hasattr(app.view_functions[rule.endpoint], "open_to_all")
                  and not rule.endpoint.startswith("auth.")]
    assert not undeclared, undeclared


DECLARE = """Declare it in helpdesk/services/personal_data.py, so that exporting, erasing and the timers treat it:
  plain    it is never about a person outside (vocabulary, hashes, our own ids)
  words    somebody's words, or words about somebody: emptied or masked when the person is erased
  who      an address, a name or a secret of theirs: always emptied when the person is erased
A new table also says `by` which column its rows belong to a person (contact_id, identity_id, ticket_id …), whether its
rows are removed as a whole (`gone`), and into which part of a person's export they go (`export`)."""


def holds_words(column) -> bool:
    return getattr(column.type, "impl", column.type).python_type in (str, bytes, dict, list, object)


def test_every_column_that_can_hold_words_is_declared():
    wrong = [f"{name}: the table is not declared" for name in Base.metadata.tables if name not in TABLES]
    for name, held in TABLES.items():
        assert name in Base.metadata.tables, f"{name} is declared but is no table any more"
        columns = Base.metadata.tables[name].columns
        declared = [*held.plain, *held.words, *held.who, *held.by_hand]
        wrong += [f"{name}.{one} is declared but does not exist" for one in {*declared, *held.by} - {*columns.keys()}]
        wrong += [f"{name}.{one} is declared twice" for one in set(declared) if declared.count(one) > 1]
        wrong += [f"{name}.{column.name} is not declared" for column in columns
                  if holds_words(column) and column.name not in declared]
    assert not wrong, "\n".join([*sorted(wrong), "", DECLARE])


def test_what_is_found_by_a_column_is_found_by_something_known():
    for name, held in TABLES.items():
        assert set(held.by.values()) <= set(persons.KINDS), f"{name}: only {', '.join(persons.KINDS)}"
        assert not held.gone or held.by, f"{name}: rows that go need a column by which they are found"


def test_every_word_that_a_fact_carries_is_declared():
    wrong = []
    for fact in vars(events).values():
        if isinstance(fact, type) and issubclass(fact, events.Fact):
            for one in dataclasses.fields(fact):
                if "str" in str(one.type) and not {one.name, f"{fact.__name__}.{one.name}"} & (
                        EVENT_PLAIN | EVENT_PERSONAL):
                    wrong.append(f"{fact.__name__}.{one.name}")
    assert not wrong, (f"{', '.join(wrong)}: put the field into EVENT_PLAIN (vocabulary) or EVENT_PERSONAL (words, "
                       "addresses) of helpdesk/services/personal_data.py, or it is emptied when a person is erased.")
