"""The pages of the site that a browser looked at: the last few, and without what addresses may give away."""
from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Identity, Inbox, PageView, Visitor
from helpdesk.services import bounds, consents, inbox_forms

KEPT = 50                   # of one browser
URL_LIMIT, TITLE_LIMIT = 500, 200
OLDEST = timedelta(days=1)  # what a browser remembers until it has something to say
CAMPAIGN = "utm_"


def wanted(inbox: Inbox) -> bool:
    """Whether this inbox's site may tell what its visitors look at."""
    return inbox_forms.is_yes((inbox.settings or {}).get("pages", inbox_forms.YES))


def query_words(inbox: Inbox) -> list[str]:
    """The words of a query that are kept besides the campaign's, as ["product", "sku"]."""
    return re.findall(r"[\w.\[\]-]{1,60}", (inbox.settings or {}).get("page_query", ""))[:20]


def address(url: str, words: list[str]) -> str:
    """A page's address without user, password and fragment, and of its query only utm_… and `words`: a query may hold
    a session, a token or a mail address. '' for what is no page of the web."""
    try:
        parts = urlsplit(bounds.clean(url).strip())
        host = parts.hostname or ""
        place = f"{host}:{parts.port}" if parts.port else host
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key.startswith(CAMPAIGN) or key in words]
    return urlunsplit((parts.scheme, place, parts.path or "/", urlencode(kept), ""))[:URL_LIMIT]


def record(session: Session, inbox: Inbox, visitor: Visitor, given: object) -> None:
    """Keep what a browser looked at: a list of {"url", "title", "at"}, `at` in milliseconds since 1970. The same page
    again moves its time on. Nothing is kept where the inbox or the visitor does not want it. Raises Invalid."""
    if not isinstance(given, list) or not all(isinstance(one, Mapping) for one in given):
        raise Invalid("Pages are a list of {url, title, at}.")
    if not wanted(inbox) or not given or not consents.allows(
            session, session.get(Identity, visitor.identity_id), "pages"):
        return
    words = query_words(inbox)
    last = session.scalar(select(PageView).where(PageView.visitor_id == visitor.id).order_by(
        PageView.seen_at.desc(), PageView.id.desc()).limit(1))
    for one in sorted(given[-KEPT:], key=_when):
        url, title = address(_text(one, "url"), words), " ".join(_text(one, "title").split())[:TITLE_LIMIT]
        if not url:
            continue
        if last is None or last.url != url:
            last = PageView(visitor_id=visitor.id, url=url)
            session.add(last)
        last.title, last.seen_at = title, _when(one)
    session.flush()
    kept = select(PageView.id).where(PageView.visitor_id == visitor.id).order_by(
        PageView.seen_at.desc(), PageView.id.desc()).limit(KEPT)
    session.execute(delete(PageView).where(PageView.visitor_id == visitor.id, PageView.id.not_in(kept)))


def _text(one: Mapping, key: str) -> str:
    value = one.get(key)
    return bounds.clean(value) if isinstance(value, str) else ""


def _when(one: Mapping) -> datetime:
    """When, by the browser's clock, which may be wrong: not in the future, and not before yesterday."""
    given, at = one.get("at"), now()
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 < given < 10**14:
        return at
    return min(at, max(at - OLDEST, datetime.fromtimestamp(given / 1000, UTC)))
