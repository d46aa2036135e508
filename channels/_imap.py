"""An IMAP account (RFC 9051): logging in, opening the folder for reading, and saying in words why that fails.

What is read there is decided in channels._imap_fetch.
"""
from __future__ import annotations

import imaplib
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from imap_tools.errors import ImapToolsError, MailboxLoginError

from channels import _oauth
from channels._imap_line import SECONDS, Mailbox
from channels._smtp import tls_context
from channels.base import SendError

PORTS = {"none": 143, "starttls": 143, "tls": 993}
IDLE_SECONDS = 28 * 60      # RFC 2177: a server may hang up after 29 minutes


def folder_name(config: Mapping[str, str]) -> str:
    """The folder that is read."""
    return config.get("imap_folder") or "INBOX"


def wait_for_mail(config: Mapping[str, str], seconds: float, seen: int = 0) -> bool:
    """Wait with IDLE (RFC 2177) until something happens in the folder or the time is up; did something happen? A hint
    only: False at once where the server has no IDLE. `seen`: the UIDNEXT of the last look; mail that came since is
    told at once."""
    with opened_folder(config, folder_name(config)) as mailbox, plain_errors(config):
        client = mailbox.client
        if "IDLE" not in (str(c).upper() for c in client.capabilities):
            return False
        if seen and number(client.response("UIDNEXT")) > seen:
            return True
        until = time.monotonic() + min(seconds, IDLE_SECONDS)
        client.give(min(seconds, IDLE_SECONDS) + SECONDS)
        mailbox.idle.start()
        heard = _heard_until(client, until)
        client.sock.settimeout(SECONDS)
        mailbox.idle.stop()
        return heard


def _heard_until(client: imaplib.IMAP4, until: float) -> bool:
    while (left := until - time.monotonic()) > 0:
        client.sock.settimeout(left)
        try:
            line = client._get_line()
        except TimeoutError:
            break
        if b"EXISTS" in line or b"RECENT" in line:
            return True
    return False


def number(response: tuple) -> int:
    """The number of a response code, as client.response() gives it; 0 where the server sent none."""
    data = response[1]
    return int(data[-1]) if data and data[-1] and data[-1].isdigit() else 0


def try_mailbox(config: Mapping[str, str]) -> str:
    """Log in and open the folder; a sentence for the admin. Raises SendError with the reason."""
    folder = folder_name(config)
    with opened_folder(config, folder) as mailbox, plain_errors(config):
        count = mailbox.folder.status(folder, ["MESSAGES"])["MESSAGES"]
    return f"Reading works: {config.get('imap_host')} shows {count} mails in {folder}."


@contextmanager
def opened_folder(config: Mapping[str, str], folder: str, readonly: bool = True) -> Iterator[Mailbox]:
    """A logged-in connection with `folder` opened, for reading only unless told otherwise. Raises SendError."""
    host, mailbox = config.get("imap_host", ""), None
    if not host:
        raise SendError("no IMAP server is set", broken=True)
    with plain_errors(config):
        mailbox = _connection(config, host)
        try:
            _log_in(mailbox, config)
            mailbox.folder.set(folder, readonly=readonly)
        except BaseException:
            _hang_up(mailbox)
            raise
    try:
        yield mailbox
    finally:
        _hang_up(mailbox)


def _log_in(mailbox: Mailbox, config: Mapping[str, str]) -> None:
    """By password, or by a token (XOAUTH2) where the settings say so."""
    user, password = config.get("imap_user", ""), config.get("imap_password", "")
    if _oauth.used(config):
        said = _oauth.xoauth2(config, user).encode()
        try:        # a refusal comes as a challenge, which is answered by nothing (Google's XOAUTH2, "error response")
            mailbox.client.authenticate("XOAUTH2", lambda challenge: b"" if challenge.strip() else said)
        except imaplib.IMAP4.error as error:
            raise SendError(f"{config.get('imap_host')} does not accept the token of {user}", broken=True) from error
        return
    login = mailbox.login if (user + password).isascii() else mailbox.login_utf8
    login(user, password, initial_folder=None)


def _connection(config: Mapping[str, str], host: str) -> Mailbox:
    security = config.get("imap_security") or "tls"
    port = int(config.get("imap_port") or PORTS[security])
    return Mailbox(host, port, security, tls_context(config))


def _hang_up(mailbox: Mailbox) -> None:
    try:
        mailbox.client.sock.settimeout(3)
        mailbox.client.give(3)
        mailbox.logout()
    except (ImapToolsError, imaplib.IMAP4.error, OSError, AttributeError):
        with suppress(OSError):
            mailbox.client.shutdown()


@contextmanager
def plain_errors(config: Mapping[str, str]) -> Iterator[None]:
    """Whatever goes wrong on the line, as a SendError that tells an admin."""
    host = config.get("imap_host", "")
    try:
        yield
    except MailboxLoginError as error:
        raise SendError(f"{host} refuses the login of {config.get('imap_user')}", broken=True) from error
    except ssl.SSLCertVerificationError as error:
        raise SendError(f"the certificate of {host} is not trusted: {error.verify_message}", broken=True) from error
    except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError, KeyError, EOFError) as error:
        raise SendError(f"reading mail from {host} failed: {error}"[:500]) from error


