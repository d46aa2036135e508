"""What the assistant did, what it was set to, and what it remembers so as to start quickly."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class AssistantTurn(Base):
    """What the assistant made of one message. `outcome`: answered, offered, asked (for what an answer needs), missed,
    handed_over, greeted.

    `understood`: how it read the message: [{"text": part of the message, "sure", "from": the phrasing it was matched
    with, "article", "score", "with": an earlier question it was read with, "passage": true where a part of the article
    was quoted, "encoder"}]. `also`: further articles of the same answer, when several things were asked: [{"article",
    "question", "score"}]. `asks`: what it wants to know before it answers, see helpdesk.services.asking. `mood`: 0 calm
    to 1 furious.
    """
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
    understood: Mapped[list] = mapped_column(Json, default=list)
    also: Mapped[list] = mapped_column(Json, default=list)
    asks: Mapped[dict | None] = mapped_column(Json)
    locale: Mapped[str] = mapped_column(String(16), default="")
    mood: Mapped[float | None]
    helped: Mapped[bool | None]
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    __table_args__ = (Index(None, "ticket_id", "id"), Index(None, "created_at"),
                      Index(None, "article_id", "created_at"))


class SensitiveTopic(Base):
    """Something that the business wants people to handle. `words`: one expression a line, in any language."""
    __tablename__ = "sensitive_topic"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    words: Mapped[str] = mapped_column(Text)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    active: Mapped[bool] = mapped_column(default=True)


class PhrasingVector(Base):
    """What an encoder made of one text, half-precision numbers, so that it need not be asked again."""
    __tablename__ = "phrasing_vector"
    encoder: Mapped[str] = mapped_column(String(80), primary_key=True)      # name and version
    text_hash: Mapped[str] = mapped_column(String(32), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class MatcherState(Base):
    """A fitted matcher, by what it was fitted on, so that a restart need not fit it again."""
    __tablename__ = "matcher_state"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)


class AssistantEvaluation(Base):
    """How well the assistant would do: cross-validated over the house's own articles. `state`: waiting, running, done,
    failed."""
    __tablename__ = "assistant_evaluation"
    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    figures: Mapped[dict] = mapped_column(Json, default=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ConfidenceFit(Base):
    """Coefficients of the confidence, fitted to answers that customers judged. The one with `active` is used."""
    __tablename__ = "confidence_fit"
    id: Mapped[int] = mapped_column(primary_key=True)
    coefficients: Mapped[dict] = mapped_column(Json)
    figures: Mapped[dict] = mapped_column(Json, default=dict)       # before and after, and on how many
    active: Mapped[bool] = mapped_column(default=False)
    actor: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
