"""Signing in and out, one-time links, and one's own account."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Agent, AgentSession
from helpdesk.services import accounts
from helpdesk.web.access import cookie_name
from tests.people import PASSWORD


@pytest.fixture
def password(cast):
    """Alice has a password."""
    with db.transaction() as session:
        accounts.set_password(session, session.get(Agent, cast.alice.id), PASSWORD)


def enter(client, email="alice@kopi.example", password=PASSWORD, **form):
    return client.post("/sign-in", data={"email": email, "password": password, **form})


def link(agent) -> str:
    with db.transaction() as session:
        return f"/sign-in/link/{accounts.make_link(session, session.get(Agent, agent.id))}"


def test_an_agent_says_what_they_are_told_by_mail(sign_in, cast):
    alice = sign_in(cast.alice)
    assert "An admin has to switch it on" in alice.get("/account").text
    alice.post("/account/mail", data={"notice": ["reply", "mention", "nonsense"], "answers": "1"})
    with db.reading() as session:
        agent = session.get(Agent, cast.alice.id)
        assert (agent.mail_notices, agent.answers_by_mail) == (["reply", "mention"], True)
    alice.post("/account/mail", data={})
    with db.reading() as session:
        agent = session.get(Agent, cast.alice.id)
        assert (agent.mail_notices, agent.answers_by_mail) == ([], False)


def test_the_right_password_signs_in_with_a_cookie_no_script_can_read(client, password):
    answer = enter(client)
    assert answer.status_code == 302 and answer.location == "/inbox"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(cookie_name()) and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert client.get("/inbox/all").status_code == 200
    assert client.get("/sign-in").location == "/inbox", "who is signed in goes on"


@pytest.mark.parametrize(("email", "given"), [("alice@kopi.example", "wrong"), ("nobody@kopi.example", PASSWORD)])
def test_what_is_wrong_is_not_told(client, password, email, given):
    answer = enter(client, email, given)
    assert answer.status_code == 403 and "do not go together" in answer.text
    assert client.get("/inbox/all", headers={"Accept": "text/html"}).status_code == 302


def test_guessing_is_stopped_even_with_the_right_password_at_last(client, password):
    for _ in range(accounts.SIGN_IN_TRIES):
        enter(client, password="guess")
    answer = enter(client)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("wanted", "reached"), [
    ("/inbox/mine", "/inbox/mine"), ("https://evil.example/", "/inbox"), ("//evil.example", "/inbox"),
    ("/\\evil.example", "/inbox")])
def test_after_signing_in_one_goes_where_one_wanted_but_never_elsewhere(client, password, wanted, reached):
    assert enter(client, next=wanted).location == reached


def test_opening_a_link_does_not_use_it_up_and_pressing_the_button_does(app, cast):
    address, scanner, alice, thief = link(cast.alice), *(app.test_client() for _ in range(3))
    for _ in range(3):
        page = scanner.get(address)
        assert page.status_code == 200 and "<form" in page.text
        assert page.headers["Referrer-Policy"] == "no-referrer"
    assert alice.post(address).location == "/inbox"
    assert alice.get("/inbox/all").status_code == 200
    again = thief.post(address)
    assert again.status_code == 403 and "used or is too old" in again.text


def test_signing_out_ends_the_session_and_not_only_the_cookie(app, cast, sign_in):
    alice = sign_in(cast.alice)
    token = alice.get_cookie(cookie_name()).value
    alice.post("/sign-out")
    other = app.test_client()
    other.set_cookie(cookie_name(), token)
    assert other.get("/inbox/all", headers={"Accept": "text/html"}).status_code == 302


def test_a_post_without_the_csrf_token_or_from_elsewhere_changes_nothing(cast, sign_in):
    alice = sign_in(cast.alice)
    token = alice.environ_base.pop("HTTP_X_CSRF_TOKEN")
    assert alice.post("/account", data={"name": "Mallory"}).status_code == 403
    assert alice.post("/account", data={"name": "Mallory", "csrf_token": token},
                      headers={"Origin": "https://evil.example"}).status_code == 403
    with db.reading() as session:
        assert session.get(Agent, cast.alice.id).name == "Alice"


def test_name_theme_and_time_zone_are_kept_and_wrong_ones_named(cast, sign_in):
    alice = sign_in(cast.alice)
    alice.post("/account", data={"name": "Alice B", "theme": "dark", "time_zone": "Asia/Jakarta"})
    page = alice.get("/account").text
    assert 'data-theme="dark"' in page and "Alice B" in page
    wrong = alice.post("/account", data={"name": "", "theme": "pink", "time_zone": "Mars/North"})
    assert wrong.status_code == 422
    assert wrong.text.count('class="error"') == 3
    with db.reading() as session:
        assert session.get(Agent, cast.alice.id).time_zone == "Asia/Jakarta"


def test_a_new_password_signs_other_browsers_out(client, cast, sign_in, password):
    alice, laptop = sign_in(cast.alice), sign_in(cast.alice)
    new = "another long password"
    assert alice.post("/account/password", data={"old": "wrong", "new": new, "again": new}).status_code == 403
    assert alice.post("/account/password", data={"old": PASSWORD, "new": new, "again": "x"}).status_code == 422
    assert alice.post("/account/password", data={"old": PASSWORD, "new": "short", "again": "short"}).status_code == 422
    assert laptop.get("/account").status_code == 200, "nothing happened so far"
    assert alice.post("/account/password", data={"old": PASSWORD, "new": new, "again": new}).status_code == 302
    assert alice.get("/account").status_code == 200
    assert laptop.get("/account", headers={"Accept": "text/html"}).status_code == 302
    assert enter(client, password=new).status_code == 302


def test_another_browser_can_be_signed_out_but_only_ones_own(cast, sign_in):
    alice, laptop, bob = sign_in(cast.alice), sign_in(cast.alice), sign_in(cast.bob)
    with db.reading() as session:
        other = session.scalars(select(AgentSession.id).where(AgentSession.agent_id == cast.alice.id)
                                .order_by(AgentSession.id.desc())).first()
    assert bob.post(f"/account/sessions/{other}/end").status_code == 404
    assert laptop.get("/account").status_code == 200
    assert alice.post(f"/account/sessions/{other}/end").status_code == 302
    assert laptop.get("/account", headers={"Accept": "text/html"}).status_code == 302
    assert "This browser" in alice.get("/account").text
