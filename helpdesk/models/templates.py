"""Messages that a platform approved beforehand."""
from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.db import Base, Json


class MessageTemplate(Base):
    """A copy of channels.base.Template, as the platform last listed it for an inbox."""
    __tablename__ = "message_template"
    id: Mapped[int] = mapped_column(primary_key=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(24))
    category: Mapped[str] = mapped_column(String(32), default="")
    header: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    footer: Mapped[str] = mapped_column(Text, default="")
    buttons: Mapped[list] = mapped_column(Json, default=list)
    examples: Mapped[list] = mapped_column(Json, default=list)     # [[key, sample], …]: JSONB keeps no order of keys
    external_id: Mapped[str] = mapped_column(String(64), default="")
    unsendable: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (UniqueConstraint("inbox_id", "name", "language"),)

    @property
    def usable(self) -> bool:
        """Whether an agent can send it now."""
        return self.status == "approved" and not self.unsendable
