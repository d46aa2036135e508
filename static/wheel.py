"""How the pages, styles and settings get into the wheel.

`templates/`, `static/dist/` and `config/` stand at the top of the repository, where people look for them, and below
`helpdesk/` in an installed package, where `helpdesk.paths` finds them. pyproject.toml names this as its `build_py`.
"""

import shutil
import subprocess
from pathlib import Path

from setuptools.command.build_py import build_py
from setuptools.errors import ExecError

ROOT = Path(__file__).resolve().parent.parent
MAPPED = {"templates": "helpdesk/templates", "static/dist": "helpdesk/static/dist", "config": "helpdesk/config"}
PRIVATE = shutil.ignore_patterns("local.toml", "*.key", "*.env.local", "__pycache__")


class BuildWithAssets(build_py):
    """Copies the mapped folders into the package, building the front end first where that has not been done."""

    def run(self):
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)  # else files deleted since would be packed again
        super().run()
        if self.editable_mode:
            return  # a checkout reads its own folders, and `make build` keeps its front end fresh
        if not (ROOT / "static/dist/manifest.json").is_file():
            build_front_end()
        for source, target in MAPPED.items():
            destination = Path(self.build_lib, target)
            shutil.rmtree(destination, ignore_errors=True)
            shutil.copytree(ROOT / source, destination, ignore=PRIVATE)


def build_front_end() -> None:
    """Run the npm build in the checkout; ExecError with what to do when it cannot run or fails."""
    npm = shutil.which("npm")
    if npm is None:
        raise ExecError("static/dist is not built and npm was not found: run `make build`, which brings its own")
    for command in ([npm, "ci"], [npm, "run", "build"]):
        try:
            subprocess.run(command, cwd=ROOT, check=True)
        except subprocess.CalledProcessError as problem:
            raise ExecError(f"static/dist is not built and `npm {command[1]}` failed: run `make build`") from problem
