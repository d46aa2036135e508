"""Reading an IMAP mailbox by UID (RFC 9051), without changing anything in it.

Nothing here depends on \\Seen flags, dates or Message-IDs: a cursor of (UIDVALIDITY, last UID) is all that is
remembered, and mails are asked for one by one, so that one that cannot be had hides no other.
"""
from __future__ import annotations

import imaplib
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxLoginError

from channels._smtp import tls_context
from channels.base import Fetched, SendError

SECONDS = 60
FIRST_DAYS = 7
LARGEST = 50_000_000
PORTS = {"none": 143, "starttls": 143, "tls": 993}
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


def new_mail(config: Mapping[str, str], cursor: str) -> Iterator[Fetched]:
    """What came since `cursor`, oldest first, one mail in memory at a time. '' at first: the last 7 days. After a
    change of UIDVALIDITY the whole folder again (the same mails are recognised later, by their content). Raises
    SendError; broken when the login or the certificate is refused."""
    folder = config.get("imap_folder") or "INBOX"
    with _folder(config, folder) as mailbox, _plain_errors(config):
        validity = int(mailbox.folder.status(folder, ["UIDVALIDITY"])["UIDVALIDITY"])
        for uid in _uids_after(mailbox.client, cursor, validity):
            body = _body(mailbox.client, uid)
            if body is not None:
                here = json.dumps({"uidvalidity": validity, "uid": uid})
                yield Fetched(f"imap:{folder}:{validity}:{uid}", body, here)


def wait_for_mail(config: Mapping[str, str], seconds: float) -> bool:
    """Wait with IDLE (RFC 2177) until something happens in the folder or the time is up; did something happen? A hint
    only: False at once where the server has no IDLE."""
    with _folder(config, config.get("imap_folder") or "INBOX") as mailbox, _plain_errors(config):
        if "IDLE" not in (str(c).upper() for c in mailbox.client.capabilities):
            return False
        return any(b"EXISTS" in line or b"RECENT" in line for line in mailbox.idle.wait(timeout=min(seconds, 28 * 60)))


def try_mailbox(config: Mapping[str, str]) -> str:
    """Log in and open the folder; a sentence for the admin. Raises SendError with the reason."""
    folder = config.get("imap_folder") or "INBOX"
    with _folder(config, folder) as mailbox, _plain_errors(config):
        count = mailbox.folder.status(folder, ["MESSAGES"])["MESSAGES"]
    return f"Reading works: {config.get('imap_host')} shows {count} mails in {folder}."


@contextmanager
def _folder(config: Mapping[str, str], folder: str) -> Iterator[BaseMailBox]:
    """A logged-in connection with `folder` opened for reading only."""
    host, mailbox = config.get("imap_host", ""), None
    if not host:
        raise SendError("no IMAP server is set", broken=True)
    with _plain_errors(config):
        mailbox = _connection(config, host)
        try:
            user, password = config.get("imap_user", ""), config.get("imap_password", "")
            login = mailbox.login if (user + password).isascii() else mailbox.login_utf8
            login(user, password, initial_folder=None)
            mailbox.folder.set(folder, readonly=True)
        except BaseException:
            _hang_up(mailbox)
            raise
    try:
        yield mailbox
    finally:
        _hang_up(mailbox)


def _connection(config: Mapping[str, str], host: str) -> BaseMailBox:
    security = config.get("imap_security") or "tls"
    port = int(config.get("imap_port") or PORTS[security])
    if security == "none":
        return MailBoxUnencrypted(host, port, timeout=SECONDS)
    kind = MailBox if security == "tls" else MailBoxStartTls
    return kind(host, port, timeout=SECONDS, ssl_context=tls_context(config))


def _hang_up(mailbox: BaseMailBox) -> None:
    try:
        mailbox.client.sock.settimeout(3)
        mailbox.logout()
    except (ImapToolsError, imaplib.IMAP4.error, OSError, AttributeError):
        pass


@contextmanager
def _plain_errors(config: Mapping[str, str]) -> Iterator[None]:
    host = config.get("imap_host", "")
    try:
        yield
    except MailboxLoginError as error:
        raise SendError(f"{host} refuses the login of {config.get('imap_user')}", broken=True) from error
    except ssl.SSLCertVerificationError as error:
        raise SendError(f"the certificate of {host} is not trusted: {error.verify_message}", broken=True) from error
    except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError, KeyError, EOFError) as error:
        raise SendError(f"reading mail from {host} failed: {error}"[:500]) from error


def _uids_after(client: imaplib.IMAP4, cursor: str, validity: int) -> list[int]:
    last, criteria = 0, ""
    try:
        known = json.loads(cursor) if cursor else {}
        if known.get("uidvalidity") == validity:
            last = int(known["uid"])
            criteria = f"UID {last + 1}:*"
        elif known:
            criteria = "ALL"
    except (ValueError, TypeError, KeyError, AttributeError):
        criteria = "ALL"                # an unreadable cursor: rather everything again than anything lost
    if not criteria:
        criteria = f"SINCE {imap_date(datetime.now(UTC) - timedelta(days=FIRST_DAYS))}"
    status, found = client.uid("SEARCH", criteria)
    if status != "OK":
        raise ValueError(f"the search was refused: {found}")
    # `n:*` always names the last mail, even when it is older than n
    return sorted(uid for line in found if line for uid in map(int, line.split()) if uid > last)


def imap_date(at: datetime) -> str:
    """A day as IMAP writes it, whatever the locale."""
    return f"{at.day:02d}-{'JanFebMarAprMayJunJulAugSepOctNovDec'[at.month * 3 - 3:at.month * 3]}-{at.year}"


def _body(client: imaplib.IMAP4, uid: int) -> bytes | None:
    """The bytes of one mail, unmarked (BODY.PEEK). None when it has been deleted meanwhile. What is too large, or what
    the server cannot give, becomes a mail that says so: it is seen, and the mails behind it come."""
    status, answer = client.uid("FETCH", str(uid), "(RFC822.SIZE)")
    size = SIZE.search(b" ".join(a[0] if isinstance(a, tuple) else a or b"" for a in answer or []))
    if status == "OK" and not size:
        return None
    part = "HEADER" if size and int(size[1]) > LARGEST else ""
    status, answer = client.uid("FETCH", str(uid), f"(BODY.PEEK[{part}])")
    body = next((a[1] for a in answer or [] if isinstance(a, tuple)), None)
    if status != "OK":
        return _notice(uid, f"The mail server could not give it: {answer!r}"[:300])
    if body is None or not part:
        return body
    kept = re.sub(rb"(?im)^(?:content-[a-z-]+|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*", b"", body).rstrip()
    return kept + (f"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThis mail has {int(size[1]):,} bytes, which is "
                   f"more than the helpdesk takes. It is still in the mailbox.\r\n").encode()


def _notice(uid: int, words: str) -> bytes:
    return (f"From: <>\r\nSubject: A mail that could not be read (number {uid} in the mailbox)\r\n"
            f"Auto-Submitted: auto-generated\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n").encode()
