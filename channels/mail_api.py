"""Mail through a provider's API: webhooks in (messages and events), HTTP out. One small module per provider in
channels/_mail_api; whatever form a mail arrives in, it is put together again and read by the one mail parser."""
from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from channels._mail_api import PROVIDERS
from channels._mail_api.provider import Mail, Provider
from channels._mail_compose import compose
from channels._mail_medium import MAIL, WRITTEN, MailMedium
from channels._mail_pool import parse_pool
from channels._payload import sound
from channels.base import (
    BadSignature,
    File,
    Inbound,
    Outbound,
    Receipt,
    Request,
    SendError,
    Setting,
    Status,
    Step,
    Unreadable,
)

LABELS = {name: PROVIDERS[name].label for name in sorted(PROVIDERS, key=lambda name: PROVIDERS[name].label.lower())}
CALLS, ANSWERS = "Calls from the provider", "Replies"
NOBODY = "unknown@sender.invalid"       # RFC 2606: an address that can never exist
OF_THE_PROVIDER = {"verp": "no", "dkim_key": ""}        # return addresses and signatures are the provider's business


class MailApi(MailMedium):
    """A mail address at a provider such as Mailgun or Postmark. It threads, trims and answers exactly as mail does."""
    name = "mail_api"
    label = "E-mail by provider"
    remarks = "Mailgun, SendGrid, Postmark, Mandrill, Amazon SES, Brevo, Mailjet, Resend and others"
    word = "e-mail"
    can = replace(MAIL, receipts=frozenset({Status.SENT, Status.DELIVERED, Status.FAILED}))
    body_limit = 50_000_000         # attachments of 35 MB in base64, the most that any of them posts
    settings = (
        Setting("provider", "Provider", kind="choice", choices=tuple(LABELS), words=LABELS, default="mailgun"),
        Setting("address", "Address", help="Customers write to it, and answers come from it."),
        Setting("name", "Sender name", required=False, help="Shown beside the address, for example Example Support."),
        Setting("api_key", "API key", secret=True,
                help="Postmark: the server token. Amazon SES: the secret access key. Mailjet: the secret key."),
        Setting("account", "Account", required=False,
                help="Amazon SES: the access key's id. Mailjet: the API key. CloudMailin: the SMTP user name. Mailgun: "
                     "the sending domain, if it is not the address's. Postmark: the message stream, if not outbound."),
        Setting("region", "Region", required=False,
                help="Mailgun and SparkPost: eu for European accounts. Amazon SES: for example eu-west-1. Unisender "
                     "Go: go1 or go2. The others have none."),
        Setting("signing_key", "Webhook signing key", secret=True, required=False, group=CALLS,
                help="By which we know the provider's calls. Mailgun: the HTTP webhook signing key. SendGrid: the "
                     "verification key of the Event Webhook. Mandrill, MailerSend, Resend: the key of each webhook and "
                     "route, with spaces between. Postal: its public key. Amazon SES: the ARN of each SNS topic."),
        Setting("webhook_secret", "Webhook password", secret=True, required=False, group=CALLS,
                help="For providers that sign nothing (Postmark, SendGrid's Inbound Parse, Brevo, Mailjet, SparkPost, "
                     "CloudMailin): put it into the address you give them, as https://helpdesk:PASSWORD@…"),
        Setting("api_base", "API address", required=False,
                help="Postal: where your server runs. Otherwise only for testing."),
        Setting("plus_address", "Answers come back to a plus-address", default="yes", kind="bool", group=ANSWERS,
                help="support+…@ finds its ticket even where a mail program drops the headers. Switch it off when your "
                     "provider does not route such addresses to this inbox."),
        *WRITTEN,
    )

    @classmethod
    def problems(cls, values: Mapping[str, str]) -> dict[str, str]:
        """What the chosen provider needs beside what every one does, and what the writing of mail needs."""
        provider = PROVIDERS.get(values.get("provider") or "mailgun")
        missing = [key for key in provider.needs if not values.get(key)] if provider else []
        return {**super().problems(values), **{key: f"{provider.label} needs this." for key in missing}}

    @property
    def provider(self) -> Provider:
        """The chosen provider's code. Raises SendError when the settings name none."""
        found = PROVIDERS.get(self.config.get("provider") or "mailgun")
        if found is None:
            raise SendError(f"There is no mail provider {self.config.get('provider')!r}", permanent=True, broken=True)
        return found(self.config, self.http)

    # In

    def verify(self, request: Request) -> None:
        try:
            provider = self.provider
        except SendError as error:
            raise BadSignature(str(error)) from error
        provider.verify(request)

    def handshake(self, request: Request) -> str | None:
        return self.provider.handshake(request)

    def source_key(self, request: Request) -> str:
        return self.provider.source_key(request) or hashlib.sha256(request.body).hexdigest()

    def parse(self, request: Request) -> Iterator[Inbound | Receipt]:
        """Every mail and receipt in one delivery. A mail beyond the parser's limits makes it Unreadable; among several
        it comes as a message with the mail attached, so that the others are not held up, and so does what would not be
        let in: mail without a sender, or in our own name."""
        found = list(self.provider.read(request))
        for item in found:
            if isinstance(item, Mail):
                yield from self._messages(item, alone=len(found) == 1)
            else:
                yield sound(item)

    def _messages(self, mail: Mail, alone: bool) -> list[Inbound | Receipt]:
        try:
            items = self.judged(parse_pool.parse(mail.raw, own=self.own_addresses), mail.raw)
        except Unreadable as error:
            if alone:
                raise
            return [_set_aside(mail.raw, str(error))]
        if not alone and any(isinstance(item, Inbound) and self._stranger(item) for item in items):
            return [_set_aside(mail.raw, "it has no sender, or claims to come from us")]
        return [replace(item, automatic=item.automatic or mail.suspect) if isinstance(item, Inbound) else item
                for item in items]

    def _stranger(self, item: Inbound) -> bool:
        local, _, domain = item.address.partition("@")
        return not domain or f"{local.partition('+')[0]}@{domain}" in self.own_addresses

    # Out

    def send(self, message: Outbound) -> str:
        """Send one mail; returns its Message-ID, or the provider's number where that differs. Raises SendError."""
        return self.provider.deliver(compose(message, {**self.config, **OF_THE_PROVIDER}), message.id)

    def test(self) -> str:
        return self.provider.test()

    def steps(self, webhook: str) -> list[Step]:
        account = ("Copy the API key again from the provider's pages, and look at account, region and API address: "
                   "what each provider wants there is in the documents, under “E-mail by provider”.")
        return [Step("Account", self.test, account), Step("Calls from the provider", lambda: self._proved(webhook), (
            "Enter the signing key, or for a provider that signs nothing choose a webhook password, and give the "
            "provider the address with it."))]

    def _proved(self, webhook: str) -> str:
        provider = self.provider
        if not any(provider.setting(key) for key in provider.proof):
            raise SendError(f"Calls of {provider.label} are refused: nothing is set by which we could know them",
                            permanent=True)
        return f"Calls to {webhook} are taken when they prove to come from {provider.label}."


def _set_aside(raw: bytes, why: str) -> Inbound:
    number = hashlib.sha256(raw).hexdigest()
    return Inbound(external_id=f"sha256:{number}", address=NOBODY, sent_at=datetime.now(UTC),
                   text=f"[A mail could not be taken in: {why}. It is attached as it came.]", automatic="unreadable",
                   files=[File("mail.eml", "message/rfc822", content=raw, size=len(raw))], fingerprint=number)
