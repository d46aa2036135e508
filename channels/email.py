"""E-mail: IMAP or our own SMTP listener in, SMTP out."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from channels import _imap_after, _imap_fetch, _mail_dkim, _oauth
from channels._imap import try_mailbox, wait_for_mail
from channels._imap_cursor import Cursor
from channels._mail_compose import compose
from channels._mail_medium import WRITTEN, MailMedium
from channels._mail_pool import parse_pool
from channels._smtp import submit, try_login
from channels.base import Fetched, Inbound, Known, Outbound, Receipt, Request, SendError, Setting, Step

READING_FIX = ("Compare server, port, security and folder with your mail provider's page on IMAP. Many providers want "
               "IMAP switched on, and a password made for this program.")
SENDING_FIX = ("Compare server, port and security with your mail provider's page on SMTP. Many providers want a "
               "password made for this program.")
DKIM_FIX = "Put the record that the inbox's page shows into the DNS of your domain; it may take an hour to be seen."
SECURITIES = ("tls", "starttls", "none")
READING, SENDING, SIGNING_IN = "Reading mail", "Sending mail", "Signing in"
BOUNCING, SIGNING = "Replies and bounces", "DKIM signature"


class Email(MailMedium):
    """A mail account. Parsing runs in a child process with limits (see channels._mail_pool)."""
    name = "email"
    label = "E-mail"
    remarks = "IMAP, a built-in SMTP server or a pipe in; SMTP out; DKIM"
    word = "e-mail"
    settings = (
        Setting("address", "Address", help="Customers write to it, and answers come from it."),
        Setting("name", "Sender name", required=False, help="Shown beside the address, for example Example Support."),
        Setting("auth", "The mailbox is opened", default=_oauth.PASSWORD, kind="choice", choices=tuple(_oauth.WORDS),
                words=_oauth.WORDS, group=SIGNING_IN,
                help="Google and Microsoft 365 want OAuth: save the fields below, then connect at the right."),
        Setting("oauth_client_id", "Client ID", required=False, group=SIGNING_IN,
                help="Of the application that you registered with the provider. Only without a password."),
        Setting("oauth_client_secret", "Client secret", required=False, secret=True, group=SIGNING_IN),
        Setting("oauth_tenant", "Directory (tenant) ID", required=False, group=SIGNING_IN,
                help="Microsoft only. Empty: any organisation's account."),
        Setting("oauth_authorize_url", "Consent address", required=False, group=SIGNING_IN,
                help="Another OAuth 2 server only."),
        Setting("oauth_token_url", "Token address", required=False, group=SIGNING_IN,
                help="Another OAuth 2 server only."),
        Setting("oauth_scope", "Scope", required=False, group=SIGNING_IN, help="Another OAuth 2 server only."),
        Setting("imap_host", "IMAP server", required=False, group=READING,
                help="Empty with a Google or Microsoft account: theirs. Empty otherwise: mail is delivered to the "
                     "built-in SMTP server."),
        Setting("imap_port", "IMAP port", required=False, kind="number", group=READING,
                help="Empty: 993 with TLS, otherwise 143."),
        Setting("imap_security", "IMAP security", default="tls", kind="choice", choices=SECURITIES, group=READING),
        Setting("imap_user", "IMAP user", required=False, group=READING),
        Setting("imap_password", "IMAP password", secret=True, required=False, group=READING),
        Setting("imap_folder", "IMAP folder", required=False, default="INBOX", group=READING),
        Setting("imap_first_days", "Days of mail to take at first", required=False, kind="number", group=READING,
                default=str(_imap_fetch.FIRST_DAYS),
                help="Of what lies there already when the mailbox is connected. 0: only what comes from then on."),
        Setting("imap_after", "Then, in the mailbox", default=_imap_after.LEAVE, kind="choice", group=READING,
                choices=tuple(_imap_after.WORDS), words=_imap_after.WORDS),
        Setting("imap_move_to", "Move to folder", required=False, group=READING,
                help="Only when mail is moved. It is made when it is missing."),
        Setting("smtp_host", "SMTP server", required=False, group=SENDING,
                help="The server that sends our mail. Empty with a Google or Microsoft account: theirs."),
        Setting("smtp_port", "SMTP port", required=False, kind="number", group=SENDING,
                help="Empty: 465 with TLS, 587 with STARTTLS, otherwise 25."),
        Setting("smtp_security", "SMTP security", default="starttls", kind="choice", choices=SECURITIES,
                group=SENDING),
        Setting("smtp_user", "SMTP user", required=False, help="Empty: no login.", group=SENDING),
        Setting("smtp_password", "SMTP password", secret=True, required=False, group=SENDING),
        Setting("verify", "Check the servers' certificates", default="yes", kind="bool", group=SENDING),
        *WRITTEN,
        Setting("plus_address", "Answers come back to a plus-address", default="yes", kind="bool", group=BOUNCING,
                help="support+…@ finds its ticket even where a mail program drops the headers. Switch it off when your "
                     "mail host refuses such addresses."),
        Setting("verp", "Bounces come back to a plus-address", default="yes", kind="bool", group=BOUNCING,
                help="Each mail has a return address of its own, so that a mail that comes back is found however "
                     "little the report says. Switch it off when your mail host refuses such addresses, or lets you "
                     "send from the one address only."),
        Setting("bounce_address", "Bounce address", required=False, group=BOUNCING,
                help="Empty: this inbox's own. Another one, such as bounce@example.org, must be delivered to this "
                     "mailbox too, with whatever stands behind a plus."),
        Setting("dkim_domain", "Signing domain", required=False, group=SIGNING,
                help="Empty: the address's own. Leave the key empty where your mail host signs for you."),
        Setting("dkim_selector", "Selector", required=False, default="helpdesk", group=SIGNING,
                help="A name of your choice for this key; it becomes part of the DNS record."),
        Setting("dkim_key", "Private key", required=False, secret=True, kind="lines", group=SIGNING,
                help="RSA, in PEM form. Without one of your own, have one made below once the inbox is saved."),
    )

    def __init__(self, config: Mapping[str, str], *more):
        super().__init__(_oauth.with_servers(config), *more)

    @classmethod
    def problems(cls, values: Mapping[str, str]) -> dict[str, str]:
        """What does not fit together in a filled-in form: words by field."""
        server = {} if _oauth.with_servers(values).get("smtp_host") else {"smtp_host": "Please fill this in."}
        return {**server, **_oauth.problems(values), **_mail_dkim.problem(values), **super().problems(values)}

    def parse(self, request: Request) -> Iterable[Inbound | Receipt]:
        """One Inbound for the mail in request.body; for a bounce a Receipt for each recipient it names. Unreadable when
        the mail is beyond its limits (size of header, nesting, parts, addresses, memory, 10 seconds)."""
        return self.judged(parse_pool.parse(request.body, own=self.own_addresses), request.body)

    def fetch(self, cursor: str, known: Known | None = None) -> Iterator[Fetched]:
        """New mails of the IMAP folder; none without an IMAP server. Raises SendError, broken when the
        account is refused."""
        return _imap_fetch.new_mail(self.config, cursor, known) if self.config.get("imap_host") else iter(())

    def lying(self, cursor: str, days: int) -> list[str]:
        return _imap_fetch.lying(self.config, cursor, days) if self.config.get("imap_host") else []

    def these(self, cursor: str, keys: Sequence[str]) -> Iterator[Fetched]:
        return _imap_fetch.these(self.config, cursor, keys)

    def rewound(self, cursor: str, key: str) -> str:
        return _imap_fetch.rewound(self.config, cursor, key)

    def tidy(self, keys: Sequence[str], late: bool = False) -> int:
        return _imap_after.tidy(self.config, keys, late) if self.config.get("imap_host") else 0

    def idle(self, seconds: float, cursor: str = "") -> bool:
        """Wait up to `seconds` for new mail; True when there may be some since `cursor`. A hint: False at once where
        the server has no IDLE, so keep asking with fetch() all the same."""
        if not self.config.get("imap_host"):
            return False
        place = Cursor.read(cursor)
        return wait_for_mail(self.config, seconds, place.next if place else 0)

    def send(self, message: Outbound) -> str:
        """Send one mail and return its Message-ID. Raises SendError, see channels._smtp.submit."""
        return submit(lambda offer: compose(message, self.config, offer=offer), self.config).message_id

    def test(self) -> str:
        """Log in to both servers; what works, in words. Raises SendError with everything that does not."""
        works, fails, broken = [], [], False
        for step in self.steps(""):
            try:
                works.append(step.check())
            except SendError as error:
                fails.append(f"{step.what} fails: {error}.")
                broken = broken or error.broken
        if fails:
            raise SendError(" ".join([*fails, *works]), broken=broken)
        return " ".join(works)

    def steps(self, webhook: str) -> list[Step]:
        """The signature's key in the DNS, the mailbox, and the server for sending; each where it is set."""
        reading, sending = self.config.get("imap_host"), self.config.get("smtp_host")
        found = [Step("Reading", lambda: try_mailbox(self.config) if reading else
                      "No mailbox is read: mail comes to the built-in SMTP server.", READING_FIX),
                 Step("Sending", lambda: try_login(self.config) if sending else "No server is set for sending.",
                      SENDING_FIX)]
        if self.config.get("dkim_key"):
            found.insert(0, Step("The signature", lambda: _mail_dkim.published(self.config), DKIM_FIX))
        return found
