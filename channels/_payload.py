"""Reading webhook JSON: what every JSON channel owes before it looks at a field."""
from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from mimetypes import guess_extension
from typing import Any

from channels.base import Fact, Inbound

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, RecursionError)
KNOWN_EXTENSIONS = {"audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "image/webp": ".webp",
                    "image/jpeg": ".jpg", "audio/amr": ".amr", "audio/aac": ".aac"}
log = logging.getLogger(__name__)


def load(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. NUL (PostgreSQL refuses it) and lone surrogates (UTF-8 has none) are taken out of
    every string. Raises ValueError, TypeError or RecursionError for anything else than an object."""
    data = _clean(json.loads(body, parse_constant=_no_number))
    if not isinstance(data, dict):
        raise TypeError(f"an object was expected, not {type(data).__name__}")
    return data


def _no_number(word: str):
    raise ValueError(f"{word} is no JSON")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value


def word(value: Any) -> str:
    """An id, which platforms write as text or as a whole number. Raises TypeError for anything else or nothing."""
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise TypeError(f"{value!r} is no id")
    return str(value)


def sound(item: Fact) -> Fact:
    """The fact itself, with a text if it says nothing at all. Raises TypeError when a field of it holds something that
    cannot be stored."""
    for spec in fields(item):
        value = getattr(item, spec.name)
        if spec.type == "str" and not isinstance(value, str):
            raise TypeError(f"{spec.name} is {value!r}")
    for file in getattr(item, "files", ()):
        if file.content is None:
            word(file.ref)
    if not isinstance(item, Inbound):
        return item
    return item if item.text or item.files or item.payload else replace(item, text="[empty]")


def each(items: Iterable[Any], read: Callable[[Any], Iterable[Fact]],
         stand_in: Callable[[Any], Fact] | None = None) -> Iterator[Fact]:
    """The facts that `read` finds in every item of a delivery, each guarded for itself.

    An item that cannot be read costs its neighbours nothing: `stand_in` gives a message in its place that says so,
    where the item still tells who sent it; if it does not, the item is only in the raw bytes, and in the log. When
    nothing at all could be read, the first error is raised, and the delivery goes into quarantine.
    """
    found: list[tuple[list[Fact], Any]] = []
    errors = []
    for item in items:
        try:
            found.append(([sound(fact) for fact in read(item)], None))
        except UNREADABLE as error:
            errors.append(error)
            found.append(([], item))
    if errors and not any(facts for facts, _ in found):
        raise errors[0]
    for facts, broken in found:
        yield from facts if broken is None else _stand_in(broken, stand_in)


def _stand_in(item: Any, stand_in: Callable[[Any], Fact] | None) -> list[Fact]:
    try:
        if stand_in:
            return [sound(stand_in(item))]
    except UNREADABLE:
        pass
    log.warning("a part of a delivery cannot be read; the rest was taken")
    return []


def objects(value: Any) -> list[dict]:
    """`value` as a list of objects; nothing for None. Raises TypeError for anything else."""
    if value is None or value == {}:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError("a list of objects was expected")
    return value


def moment(value: Any) -> datetime:
    """A time as the platforms write it: seconds or milliseconds since 1970, as number or text, or ISO 8601.

    Some events carry none (Telegram's callback_query): they happened when they came. Raises ValueError.
    """
    if value in (None, ""):
        return datetime.now(UTC)
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        found = datetime.fromisoformat(value)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        number = int(value)
        return datetime.fromtimestamp(number / 1000 if abs(number) > 10**11 else number, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{value!r} is no time") from error


def file_name(given: Any, kind: str, content_type: str) -> str:
    """The sender's file name, or one made of the kind of file and its type."""
    if given and isinstance(given, str):
        return given
    plain = content_type.partition(";")[0].strip().lower()
    return kind + (KNOWN_EXTENSIONS.get(plain) or guess_extension(plain) or "")


def place(latitude: Any, longitude: Any, names: Iterable[Any] = ()) -> str:
    """A location as one line of text with a map link."""
    named = ", ".join(str(name) for name in names if name)
    link = f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}"
    return f"[location] {named + ' ' if named else ''}({latitude}, {longitude}) {link}"


def card(name: Any, phones: Iterable[Any]) -> str:
    """A shared contact as one line of text."""
    return "[contact] " + " ".join(str(part) for part in (name, *phones) if part)


def secrets_of(channel: Any) -> list[str]:
    """The values that must never be shown; of a field with several, separated by spaces, also each."""
    config: Mapping[str, str] = channel.config
    whole = [config[s.key] for s in channel.settings if s.secret and config.get(s.key)]
    return whole + [one for value in whole for one in value.split()]
