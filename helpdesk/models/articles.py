"""What the assistant knows, and what it did with it."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class Article(Base):
    """A help text. Its title counts as a question too."""
    __tablename__ = "article"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(String(16), default="en")
    published: Mapped[bool] = mapped_column(default=True)
    helped: Mapped[int] = mapped_column(default=0)
    not_helped: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, onupdate=now)

    questions: Mapped[list[Question]] = relationship(back_populates="article", cascade="all, delete-orphan",
                                                     order_by="Question.id")


class Question(Base):
    """A phrasing that leads to an article."""
    __tablename__ = "question"
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))

    article: Mapped[Article] = relationship(back_populates="questions")


class AssistantTurn(Base):
    """What the assistant made of one message. `outcome`: answered, offered, missed, handed_over, greeted."""
    __tablename__ = "assistant_turn"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), unique=True)     # one turn per message, ever
    reply_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(40), default="")
    article_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"))
    score: Mapped[float | None]
    candidates: Mapped[list] = mapped_column(Json, default=list)    # [{"article": id, "question": text, "score": n}]
    helped: Mapped[bool | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    __table_args__ = (Index(None, "ticket_id", "id"), Index(None, "created_at"))
