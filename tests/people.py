"""The cast. Ann writes to us; alice and bob work in the same team, carol in another; mia manages, ada is the admin."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from channels.base import Inbound, Request
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Agent, Inbox, Message, Team, TeamMember, Ticket
from helpdesk.services import accounts, inbound, inboxes, sla

ANN, EVE = "ann@example.com", "eve@example.net"
PASSWORD = "a long enough password"


@dataclass
class Cast:
    """Agents and inboxes, detached but readable."""
    alice: Agent
    bob: Agent
    carol: Agent
    mia: Agent
    ada: Agent
    mail: Inbox
    widget: Inbox
    support: Team
    sales: Team

    @classmethod
    def introduce(cls, session: Session) -> Cast:
        """Make everybody."""
        sla.ensure_default(session)
        people = {name: accounts.create(session, name.title(), f"{name}@kopi.example", role)
                  for name, role in (("alice", "agent"), ("bob", "agent"), ("carol", "agent"), ("mia", "manager"),
                                     ("ada", "admin"))}
        teams = {name: Team(name=name.title()) for name in ("support", "sales")}
        session.add_all(teams.values())
        session.flush()
        for person, team in (("alice", "support"), ("bob", "support"), ("carol", "sales")):
            session.add(TeamMember(team_id=teams[team].id, agent_id=people[person].id))
        mail = inboxes.create(session, "email", "Support mail", {
            "address": "support@kopi.example", "smtp_host": "127.0.0.1", "smtp_port": "1", "smtp_security": "none"},
            key="mail")
        widget = inboxes.create(session, "web", "Shop chat", {}, key="shop")
        return cls(**people, mail=mail, widget=widget, **teams)


def browser_of(app, agent: Agent):
    """A test client that is signed in, and sends the CSRF token by itself."""
    from helpdesk.web.access import cookie_name
    with db.transaction() as session:
        token = accounts._open_session(session, session.get(Agent, agent.id), "127.0.0.1", "test")
    with db.reading() as session:
        csrf = accounts.session_of(session, token)[1].csrf_token
    client = app.test_client()
    client.set_cookie(cookie_name(), token)
    client.environ_base["HTTP_X_CSRF_TOKEN"] = csrf
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


def customer_mail(text: str, *, sender: str = ANN, subject: str = "My order", message_id: str = "", reply_to: str = "",
                  to: str = "support@kopi.example", name: str = "Ann Lee") -> bytes:
    """A plain mail as a customer's program would send it."""
    import secrets
    from email.message import EmailMessage
    from email.utils import format_datetime
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"{name} <{sender}>", to, subject
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = message_id or f"<{secrets.token_hex(8)}@mail.example.com>"
    if reply_to:
        mail["In-Reply-To"] = mail["References"] = reply_to
    mail.set_content(text)
    return mail.as_bytes()


def deliver_mail(inbox: Inbox, raw: bytes) -> None:
    """Put a raw mail where the listener would."""
    import hashlib
    db.run(inbound.store, inbox, Request("MAIL", {}, {}, raw), f"mail:{hashlib.sha256(raw).hexdigest()}")


def written(session: Session, inbox: Inbox, text: str, *, address: str = ANN, at: datetime | None = None,
            external_id: str = "", **fields) -> Message:
    """A message from outside, past the channel's own parsing."""
    from helpdesk.models import RawInbound
    at = at or now()
    external_id = external_id or f"test-{now().timestamp()}-{address}"
    raw = RawInbound(inbox_id=inbox.id, source_key=external_id, method="TEST", body=b"", state="processed")
    session.add(raw)
    session.flush()
    item = Inbound(external_id=external_id, address=address, sent_at=at, text=text, **fields)
    return inbound.receive(session, inbox, inboxes.open_channel(inbox), item, raw)


def ticket_of(message: Message) -> Ticket:
    """The ticket a message is in, read anew."""
    with db.reading() as session:
        return session.get(Ticket, message.ticket_id)


def later(minutes: float) -> datetime:
    """A moment from now."""
    return now() + timedelta(minutes=minutes)
