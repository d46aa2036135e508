"""Answers to surveys. Whoever holds the link may answer; the link is the permission."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import events, security
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.models import Contact, Rating, Survey
from helpdesk.services import tickets

EDITABLE = timedelta(days=14)
COMMENT_LIMIT = 2_000
LOW = 2


@dataclass(frozen=True)
class Answer:
    """What the page behind a link shows. `score` is None before the first answer."""
    survey_id: int
    locale: str
    score: int | None
    comment: str
    editable_until: datetime | None

    @property
    def editable(self) -> bool:
        """Whether it may (still) be given or changed."""
        return self.editable_until is None or now() <= self.editable_until


def show(session: Session, token: str) -> Answer:
    """The survey behind a link and what was answered so far. Raises NotFound for every link that we did not send."""
    survey = _survey(session, token)
    rating = session.scalar(select(Rating).where(Rating.survey_id == survey.id))
    locale = session.get(Contact, survey.contact_id).locale
    if rating is None:
        return Answer(survey.id, locale, None, "", None)
    return Answer(survey.id, locale, rating.score, rating.comment, rating.created_at + EDITABLE)


def rate(session: Session, token: str, score: int, comment: str = "") -> Rating:
    """Give a rating of 1 to 5, or change it within 14 days; the same again changes nothing. The ticket stays as it is.

    Raises NotFound, Invalid (no such score, comment too long) or Conflict when it is too late to change it.
    """
    comment = comment.replace("\0", "").replace("\r\n", "\n").strip()
    if score not in (1, 2, 3, 4, 5):
        raise Invalid("A rating is a number from 1 to 5.")
    if len(comment) > COMMENT_LIMIT:
        raise Invalid(f"A comment has at most {COMMENT_LIMIT} characters.")
    ticket = tickets.lock(session, _survey(session, token).ticket_id)
    survey = _survey(session, token)
    rating = session.scalar(select(Rating).where(Rating.survey_id == survey.id).execution_options(
        populate_existing=True))
    if rating and (rating.score, rating.comment) == (score, comment):
        return rating
    if rating is None:
        rating = Rating(survey_id=survey.id, ticket_id=survey.ticket_id, created_at=now())
        session.add(rating)
    elif now() > rating.created_at + EDITABLE:
        raise Conflict("This rating can no longer be changed.")
    rating.score, rating.comment, rating.changed_at = score, comment, now()
    survey.state = "answered"
    session.flush()
    contact = session.get(Contact, survey.contact_id)
    events.record(session, events.RatingGiven(survey_id=survey.id, score=score, low=score <= LOW, comment=comment),
                  ticket=ticket, contact=contact, actor=contact.actor)
    return rating


def _survey(session: Session, token: str) -> Survey:
    survey = session.scalar(select(Survey).where(Survey.token_hash == security.token_hash(token)))
    if survey is None:
        raise NotFound("There is no such survey.")
    return survey
