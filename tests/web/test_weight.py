"""What browsers have to load, gzipped, measured from the built files (experience.md §2.1, issue of the console)."""
import gzip
import json
import re
import subprocess

import pytest

from helpdesk import paths


def size(name: str) -> int:
    return len(gzip.compress((paths.DIST / name).read_bytes(), 9))


@pytest.fixture(scope="module")
def manifest() -> dict[str, str]:
    """The built files by name, as `make build` makes them."""
    if not (paths.DIST / "manifest.json").exists():
        subprocess.run(["make", "build"], cwd=paths.DIST.parent.parent, check=True, capture_output=True)
    return json.loads((paths.DIST / "manifest.json").read_text())


def test_the_widget_stays_within_its_budget(manifest, client):
    page = len(gzip.compress(client.get("/widget/shop/frame").data, 9)) + size(manifest["widget.css"])
    assert size(manifest["widget.js"]) <= 3_000, "on every page of the site"
    assert page <= 9_000
    assert size(manifest["widget-frame.js"]) <= 33_000
    assert page + size(manifest["widget-frame.js"]) <= 45_000


def parts(manifest, when: str) -> list[str]:
    return [file for name, file in manifest.items() if name.startswith(f"console.js/{when}/")]


def test_the_console_stays_within_its_budget(manifest):
    at_once = [manifest["console.js"], *parts(manifest, "at-once")]
    assert len(at_once) > 1, "what it shares with the parts that come later"
    assert sum(map(size, at_once)) <= 45_000, sorted((size(one), one) for one in at_once)
    assert size(manifest["console.css"]) <= 15_000


def test_what_the_console_fetches_later_is_small(manifest):
    later = parts(manifest, "later")
    assert later and all(size(one) <= 6_000 for one in later), sorted((size(one), one) for one in later)


def test_a_page_names_the_parts_that_come_at_once(manifest, client):
    named = re.findall(r'<link rel="modulepreload" href="/static/([^"]+)">', client.get("/sign-in").text)
    assert sorted(named) == sorted(parts(manifest, "at-once"))
