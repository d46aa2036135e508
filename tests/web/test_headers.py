"""Security headers on every response, and words for every error."""
import pytest
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from helpdesk import settings

PATHS = ("/sign-in", "/inbox/all", "/nowhere", "/health/live", "/static/nothing-there.js", "/webhooks/x/y")


def test_every_response_carries_them(cast, client, sign_in):
    for browser in (client, sign_in(cast.alice)):
        for path in PATHS:
            headers = browser.get(path).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "camera=()" in headers["Permissions-Policy"]
            assert "Strict-Transport-Security" not in headers, "this one is served without TLS"


def test_over_https_browsers_are_told_to_stay_there(client, config):
    from dataclasses import replace
    settings.use(replace(config, base_url="https://help.example"))
    assert "max-age=31536000" in client.get("/sign-in").headers["Strict-Transport-Security"]


def test_nothing_private_is_kept_by_anybody(cast, sign_in):
    alice = sign_in(cast.alice)
    for path in ("/inbox/all", "/account", "/nowhere"):
        assert alice.get(path).headers["Cache-Control"] == "no-store", path


def test_an_asset_that_is_missing_just_now_is_not_remembered_as_missing(client):
    answer = client.get("/static/console-ABCDEF12.js")
    assert answer.status_code == 404 and answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("error", "status"), [
    (OperationalError("SELECT secret", {}, Exception("server closed the connection")), 503), (PoolExhausted("x"), 503),
    (IntegrityError("SELECT secret", {}, Exception("duplicate")), 409),
    (DataError("SELECT secret", {}, Exception("too long")), 422),
    (OverflowError("secret"), 422), (RuntimeError("secret"), 500)])
def test_every_failure_is_a_sentence_without_anything_from_inside(app, error, status):
    def fail():
        raise error
    fail.open_to_all = True
    app.add_url_rule("/fail", "fail", fail)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for headers in ({"Accept": "text/html"}, {"Accept": "application/json"}, {"X-Fragment": "1"}):
        answer = app.test_client().get("/fail", headers=headers)
        assert answer.status_code == status
        assert "secret" not in answer.text and "SELECT" not in answer.text and "Traceback" not in answer.text
        assert (answer.headers.get("Retry-After") is not None) == (status == 503)


def test_what_was_asked_for_stands_as_text_in_the_error_page(client):
    answer = client.get("/<script>alert(1)</script>")
    assert answer.status_code == 404 and "<script>alert" not in answer.text


def test_a_foreign_host_name_never_gets_into_a_link(client, cast):
    page = client.get("/sign-in", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}).text
    assert "evil.example" not in page


def test_only_the_named_hosts_are_answered_when_some_are_named(cast, config):
    from dataclasses import replace

    from helpdesk.app import create_app
    app = create_app(replace(config, trusted_hosts=("help.example",)))
    assert app.test_client().get("/sign-in", base_url="http://help.example").status_code == 200
    assert app.test_client().get("/sign-in", base_url="http://evil.example").status_code == 400
