"""A real browser, and a checker of accessibility for what it shows."""
import json
import shutil

import pytest
from playwright.sync_api import sync_playwright

from helpdesk import paths

AXE = paths.DIST.parent.parent / "node_modules" / "axe-core" / "axe.min.js"


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
