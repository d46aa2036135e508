"""The encoders of this process: read into memory once, beside everything else, when somebody first asks for them.

Until they are there, and where there are none, the assistant goes by words and letters alone; one that is broken is
left out, and `helpdesk doctor` and the settings page say so.
"""
from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

import numpy as np

from helpdesk import settings
from helpdesk.aside import aside
from helpdesk.matching import Encoder, encoders

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """One encoder that the settings ask for. `state`: ready, waiting (nobody asked yet, or it is being read) or
    broken, with what is wrong and what to do about it."""
    name: str
    about: str
    state: str
    says: str = ""
    fix: str = ""


class Aside:
    """An encoder that works in a thread of its own, so that nobody waits for others' sentences."""

    def __init__(self, encoder: Encoder):
        self._encoder, self.name, self.dim = encoder, encoder.name, encoder.dim

    def encode(self, texts: list[str]) -> np.ndarray:
        """The same rows."""
        return aside(self._encoder.encode, texts)


@dataclass
class _House:
    """What was read so far, for one value of the setting."""
    setting: tuple[str, ...]
    names: list[str]
    found: dict[str, Aside | encoders.Unusable] = field(default_factory=dict)
    reading: threading.Thread | None = None


_house: _House | None = None


def ready() -> tuple[Encoder, ...]:
    """Those that can be used now, in the order of their names. Has the others read, and does not wait for them."""
    house = _here()
    if house.reading is None and len(house.found) < len(house.names):
        house.reading = threading.Thread(target=_read, args=(house,), name="encoders", daemon=True)
        house.reading.start()
    return _usable(house)


def all_of_them() -> tuple[Encoder, ...]:
    """Those that can be used, once all are read."""
    ready()
    if reading := _here().reading:
        reading.join()
    return _usable(_here())


def states() -> list[State]:
    """How each one is, without reading any."""
    house = _here()
    return [_state(name, house.found.get(name)) for name in house.names]


def forget() -> None:
    """Read them anew when they are asked for next."""
    global _house
    _house = None


def _here() -> _House:
    global _house
    setting = settings.current().assistant_encoders
    if _house is None or _house.setting != setting:
        _house = _House(setting, sorted(encoders.chosen(setting)))
    return _house


def _usable(house: _House) -> tuple[Encoder, ...]:
    return tuple(found for name in house.names if isinstance(found := house.found.get(name), Aside))


def _read(house: _House) -> None:
    for name in house.names:
        try:
            encoder = aside(encoders.load, name)
        except encoders.Unusable as problem:
            log.warning("the assistant goes on without the encoder %s: %s", name, problem)
            house.found[name] = problem
        else:
            log.info("the encoder %s is there", name)
            house.found[name] = Aside(encoder)


def _state(name: str, found: Aside | encoders.Unusable | None) -> State:
    about = encoders.KNOWN[name].about if name in encoders.KNOWN else "your own model"
    if isinstance(found, encoders.Unusable):
        return State(name, about, "broken", str(found), found.fix)
    if found is not None:
        return State(name, about, "ready")
    absent = [] if encoders.is_folder(name) else encoders.missing(name)
    if absent:
        return State(name, about, "broken", f"The package {', '.join(absent)} is not installed.",
                     f"pip install 'helpdesk[{name}]'")
    return State(name, about, "waiting")
