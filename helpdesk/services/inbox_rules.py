"""How matters of an inbox go on: opened again or followed by a new one, over other channels, from chat to mail."""
from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from helpdesk import events
from helpdesk.errors import Invalid
from helpdesk.models import Inbox
from helpdesk.services import reopening
from helpdesk.services.reopening import MOST_DAYS, number

MOST_MINUTES = 10_080       # a week
MOST_UNDO = 120             # seconds
FIELDS = ("reopen", "reopen_days", "reopen_keeps", "one_matter", "one_matter_days", "mail_unseen", "mail_after_minutes",
          "undo_seconds")


def choose(session: Session, inbox: Inbox, given: Mapping[str, str], actor: str) -> None:
    """Take FIELDS over from a form; a number left empty is the house's. Raises Invalid."""
    before = words(inbox)
    reopening.choose(inbox, given)
    days = given.get("one_matter_days", "").strip()
    inbox.one_matter = bool(given.get("one_matter"))
    inbox.one_matter_days = number(days, MOST_DAYS, "days") if days else None
    undo = given.get("undo_seconds", "").strip()
    inbox.undo_seconds = number(undo, MOST_UNDO, "seconds") if undo else None
    if inbox.channel == "web":
        inbox.mail_unseen = bool(given.get("mail_unseen"))
        inbox.mail_after_seconds = _seconds(given.get("mail_after_minutes", "").strip())
    if words(inbox) != before:
        events.record(session, events.SettingsChanged(what=f"inbox {inbox.name}", detail=words(inbox)), actor=actor)


def words(inbox: Inbox) -> str:
    """The rules as an admin's log has them."""
    parts = [f"reopen {inbox.reopen or 'as the house'}" + _figure(inbox.reopen_days, "days", ""),
             "keeps its agent" if inbox.reopen_keeps else "goes back to the queue",
             "one matter" + _figure(inbox.one_matter_days, "days") if inbox.one_matter else "keeps to itself"]
    if inbox.undo_seconds is not None:
        parts.append(f"{inbox.undo_seconds} seconds to take a reply back")
    if inbox.channel == "web":
        parts.append("unseen answers are mailed" + _figure(inbox.mail_after_seconds, "seconds") if inbox.mail_unseen
                     else "nothing is mailed")
    return ", ".join(parts)


def _figure(value: int | None, unit: str, otherwise: str = " as the house") -> str:
    return otherwise if value is None else f" ({value} {unit})"


def minutes(seconds: int) -> str:
    """As the form shows it."""
    return f"{seconds / 60:g}"


def _seconds(text: str) -> int | None:
    """Minutes, with a decimal point or comma if need be."""
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value <= MOST_MINUTES:
        raise Invalid(f"Minutes are a number from 0 to {MOST_MINUTES:,}.")
    return round(value * 60)
