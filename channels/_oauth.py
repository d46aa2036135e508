"""Mailboxes that are opened by OAuth 2 (RFC 6749, PKCE by RFC 7636) instead of a password: Google, Microsoft 365, and
any server of one's own. For IMAP and SMTP the token is said by XOAUTH2.

Google: developers.google.com/workspace/gmail/imap/xoauth2-protocol. Microsoft: learn.microsoft.com, "Authenticate an
IMAP, POP or SMTP connection using OAuth".
"""
from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from channels._http import Http, Reply
from channels.base import SendError

PASSWORD, GOOGLE, MICROSOFT, MICROSOFT_APP, OTHER = "password", "google", "microsoft", "microsoft_app", "other"
WORDS = {PASSWORD: "With a password", GOOGLE: "Google account", MICROSOFT: "Microsoft 365 account",
         MICROSOFT_APP: "Microsoft 365, as an application of your organisation", OTHER: "Another OAuth 2 server"}
LOGIN = "https://login.microsoftonline.com"
LIFE = timedelta(hours=1)               # where the server does not say
FINAL = {"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope", "access_denied",
         "unsupported_grant_type", "invalid_request", "interaction_required", "consent_required"}


@dataclass(frozen=True)
class Provider:
    """One kind of account. `{tenant}` in addresses is the organisation's."""
    authorize: str
    token: str
    scope: str
    more: Mapping[str, str] = field(default_factory=dict)       # further words of the consent address
    imap_host: str = ""
    smtp_host: str = ""


PROVIDERS = {
    GOOGLE: Provider("https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token",
                     "https://mail.google.com/", {"access_type": "offline", "prompt": "consent"}, "imap.gmail.com",
                     "smtp.gmail.com"),
    MICROSOFT: Provider(f"{LOGIN}/{{tenant}}/oauth2/v2.0/authorize", f"{LOGIN}/{{tenant}}/oauth2/v2.0/token",
                        "offline_access https://outlook.office.com/IMAP.AccessAsUser.All "
                        "https://outlook.office.com/SMTP.Send", {"prompt": "select_account"}, "outlook.office365.com",
                        "smtp.office365.com"),
    MICROSOFT_APP: Provider("", f"{LOGIN}/{{tenant}}/oauth2/v2.0/token", "https://outlook.office365.com/.default", {},
                            "outlook.office365.com", "smtp.office365.com"),
    OTHER: Provider("", "", ""),
}


@dataclass(frozen=True)
class Tokens:
    """What opens a mailbox. None of it is shown when the object is."""
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False, default="")
    expires_at: datetime = datetime.min.replace(tzinfo=UTC)


def used(config: Mapping[str, str]) -> bool:
    """Whether this account is opened by a token."""
    return config.get("auth", PASSWORD) in PROVIDERS


def by_consent(config: Mapping[str, str]) -> bool:
    """Whether somebody must sign in and agree; otherwise the application's own secret is enough."""
    return used(config) and config["auth"] != MICROSOFT_APP


def with_servers(config: Mapping[str, str]) -> dict[str, str]:
    """The settings, with the provider's own servers where none are named, and the address as the user."""
    found = dict(config)
    if used(config):
        provider = PROVIDERS[config["auth"]]
        for key, value in (("imap_host", provider.imap_host), ("smtp_host", provider.smtp_host),
                           ("imap_user", config.get("address", "")), ("smtp_user", config.get("address", ""))):
            found[key] = found.get(key) or value
    return found


def problems(config: Mapping[str, str]) -> dict[str, str]:
    """What is missing in a filled-in form: words by field."""
    if not used(config):
        return {}
    needed = {"oauth_client_id": "The client ID of your application."}
    if config["auth"] == OTHER:
        needed |= {key: "An address that begins with https://." for key in ("oauth_authorize_url", "oauth_token_url")}
    if config["auth"] == MICROSOFT_APP:
        needed |= {"oauth_tenant": "The directory (tenant) ID of your organisation.",
                   "oauth_client_secret": "The application's client secret."}
    wrong = {key: words for key, words in needed.items() if not config.get(key)}
    for key in ("oauth_authorize_url", "oauth_token_url"):
        if config["auth"] == OTHER and not config.get(key, "").startswith(("https://", "http://127.0.0.1",
                                                                           "http://localhost")):
            wrong[key] = "An address that begins with https://."
    return wrong


