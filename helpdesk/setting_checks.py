"""What a setting must look like. Each check returns the value, tidied, or raises Wrong saying what is expected."""

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

ENCODERS = ("auto", "multilingual", "semantic")
SWITCH = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


class Wrong(ValueError):
    """The text completes the sentence "it must be …"."""


def of_type(kind: Any, value: Any) -> Any:
    """A value from TOML or the command line as `kind`; only whole numbers are converted, to fractions."""
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind is str and isinstance(value, str):
        return value
    if kind is Path and isinstance(value, str | Path) and str(value):
        return Path(value)
    if kind == tuple[str, ...] and isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise Wrong(EXPECTED[kind])


def from_text(kind: Any, text: str) -> Any:
    """A value from the environment as `kind`; lists are separated by commas."""
    text = text.strip()
    if kind is bool and text.lower() in SWITCH:
        return SWITCH[text.lower()]
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            raise Wrong(EXPECTED[kind]) from None
    if kind is str:
        return text
    if kind is Path and text:
        return Path(text)
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    raise Wrong(EXPECTED[kind])


EXPECTED = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "the path of a folder",
    tuple[str, ...]: "a list of texts",
}


def between(low: float, high: float) -> Callable[[float], float]:
    def check(value):
        if not low <= value <= high:
            raise Wrong(f"between {low} and {high}")
        return value

    return check


def at_least(low: int) -> Callable[[int], int]:
    def check(value):
        if value < low:
            raise Wrong(f"{low} or more")
        return value

    return check


def one_of(*words: str) -> Callable[[str], str]:
    def check(value):
        if value.lower() not in words:
            raise Wrong(f"one of {', '.join(words)}")
        return value.lower()

    return check


def _database_url(value: str) -> str:
    value = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", value)
    if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise Wrong("an address starting with sqlite:/// or postgresql://")
    return value


def _redis_url(value: str) -> str:
    if value and not value.startswith(("redis://", "rediss://", "unix://")):
        raise Wrong("an address starting with redis://, rediss:// or unix://")
    return value


def _base_url(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise Wrong("an address such as https://help.example.com")
    return value.rstrip("/")


def _listen(value: str) -> str:
    """RFC 3986 writes an IPv6 host in brackets, so that the last colon parts host and port."""
    if value:
        match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:\[\]]+):(\d{1,5})", value)
        if not match or int(match[2]) > 65535:
            raise Wrong("host:port, such as 127.0.0.1:2525")
    return value


def _secret_key(value: str) -> str:
    if value and len(value) < 32:
        raise Wrong("32 characters or more")
    return value


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise Wrong("addresses or networks such as 10.0.0.5 or 10.1.0.0/16") from None
    return values


def _time_zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Wrong("an IANA time zone such as Europe/Paris") from None
    return value


def _locale(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|\d{3}))?", value):
        raise Wrong("a language such as en or pt-BR")
    return value


def _not_empty(value: str) -> str:
    if not value.strip():
        raise Wrong("a text that is not empty")
    return value.strip()


def _encoders(values: tuple[str, ...]) -> tuple[str, ...]:
    """The known names stand here and in helpdesk.matching.encoders, which would bring numpy into every command."""
    values = tuple(value.strip() for value in values if value.strip())
    if not all(value in ENCODERS or "/" in value or "\\" in value for value in values):
        raise Wrong(f"a list of {', '.join(ENCODERS)} and paths of folders with a model")
    return values


CHECKS: dict[str, Callable[[Any], Any]] = {
    "database_url": _database_url,
    "redis_url": _redis_url,
    "secret_key": _secret_key,
    "host": _not_empty,
    "port": between(0, 65535),
    "base_url": _base_url,
    "trusted_proxies": between(0, 10),
    "smtp_listen": _listen,
    "lmtp_listen": _listen,
    "smtp_relays": _networks,
    "imap_poll_seconds": at_least(1),
    "quarantine_after_attempts": at_least(1),
    "raw_keep_days": at_least(1),
    "max_upload_mb": between(1, 1024),
    "log_level": one_of("debug", "info", "warning", "error"),
    "log_format": one_of("text", "json"),
    "company_name": _not_empty,
    "default_locale": _locale,
    "time_zone": _time_zone,
    "continuity_seconds": at_least(0),
    "continuity_days": at_least(0),
    "reopen_days": at_least(0),
    "thread_days": at_least(1),
    "first_response_minutes": at_least(1),
    "resolution_minutes": at_least(1),
    "assistant_answer_score": between(0, 1),
    "assistant_encoders": _encoders,
    "article_stale_months": at_least(1),
    "survey_delay_minutes": at_least(0),
    "session_idle_hours": at_least(1),
    "session_absolute_days": at_least(1),
}
