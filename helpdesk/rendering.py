"""Templates: a page or a part of it, and the words they use for times."""
from __future__ import annotations

import json
from collections.abc import Callable, MutableMapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import Flask, g, render_template
from flask.templating import Environment
from markupsafe import Markup

from helpdesk import i18n, paths, places, rights, settings
from helpdesk.clock import now
from helpdesk.i18n import formats
from helpdesk.services import agent_preferences, inboxes, snoozing
from helpdesk.services.tickets import ON_REPLY
from helpdesk.web.access import wants_fragment
from helpdesk.web.browser_names import browser_name
from helpdesk.web.delivery_words import next_step
from helpdesk.web.event_words import HOW_WORDS
from helpdesk.web.language_words import language_name, written
from helpdesk.web.shared_words import shared
from helpdesk.web.why_words import why
from helpdesk.web.words import words_url


class Templates(Environment):
    """Flask's, where every template has the same globals. Jinja would lay a ChainMap over them for each template, and
    go through all of its keys for each `import` and `include` of each page."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The environment's own, unless a template is loaded with others."""
        return super().make_globals(d) if d else self.globals


def page(template: str, fragment: str | None = None, **context) -> str:
    """The page `template`, or only `fragment` when a script asked for a part."""
    return render_template(fragment if fragment and wants_fragment() else template, **context)


def install(app: Flask) -> None:
    """Give templates their globals and filters."""
    app.jinja_env.globals.update(asset_url=asset_url, parts_at_once=parts_at_once, now=now, pure=pure,
                                 has_icon=has_icon, zone_options=zone_options, settings_of=places.settings_of,
                                 key_changes=agent_preferences.key_changes,
                                 snooze_presets=lambda: snoozing.presets(now(), zone()),
                                 channel_label=inboxes.label, channel_word=inboxes.word,
                                 channel_names=lambda: sorted(inboxes.kinds()), channel_of_identity=inboxes.of_identity)
    app.jinja_env.filters.update(ago=ago, local_time=local_time, iso=iso, duration=duration, initials=initials,
                                 capitalize_first=capitalize_first, next_step=next_step, moment=datetime.fromisoformat,
                                 shared=shared, money=formats.money, number=formats.number,
                                 percent=formats.percent, listed=formats.listed, month=formats.month,
                                 clock=formats.clock, filesizeformat=formats.size,
                                 until_words=until_words, how_proved=HOW_WORDS.get, why=why,
                                 written=written, language_name=language_name, browser_name=browser_name,
                                 right_words=rights.words)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)
    app.jinja_env.globals.update(gettext=_said, ngettext=_counted)
    app.jinja_env.globals.update(spoken_locale=i18n.locale, spoken_direction=i18n.direction, words_url=words_url)
    app.context_processor(lambda: {"company_name": settings.current().company_name})


def _said(message: str, **values: Any) -> Markup:
    """A sentence of a template; its values are escaped."""
    text = Markup(i18n.gettext(message))
    return text % values if values else text


def _counted(one: str, many: str, n: int, **values: Any) -> Markup:
    """The same for n things; %(n)s is there too."""
    return Markup(i18n.plural(one, many, n)) % {"n": formats.number(n), **values}


def pure(macro: Callable[..., str]) -> Callable[..., str]:
    """A macro that always answers the same to the same arguments, in one language: the answers are kept. A page
    calls `icon` hundreds of times, and running a macro costs more than all of its statements."""
    @lru_cache(maxsize=8192)
    def kept(_locale: str, *args, **kwargs) -> str:
        return macro(*args, **kwargs)
    return lambda *args, **kwargs: kept(i18n.locale(), *args, **kwargs)


@cache
def _manifest() -> dict[str, str]:
    return json.loads(paths.MANIFEST.read_text()) if paths.MANIFEST.exists() else {}


@cache
def _sprite() -> str:
    return (paths.DIST / "img/icons.svg").read_text() if (paths.DIST / "img/icons.svg").exists() else ""


@cache
def zone_options() -> Markup:
    """The <option>s of all time zones. They are six hundred: finding and writing them takes longer than a page."""
    return Markup("").join(Markup("<option>{}</option>").format(name) for name in sorted(available_timezones()))


def has_icon(name: str) -> bool:
    """Whether there is a symbol of this name."""
    return f'id="{name}"' in _sprite()


def asset_url(name: str) -> str:
    """The address of a built file, with the hash of its content in its name."""
    return f"/static/{_manifest().get(name, name)}"


@cache
def parts_at_once(name: str) -> list[str]:
    """The addresses of the parts that a built module cannot start without; named on the page, they come with it."""
    return [f"/static/{file}" for key, file in _manifest().items() if key.startswith(f"{name}/at-once/")]


def zone() -> ZoneInfo:
    """The time zone of whoever looks."""
    agent = g.get("agent")
    try:
        return ZoneInfo((agent.time_zone if agent else "") or settings.current().time_zone)
    except (KeyError, ValueError):
        return ZoneInfo("UTC")


def ago(moment: datetime | None) -> str:
    """`5m`, `3h`, `2d`, or a date: how long ago, in the little room of a list."""
    if moment is None:
        return ""
    local = moment.astimezone(zone())
    return formats.ago(now() - moment) or formats.day(local, year=local.year != now().year)


def local_time(moment: datetime | None, form: str = "medium") -> str:
    """Date and time where the agent is; `short` leaves the year out, `day` and `clock` are the halves."""
    if moment is None:
        return ""
    local = moment.astimezone(zone())
    if form in ("day", "clock"):
        return formats.day(local) if form == "day" else formats.clock(local)
    return formats.both(local, year=form != "short")


def until_words(moment: datetime, form: str = "full") -> str:
    """Until when a ticket is snoozed: `tomorrow, Wed 2 Dec, 09:00`, or until the customer answers; `short` for a list.
    """
    if moment == ON_REPLY:
        return i18n.gettext("an answer") if form == "short" else i18n.gettext("the customer answers")
    local, today = moment.astimezone(zone()), now().astimezone(zone()).date()
    if form == "short":
        return local_time(moment, "short")
    then = formats.both(local, weekday=True, year=local.year != today.year)
    days = (local.date() - today).days
    if days not in (0, 1):
        return then
    return i18n.gettext("tomorrow, %(then)s", then=then) if days else i18n.gettext("today, %(then)s", then=then)


def iso(moment: datetime | None) -> str:
    """For <time datetime>."""
    return moment.isoformat(timespec="seconds") if moment else ""


def duration(seconds: float | None) -> str:
    """`45 s`, `5 m`, `1 h 5 m`, `2 d 3 h`: the two largest units."""
    return "–" if seconds is None else formats.duration(seconds)


def initials(name: str) -> str:
    """One or two letters for an avatar."""
    return "".join(word[0] for word in name.split()[:2]).upper() or "?"


def capitalize_first(text: str) -> str:
    """A sentence's first letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]
