"""Inbox settings → Connect → consent → back."""
import html
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Inbox, SystemState
from helpdesk.services import inboxes, mail_tokens
from tests.channels.oauth_world import USER, Provider


@pytest.fixture
def provider():
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def path(cast, provider) -> str:
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, cast.mail.id), provider.settings(), actor="test")
    return f"/settings/inboxes/{cast.mail.id}"


def leave(browser, path: str) -> str:
    """Press Connect; the provider's address that the page leads to."""
    page = browser.post(f"{path}/sign-in")
    assert page.status_code == 200
    return html.unescape(re.search(r'href="(http://127[^"]+)"', page.text)[1])


def come_back(browser, provider: Provider, address: str):
    back = urlsplit(provider.consent(address))
    assert (f"{back.scheme}://{back.netloc}", back.path) == ("http://127.0.0.1:5999", "/settings/inboxes/signed-in")
    return browser.get(f"{back.path}?{back.query}", follow_redirects=True)


def tokens(cast):
    with db.reading() as session:
        return mail_tokens.of(session.get(Inbox, cast.mail.id))


def test_an_admin_connects_a_mailbox_and_sees_that_it_works(sign_in, cast, path, provider):
    ada = sign_in(cast.ada)
    page = ada.get(path).text
    assert "Not connected yet" in page and "http://127.0.0.1:5999/settings/inboxes/signed-in" in page
    page = come_back(ada, provider, leave(ada, path)).text
    assert "Connected. Test it now" in page and "Access is renewed by itself" in page
    assert tokens(cast).refresh_token in provider.refresh and tokens(cast).access_token not in page
    page = ada.post(f"{path}/test", follow_redirects=True).text
    assert f"accepts {USER}" in page and "shows 0 mails" in page


def test_state_works_once_and_for_whoever_began_it(sign_in, cast, path, provider):
    ada = sign_in(cast.ada)
    address = leave(ada, path)
    state = parse_qs(urlsplit(address).query)["state"][0]
    with db.transaction() as session:
        from helpdesk.models import Agent
        session.get(Agent, cast.mia.id).role = "admin"
    mia = sign_in(cast.mia)
    for browser, query in ((mia, f"state={state}&code=x"), (ada, "state=made-up&code=x"), (ada, "code=x")):
        answer = browser.get(f"/settings/inboxes/signed-in?{query}")
        assert answer.status_code == 422 and "Begin again" in answer.text
    assert provider.asked == [], "no code of a stranger is ever redeemed"
    again = leave(ada, path)
    assert "Connected." in come_back(ada, provider, again).text
    repeated = ada.get(f"/settings/inboxes/signed-in?state={parse_qs(urlsplit(again).query)['state'][0]}&code=y")
    assert repeated.status_code == 422


def test_too_late_is_too_late(sign_in, cast, path, provider, monkeypatch):
    ada = sign_in(cast.ada)
    monkeypatch.setattr(mail_tokens, "CONSENT", timedelta(seconds=-1))
    address = leave(ada, path)
    assert come_back(ada, provider, address).status_code == 422 and tokens(cast) is None
    with db.transaction() as session:
        mail_tokens.sweep(session)
    with db.reading() as session:
        assert session.scalars(select(SystemState).where(SystemState.key.like("oauth:%"))).all() == []


@pytest.mark.parametrize("query, words", [("error=access_denied", "You did not agree"),
                                          ("error=server_error&error_description=<b>down</b>", "&lt;b&gt;down"),
                                          ("code=stolen", "connect the mailbox again")])
def test_a_consent_that_fails_changes_nothing(sign_in, cast, path, provider, query, words):
    ada = sign_in(cast.ada)
    state = parse_qs(urlsplit(leave(ada, path)).query)["state"][0]
    page = ada.get(f"/settings/inboxes/signed-in?state={state}&{query}", follow_redirects=True).text
    assert "Not connected" in page and words in page and tokens(cast) is None


def test_a_provider_that_gives_no_lasting_access_is_said(sign_in, cast, path, provider, monkeypatch):
    given = provider.tokens
    monkeypatch.setattr(provider, "tokens", lambda asked: (200, {
        k: v for k, v in given(asked)[1].items() if k != "refresh_token"}))
    ada = sign_in(cast.ada)
    assert "gave no lasting access" in come_back(ada, provider, leave(ada, path)).text and tokens(cast) is None


def test_agents_and_inboxes_with_a_password_have_no_such_page(sign_in, cast, path):
    assert sign_in(cast.alice).post(f"{path}/sign-in").status_code == 403
    assert sign_in(cast.alice).get("/settings/inboxes/signed-in?state=x&code=y").status_code == 403
    assert sign_in(cast.ada).post(f"/settings/inboxes/{cast.widget.id}/sign-in").status_code == 404


def test_a_revoked_mailbox_offers_to_connect_again(sign_in, cast, path, provider):
    ada = sign_in(cast.ada)
    come_back(ada, provider, leave(ada, path))
    with db.transaction() as session:
        inboxes.disconnect(session, session.get(Inbox, cast.mail.id), "access was withdrawn")
    page = ada.get(path).text
    assert "no longer lets us in" in page and "access was withdrawn" in page
    assert re.search(r'/sign-in">.*?Connect again', page, re.S)
    assert "Access is renewed by itself" in come_back(ada, provider, leave(ada, path)).text
