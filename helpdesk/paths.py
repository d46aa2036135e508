"""Where the folders beside the code are: at the top of a checkout, below the package in a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The absolute path of a top-level folder such as "templates", wherever this copy of the helpdesk lives."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


TEMPLATES = folder("templates")
CONFIG = folder("config")
SEEDS = CONFIG / "seeds"
DIST = folder("static/dist")
MANIFEST = DIST / "manifest.json"
