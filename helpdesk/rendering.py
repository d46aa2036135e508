"""Templates: a page or a part of it, and the words they use for times."""
from __future__ import annotations

import json
from collections.abc import Callable, MutableMapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g, render_template
from flask.templating import Environment

from helpdesk import paths, settings
from helpdesk.clock import now
from helpdesk.services import inboxes
from helpdesk.web.access import wants_fragment
from helpdesk.web.delivery_words import next_step
from helpdesk.web.shared_words import shared


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
    app.jinja_env.globals.update(asset_url=asset_url, now=now, pure=pure, has_icon=has_icon,
                                 channel_label=inboxes.label, channel_names=lambda: sorted(inboxes.kinds()),
                                 channel_of_identity=inboxes.of_identity)
    app.jinja_env.filters.update(ago=ago, local_time=local_time, iso=iso, duration=duration, initials=initials,
                                 capitalize_first=capitalize_first, next_step=next_step, moment=datetime.fromisoformat,
                                 shared=shared)
    app.context_processor(lambda: {"company_name": settings.current().company_name})


def pure(macro: Callable[..., str]) -> Callable[..., str]:
    """A macro that always answers the same to the same arguments: the answers are kept. A page calls `icon` hundreds of
    times, and running a macro costs more than all of its statements."""
    return lru_cache(maxsize=4096)(macro)


@cache
def _manifest() -> dict[str, str]:
    return json.loads(paths.MANIFEST.read_text()) if paths.MANIFEST.exists() else {}


@cache
def _sprite() -> str:
    return (paths.DIST / "img/icons.svg").read_text() if (paths.DIST / "img/icons.svg").exists() else ""


def has_icon(name: str) -> bool:
    """Whether there is a symbol of this name."""
    return f'id="{name}"' in _sprite()


def asset_url(name: str) -> str:
    """The address of a built file, with the hash of its content in its name."""
    return f"/static/{_manifest().get(name, name)}"


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
    seconds = (now() - moment).total_seconds()
    if seconds < 60:
        return "now"
    for unit, size, limit in (("m", 60, 3600), ("h", 3600, 86_400), ("d", 86_400, 7 * 86_400)):
        if seconds < limit:
            return f"{int(seconds // size)}{unit}"
    local = moment.astimezone(zone())
    return f"{local.day} {local:%b}" if local.year == now().year else f"{local.day} {local:%b %Y}"


def local_time(moment: datetime | None, form: str = "medium") -> str:
    """Date and time where the agent is; `short` leaves the year out. Month names are written, so that no two countries
    read them differently."""
    if moment is None:
        return ""
    local = moment.astimezone(zone())
    return f"{local.day} {local:%b, %H:%M}" if form == "short" else f"{local.day} {local:%b %Y, %H:%M}"


def iso(moment: datetime | None) -> str:
    """For <time datetime>."""
    return moment.isoformat(timespec="seconds") if moment else ""


def duration(seconds: float | None) -> str:
    """`45 s`, `5 m`, `1 h 5 m`, `2 d 3 h`: the two largest units."""
    if seconds is None:
        return "–"
    seconds = int(seconds)
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:
            break
    return sign + (" ".join(p for p in parts if p) or f"{seconds} s")


def initials(name: str) -> str:
    """One or two letters for an avatar."""
    return "".join(word[0] for word in name.split()[:2]).upper() or "?"


def capitalize_first(text: str) -> str:
    """A sentence's first letter; the rest stays as it is."""
    return text[:1].upper() + text[1:]
