"""Which contacts may be one person: how they are found, what was found, and what an agent said to it."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime


class ContactKey(Base):
    """A hash of something that a contact shares with their own doubles: a mailbox, a number, two words of a name. See
    helpdesk.services.duplicate_keys."""
    __tablename__ = "contact_key"
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True,
                                            autoincrement=False, index=True)

    __table_args__ = ({"sqlite_with_rowid": False},)


class ContactChange(Base):
    """A contact whose name, addresses or claims changed since their keys were written. Triggers of the database write
    these rows (migration "duplicates"), whoever changes a contact in whatever way; nobody waits for another's row."""
    __tablename__ = "contact_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int]


class DuplicatePair(Base):
    """Two contacts that are likely one person; `first_id` is the smaller. `alike`: how many bear the name."""
    __tablename__ = "duplicate_pair"
    first_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    second_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False, index=True)
    score: Mapped[int]
    alike: Mapped[int]
    found_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    __table_args__ = (Index(None, "score", "first_id", "second_id"),)


class ToldApart(Base):
    """An agent said that these two are not one person; `first_id` is the smaller. The rows name the records that were
    looked at: a merge leaves them where they are, so that taking it back takes nothing else back."""
    __tablename__ = "told_apart"
    first_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True,
                                          autoincrement=False)
    second_id: Mapped[int] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True,
                                           autoincrement=False, index=True)
    actor: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
