"""HTTP. Each module is one resource: it parses the request, opens a transaction, calls one service verb and renders."""
from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from flask import Blueprint


def blueprints() -> list[Blueprint]:
    """The blueprint `pages` of every module in this folder. A new resource is a new file; no list is kept."""
    modules = (import_module(m.name) for m in walk_packages(__path__, f"{__name__}."))
    return [module.pages for module in modules if isinstance(getattr(module, "pages", None), Blueprint)]
