"""Connecting a mailbox of Google or Microsoft: off to the provider to sign in and agree, and back."""
from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for

from channels import _oauth
from channels._http import Http
from channels.base import SendError
from helpdesk import db, settings
from helpdesk.errors import Invalid
from helpdesk.rendering import page
from helpdesk.services import inboxes, mail_tokens
from helpdesk.web.access import needs

pages = Blueprint("settings_mail_login", __name__, url_prefix="/settings/inboxes")


def redirect_uri() -> str:
    """The address the provider sends people back to. It must be entered there exactly so."""
    return f"{settings.current().base_url}/settings/inboxes/signed-in"


@pages.post("/<int:inbox_id>/sign-in")
@needs("inboxes")
def begin(inbox_id: int):
    """A page that leads on to the provider (a form may not lead off this site); an application needs no consent and is
    connected at once."""
    with db.transaction() as session:
        inbox = mail_tokens.mailbox(session, inbox_id)
        config = inboxes.config(inbox)
        if _oauth.by_consent(config):
            state, verifier = _oauth.new_secret(), _oauth.new_secret()
            mail_tokens.begin(session, inbox, g.agent.id, state, verifier)
    if not _oauth.by_consent(config):
        return _connect(inbox_id, lambda http: _oauth.renewed(http, config, ""))
    return page("settings/inboxes/sign_in.html", inbox=inbox, provider=_oauth.WORDS[config["auth"]],
                address=_oauth.consent_address(config, redirect_uri(), state, verifier), account=inbox.account)


@pages.get("/signed-in")
@needs("inboxes")
def signed_in():
    """state, and code or error. Only whoever began it can end it, and only once."""
    state, code, problem = (request.args.get(name, "")[:4000] for name in ("state", "code", "error"))
    with db.transaction() as session:
        inbox_id, verifier = mail_tokens.come_back(session, state, g.agent.id)
        config = inboxes.config(mail_tokens.mailbox(session, inbox_id))
    if not code:
        words = "You did not agree, so nothing was changed." if problem == "access_denied" else (
            f"The provider says: {request.args.get('error_description', '') or problem or 'no code came back'}"[:400])
        flash(f"Not connected. {words}", "bad")
        return redirect(url_for("settings_inboxes.show", inbox_id=inbox_id))
    return _connect(inbox_id, lambda http: _oauth.exchange(http, config, code, verifier, redirect_uri()),
                    lasting=True)


def _connect(inbox_id: int, ask, lasting: bool = False):
    """Ask the provider for tokens and keep them. `lasting`: it must be possible to renew them without a person."""
    try:
        tokens = ask(Http(allow_private=settings.current().allow_private_hosts))
        if lasting and not tokens.refresh_token:
            raise Invalid("The provider gave no lasting access. Remove this application from the account's list of "
                          "connected applications, and connect again.")
    except (SendError, Invalid) as error:
        flash(f"Not connected: {error}", "bad")
        return redirect(url_for("settings_inboxes.show", inbox_id=inbox_id))
    with db.transaction() as session:
        inbox = mail_tokens.mailbox(session, inbox_id)
        mail_tokens.connect(session, inbox, tokens, g.agent.actor)
        inboxes.reconnect(session, inbox, g.agent.actor)
    flash("Connected. Test it now, so that you know that it works.", "good")
    return redirect(url_for("settings_inboxes.show", inbox_id=inbox_id))
