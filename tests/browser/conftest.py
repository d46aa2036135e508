"""A real browser, and a checker of accessibility for what it shows."""
import json
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from helpdesk import db, paths, settings
from helpdesk.models import Inbox, Ticket
from helpdesk.services import accounts
from tests.house import House, opened
from tests.people import written

PATIENCE = 10_000       # milliseconds
WIDE = {"width": 1500, "height": 900}

AXE = paths.DIST.parent.parent / "node_modules" / "axe-core" / "axe.min.js"


def pytest_collection_modifyitems(items):
    """A browser on a busy machine is not always on time: what fails here is tried a second time, and the report names
    it ("RERUN"), so that it does not pass unseen."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


# While something fades in, its colours are not its own.
AT_REST = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect.getTiming().iterations !== Infinity).map((one) => one.finished.catch(() => null)))
    .then(() => null)"""


@pytest.fixture(scope="session")
def chromium():
    """The machine's own Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no chromium on this machine")
    if not (paths.DIST / "manifest.json").exists():
        pytest.skip("the front end is not built: make build")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def axe():
    """axe(page or frame) → what axe-core objects to: [(rule, first element)]."""
    def check(frame) -> list[tuple[str, str]]:
        frame.evaluate(AT_REST)
        frame.evaluate(AXE.read_text())       # evaluated by the debugger, so the page's policy stays as it is
        found = json.loads(frame.evaluate("axe.run().then((result) => JSON.stringify(result.violations))"))
        return [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
    return check


@pytest.fixture(scope="module")
def house(tmp_path_factory, sqlite_template):
    """One helpdesk for all tests of a module; each test makes tickets of its own."""
    made = House(tmp_path_factory.mktemp("console"))
    made.config.data_dir.mkdir(parents=True, exist_ok=True)
    (made.config.data_dir / "helpdesk.db").write_bytes(sqlite_template.read_bytes())
    db.connect(made.config.database_url)
    with opened(made):
        with db.transaction() as session:
            accounts.create(session, "Bob", "bob@kopi.example")
        yield made


@pytest.fixture
def connected(house):
    """The house's database and settings, also after another test used its own."""
    settings.use(house.config)
    db.connect(house.config.database_url)


@pytest.fixture
def browse(chromium, house):
    """browse(name, **context) → a page of that agent's browser. No page may complain in its console."""
    contexts, problems = [], []

    def open_page(name="alice", **options):
        context = chromium.new_context(**{"viewport": WIDE, "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if "Content Security Policy" in m.text else None)
        page.goto(house.sign_in_link(f"{name}@kopi.example"))
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/inbox/**")
        return page
    yield open_page
    for context in contexts:
        context.close()
    assert not problems, problems


@pytest.fixture
def ann(house, request):
    """ann(text) → the number of a new ticket by mail, from an address of this test's own."""
    def write(text="Where is my parcel?", subject="", sender="", at=None):
        sender = sender or f"{request.node.name[:40].replace('[', '-').replace(']', '')}@example.com"
        with db.transaction() as session:
            inbox = session.query(Inbox).filter_by(key="mail").one()
            message = written(session, inbox, text, address=sender, name="Ann Lee", subject=subject or text[:60],
                              at=at)
            session.get(Ticket, message.ticket_id).with_assistant = False
            return message.ticket_id
    return write
