"""E-mail: IMAP or our own SMTP listener in, SMTP out."""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from channels._imap import new_mail, try_mailbox, wait_for_mail
from channels._mail_compose import compose
from channels._mail_headers import normal_address
from channels._mail_pool import parse_pool
from channels._smtp import submit, try_login
from channels.base import Can, Channel, Fetched, Inbound, Outbound, Receipt, Request, SendError, Setting, Status

SECURITIES = ("tls", "starttls", "none")


class Email(Channel):
    """A mail account. Parsing runs in a child process with limits (see channels._mail_pool)."""
    name = "email"
    label = "E-mail"
    word = "e-mail"
    identity_kind = "email"
    can = Can(text_limit=500_000, files=True, file_limit=20_000_000, html=True, subject=True,
              receipts=frozenset({Status.SENT, Status.FAILED}))
    settings = (
        Setting("address", "Address", help="Customers write to it, and answers come from it."),
        Setting("name", "Sender name", required=False, help="Shown beside the address, for example Example Support."),
        Setting("imap_host", "IMAP server", required=False,
                help="Leave empty when mail is delivered to the built-in SMTP server."),
        Setting("imap_port", "IMAP port", required=False, kind="number", help="Empty: 993 with TLS, otherwise 143."),
        Setting("imap_security", "IMAP security", default="tls", kind="choice", choices=SECURITIES),
        Setting("imap_user", "IMAP user", required=False),
        Setting("imap_password", "IMAP password", secret=True, required=False),
        Setting("imap_folder", "IMAP folder", required=False, default="INBOX"),
        Setting("smtp_host", "SMTP server", help="The server that sends our mail."),
        Setting("smtp_port", "SMTP port", required=False, kind="number",
                help="Empty: 465 with TLS, 587 with STARTTLS, otherwise 25."),
        Setting("smtp_security", "SMTP security", default="starttls", kind="choice", choices=SECURITIES),
        Setting("smtp_user", "SMTP user", required=False, help="Empty: no login."),
        Setting("smtp_password", "SMTP password", secret=True, required=False),
        Setting("plus_address", "Answers come back to a plus-address", default="yes", kind="bool",
                help="support+…@ finds its ticket even where a mail program drops the headers. Switch it off when your "
                     "mail host refuses such addresses."),
        Setting("verify", "Check the servers' certificates", default="yes", kind="bool"),
    )

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """Our addresses, normalised: this inbox's, and those in config["own_addresses"] (the other inboxes', with
        commas), by which our own mail is recognised when it comes back."""
        given = (self.config.get("address", ""), *self.config.get("own_addresses", "").split(","))
        return tuple(dict.fromkeys(a for a in map(normal_address, given) if a))

    def parse(self, request: Request) -> Iterable[Inbound | Receipt]:
        """One Inbound for the mail in request.body; for a bounce a Receipt for each recipient it names. Unreadable when
        the mail is beyond its limits (size of header, nesting, parts, addresses, memory, 10 seconds)."""
        return parse_pool.parse(request.body, own=self.own_addresses)

    def fetch(self, cursor: str) -> Iterator[Fetched]:
        """New mails of the IMAP folder; none without an IMAP server. Raises SendError, broken when the
        account is refused."""
        return new_mail(self.config, cursor) if self.config.get("imap_host") else iter(())

    def idle(self, seconds: float) -> bool:
        """Wait up to `seconds` for new mail; True when there may be some. A hint: False at once where the server has
        no IDLE, so keep asking with fetch() all the same."""
        return wait_for_mail(self.config, seconds) if self.config.get("imap_host") else False

    def split(self, text: str) -> list[str]:
        """A mail is one mail, however long: its parts would share one Message-ID."""
        return [text]

    def send(self, message: Outbound) -> str:
        """Send one mail and return its Message-ID. Raises SendError, see channels._smtp.submit."""
        mail = compose(message, self.config)
        submit(mail, self.config)
        return mail.message_id

    def test(self) -> str:
        """Log in to both servers; what works, in words. Raises SendError with everything that does not."""
        works, fails, broken = [], [], False
        for check, wanted in ((try_mailbox, "imap_host"), (try_login, "smtp_host")):
            if not self.config.get(wanted):
                works.append({"imap_host": "No mailbox is read: mail comes to the built-in SMTP server.",
                              "smtp_host": "No server is set for sending."}[wanted])
                continue
            try:
                works.append(check(self.config))
            except SendError as error:
                fails.append(f"{'Reading' if wanted == 'imap_host' else 'Sending'} fails: {error}.")
                broken = broken or error.broken
        if fails:
            raise SendError(" ".join([*fails, *works]), broken=broken)
        return " ".join(works)
