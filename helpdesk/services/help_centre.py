"""How the public help centre looks and whether there is one: an admin's choice in one row, the logo in another."""
from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from helpdesk import events, settings, texts
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import SystemState
from helpdesk.services import files

STATE, LOGO = "help_centre", "help_centre_logo"
ACCENT = "#3a4bc4"
TITLE_LIMIT, WELCOME_LIMIT, URL_LIMIT = 80, 200, 300
LOGO_LIMIT = 200_000            # bytes
COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Look:
    """`titles` and `welcomes` by language; where one is missing, the house's name and a sentence of ours stand there.
    `logo` names the picture's version, '' for none. `robots`: search engines may list it. `shop_url`: the way back to
    the house's own site."""
    on: bool = True
    titles: Mapping[str, str] = field(default_factory=dict)
    welcomes: Mapping[str, str] = field(default_factory=dict)
    accent: str = ACCENT
    logo: str = ""
    locale: str = ""
    robots: bool = True
    shop_url: str = ""
    changed_at: datetime | None = None

    @property
    def default_locale(self) -> str:
        """The language of whoever asks for none that is there."""
        return self.locale or settings.current().default_locale

    def title(self, locale: str) -> str:
        """What the help centre is called in this language."""
        return self.titles.get(texts.closest(locale)) or settings.current().company_name

    def welcome(self, locale: str) -> str:
        """The sentence above the search field; '' where nobody wrote one."""
        return self.welcomes.get(texts.closest(locale), "")


def look(session: Session) -> Look:
    """What holds now."""
    row = session.get(SystemState, STATE)
    if row is None:
        return Look()
    known = {one.name for one in fields(Look)} - {"changed_at"}
    return Look(**{key: value for key, value in row.value.items() if key in known}, changed_at=row.updated_at)


def save(session: Session, *, on: bool, titles: Mapping[str, str], welcomes: Mapping[str, str], accent: str,
         locale: str, robots: bool, shop_url: str, actor: str, logo: bytes | None = None,
         without_logo: bool = False) -> None:
    """Keep what a form says; a `logo` of None leaves the present one. Raises Invalid with what to correct."""
    before = look(session)
    accent, shop_url = accent.strip().lower(), shop_url.strip()
    if not COLOUR.fullmatch(accent):
        raise Invalid("The accent is a colour such as #3a4bc4.")
    if shop_url and (urlsplit(shop_url).scheme not in ("http", "https") or not urlsplit(shop_url).netloc
                     or len(shop_url) > URL_LIMIT):
        raise Invalid("The address of your site begins with https:// or http://.")
    if locale and locale not in texts.locales():
        raise Invalid("Choose one of the languages listed.")
    mark = "" if without_logo else before.logo if logo is None else _kept(session, logo)
    after = Look(on=on, titles=_lines(titles, TITLE_LIMIT, "title"),
                 welcomes=_lines(welcomes, WELCOME_LIMIT, "welcome"), accent=accent, logo=mark, locale=locale,
                 robots=robots, shop_url=shop_url, changed_at=before.changed_at)
    if after == before:
        return
    value = asdict(after)
    del value["changed_at"]
    session.merge(SystemState(key=STATE, value=value, updated_at=now()))
    changed = [one.name for one in fields(Look) if getattr(after, one.name) != getattr(before, one.name)]
    events.record(session, events.SettingsChanged(what="help centre", detail=", ".join(changed)), actor=actor)


def logo(session: Session) -> tuple[str, bytes]:
    """The logo's type and bytes. Raises NotFound when there is none."""
    row = session.get(SystemState, LOGO)
    if row is None or not look(session).logo:
        raise NotFound("There is no logo.")
    return row.value["type"], base64.b64decode(row.value["bytes"])


def _lines(given: Mapping[str, str], limit: int, name: str) -> dict[str, str]:
    kept = {locale: " ".join(given.get(locale, "").split()) for locale in texts.locales()}
    for locale, line in kept.items():
        if len(line) > limit:
            raise Invalid(f"The {name} ({locale}) may have at most {limit} characters.")
    return {locale: line for locale, line in kept.items() if line}


def _kept(session: Session, picture: bytes) -> str:
    kind = files.picture_type(picture[:16])
    if kind is None:
        raise Invalid("The logo must be a PNG, JPEG, GIF or WebP picture.")
    if len(picture) > LOGO_LIMIT:
        raise Invalid(f"The logo may have at most {LOGO_LIMIT // 1000} KB.")
    session.merge(SystemState(key=LOGO, value={"type": kind, "bytes": base64.b64encode(picture).decode()},
                              updated_at=now()))
    return hashlib.sha256(picture).hexdigest()[:12]
