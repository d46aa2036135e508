"""The one-way rule between layers, read from the imports. It prints the line that breaks it."""
import ast
from pathlib import Path

import pytest

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
    from helpdesk import events
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
                  and not hasattr(app.view_functions[rule.endpoint], "needs_role")
                  and not hasattr(app.view_functions[rule.endpoint], "open_to_all")
                  and not rule.endpoint.startswith("auth.")]
    assert not undeclared, undeclared
