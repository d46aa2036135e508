"""The one door to the network: where it goes, where it does not, and what it says when it fails."""
from __future__ import annotations

import datetime
import ipaddress
import logging
import socket
import ssl
import threading
import traceback
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from werkzeug.wrappers import Request, Response

from channels import _address, _http
from channels._address import is_public
from channels._http import Http, Reply, redact
from channels.base import SendError
from channels.simulators import serve


@contextmanager
def web(answer):
    """A server on loopback; yields its address and what it was asked."""
    asked = []

    def app(environ, start_response):
        request = Request(environ)
        request.get_data()
        asked.append(request)
        return answer(request)(environ, start_response)

    url, stop = serve(app)
    yield url, asked
    stop()


@contextmanager
def line(conduct):
    """A bare socket; `conduct(connection)` decides what happens on each connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                conduct(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def refusal(call, *args, **kwargs) -> SendError:
    with pytest.raises(SendError) as caught:
        call(*args, **kwargs)
    return caught.value


# What goes out and comes back


def test_json_token_and_headers_arrive():
    with web(lambda r: Response('{"a": 1}', 201, headers={"Retry-After": "7"})) as (url, asked):
        reply = Http(allow_private=True).post(url + "/x?y=1", json={"ä": 1}, token="tok", headers={"X-One": "1"})
    assert (reply.status, reply.ok, reply.json(), reply.retry_after) == (201, True, {"a": 1}, 7)
    [request] = asked
    assert (request.full_path, request.json, request.host) == ("/x?y=1", {"ä": 1}, url.removeprefix("http://"))
    assert (request.headers["Authorization"], request.headers["X-One"]) == ("Bearer tok", "1")


def test_a_multipart_form_arrives():
    with web(lambda r: Response(r.files["f"].read() + r.form["k"].encode())) as (url, _):
        reply = Http(allow_private=True).post(url, data={"k": "v"}, files={"f": ("ä.txt", b"bytes", "text/plain")})
    assert reply.body == b"bytesv"


def test_redirects_are_not_followed():
    with web(lambda r: Response("", 302, headers={"Location": "/secret"})) as (url, asked):
        assert Http(allow_private=True).get(url + "/a", token="tok").status == 302
    assert [r.path for r in asked] == ["/a"]


def test_proxies_and_netrc_of_the_environment_are_not_used(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with web(lambda r: Response("direct")) as (url, asked):
        assert Http(allow_private=True).get(url).body == b"direct"
    assert "Authorization" not in asked[0].headers


@pytest.mark.parametrize(("value", "seconds"), [("120", 120), ("", None), ("soon", None), ("-5", None), ("²", None),
                                                ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("99999999999", 86_400)])
def test_retry_after_is_seconds_or_nothing(value, seconds):
    assert Reply(429, {"retry-after": value}).retry_after == seconds


def test_what_is_no_json_is_none():
    assert [Reply(200, {}, body).json() for body in (b"", b"<html>", b"\xff", b"[" * 100_000)] == [None] * 4


# Where it does not go


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
    "fe80::1%lo", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
    "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1"])
def test_inward_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "157.240.0.35", "2a03:2880:f10c::1", "::ffff:1.1.1.1"])
def test_open_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "localhost.", "LOCALHOST", "0", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "[::1]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "0.0.0.0"])
def test_loopback_is_refused_however_it_is_written(host):
    with web(lambda r: Response("inside")) as (url, asked):
        for port in (f":{url.rpartition(':')[2]}", "", ":443", ":8080"):
            error = refusal(Http().get, f"http://{host}{port}/")
            assert not str(error).count("inside")
    assert not asked


@pytest.mark.parametrize("url", [
    "file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1/", "//example.com/", "example.com", "", "http://",
    "http://user:pw@example.com/", "http://example.com@127.0.0.1/", "http://@example.com/", "http:///x",
    "http://example.com\\@127.0.0.1/", "http://exa mple.com/", "http://example.com:99999/", "http://example.com:x/",
    "http://example.com/\r\nX: 1", "http://[::1/"])
def test_what_is_no_plain_web_address_is_refused_for_good(url):
    assert refusal(Http(allow_private=True).get, url).permanent


def test_odd_ports_of_the_open_internet_are_refused(monkeypatch):
    monkeypatch.setattr(_http, "resolve", lambda host, port: ["1.1.1.1"])
    for port in (22, 25, 6379, 5432):
        assert "port" in str(refusal(Http().get, f"http://example.com:{port}/"))


def test_a_name_is_resolved_once_and_the_checked_address_is_used(monkeypatch):
    """A name server that says something harmless first and loopback afterwards gains nothing."""
    answers = iter([["203.0.113.9"], ["127.0.0.1"]])
    asked_for, connected = [], []
    monkeypatch.setattr(_http, "resolve", lambda host, port: asked_for.append(host) or next(answers))
    monkeypatch.setattr(_http, "is_public", lambda address: address == "203.0.113.9")
    real = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda self, place: connected.append(place[0]) or real(
        self, ("127.0.0.1", 1)))
    refusal(Http().get, "http://rebind.example/")
    assert (asked_for, connected) == (["rebind.example"], ["203.0.113.9"])


def test_one_inward_address_among_several_is_left_out(monkeypatch):
    monkeypatch.setattr(_address.socket, "getaddrinfo", lambda *a, **k: [
        (2, 1, 6, "", ("10.0.0.1", 80)), (2, 1, 6, "", ("1.1.1.1", 80))])
    assert Http()._addresses("example.com", 80) == ["1.1.1.1"]


def test_the_next_address_is_tried_when_one_cannot_be_reached(monkeypatch):
    with web(lambda r: Response("here")) as (url, asked):
        port = url.rpartition(":")[2]
        monkeypatch.setattr(_http, "resolve", lambda host, number: ["127.0.0.2", "127.0.0.1"])
        assert Http(allow_private=True).get(f"http://shop.example:{port}/").body == b"here"
        assert [r.host for r in asked] == [f"shop.example:{port}"]


def certificate(folder, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    file = folder / f"{name}.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return file


def test_tls_keeps_the_name_although_it_connects_to_an_address(monkeypatch, tmp_path):
    file = certificate(tmp_path, "shop.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    names = []
    context.sni_callback = lambda sock, name, ctx: names.append(name)

    def conduct(connection):
        try:
            with context.wrap_socket(connection, server_side=True) as tls:
                request = tls.recv(65_536)
                assert b"Host: shop.example:" in request
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except ssl.SSLError:
            pass

    monkeypatch.setattr(_http, "resolve", lambda host, port: ["127.0.0.1"])
    with line(conduct) as url:
        port = url.rpartition(":")[2]
        trusting = Http(allow_private=True, ca_file=str(file))
        assert trusting.get(f"https://shop.example:{port}/").body == b"ok"
        assert "certificate" in str(refusal(trusting.get, f"https://other.example:{port}/"))
        assert "certificate" in str(refusal(Http(allow_private=True).get, f"https://shop.example:{port}/"))
    assert names[:2] == ["shop.example", "other.example"]


# When it fails


def test_an_answer_that_is_too_large_is_cut_off():
    with web(lambda r: Response(b"x" * 2_000_000)) as (url, _):
        error = refusal(Http(allow_private=True, limit=1_000_000).get, url)
    assert error.permanent and not error.uncertain and "larger" in str(error)


def test_a_packed_answer_counts_unpacked():
    import gzip
    with web(lambda r: Response(gzip.compress(b"x" * 5_000_000), headers={"Content-Encoding": "gzip"})) as (url, _):
        assert "larger" in str(refusal(Http(allow_private=True, limit=1_000_000).get, url))


def test_a_refused_connection_was_certainly_not_received():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = refusal(Http(allow_private=True).post, f"http://127.0.0.1:{port}/", json={})
    assert (error.permanent, error.uncertain) == (False, False)


def test_an_unknown_name_may_be_known_later():
    error = refusal(Http(allow_private=True).get, "http://nowhere.invalid/")
    assert (error.permanent, error.uncertain) == (False, False)


@pytest.mark.parametrize("conduct", [
    lambda c: c.recv(65_536),
    lambda c: (c.recv(65_536), c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")),
    lambda c: (c.recv(65_536), c.sendall(b"what is this\r\n\r\n"))],
    ids=["closed", "cut short", "no HTTP"])
def test_a_line_that_breaks_after_sending_leaves_a_post_uncertain_but_not_a_get(conduct):
    with line(conduct) as url:
        for method, uncertain in (("post", True), ("get", False)):
            error = refusal(getattr(Http(allow_private=True), method), url + "/x")
            assert (error.permanent, error.uncertain) == (False, uncertain), method


def test_no_answer_in_time_leaves_a_post_uncertain():
    release = threading.Event()
    with line(lambda c: release.wait(10)) as url:
        error = refusal(Http(allow_private=True).post, url, json={}, timeout=0.05)
        release.set()
    assert error.uncertain and not error.permanent


def test_secrets_in_a_path_stay_out_of_errors_tracebacks_and_logs(caplog):
    caplog.set_level(logging.DEBUG)
    secret, access = "510020:AAbot-token-of-ours", "EAAG1234"
    path = f"/bot{secret}/getMe?access_token={access}"
    with line(lambda c: c.recv(65_536)) as url:
        for base in (url, "http://127.0.0.1:1", "http://nowhere.invalid"):
            try:
                Http(allow_private=True).post(base + path, json={})
            except SendError:
                shown = traceback.format_exc()
                assert secret not in shown and access not in shown
            else:
                raise AssertionError("nobody answers there")
    with web(lambda r: Response("ok")) as (url, _):
        Http(allow_private=True).get(url + path)
    assert "getMe" in caplog.text, "urllib3 logs paths; this test needs one to be there"
    assert "AAbot-token" not in caplog.text and access not in caplog.text


def test_a_token_that_no_header_can_carry_is_a_final_error():
    with web(lambda r: Response("ok")) as (url, asked):
        for token in ("to…ken", "to\r\nX: 1"):
            assert refusal(Http(allow_private=True).get, url, token=token).permanent
    assert not asked


def test_redact_takes_given_secrets_out():
    assert redact("key abcd1234 refused", "abcd1234", "") == "key *** refused"


def test_a_reply_does_not_show_its_body():
    assert "secret" not in repr(Reply(200, {"set-cookie": "secret"}, b"secret"))


def test_documentation_networks_are_what_python_calls_them():
    """is_public relies on the standard library for the ordinary private networks."""
    assert not ipaddress.ip_address("203.0.113.9").is_global
