"""`python -m tests.bench [mail|parse|pages|…] [--full]`: measure, and show it beside floors and goals."""
from __future__ import annotations

import argparse
import sys
from importlib import import_module

from tests.bench.figures import Missing, table

NAMES = ("mail", "parse", "pages", "help", "contact", "sockets", "process", "duplicates", "assistant")


def main() -> None:
    """Run the named benches, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="name", help=", ".join(NAMES))
    parser.add_argument("--full", action="store_true", help="large desks and thousands of sockets; takes minutes")
    given = parser.parse_args()
    figures = []
    for name in given.names or NAMES:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            for figure in import_module(f"tests.bench.{name}").run(given.full):
                figures.append(figure)
                print(f"  {figure.name}: {figure.value:.4g} {figure.unit}", file=sys.stderr, flush=True)
        except Missing as why:
            print(f"  left out: {why}", file=sys.stderr, flush=True)
    print(table(figures))


if __name__ == "__main__":
    main()
