"""Agents who are told by mail and answer from their mail program; the house's mail server checks what comes in."""
from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime

from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Agent, AgentNotice, Inbox
from helpdesk.services import inboxes, tickets
from tests.people import Cast, deliver_mail, written
from tests.services.smtp_sink import Sink

MX = "mx.kopi.example"
PASSED = f"{MX}; dmarc=pass (p=reject) header.from=kopi.example"
FAILED = f"{MX}; dmarc=fail (p=reject) header.from=kopi.example"


class Mailroom:
    """`ask` and `reply`: a customer asks by mail in a ticket of alice's; alice gets a notice and answers it."""

    def __init__(self, cast: Cast, work):
        self.cast, self.work, self.sink = cast, work, Sink()
        self.set(agent_replies="yes", proof="server", proof_server=MX, smtp_port=str(self.sink.port))
        with db.transaction() as session:
            session.get(Inbox, cast.mail.id).assistant = False
            for one in (cast.alice, cast.bob):
                agent = session.get(Agent, one.id)
                agent.mail_notices, agent.answers_by_mail = ["assigned", "reply", "mention"], True

    def set(self, **values: str) -> None:
        """Change the mail inbox."""
        with db.transaction() as session:
            inboxes.change(session, session.get(Inbox, self.cast.mail.id), values, actor="test")

    def ask(self, text: str = "Where is my kettle?", agent: Agent | None = None) -> int:
        """A new ticket of Ann's, given to alice; its number. What alice is told has been sent."""
        with db.transaction() as session:
            message = written(session, session.get(Inbox, self.cast.mail.id), text, subject="My order", name="Ann Lee",
                              external_id=f"<ask-{now().timestamp()}@example.com>")
            ticket = tickets.lock(session, message.ticket_id)
            tickets.assign(session, ticket, session.get(Agent, (agent or self.cast.alice).id), "system")
            number = ticket.id
        self.work()
        return number

    def notice(self, agent: Agent | None = None) -> EmailMessage:
        """The last mail to an agent."""
        return [mail for mail in self.sink.parsed() if str(mail["To"]) == (agent or self.cast.alice).email][-1]

    def answer(self, text: str = "It left today.", *, sender: str = "", to: str = "", checked: str = PASSED,
               quoted: bool = True, message_id: str = "<answer-1@kopi.example>", notice: EmailMessage | None = None,
               files=(), date: str = "", **headers: str) -> None:
        """alice's answer to the last notice, as her mail program writes it, through `checked`."""
        notice = notice or self.notice()
        mail = EmailMessage()
        if checked:
            mail["Authentication-Results"] = checked
        mail["From"] = sender or f"Alice <{self.cast.alice.email}>"
        mail["To"] = to or str(notice["Reply-To"])
        mail["Subject"] = f"Re: {notice['Subject']}"
        mail["Date"], mail["Message-ID"] = date or format_datetime(now()), message_id
        mail["In-Reply-To"] = mail["References"] = str(notice["Message-ID"])
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        body = notice.get_body(("plain",)).get_content()
        old = "\n".join(f"> {line}" for line in body.splitlines())
        intro = f"On Mon, Jun 2, 2025 at 10:00 AM Kopi & Co <{notice['From'].addresses[0].addr_spec}> wrote:"
        mail.set_content(f"{text}\n\n{intro}\n\n{old}\n" if quoted else text)
        for name, content in files:
            mail.add_attachment(content, maintype="application", subtype="pdf", filename=name)
        deliver_mail(self.cast.mail, mail.as_bytes())
        self.work()

    def to_customer(self) -> list[EmailMessage]:
        """What left for anybody who is no agent."""
        return [mail for mail in self.sink.parsed() if not str(mail["To"]).endswith("@kopi.example")]

    def notices(self) -> list[AgentNotice]:
        """All of them."""
        with db.reading() as session:
            return list(session.scalars(select(AgentNotice).order_by(AgentNotice.id)))

    def close(self) -> None:
        """End the sink."""
        self.sink.shutdown()
        self.sink.server_close()


