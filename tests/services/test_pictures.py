"""Remote pictures: fetched by us alone, only real ones, only from outside, and not twice."""
import os
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from channels.base import SendError
from helpdesk import db, settings
from helpdesk.errors import Invalid, NotFound
from helpdesk.jobs import housekeeping
from helpdesk.models import Event, Identity, Message
from helpdesk.services import pictures
from tests.people import written

KINDS = {"image/png": b"\x89PNG\r\n\x1a\n" + b"\0" * 30, "image/jpeg": b"\xff\xd8\xff\xe0" + b"\0" * 30,
         "image/gif": b"GIF89a" + b"\0" * 30, "image/webp": b"RIFF\0\0\0\0WEBP" + b"\0" * 30}
PNG = KINDS["image/png"]


@contextmanager
def sender(answer):
    """A web server of the sender's. `answer(path)` → (status, headers, body); yields (address, paths asked)."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Type": "image/png", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_picture_is_is_told_by_its_bytes(config, kind):
    with sender(lambda _: (200, {"Content-Type": "text/html"}, KINDS[kind])) as (address, asked):
        assert pictures.fetched(f"{address}/a") == (kind, KINDS[kind])
    headers = {name.lower(): value for name, value in asked[0][1].items()}
    assert not headers.keys() & {"cookie", "referer", "origin", "authorization"} and "Chrome" not in str(headers)


@pytest.mark.parametrize("body", [
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<html><script>alert(1)</script>", b"",
    b"%PDF-1.7", b"\n\x89PNG\r\n\x1a\n", b"BM\0\0", b"\0\0\1\0", b"<?xml version='1.0'?><svg/>"])
def test_everything_else_is_refused_whatever_it_calls_itself(config, body):
    with sender(lambda _: (200, {"Content-Type": "image/png"}, body)) as (address, _), pytest.raises(SendError):
        pictures.fetched(f"{address}/a.png")


def test_what_was_fetched_or_refused_is_not_asked_for_again(config):
    status = {"/good": (200, {}, PNG), "/bad": (404, {}, b"")}
    with sender(status.get) as (address, asked):
        for _ in range(3):
            assert pictures.fetched(f"{address}/good")[1] == PNG
            with pytest.raises(SendError):
                pictures.fetched(f"{address}/bad")
        assert sorted(path for path, _ in asked) == ["/bad", "/good"]
        place = pictures._place(f"{address}/bad")
        os.utime(place, (time.time() - pictures.REFUSED_SECONDS - 5,) * 2)
        with pytest.raises(SendError):
            pictures.fetched(f"{address}/bad")
        assert len(asked) == 3, "a refusal is forgotten sooner"


def test_redirects_are_followed_a_little(config):
    where = {"/1": "/2", "/2": "/3", "/3": "/4", "/round": "/round"}

    def answer(path):
        return (302, {"Location": where[path]}, b"") if path in where else (200, {}, PNG)

    with sender(answer) as (address, _):
        assert pictures.fetched(f"{address}/1")[1] == PNG
        with pytest.raises(SendError, match="place to place"):
            pictures.fetched(f"{address}/round")


INSIDE = ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://[::1]:{port}/", "http://0.0.0.0:{port}/",
          "http://127.1:{port}/", "http://2130706433:{port}/", "http://0x7f000001:{port}/", "http://0177.0.0.1:{port}/",
          "http://[::ffff:127.0.0.1]:{port}/", "http://[64:ff9b::7f00:1]:{port}/", "http://[2002:7f00:1::]:{port}/",
          "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://192.168.0.1/", "http://172.16.0.1/",
          "http://100.64.0.1/", "http://224.0.0.1/", "http://a@127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@x.example/",
          "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "", "http://",
          "http://127。0。0。1:{port}/", "http://①②⑦.0.0.1:{port}/", "HTTP://LOCALHOST:{port}/", "http://localhost.:{port}/"]


@pytest.mark.parametrize("form", INSIDE)
def test_nothing_inside_is_reached(config, form):
    settings.use(replace(config, allow_private_hosts=False))
    with sender(lambda _: (200, {}, PNG)) as (address, asked), pytest.raises(SendError):
        pictures.fetched(form.format(port=address.rpartition(":")[2]))
    assert asked == []


def test_a_redirect_to_the_inside_is_not_followed(config, monkeypatch):
    """The first host is public, so to say: its name leads to our test server, whose answer leads inside."""
    settings.use(replace(config, allow_private_hosts=False))
    with sender(lambda path: (302, {"Location": f"http://127.0.0.1:{port}/inside"}, b"")) as (address, asked):
        port = address.rpartition(":")[2]
        monkeypatch.setattr("channels._http.PORTS", {int(port)})
        real = pictures.Http._addresses
        monkeypatch.setattr(pictures.Http, "_addresses", lambda self, host, at: ["127.0.0.1"]
                            if host == "shop.example" else real(self, host, at))
        with pytest.raises(SendError, match="not on the public internet"):
            pictures.fetched(f"http://shop.example:{port}/a.png")
        assert [path for path, _ in asked] == ["/a.png"]


def test_size_and_time_are_bounded(config, monkeypatch):
    monkeypatch.setattr(pictures, "LARGEST", 10_000)
    monkeypatch.setattr(pictures, "SECONDS", 0.5)
    with sender(lambda path: (time.sleep(3) if path == "/slow" else None)
                or (200, {}, PNG + b"\0" * 100_000)) as (address, _):
        with pytest.raises(SendError, match="larger"):
            pictures.fetched(f"{address}/large")
        with pytest.raises(SendError, match="too long"):
            pictures.fetched(f"{address}/slow")


def test_the_cache_forgets_what_is_old_and_what_is_too_much(cast, config, monkeypatch):
    with sender(lambda _: (200, {}, PNG)) as (address, _):
        for name in ("old", "large", "new"):
            pictures.fetched(f"{address}/{name}")
    places = {name: pictures._place(f"{address}/{name}") for name in ("old", "large", "new")}
    os.utime(places["old"], (1, 1))
    os.utime(places["large"], (time.time() - 60,) * 2)
    monkeypatch.setattr(pictures, "KEPT_BYTES", len(PNG))
    housekeeping.run()
    assert [name for name, place in places.items() if place.exists()] == ["new"]


def test_an_address_of_ours_is_good_for_one_picture_of_one_message(config):
    path, _, query = pictures.addresses(7)("http://shop.example/a.png?x=1&y=ü").partition("?")
    signature = path.rpartition("/")[2]
    url = "http://shop.example/a.png?x=1&y=ü"
    assert query == "url=http%3A%2F%2Fshop.example%2Fa.png%3Fx%3D1%26y%3D%C3%BC"
    assert pictures.signed(7, url, signature)
    assert not any((pictures.signed(8, url, signature), pictures.signed(7, url + "x", signature),
                    pictures.signed(7, url, signature[:-1]), pictures.signed(7, url, "")))


def test_pictures_are_shown_for_a_message_or_for_all_from_a_sender(any_cast):
    with db.transaction() as session:
        first, second = (written(session, any_cast.mail, "Hello", html="<p>x</p>") for _ in range(2))
        other = written(session, any_cast.mail, "Hello", html="<p>x</p>", address="eve@example.net")
        ids, contact_id = (first.id, second.id, other.id), first.author_id

    def wanted():
        with db.reading() as session:
            return [pictures.wanted(session, session.get(Message, one)) for one in ids]

    assert wanted() == [False, False, False]
    db.run(lambda session: pictures.show(session, session.get(Message, ids[0]), "agent:1"))
    assert wanted() == [True, False, False]
    for _ in range(2):
        db.run(lambda session: pictures.show(session, session.get(Message, ids[0]), "agent:1", always=True))
    assert wanted() == [True, True, False]
    with db.reading() as session:
        said = [event for event in session.query(Event).filter_by(name="SettingsChanged", contact_id=contact_id)
                if "pictures" in event.data["detail"]]
        identity_id = session.query(Identity).filter_by(pictures_wanted=True).one().id
    assert len(said) == 1 and said[0].actor == "agent:1"
    db.run(pictures.trust_sender, identity_id, False, "agent:1")
    assert wanted() == [True, False, False]
    with pytest.raises(NotFound):
        db.run(pictures.trust_sender, 99_999, True, "agent:1")
    with pytest.raises(Invalid):
        db.run(lambda session: pictures.show(session, Message(direction="out"), "agent:1", always=True))
