"""The mail world around the helpdesk, by real SMTP on loopback: its own door, and a server that gets what it sends."""
from __future__ import annotations

import smtplib
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

from helpdesk import db, settings
from helpdesk.jobs import listener
from helpdesk.models import Inbox
from helpdesk.services import articles, inboxes
from tests.house import free_port
from tests.services.smtp_sink import Sink

QUESTION = "How long does delivery take?"


class MailWorld:
    """`door` takes mail for the helpdesk; `sink` keeps what the helpdesk sends. The inbox confirms new mail, and the
    assistant knows QUESTION."""

    def __init__(self, config: settings.Settings, inbox: Inbox, work: Callable[[], int]):
        self.sink, self.work, self.seen = Sink(), work, 0
        self.port = free_port()
        self.stop = listener.start(replace(config, smtp_listen=f"127.0.0.1:{self.port}", lmtp_listen=""))
        with db.transaction() as session:
            row = session.get(Inbox, inbox.id)
            self.address = row.account
            inboxes.change(session, row, {"smtp_port": str(self.sink.port), "acknowledge": "yes"}, actor="test")
            articles.create(session, title=QUESTION, body="Three days.", questions=["delivery time"])

    def deliver(self, raw: bytes, sender: str = "", to: str = "") -> None:
        """Hand one mail to the helpdesk's door."""
        with smtplib.SMTP("127.0.0.1", self.port, "localhost", 20) as smtp:
            smtp.sendmail(sender, [to or self.address], raw)

    def sent(self) -> list[EmailMessage]:
        """Let the worker do everything that is due; what the helpdesk sent since the last time."""
        self.work()
        new = self.sink.mails[self.seen:]
        self.seen += len(new)
        return [message_from_bytes(raw, policy=policy.default) for _, _, raw in new]

    def close(self) -> None:
        """End both servers."""
        self.stop()
        self.sink.shutdown()
        self.sink.server_close()
