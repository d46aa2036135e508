"""Facts about what became one or two: tickets and contacts. See helpdesk.events."""
from __future__ import annotations

from dataclasses import dataclass, field

from helpdesk.fact import Fact


@dataclass(frozen=True)
class TicketSplit(Fact):
    """A message that had been joined to this ticket went into one of its own."""
    message_id: int
    into_ticket_id: int


@dataclass(frozen=True)
class TicketsMerged(Fact):
    """Another ticket went into this one. What that changed here is listed as [before, after], to be changed back:
    `changed` columns, `participants` roles by identity, `clocks` by kind, `tags` that were added. `status`, when that
    changed too: how the ticket stands now, and whether it is `snoozed`."""
    merged_id: int
    together: bool
    changed: dict
    participants: dict
    clocks: dict
    tags: tuple[int, ...] = ()
    status: str = ""
    snoozed: bool = False


@dataclass(frozen=True)
class TicketMergedInto(Fact):
    """This ticket went into another one and gets nothing new. `together`: its customer takes part there."""
    into_ticket_id: int
    together: bool


@dataclass(frozen=True)
class TicketsUnmerged(Fact):
    """What had gone into this ticket is one of its own again; the messages that came to it meanwhile went along."""
    merged_id: int
    message_ids: tuple[int, ...] = ()
    status: str = ""
    snoozed: bool = False


@dataclass(frozen=True)
class TicketUnmergedFrom(Fact):
    """This ticket is one of its own again."""
    from_ticket_id: int


@dataclass(frozen=True)
class ContactsMerged(Fact):
    """Two records of one person; `merged_id` now points to this contact. What moved is listed, to be moved back."""
    merged_id: int
    why: str
    identity_ids: tuple[int, ...] = ()
    ticket_ids: tuple[int, ...] = ()
    changed: dict = field(default_factory=dict)     # what was filled in from it, by field: [before, after]


@dataclass(frozen=True)
class ContactsUnmerged(Fact):
    """What had been merged into this contact is a record of its own again, and took these along."""
    unmerged_id: int
    identity_ids: tuple[int, ...] = ()
    ticket_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class ContactChanged(Fact):
    """The ticket is another contact's now. `roles`, by address, and `reply` tell what that changed: [before, after]."""
    from_id: int
    to_id: int
    from_name: str
    to_name: str
    roles: dict
    reply: list


@dataclass(frozen=True)
class TicketLinked(Fact):
    """Another ticket is linked. `kind`, as seen from here: parent, child or related."""
    other_id: int
    kind: str


@dataclass(frozen=True)
class TicketUnlinked(Fact):
    """It no longer is. `kind` may also be follows or followed."""
    other_id: int
    kind: str
