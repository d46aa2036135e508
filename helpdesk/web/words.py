"""The sentences that the console's scripts say, as a script of its own for each language but English."""
from __future__ import annotations

import hashlib
import json
from functools import cache

from flask import Blueprint, Response

from helpdesk import i18n
from helpdesk.errors import NotFound
from helpdesk.i18n.catalogs import for_scripts
from helpdesk.web.access import public

pages = Blueprint("words", __name__)


@pages.get("/static/words/<locale>-<version>.js")
@public
def script(locale: str, version: str):
    """globalThis.helpdeskWords for a language; `version` is a hash, so that browsers may keep it for ever."""
    if locale not in i18n.LOCALES or locale == i18n.SOURCE:
        raise NotFound("There is no such language.")
    return Response(_script(locale), content_type="text/javascript; charset=utf-8")


def words_url() -> str:
    """Where the words of the language that is spoken are; '' for English, which needs none."""
    locale = i18n.locale()
    return "" if locale == i18n.SOURCE else f"/static/words/{locale}-{_version(locale)}.js"


@cache
def _script(locale: str) -> str:
    return f"globalThis.helpdeskWords={json.dumps(for_scripts(locale), ensure_ascii=False, separators=(',', ':'))}"


@cache
def _version(locale: str) -> str:
    return hashlib.sha256(_script(locale).encode()).hexdigest()[:10]