def new_secret() -> str:
    """For `state`, and for the PKCE verifier (RFC 7636 §4.1: 43 characters or more)."""
    return secrets.token_urlsafe(48)


def consent_address(config: Mapping[str, str], redirect_uri: str, state: str, verifier: str) -> str:
    """Where the admin signs in and agrees."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {"client_id": config.get("oauth_client_id", ""), "response_type": "code", "redirect_uri": redirect_uri,
             "scope": _scope(config), "state": state, "code_challenge": challenge, "code_challenge_method": "S256",
             "login_hint": config.get("imap_user") or config.get("address", ""), **PROVIDERS[config["auth"]].more}
    address = config.get("oauth_authorize_url") if config["auth"] == OTHER else _in_tenant(
        PROVIDERS[config["auth"]].authorize, config)
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def exchange(http: Http, config: Mapping[str, str], code: str, verifier: str, redirect_uri: str) -> Tokens:
    """The tokens for what came back from the consent. Raises SendError."""
    return _ask(http, config, {"grant_type": "authorization_code", "code": code, "code_verifier": verifier,
                               "redirect_uri": redirect_uri})


def renewed(http: Http, config: Mapping[str, str], refresh_token: str) -> Tokens:
    """Fresh tokens. Raises SendError; broken when the account no longer lets us in."""
    if not by_consent(config):
        return _ask(http, config, {"grant_type": "client_credentials", "scope": _scope(config)})
    if not refresh_token:
        raise SendError("this mailbox is not connected: nobody has signed in for it yet", broken=True)
    given = _ask(http, config, {"grant_type": "refresh_token", "refresh_token": refresh_token})
    return given if given.refresh_token else Tokens(given.access_token, refresh_token, given.expires_at)


def xoauth2(config: Mapping[str, str], user: str) -> str:
    """What XOAUTH2 says to the server, before base64. Raises SendError, broken, while there is no token."""
    token = config.get("oauth_access_token", "")
    if not token:
        raise SendError("this mailbox is not connected: sign in for it on the inbox's page", broken=True)
    return f"user={user}\1auth=Bearer {token}\1\1"


def _ask(http: Http, config: Mapping[str, str], asked: dict[str, str]) -> Tokens:
    address = config.get("oauth_token_url", "") if config["auth"] == OTHER else _in_tenant(
        PROVIDERS[config["auth"]].token, config)
    form = {"client_id": config.get("oauth_client_id", ""), **asked}
    if config.get("oauth_client_secret"):
        form["client_secret"] = config["oauth_client_secret"]
    try:
        answer = http.post(address, data=form, headers={"Accept": "application/json"})
    except SendError as error:
        raise SendError(f"the sign-in server does not answer: {error}") from error
    said = answer.json()
    if not answer.ok or not isinstance(said, dict) or not isinstance(said.get("access_token"), str):
        raise _refusal(answer, said)
    life = said.get("expires_in")
    lives = timedelta(seconds=int(life)) if str(life).isdigit() else LIFE
    refresh = said.get("refresh_token")
    return Tokens(said["access_token"], refresh if isinstance(refresh, str) else "", datetime.now(UTC) + lives)


def _refusal(answer: Reply, said: object) -> SendError:
    code = str(said.get("error", "")) if isinstance(said, dict) else ""
    if code == "invalid_grant":
        return SendError("access was withdrawn, or has run out: connect the mailbox again", broken=True)
    words = " ".join(str(said.get("error_description", "")).split())[:200] if isinstance(said, dict) else ""
    what = ": ".join(filter(None, (code[:60], words))) or f"status {answer.status}"
    return SendError(f"the sign-in server refuses: {what}", broken=code in FINAL, retry_after=answer.retry_after)


def _scope(config: Mapping[str, str]) -> str:
    return config.get("oauth_scope", "") if config["auth"] == OTHER else PROVIDERS[config["auth"]].scope


def _in_tenant(address: str, config: Mapping[str, str]) -> str:
    return address.replace("{tenant}", quote(config.get("oauth_tenant", "").strip() or "common", safe=""))
