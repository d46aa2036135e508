"""Facts about what nobody wants to read."""
from __future__ import annotations

from dataclasses import dataclass

from helpdesk.fact import Fact


@dataclass(frozen=True)
class TicketMarkedSpam(Fact):
    """It is out of all views but Spam. `why`: agent, blocked (its address is) or answers (it goes on with spam)."""
    previous: str
    why: str = "agent"


@dataclass(frozen=True)
class TicketNotSpam(Fact):
    """It was no spam: it is a ticket as any other again."""
    status: str = "open"


@dataclass(frozen=True)
class AddressBlocked(Fact):
    """What comes from this address goes to spam from now on, or no more."""
    kind: str
    value: str
    blocked: bool
