"""Mailboxes that are opened by a token, against a provider on loopback."""
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from channels import _oauth
from channels._http import Http
from channels.base import Outbound, SendError
from channels.email import Email
from tests.channels.oauth_world import CLIENT, SECRET, USER, Provider

BACK = "https://help.example/settings/inboxes/signed-in"
HTTP = Http(allow_private=True)


@pytest.fixture
def provider():
    made = Provider()
    yield made
    made.close()


def signed_in(provider: Provider, verifier: str = "v" * 64) -> _oauth.Tokens:
    config = provider.settings()
    back = provider.consent(_oauth.consent_address(config, BACK, "s" * 64, verifier))
    return _oauth.exchange(HTTP, config, parse_qs(urlsplit(back).query)["code"][0], verifier, BACK)


def test_a_consent_gives_tokens_that_open_both_servers(provider):
    tokens = signed_in(provider)
    assert tokens.refresh_token and tokens.expires_at > datetime.now(UTC) + timedelta(minutes=50)
    channel = Email(provider.settings(oauth_access_token=tokens.access_token))
    words = channel.test()
    assert "Reading works: 127.0.0.1 shows 0 mails in INBOX." in words and f"accepts {USER}" in words
    channel.send(Outbound("d1", "ann@example.net", "hello", subject="Hi", message_id="<d1@kopi.example>"))
    assert b"hello" in provider.smtp.mails[0]


def test_another_verifier_or_another_way_back_is_refused(provider):
    config = provider.settings()
    for verifier, back in (("w" * 64, BACK), ("v" * 64, f"{BACK}/")):
        code = parse_qs(urlsplit(provider.consent(_oauth.consent_address(config, BACK, "s" * 64, "v" * 64))).query)
        with pytest.raises(SendError, match="access was withdrawn, or has run out") as caught:
            _oauth.exchange(HTTP, config, code["code"][0], verifier, back)
        assert caught.value.broken


def test_a_token_is_renewed_and_a_new_refresh_token_replaces_the_old_one(provider):
    first = signed_in(provider)
    second = _oauth.renewed(HTTP, provider.settings(), first.refresh_token)
    assert second.access_token != first.access_token and second.refresh_token != first.refresh_token
    provider.rotates = False
    third = _oauth.renewed(HTTP, provider.settings(), second.refresh_token)
    assert third.refresh_token == second.refresh_token, "a provider that gives none means the old one"


def test_a_refused_token_breaks_the_account_and_is_named_nowhere(provider):
    for part, works in (("Reading", "imap"), ("Sending", "smtp")):
        config = provider.settings(oauth_access_token="not-this-one")
        step = next(s for s in Email(config).steps("") if s.what == part)
        with pytest.raises(SendError) as caught:
            step.check()
        assert caught.value.broken and "not-this-one" not in str(caught.value), works
    with pytest.raises(SendError, match="sign in for it on the inbox's page") as caught:
        Email(provider.settings()).send(Outbound("d1", "ann@example.net", "x", message_id="<d@e.f>"))
    assert caught.value.broken


@pytest.mark.parametrize("fault, broken", [((400, "invalid_grant"), True), ((401, "invalid_client"), True),
                                           ((503, "temporarily_unavailable"), False), ((429, "slow_down"), False),
                                           ((500, ""), False)])
def test_what_is_final_is_told_from_what_passes(provider, fault, broken):
    tokens = signed_in(provider)
    provider.fault = fault
    with pytest.raises(SendError) as caught:
        _oauth.renewed(HTTP, provider.settings(), tokens.refresh_token)
    assert caught.value.broken is broken
    assert tokens.refresh_token not in str(caught.value) and SECRET not in str(caught.value)
    assert tokens.refresh_token not in repr(tokens)


def test_a_provider_that_is_away_may_be_asked_again(provider):
    with pytest.raises(SendError, match="does not answer") as caught:
        _oauth.renewed(HTTP, provider.settings(oauth_token_url="http://127.0.0.1:1/token"), "r")
    assert not caught.value.broken


def test_google_and_microsoft_have_their_own_addresses_and_servers():
    google = {"auth": "google", "address": USER, "oauth_client_id": CLIENT}
    asked = parse_qs(urlsplit(_oauth.consent_address(google, BACK, "s", "v")).query)
    assert asked["scope"] == ["https://mail.google.com/"] and asked["access_type"] == ["offline"]
    assert asked["redirect_uri"] == [BACK] and asked["login_hint"] == [USER]
    assert Email(google).config["smtp_host"] == "smtp.gmail.com" and Email(google).config["imap_user"] == USER
    microsoft = {"auth": "microsoft", "oauth_client_id": CLIENT, "oauth_tenant": "kopi.example/../x"}
    address = _oauth.consent_address(microsoft, BACK, "s", "v")
    assert address.startswith("https://login.microsoftonline.com/kopi.example%2F..%2Fx/oauth2/v2.0/authorize?")
    assert "offline_access" in parse_qs(urlsplit(address).query)["scope"][0]
    assert Email(microsoft).config["imap_host"] == "outlook.office365.com"
    assert Email({"auth": "google", "smtp_host": "relay.example"}).config["smtp_host"] == "relay.example"


def test_an_application_needs_no_consent(provider, monkeypatch):
    monkeypatch.setitem(_oauth.PROVIDERS, "microsoft_app", _oauth.Provider(
        "", f"{provider.url}/{{tenant}}/token", "https://outlook.office365.com/.default"))
    config = provider.settings(auth="microsoft_app", oauth_tenant="t1")
    assert not _oauth.by_consent(config)
    tokens = _oauth.renewed(HTTP, config, "")
    assert tokens.access_token in provider.access and provider.asked[-1]["grant_type"] == "client_credentials"


@pytest.mark.parametrize("values, fields", [
    ({"auth": "google"}, {"oauth_client_id"}), ({"auth": "microsoft_app", "oauth_client_id": "c"},
                                                {"oauth_tenant", "oauth_client_secret"}),
    ({"auth": "other", "oauth_client_id": "c", "oauth_token_url": "ftp://x"},
     {"oauth_authorize_url", "oauth_token_url", "smtp_host"}), ({"auth": "password"}, {"smtp_host"}),
    ({"auth": "google", "oauth_client_id": "c"}, set())])
def test_the_form_says_what_is_missing(values, fields):
    assert set(Email.problems({"address": USER, **values})) == fields
