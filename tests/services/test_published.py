"""Files with an address on the web, for platforms that fetch."""
from datetime import timedelta

import pytest

from helpdesk.services import files, inboxes, published
from tests.channels.contract import PAPER, PICTURE


def path_of(url):
    return "/" + url.split("/", 3)[3]


@pytest.mark.parametrize("file", [PICTURE, PAPER, ("Voice – 1.m4a", "audio/mp4; codecs=mp4a", b"sound"),
                                  ("a/b%2F ü?.png", "image/png", b"\x89PNG")])
def test_a_file_is_fetched_by_whoever_has_its_address(app, client, file):
    answer = client.get(path_of(published.publish(*file)))
    assert (answer.status_code, answer.data) == (200, file[2])
    assert answer.content_type.startswith(file[1].partition(";")[0])
    assert "sandbox" in answer.headers["Content-Security-Policy"] and not answer.headers.get("Set-Cookie")


def test_an_address_is_short_whatever_the_name(app, client):
    for name in ("ü" * 145 + ".pdf", "👩‍👩‍👧" * 30 + ".x", "長" * 150):
        url = published.publish(name, "application/pdf", b"%PDF")
        assert len(url) < 600 and client.get(path_of(url)).status_code == 200


def test_what_could_run_in_a_browser_is_only_ever_downloaded(app, client):
    for kind in ("text/html", "image/svg+xml", "application/javascript", "", "x"):
        answer = client.get(path_of(published.publish("a.html", kind, b"<script>alert(1)</script>")))
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nobody_guesses_or_changes_an_address(app, client):
    good = path_of(published.publish(*PAPER))
    other = files.save(b"somebody else's")
    parts = good.split("/")
    for n, wrong in ((2, "x" * 22), (3, str(int(parts[3]) + 1)), (3, "soon"), (4, other), (4, ".."), (5, "text~html"),
                     (6, "b.html")):
        changed = "/".join([*parts[:n], wrong, *parts[n + 1:]])
        assert client.get(changed).status_code == 404, changed


def test_an_address_dies(app, client, monkeypatch):
    url = path_of(published.publish(*PAPER))
    later = published.now() + timedelta(days=31)
    monkeypatch.setattr(published, "now", lambda: later)
    assert client.get(url).status_code == 404


def test_a_file_whose_bytes_are_gone_is_not_found(app, client):
    url = path_of(published.publish("x.pdf", "application/pdf", b"only here"))
    files.forget(files.save(b"only here"))
    assert client.get(url).status_code == 404


def test_an_inbox_can_publish(app, cast):
    assert inboxes.open_channel(cast.mail).publish(*PAPER).startswith("http")
