"""Settings: config/default.toml < config/local.toml or the file HELPDESK_CONFIG < HELPDESK_<KEY> < overrides.

`load()` reads them once at the start and lists every problem at once. The defaults stand in config/default.toml and
nowhere else; this module knows the types and what a value must look like.
"""

import os
import re
import secrets
import tempfile
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from helpdesk import paths
from helpdesk.setting_checks import CHECKS, Wrong, from_text, of_type

PREFIX = "HELPDESK_"
FILE_NAME = "HELPDESK_CONFIG"
NOT_OURS = ("HELPDESK_TEST_", "HELPDESK_BENCH_")        # for the tests and benches
SECRETS = ("secret_key", "metrics_token")
ADDRESSES = ("database_url", "redis_url")  # may carry a password
KEY_BYTES = 32


class SettingsError(Exception):
    """What is wrong with the settings. `problems` has one sentence for each."""

    def __init__(self, problems: list[str]):
        super().__init__("The settings are not right:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Settings:
    """Every setting, checked and complete; config/default.toml says what each one means."""

    data_dir: Path
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    host: str
    port: int
    base_url: str
    trusted_proxies: int
    trusted_hosts: tuple[str, ...]
    allow_private_hosts: bool
    metrics_token: str = field(repr=False)
    smtp_listen: str
    smtp_relays: tuple[str, ...]
    lmtp_listen: str
    imap_poll_seconds: int
    quarantine_after_attempts: int
    raw_keep_days: int
    max_upload_mb: int
    log_level: str
    log_format: str
    company_name: str
    default_locale: str
    time_zone: str
    continuity_seconds: int
    continuity_days: int
    reopen_days: int
    thread_days: int
    first_response_minutes: int
    resolution_minutes: int
    assistant_answer_score: float
    assistant_encoders: tuple[str, ...]
    article_stale_months: int
    survey_enabled: bool
    survey_delay_minutes: int
    session_idle_hours: int
    session_absolute_days: int
    origins: Mapping[str, str] = field(repr=False, compare=False)

    @property
    def key_file(self) -> Path:
        """Where the generated secret key is kept while `secret_key` is not set."""
        return self.data_dir / "secret.key"

    def secret(self) -> str:
        """The secret key: the configured one, else the one kept in `key_file`, which is made on first use.

        SettingsError when the file cannot be made, or holds less than 32 characters.
        """
        if self.secret_key:
            return self.secret_key
        try:
            if not self.key_file.exists():
                _make_key_file(self.key_file)
            key = self.key_file.read_text().strip()
        except OSError as problem:
            reason = f"{self.key_file}: the secret key cannot be kept there: {problem.strerror}"
            raise SettingsError([reason]) from problem
        if len(key) < KEY_BYTES:
            raise SettingsError([f"{self.key_file} holds no key of {KEY_BYTES} characters; put the right one back"])
        return key


KEYS = {one.name: one.type for one in fields(Settings) if one.name != "origins"}


def load(env: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings of this process; `overrides` are options of the command line, None among them means not given.

    Raises SettingsError naming every unknown key, wrong type and impossible value, each with where it was found.
    """
    env = os.environ if env is None else env
    problems: list[str] = []
    found: dict[str, tuple[Any, str]] = {}
    for source, text_values, values in _sources(env, overrides or {}, problems):
        for key, value in values.items():
            label = PREFIX + key.upper() if text_values else key
            if key not in KEYS:
                problems.append(f"{source}: unknown key {label!r}{_closest(key, text_values)}")
                continue
            try:
                value = from_text(KEYS[key], value) if text_values else of_type(KEYS[key], value)
                if key in CHECKS:
                    value = CHECKS[key](value)
            except Wrong as problem:
                shown = "the value" if key in SECRETS + ADDRESSES else repr(value)
                problems.append(f"{source}: {label} must be {problem}, not {shown}")
            else:
                found[key] = (value, source)
    if not problems:
        problems += [f"{paths.CONFIG / 'default.toml'}: {key!r} is missing" for key in KEYS if key not in found]
    if problems:
        raise SettingsError(problems)
    values = {key: value for key, (value, _) in found.items()}
    return Settings(**_completed(values), origins=types.MappingProxyType({key: o for key, (_, o) in found.items()}))


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """(key, value as text, where it came from) for every setting, with secrets and passwords masked."""
    return [(key, _shown(key, getattr(settings, key)), settings.origins[key]) for key in KEYS]


def _sources(env, overrides, problems):
    """(name, whether its values are text, values) of each source, the weakest first."""
    yield "default.toml", False, _toml(paths.CONFIG / "default.toml", problems)
    named = env.get(FILE_NAME)
    own = Path(named) if named else paths.CONFIG / "local.toml"
    if named or own.is_file():
        yield str(own), False, _toml(own, problems)
    yield "environment", True, _environment(env, problems)
    yield "command line", False, {key: value for key, value in overrides.items() if value is not None}


def _toml(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        problems.append(f"{path}: cannot be read: {problem.strerror}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        problems.append(f"{path}: not valid TOML: {problem}")
    return {}


def _environment(env: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    values = {}
    for name, value in env.items():
        if not name.startswith(PREFIX) or name == FILE_NAME or name.startswith(NOT_OURS):
            continue
        key = name.removeprefix(PREFIX).lower()
        plain = key.removesuffix("_file")
        if key not in KEYS and plain in KEYS and plain != key:
            if PREFIX + plain.upper() in env:
                problems.append(f"environment: both {PREFIX}{plain.upper()} and {name} are set; keep one")
                continue
            try:
                key, value = plain, Path(value).read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as problem:
                problems.append(f"environment: the file {value!r} named by {name} cannot be read: {problem}")
                continue
        values[key] = value
    return values


def _closest(key: str, text_values: bool) -> str:
    """', did you mean …?' or nothing when no key is near."""
    match = process.extractOne(key.lower(), list(KEYS), scorer=fuzz.ratio, score_cutoff=60)
    if not match:
        return ""
    return f", did you mean {(PREFIX + match[0].upper() if text_values else match[0])!r}?"


def _completed(values: dict[str, Any]) -> dict[str, Any]:
    """Fill in what is derived from other settings while it is empty."""
    values["data_dir"] = values["data_dir"].expanduser().absolute()
    if not values["database_url"]:
        values["database_url"] = f"sqlite:///{values['data_dir'] / 'helpdesk.db'}"
    if not values["base_url"]:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(values["host"], values["host"])
        values["base_url"] = f"http://{f'[{host}]' if ':' in host else host}:{values['port']}"
    return values


def _shown(key: str, value: Any) -> str:
    if key in SECRETS:
        return "********" if value else ""
    if key in ADDRESSES:
        value = re.sub(r"(?<=://)([^:@/]*):.*@", r"\1:********@", value)
        return re.sub(r"(?<=[?&]password=)[^&]*", "********", value)
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _make_key_file(path: Path) -> None:
    """Two processes may start together: a hard link is made by one of them only, and never shows half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(name)


_current: Settings | None = None


def use(settings: Settings) -> Settings:
    """Make these the settings of this process."""
    global _current
    _current = settings
    return settings


def current() -> Settings:
    """The settings of this process. RuntimeError before use()."""
    if _current is None:
        raise RuntimeError("the settings are not loaded")
    return _current
