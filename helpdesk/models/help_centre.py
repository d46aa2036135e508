"""What readers do in the help centre. Nobody is named, except where a visitor of the widget is known anyway."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, UTCDateTime


class ArticleView(Base):
    """Somebody opened an article. `place`: help (the public pages), widget, mail or console."""
    __tablename__ = "article_view"
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    place: Mapped[str] = mapped_column(String(8))
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("visitor.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, index=True)

    __table_args__ = (Index(None, "article_id", "created_at"),)


class ArticleFeedback(Base):
    """A reader said whether an article helped, and perhaps why not."""
    __tablename__ = "article_feedback"
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    helped: Mapped[bool]
    comment: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[str] = mapped_column(String(8))
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("visitor.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    __table_args__ = (Index(None, "article_id", "created_at"),)


class HelpSearch(Base):
    """What was looked for, how much was found, and what was opened from it."""
    __tablename__ = "help_search"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(200))
    folded: Mapped[str] = mapped_column(String(200))      # one spelling for what people mean alike
    locale: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(String(8))
    found: Mapped[int]
    opened_id: Mapped[int | None] = mapped_column(ForeignKey("article.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, index=True)

    __table_args__ = (Index(None, "folded", "created_at"),)
