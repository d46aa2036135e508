"""Where agents may write by mail: whether it can be proved that they do. Told by the last mails that came."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from channels import _mail_proof
from channels._mail_headers import Headers
from channels._mail_results import NAMELESS, server_of
from channels._mail_tree import RAW
from helpdesk import db
from helpdesk.checks import Finding, fail, good, many, warn
from helpdesk.models import Agent, Inbox, RawInbound
from helpdesk.services import inboxes
from helpdesk.settings import Settings

LAST = 30
HEADER_BYTES = 100_000
UNDER = "Settings, Inboxes, under “Agents who write by mail”"


def findings(config: Settings) -> Iterator[Finding]:
    """One for each mail inbox that has it switched on."""
    with db.reading() as session:
        using = session.scalar(select(func.count()).select_from(Agent).where(
            Agent.answers_by_mail, Agent.disabled_at.is_(None)))
        for inbox in session.scalars(select(Inbox).where(
                Inbox.enabled, Inbox.channel.in_(inboxes.mail_channels())).order_by(Inbox.id)):
            given = inbox.settings or {}
            if _mail_proof.on(given, "agent_replies") or _mail_proof.on(given, "agent_forwards"):
                yield _one(session, config, inbox, using)


def _one(session: Session, config: Settings, inbox: Inbox, using: int) -> Finding:
    name, given = f"Agents by mail at {inbox.name}", inbox.settings or {}
    who = f"{many(using, 'agent')} may answer by mail" if using else "No agent has it switched on"
    if given.get("proof") == _mail_proof.SIGNATURE:
        return good(name, f"{who}; each mail's own signature (DKIM) is checked here.")
    server = str(given.get("proof_server", "")).strip()
    if not server:
        return fail(name, "No mail server is named that checks senders: nothing agents write by mail is taken.",
                    f"Name it in {UNDER}, or have the signature checked.")
    if inbox.channel == "email" and not given.get("imap_host") and config.smtp_listen and not (
            config.smtp_relays or config.lmtp_listen):
        return warn(name, "Mail comes to the built-in SMTP server, which checks no senders, and from nobody whose "
                          "checks are believed: nothing agents write by mail is taken.",
                    "Put a mail server that checks DMARC in front and name it in smtp_relays, or have the signature "
                    f"checked ({UNDER}).")
    seen = _servers(session, inbox)
    total, by_it = seen.total(), seen["" if server == NAMELESS else server.lower()]
    if not total:
        return warn(name, "No mail has come yet by which to see whether its server checks senders.",
                    "Write a mail to it from outside, then look here again.")
    if not by_it:
        others = ", ".join(sorted(one for one in seen if one)) or "nobody"
        return warn(name, f"Of the last {many(total, 'mail')} none was checked by {server}, but by {others}: nothing "
                          "agents write by mail is taken.", f"Correct the server's name in {UNDER}.")
    if by_it < total:
        return warn(name, f"{total - by_it} of the last {total} mails bear no check by {server} on top. Mail that it "
                          "lets through unchecked could bear a forged one.",
                    "Have that server check all mail from outside, and remove Authentication-Results with its name "
                    "from what comes in (RFC 8601, section 5); or have the signature checked.")
    return good(name, f"{who}; the last {many(total, 'mail')} were checked by {server}.")


def _servers(session: Session, inbox: Inbox) -> Counter[str]:
    """Who wrote the topmost Authentication-Results of the last mails; '' where nobody did, or without a name."""
    rows = session.execute(select(RawInbound.id, func.substr(RawInbound.body, 1, HEADER_BYTES)).where(
        RawInbound.inbox_id == inbox.id, RawInbound.method == "MAIL", RawInbound.body.is_not(None))
        .order_by(RawInbound.id.desc()).limit(LAST))
    fields = (Headers(message_from_bytes(bytes(body), policy=RAW)).raw("authentication-results") for _, body in rows)
    return Counter(server_of(field) if field else "nobody" for field in fields)
