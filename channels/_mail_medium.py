"""What every channel by mail has in common, however the mail travels."""
from __future__ import annotations

from collections.abc import Mapping

from channels import _mail_proof
from channels import _mail_signature as signatures
from channels._mail_headers import normal_address
from channels.base import Can, Channel, Inbound, Receipt, Setting, Status

MAIL = Can(text_limit=500_000, files=True, file_limit=20_000_000, html=True, subject=True,
           receipts=frozenset({Status.SENT, Status.FAILED}))
WRITING = "What our mail looks like"
QUOTES = {"none": "Nothing", "last": "The last message", "thread": "The whole conversation"}
ANSWERED = "What answers by itself"
WRITTEN = (
    Setting("signature", "Signature", required=False, kind="lines", group=WRITING,
            help=f"Below what agents write. {signatures.HELP}"),
    Setting("signature_html", "Signature as HTML", required=False, kind="lines", group=WRITING,
            help="The same, designed; empty: the plain one is shown. Images need a full https address."),
    Setting("quote", "Quote below an answer", default="last", kind="choice", choices=tuple(QUOTES), words=QUOTES,
            group=WRITING, help="What was written before, for readers who have lost the earlier mail."),
    Setting("acknowledge", "Confirm new mail", default="no", kind="bool", group=ANSWERED,
            help="Whoever opens a ticket by mail is told once that it came, unless the assistant has answered."),
    Setting("acknowledgement", "Words of the confirmation", required=False, kind="lines", group=ANSWERED,
            help=f"Empty: a sentence in the customer's language. {signatures.HELP}"),
    *_mail_proof.SETTINGS,
)


class MailMedium(Channel):
    """A channel whose addresses are mail addresses, and whose messages are whole mails."""
    identity_kind = "email"
    can = MAIL

    @classmethod
    def problems(cls, values: Mapping[str, str]) -> dict[str, str]:
        """What does not fit together in a filled-in form: words by field."""
        wrong = {}
        for key in ("signature", "signature_html", "acknowledgement"):
            if unknown := signatures.unknown(values.get(key, "")):
                wrong[key] = f"{{{{{unknown}}}}} is not known. {signatures.HELP}"
        for key in ("address", "bounce_address"):
            if values.get(key) and not normal_address(values[key]):
                wrong[key] = "A mail address such as support@example.org."
        return {**wrong, **_mail_proof.problems(values)}

    @property
    def own_addresses(self) -> tuple[str, ...]:
        """Our addresses, normalised: this inbox's, and those in config["own_addresses"] (the other inboxes', with
        commas), by which our own mail is recognised when it comes back."""
        given = (self.config.get("address", ""), *self.config.get("own_addresses", "").split(","))
        return tuple(dict.fromkeys(a for a in map(normal_address, given) if a))

    def judged(self, items: list[Inbound | Receipt], raw: bytes) -> list[Inbound | Receipt]:
        """The facts of one mail, with what shows that its sender wrote it, where something hangs on that."""
        return [_mail_proof.judged(one, raw, self.config) if isinstance(one, Inbound) else one for one in items]

    def split(self, text: str) -> list[str]:
        """A mail is one mail, however long: its parts would share one Message-ID."""
        return [text]
