"""All channels found in this folder, by name. A new channel is a new module; nothing is edited here."""
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

from channels.base import Channel


def load() -> dict[str, type[Channel]]:
    """Every channel by its name, ours and the plugins'. Raises RuntimeError where two share a name."""
    for module in iter_modules(__path__):
        if not module.name.startswith("_") and module.name not in ("base", "simulators"):
            import_module(f"{__name__}.{module.name}")
    for plugin in entry_points(group="helpdesk.channels"):
        plugin.load()
    found: dict[str, type[Channel]] = {}
    for cls in _subclasses(Channel):
        if cls.name in found and found[cls.name] is not cls:
            raise RuntimeError(f"two channels are called {cls.name!r}: {found[cls.name]} and {cls}")
        found[cls.name] = cls
    return found


def _subclasses(cls):
    for sub in cls.__subclasses__():
        if "name" in vars(sub):     # shared bases (Meta's) have no name of their own
            yield sub
        yield from _subclasses(sub)
