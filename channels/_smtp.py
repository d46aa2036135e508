"""Handing one mail to the SMTP server of an inbox (RFC 5321), knowing at each step what has become of it."""
from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from channels import _oauth
from channels._mail_codes import AT_RCPT
from channels._mail_compose import Composed, Offer
from channels.base import SendError

CONNECT_SECONDS, DATA_SECONDS = 10, 120
PORTS = {"none": 25, "starttls": 587, "tls": 465}
ACCOUNT_REFUSED = {530, 534, 535, 538}
LINE_START_DOT = re.compile(rb"^\.", re.M)


def submit(write: Callable[[Offer], Composed], config: Mapping[str, str]) -> Composed:
    """Send one mail through the server in `config` (smtp_host, smtp_port, smtp_security, smtp_user, smtp_password,
    verify). `write` makes it, once it is known what the server takes. Raises SendError: permanent for 5xx, uncertain
    when the line broke after the last byte, broken when the account or the server's certificate is refused; anything
    else may be tried again.
    """
    with _connected(config) as smtp:
        mail = write(Offer(smtp.has_extn("8bitmime"), smtp.has_extn("smtputf8")))
        try:
            options = _options(smtp, mail)
            _expect(_from(smtp, mail, options), (250,))
            for recipient in mail.recipients:
                _expect(smtp.rcpt(recipient), (250, 251), f"the mail server {AT_RCPT}")
            _expect(smtp.docmd("DATA"), (354,))
            smtp.sock.settimeout(DATA_SECONDS)
            body = LINE_START_DOT.sub(b"..", mail.data)
            smtp.send(body if body.endswith(b"\r\n") else body + b"\r\n")
        except (smtplib.SMTPException, OSError) as error:
            raise SendError(f"the mail server broke off: {error}") from error
        try:
            smtp.send(b".\r\n")
            reply = smtp.getreply()
            if reply[0] < 0:
                raise smtplib.SMTPServerDisconnected("no reply that can be read")
        except (smtplib.SMTPException, OSError) as error:
            raise SendError("the mail server broke off after the whole mail was sent; it may have arrived",
                            uncertain=True) from error
        _expect(reply, (250,))
    return mail


def try_login(config: Mapping[str, str]) -> str:
    """Connect, log in and say NOOP; a sentence for the admin. Raises SendError with the reason."""
    with _connected(config) as smtp:
        try:
            _expect(smtp.noop(), (250,))
        except (smtplib.SMTPException, OSError) as error:
            raise SendError(f"the mail server broke off: {error}") from error
    user = config.get("smtp_user", "")
    how = f"accepts {user}" if user else "takes mail without a login"
    return f"Sending works: {config.get('smtp_host')} {how}."


@contextmanager
def _connected(config: Mapping[str, str]) -> Iterator[smtplib.SMTP]:
    host, security = config.get("smtp_host", ""), config.get("smtp_security") or "starttls"
    if not host:
        raise SendError("no mail server is set for sending", broken=True)
    smtp = None
    try:
        port = int(config.get("smtp_port") or PORTS[security])
        smtp = _open(host, port, security, tls_context(config))
        _log_in(smtp, config)
    except ssl.SSLCertVerificationError as error:
        _close(smtp)
        raise SendError(f"the certificate of {host} is not trusted: {error.verify_message}", broken=True) from error
    except smtplib.SMTPAuthenticationError as error:
        _close(smtp)
        broken = error.smtp_code >= 500
        raise SendError(f"{host} refuses the login: {_words(error.smtp_error)}", broken=broken) from error
    except smtplib.SMTPNotSupportedError as error:
        _close(smtp)
        raise SendError(f"{host} does not offer what the settings ask for: {error}", broken=True) from error
    except (smtplib.SMTPException, OSError, ValueError, KeyError) as error:
        _close(smtp)
        raise SendError(f"no connection to {host}: {error}") from error
    try:
        yield smtp
    finally:
        _close(smtp)


def _log_in(smtp: smtplib.SMTP, config: Mapping[str, str]) -> None:
    """By password, by a token (XOAUTH2), or not at all, as the settings say."""
    user = config.get("smtp_user", "")
    if not _oauth.used(config):
        if user:
            smtp.login(user, config.get("smtp_password", ""))
        return
    said = _oauth.xoauth2(config, user)
    if not smtp.has_extn("auth"):
        raise smtplib.SMTPNotSupportedError("signing in by a token (XOAUTH2)")
    smtp.auth("XOAUTH2", lambda challenge=None: "" if challenge else said)      # a refusal comes as a challenge


def _open(host: str, port: int, security: str, context: ssl.SSLContext) -> smtplib.SMTP:
    if security == "tls":
        smtp = smtplib.SMTP_SSL(host, port, local_hostname=_name(), timeout=CONNECT_SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(host, port, local_hostname=_name(), timeout=CONNECT_SECONDS)
    try:
        smtp.ehlo_or_helo_if_needed()
        if security == "starttls":
            smtp.starttls(context=context)
            smtp.ehlo()
    except BaseException:
        _close(smtp)
        raise
    return smtp


def tls_context(config: Mapping[str, str]) -> ssl.SSLContext:
    """Certificates are checked, unless an admin has switched that off for this one inbox (`verify` = no)."""
    context = ssl.create_default_context(cafile=config.get("ca_file") or None)
    if config.get("verify", "yes").lower() in ("no", "false", "0", "off"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _name() -> str:
    name = socket.gethostname()         # not getfqdn(): it may wait for a name server
    return name if name.isascii() and name else "localhost"


def _from(smtp: smtplib.SMTP, mail: Composed, options: list[str]) -> tuple[int, bytes]:
    """MAIL FROM with the return address of this one delivery; with our plain address where the server lets us send
    from no other one."""
    reply = smtp.mail(mail.sender, options)
    if reply[0] >= 500 and reply[0] not in ACCOUNT_REFUSED and mail.plain_sender not in ("", mail.sender):
        smtp.rset()
        reply = smtp.mail(mail.plain_sender, options)
    return reply


def _options(smtp: smtplib.SMTP, mail: Composed) -> list[str]:
    options = [f"SIZE={len(mail.data)}"] if smtp.has_extn("size") else []
    if mail.needs.utf8:
        smtp.command_encoding = "utf-8"
        options.append("SMTPUTF8")
    return [*options, "BODY=8BITMIME"] if mail.needs.eight_bit or mail.needs.utf8 else options


def _expect(reply: tuple[int, bytes], good: tuple[int, ...], refusal: str = "the mail server says") -> None:
    code, words = reply
    if code in good:
        return
    said = f"{code} {_words(words)}".strip()
    if code in ACCOUNT_REFUSED:
        raise SendError(f"the mail server refuses the account: {said}", broken=True)
    if code < 0:
        raise smtplib.SMTPServerDisconnected("connection closed")
    raise SendError(f"{refusal}: {said}", permanent=500 <= code < 600)


def _words(said: bytes | str) -> str:
    return " ".join((said.decode("utf-8", "replace") if isinstance(said, bytes) else said).split())[:400]


def _close(smtp: smtplib.SMTP | None) -> None:
    if smtp is None:
        return
    try:
        if smtp.sock:
            smtp.sock.settimeout(3)
            smtp.quit()
    except (smtplib.SMTPException, OSError, ValueError):
        pass
    finally:
        smtp.close()
