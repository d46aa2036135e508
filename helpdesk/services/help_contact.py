"""By which ways a reader of the help centre reaches people, and when those are there."""
from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk import texts
from helpdesk.clock import now
from helpdesk.models import Inbox
from helpdesk.services import expected_answer, inboxes, sla
from helpdesk.services.phrases import language_of

_said: dict[tuple[str, str, str], tuple[int, tuple[bool, str]]] = {}


@dataclass(frozen=True)
class Ways:
    """The chat's inbox and the address for mail, '' where there is none. `open`: somebody is there now; `answer`:
    when the house opens and an answer usually comes, in the reader's language, '' while nothing can be promised."""
    chat: str
    colour: str
    mail: str
    open: bool
    answer: str


def ways(session: Session, locale: str) -> Ways:
    """The first inbox of each kind that is switched on."""
    mails = inboxes.mail_channels()
    rows = session.execute(select(Inbox.channel, Inbox.key, Inbox.account, Inbox.settings).where(
        Inbox.enabled, Inbox.channel.in_(("web", *mails))).order_by(Inbox.id)).all()
    chat = next((row for row in rows if row.channel == "web"), None)
    mail = next((row.account for row in rows if row.channel in mails and "@" in row.account), "")
    is_open, answer = _hours(session, locale, "web" if chat else "email")
    return Ways(chat.key if chat else "", (chat.settings or {}).get("color", "") if chat else "", mail, is_open, answer)


def _hours(session: Session, locale: str, channel: str) -> tuple[bool, str]:
    """Whether the house is open, and when an answer may be expected, in words. Every page of the help centre says it,
    so it is worked out once in a minute."""
    key, minute = (str(session.get_bind().engine.url), locale, channel), int(now().timestamp()) // 60
    if _said.get(key, (None,))[0] != minute:
        _said[key] = (minute, _worked_out(session, locale, channel))
    return _said[key][1]


def _worked_out(session: Session, locale: str, channel: str) -> tuple[bool, str]:
    hours, at = sla.hours_of(session, sla.policy_in_general(session)), now()
    found = expected_answer.in_general(session, channel, at)
    try:
        is_open = hours.after(at, 0) <= at
    except ValueError:          # never open: nothing can be promised
        return False, ""
    return is_open, expected_answer.words(found, language_of(texts.closest(locale)) or "en", hours.zone, at)
