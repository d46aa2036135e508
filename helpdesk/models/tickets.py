"""The piece of work. A ticket is the matter; the channel is on the message."""
from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime
from helpdesk.models.agents import Agent
from helpdesk.models.contacts import Contact


class Status(StrEnum):
    """Where a ticket stands. Snoozed is a time, not a status."""
    OPEN = "open"
    PENDING = "pending"         # waiting for the customer
    RESOLVED = "resolved"
    CLOSED = "closed"


PRIORITIES = ("low", "normal", "high", "urgent")
SNOOZED = text("snoozed_until IS NOT NULL")
MERGED, FOLLOWING = text("merged_into_id IS NOT NULL"), text("follows_ticket_id IS NOT NULL")


class Ticket(Base):
    """Its number is its id. `seq` numbers its messages and events without gaps, under this row's lock; a browser that
    knows the last seq it saw can ask for what came after. `reply_*` is the current default route, no more."""
    __tablename__ = "ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id"))
    subject: Mapped[str] = mapped_column(String(300), default="")
    status: Mapped[Status] = mapped_column(String(16), default=Status.OPEN)
    priority: Mapped[str] = mapped_column(String(8), default="normal")
    channel: Mapped[str] = mapped_column(String(32), default="")       # of the last public message, for lists
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    reply_inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"))
    reply_identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    with_assistant: Mapped[bool] = mapped_column(default=False)        # the assistant may still answer here
    assistant_misses: Mapped[int] = mapped_column(default=0)
    handed_over_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    waiting_since: Mapped[datetime | None] = mapped_column(UTCDateTime)    # the customer waits for us
    spam_at: Mapped[datetime | None] = mapped_column(UTCDateTime)      # an agent said so; reports leave it out
    snoozed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    merged_aside: Mapped[bool] = mapped_column(default=False)      # its customer takes no part in what it went into
    has_merged: Mapped[bool] = mapped_column(default=False)        # others went into this one: services.parts
    follows_ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    seq: Mapped[int] = mapped_column(default=0)
    preview: Mapped[str] = mapped_column(String(200), default="")
    preview_author: Mapped[str] = mapped_column(String(16), default="")    # contact, agent or assistant
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)       # the nearest running SLA deadline
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    last_message_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    first_response_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)    # its words are gone (helpdesk.services.wiping)

    contact: Mapped[Contact] = relationship()
    agent: Mapped[Agent | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary="ticket_tag", order_by="Tag.name")

    __table_args__ = (Index(None, "status", "last_message_at", "id"),
                      Index(None, "agent_id", "status", "last_message_at", "id"),
                      Index(None, "channel", "status", "last_message_at", "id"),
                      Index(None, "team_id", "status", "last_message_at", "id"),
                      Index("ix_ticket_with_assistant", "status", "last_message_at", "id",
                            sqlite_where=text("with_assistant = 1"), postgresql_where=text("with_assistant")),
                      Index("ix_ticket_snoozed", "status", "last_message_at", "id", sqlite_where=SNOOZED,
                            postgresql_where=SNOOZED),
                      Index("ix_ticket_merged", "merged_into_id", sqlite_where=MERGED, postgresql_where=MERGED),
                      Index("ix_ticket_following", "follows_ticket_id", sqlite_where=FOLLOWING,
                            postgresql_where=FOLLOWING),
                      Index(None, "contact_id", "id"), Index(None, "created_at"), Index(None, "due_at"))

    @property
    def active(self) -> bool:
        """Whether somebody still has to do something."""
        return self.status in (Status.OPEN, Status.PENDING)

    @property
    def room(self) -> str:
        """Where browsers that look at this ticket are told of changes."""
        return f"ticket:{self.id}"


class TicketLink(Base):
    """Two matters that belong together, and stay two. `kind`: parent (`to` is the larger matter of which `from` is a
    part) or related (`from` has the smaller number). That one follows another stands on the ticket itself."""
    __tablename__ = "ticket_link"
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    __table_args__ = (Index(None, "from_id"),)


class Tag(Base):
    """A label."""
    __tablename__ = "tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    colour: Mapped[str] = mapped_column(String(16), default="", server_default="")
    description: Mapped[str] = mapped_column(String(200), default="", server_default="")


class TicketTag(Base):
    """Which ticket carries which label."""
    __tablename__ = "ticket_tag"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id"), primary_key=True, index=True)


class Participant(Base):
    """Who takes part in a ticket, by address. `role`: requester; cc (an agent let them in); bcc; third (an agent
    forwarded something to them); or unverified (knew the secret, is not known). Only the first two belong to the
    customer's conversation: what the others write is an aside."""
    __tablename__ = "participant"
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(16), default="requester")
    added_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class ThreadKey(Base):
    """Everything by which a later message may name its ticket: Message-IDs both ways, reply tokens, chat ids.

    `secret` ones can only be known by somebody who received something from us.
    """
    __tablename__ = "thread_key"
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    secret: Mapped[bool] = mapped_column(default=False)
