"""Writing the audit log: who did what in this house, when, and from where.

Every fact of AUDITED is written down a second time as a line for people, in the transaction of the change itself. A
line is never changed (the database refuses it). Customers stand in it by number, secrets by the name of their field.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.models import Agent, AuditEntry

AUDITED = ("AgentSignedIn", "SettingsChanged", "PersonExported", "PersonErased")
KINDS_OF = {"agent": "agents", "team": "agents", "role": "agents", "inbox": "inbox"}
FIELD_NAMES = re.compile(r"[a-z_]+(, [a-z_]+)*")       # anything else about a contact may be personal


@dataclass(frozen=True)
class Where:
    """From where something is done: a network address and a browser."""
    address: str = ""
    browser: str = ""


NOWHERE = Where()
_where: ContextVar[Where] = ContextVar("where", default=NOWHERE)


def from_here(address: str, browser: str) -> None:
    """What is done in the rest of this request comes from there."""
    _where.set(Where(address, browser))


def note(session: Session, kind: str, subject: str, detail: str = "", *, actor: str = "system") -> None:
    """Write one line. `kind` is one of services.audit.KINDS; `actor` as in events. Where it comes from is known."""
    where, name = _where.get(), ""
    if actor.startswith("agent:"):
        name = session.scalar(select(Agent.name).where(Agent.id == int(actor[6:]))) or ""
    session.add(AuditEntry(actor=actor, actor_name=name, kind=kind, subject=subject[:200], detail=detail[:4000],
                           address=where.address[:64], browser=where.browser[:300]))


def note_fact(session: Session, name: str, data: Mapping, actor: str, contact_id: int | None) -> None:
    """The line of a fact that belongs into the log."""
    person = f"contact {contact_id}" if contact_id else ""
    if name == "AgentSignedIn":
        note(session, "sign-in", "signed in", actor=actor)
    elif name == "PersonExported":
        note(session, "export", person, "with internal notes" if data["with_notes"] else "", actor=actor)
    elif name == "PersonErased":
        note(session, "erasure", person, data["mode"], actor=actor)
    elif contact_id:
        fields = data["detail"] if FIELD_NAMES.fullmatch(data["detail"]) else ""
        note(session, "person", f"{person}, {data['what']}" if data["what"] != "contact" else person, fields,
             actor=actor)
    else:
        kind = KINDS_OF.get(data["what"].split(" ")[0], "settings")
        note(session, kind, data["what"], data["detail"], actor=actor)
