"""The help texts: articles by category and language, their phrasings, versions, pictures and old addresses."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clock import now
from helpdesk.db import Base, Json, UTCDateTime


class Category(Base):
    """A shelf of the help centre, the same in every language; its names are `CategoryName`s."""
    __tablename__ = "category"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    icon: Mapped[str] = mapped_column(String(40), default="")
    position: Mapped[int] = mapped_column(default=0)

    names: Mapped[list[CategoryName]] = relationship(back_populates="category", cascade="all, delete-orphan",
                                                     order_by="CategoryName.locale")


class CategoryName(Base):
    """What a category is called in one language, and its place in that language's addresses."""
    __tablename__ = "category_name"
    id: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"))
    locale: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120))
    slug: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(300), default="")

    category: Mapped[Category] = relationship(back_populates="names")

    __table_args__ = (UniqueConstraint("category_id", "locale"), UniqueConstraint("locale", "slug"))


class Article(Base):
    """A help text as it is read now. Its title counts as a question too.

    `published`: readers and the assistant have it; before that, `title` and `body` are its first draft. What is being
    written for later is a draft version. `audience`: public, or agents (only people of the house read it).
    `original_id`: the article that this one is a translation of. `needs`: what the answer is about and must be asked
    first (order_number …). `about_account`: only for people who proved who they are. `reviewed_at`: when somebody last
    said that it is still true. `archived_at`: when it was deleted; it can be brought back, and is never published.
    """
    __tablename__ = "article"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(300), default="")
    body: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(String(16), default="en")
    slug: Mapped[str] = mapped_column(String(120))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id", ondelete="SET NULL"), index=True)
    original_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    audience: Mapped[str] = mapped_column(String(8), default="public")
    published: Mapped[bool] = mapped_column(default=True)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    for_assistant: Mapped[bool] = mapped_column(default=True)
    about_account: Mapped[bool] = mapped_column(default=False)
    needs: Mapped[list] = mapped_column(Json, default=list)
    helped: Mapped[int] = mapped_column(default=0)
    not_helped: Mapped[int] = mapped_column(default=0)
    views: Mapped[int] = mapped_column(default=0)
    reviewed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, onupdate=now)

    category: Mapped[Category | None] = relationship()
    questions: Mapped[list[Question]] = relationship(back_populates="article", cascade="all, delete-orphan",
                                                     order_by="Question.id")
    versions: Mapped[list[ArticleVersion]] = relationship(back_populates="article", cascade="all, delete-orphan",
                                                          order_by="ArticleVersion.number")
    pictures: Mapped[list[ArticlePicture]] = relationship(back_populates="article", cascade="all, delete-orphan",
                                                          order_by="ArticlePicture.id")

    __table_args__ = (UniqueConstraint("locale", "slug"),)


class Question(Base):
    """A phrasing that leads to an article. `source`: written, learned (from a customer's message) or imported."""
    __tablename__ = "question"
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    source: Mapped[str] = mapped_column(String(8), default="written")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)

    article: Mapped[Article] = relationship(back_populates="questions")


class ArticleVersion(Base):
    """The text of an article as it was saved once. Without `published_at` it is a draft; a draft with `publish_at`
    goes out by itself then."""
    __tablename__ = "article_version"
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(300), default="")
    body: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    publish_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    article: Mapped[Article] = relationship(back_populates="versions")

    __table_args__ = (UniqueConstraint("article_id", "number"),
                      Index("ix_article_version_due", "publish_at",
                            sqlite_where=text("publish_at IS NOT NULL AND published_at IS NULL"),
                            postgresql_where=text("publish_at IS NOT NULL AND published_at IS NULL")))


class ArticlePicture(Base):
    """A picture in an article. Its bytes lie in the file store under their hash; `token` is its public address."""
    __tablename__ = "article_picture"
    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]

    article: Mapped[Article] = relationship(back_populates="pictures")


class ArticleRedirect(Base):
    """An address under which an article was read before: here, or in the help centre that it was imported from."""
    __tablename__ = "article_redirect"
    path: Mapped[str] = mapped_column(String(300), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
