"""Who is asking, may they, and is it really them?"""
import pytest
from sqlalchemy import select

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.models import Agent, AgentSession
from helpdesk.services import accounts
from helpdesk.web.access import cookie_name, same_site

PAGE = {"Accept": "text/html"}


def test_without_a_session_a_page_leads_to_signing_in_and_a_script_is_told(client):
    answer = client.get("/inbox/all?q=1", headers=PAGE)
    assert answer.status_code == 302 and answer.location == "/sign-in?next=/inbox/all?q%3D1"
    fragment = client.get("/inbox/all", headers={"X-Fragment": "1"})
    assert fragment.status_code == 401 and fragment.headers["HX-Redirect"] == "/sign-in"
    assert client.post("/tickets/1/replies").status_code == 401


@pytest.mark.parametrize("token", ["", "x", "x" * 4_000, "é", "0", "null"])
def test_a_made_up_cookie_is_no_session(client, token):
    client.set_cookie(cookie_name(), token)
    assert client.get("/inbox/all", headers=PAGE).status_code == 302


def test_signing_in_gives_a_new_session_and_never_takes_over_one_that_was_given(client, cast):
    client.set_cookie(cookie_name(), "chosen-by-somebody-else")
    with db.transaction() as session:
        link = accounts.make_link(session, session.get(Agent, cast.alice.id))
    client.post(f"/sign-in/link/{link}")
    token = client.get_cookie(cookie_name()).value
    assert token != "chosen-by-somebody-else" and len(token) >= 40
    with db.reading() as session:
        assert token not in session.scalars(select(AgentSession.token_hash)).all()


def test_over_https_the_cookie_is_bound_to_the_host(config, cast, app):
    from dataclasses import replace
    settings.use(replace(config, base_url="https://help.example"))
    with db.transaction() as session:
        link = accounts.make_link(session, session.get(Agent, cast.alice.id))
    cookie = app.test_client().post(f"/sign-in/link/{link}", base_url="https://help.example").headers["Set-Cookie"]
    assert cookie.startswith("__Host-helpdesk=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/")) and "Domain" not in cookie


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
    {"Origin": "null"}, {"Origin": "http://localhost.evil.example"}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "guess"},
    {"X-CSRF-Token": "é"}])
def test_a_request_that_another_site_made_changes_nothing(cast, sign_in, headers):
    alice = sign_in(cast.alice)
    assert alice.post("/account", data={"name": "Mallory"}, headers=headers).status_code == 403
    with db.reading() as session:
        assert session.get(Agent, cast.alice.id).name == "Alice"


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}])
def test_our_own_pages_may(cast, sign_in, headers):
    assert sign_in(cast.alice).post("/account", data={"name": "Alice B"}, headers=headers).status_code == 302


def test_nobody_can_be_signed_in_from_another_site(client, cast):
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post("/sign-in", data={"email": "a", "password": "b"}, headers=headers).status_code == 403


def test_a_token_of_one_session_is_worth_nothing_in_another(cast, sign_in):
    alice, bob = sign_in(cast.alice), sign_in(cast.bob)
    alice.environ_base["HTTP_X_CSRF_TOKEN"] = bob.environ_base["HTTP_X_CSRF_TOKEN"]
    assert alice.post("/account", data={"name": "Mallory"}).status_code == 403


@pytest.mark.parametrize("end", [
    lambda session, agent: accounts.disable(session, agent, "agent:5"),
    lambda session, agent: accounts.set_role(session, agent, "manager", "agent:5"),
    lambda session, agent: accounts.set_password(session, agent, "another long password")])
def test_what_ends_a_session_ends_it_at_once(cast, sign_in, end):
    alice = sign_in(cast.alice)
    assert alice.get("/account").status_code == 200
    with db.transaction() as session:
        end(session, session.get(Agent, cast.alice.id))
    assert alice.get("/account").status_code == 302
    assert alice.post("/account", data={"name": "x"}).status_code in (401, 403)


def test_polling_does_not_keep_a_forgotten_browser_signed_in(cast, sign_in):
    from datetime import timedelta
    alice = sign_in(cast.alice)
    with db.transaction() as session:
        row = session.scalar(select(AgentSession))
        row.seen_at = before = now() - timedelta(hours=2)
    alice.get("/account", headers={"X-Background": "1"})
    with db.reading() as session:
        assert session.scalar(select(AgentSession.seen_at)) == before
    alice.get("/account")
    with db.reading() as session:
        assert session.scalar(select(AgentSession.seen_at)) > before


@pytest.mark.parametrize(("path", "kept"), [
    ("/inbox", True), ("/inbox/all?q=a#b", True), ("", False), (None, False), ("inbox", False),
    ("//evil.example", False), ("/\\evil.example", False), ("///evil.example", False), ("https://evil.example", False),
    ("javascript:alert(1)", False), ("/\t/evil.example", False), ("/\n/evil.example", False),
    ("/a\r\nLocation: x", False), ("\\\\evil.example", False)])
def test_one_is_only_sent_on_within_this_site(path, kept):
    assert (same_site(path) == path and path is not None) == kept


@pytest.mark.parametrize("path", [
    "/tickets/99999999999999999999", "/tickets/99999999999", "/contacts/99999999999999999999", "/inbox/all?q=%00",
    "/inbox/all?team=99999999999999999999", "/inbox/all?cursor=%00", "/search?q=%00%ff", "/inbox/%00",
    "/attachments/99999999999999999999", "/tickets/1/timeline?after=99999999999999999999", "/inbox/all?tag=%00"])
def test_values_that_no_database_takes_are_the_askers_mistake(cast, sign_in, path):
    assert sign_in(cast.ada).get(path).status_code < 500
