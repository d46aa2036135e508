"""What the assistant could not answer, gathered for people to decide on."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime


class QuestionGroup(Base):
    """Open questions that mean the same, as far as the matcher can tell. `title`: the most typical of them."""
    __tablename__ = "question_group"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(500))
    locale: Mapped[str] = mapped_column(String(16))
    size: Mapped[int] = mapped_column(default=0)
    newest_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, index=True)

    questions: Mapped[list[OpenQuestion]] = relationship(back_populates="group")


class OpenQuestion(Base):
    """One message of a customer that no article answered. `source`: unanswered, refused ("not my question"), resolved
    (people answered it) or searched. `state`: open, added (as a phrasing of `article_id`), drafted (`article_id` is
    the new draft) or ignored."""
    __tablename__ = "open_question"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(500))
    locale: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(10))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), unique=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("question_group.id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(8), default="open")
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="SET NULL"), index=True)
    decided_by: Mapped[str] = mapped_column(String(40), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    group: Mapped[QuestionGroup | None] = relationship(back_populates="questions")

    __table_args__ = (Index(None, "state", "created_at"),)
