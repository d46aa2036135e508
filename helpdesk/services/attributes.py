"""Facts that a site tells about somebody: few, small and flat, so that nobody can fill the store with them.

What a page says in a visitor's browser is a claim, like everything that anybody types there. What the site's server
signed is not, and no page can change it.
"""
from __future__ import annotations

import math
import re
from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import ContactAttribute, Inbox
from helpdesk.services import bounds

MOST = 40                   # of one browser
TEXT_LIMIT = 500            # characters of a value
BIGGEST = 10**15            # numbers beyond are no counts or amounts, and JavaScript rounds them
KEY = re.compile(r"[^\W_][\w .-]{0,59}")


def checked(given: object) -> dict[str, str | int | float | bool | None]:
    """Facts as they are kept; None takes one back. Raises Invalid with a sentence for who writes the page."""
    if not isinstance(given, Mapping):
        raise Invalid("Attributes are an object, such as {plan: 'gold'}.")
    if len(given) > MOST:
        raise Invalid(f"At most {MOST} attributes.")
    return {_key(key): _value(key, value) for key, value in given.items()}


def tell(session: Session, inbox: Inbox, identity_id: int, facts: Mapping, *, signed: bool = False) -> None:
    """Keep checked facts about whoever has this address. A page cannot overwrite or take back what was signed. Raises
    Invalid when there would be more than MOST."""
    if not facts:
        return
    there = {row.key: row for row in session.scalars(select(ContactAttribute).where(
        ContactAttribute.identity_id == identity_id))}
    gone = [row.id for key, row in there.items() if facts.get(key, row) is None and (signed or not row.signed)]
    new = [key for key, value in facts.items() if key not in there and value is not None]
    if len(there) - len(gone) + len(new) > MOST:
        raise Invalid(f"At most {MOST} attributes are kept of one person.")
    if gone:
        session.execute(delete(ContactAttribute).where(ContactAttribute.id.in_(gone)))
    for key, value in facts.items():
        if value is None:
            continue
        row = there.get(key)
        if row is None:
            session.add(ContactAttribute(identity_id=identity_id, inbox_id=inbox.id, key=key, value=value,
                                         signed=signed))
        elif signed or not row.signed:
            row.inbox_id, row.value, row.signed, row.told_at = inbox.id, value, signed, now()


def _key(key: object) -> str:
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise Invalid(f"{str(key)[:60]!r} cannot name an attribute: it begins with a letter or digit and has at most "
                      "60 letters, digits, spaces, dots, - and _.")
    return key.strip()


def _value(key: str, value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > BIGGEST:
            raise Invalid(f"The number in {key!r} is too large.")
        return value
    if not isinstance(value, str):
        raise Invalid(f"{key!r} must be text, a number, true, false or null.")
    if len(value) > TEXT_LIMIT:
        raise Invalid(f"{key!r} is too long: at most {TEXT_LIMIT} characters.")
    return bounds.clean(value).strip() or None
