"""Rates that tests measure, collected while they run and printed as one table when pytest ends.

A test says `rates.add("mail", "subject", right, of)`; the line appears whether the test passes or fails.
"""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """One line of the table: how many of what was tried came out right. `bar`: the share that must, 0 to 1."""
    table: str
    what: str
    right: int
    of: int
    bar: float | None = None
    note: str = ""

    @property
    def share(self) -> float:
        return self.right / self.of if self.of else 0.0

    @property
    def good(self) -> bool:
        """Whether the bar is reached; without a bar every rate is good. Of nothing, nothing is right."""
        return self.bar is None or bool(self.of) and self.right >= self.bar * self.of


_collected: dict[tuple[str, str], Rate] = {}


def add(table: str, what: str, right: int, of: int, *, bar: float | None = None, note: str = "") -> Rate:
    """Remember one rate for the table at the end and return it. The same line measured again replaces the first."""
    rate = Rate(table, what, right, of, bar, note)
    _collected[table, what] = rate
    return rate


def lines(rates: list[Rate] | None = None) -> list[str]:
    """The tables as text, in the order in which their lines came; [] when nothing was measured."""
    rates = list(_collected.values()) if rates is None else rates
    found: list[str] = []
    for table in dict.fromkeys(rate.table for rate in rates):
        rows = [_row(rate) for rate in rates if rate.table == table]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        found += [f"{table}:", *("  " + "  ".join((
            row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].rjust(widths[2]), row[3].ljust(widths[3]), row[4]
        )).rstrip() for row in rows)]
    return found


def _row(rate: Rate) -> tuple[str, ...]:
    if rate.bar is None:
        bar = ""
    else:
        bar = f"bar {rate.bar:.0%}" + ("" if rate.good else " MISSED")
    return rate.what, f"{rate.right}/{rate.of}", f"{rate.share:.2%}" if rate.of else "-", bar, rate.note


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the tables below the results; tests/conftest.py loads this module as a plugin."""
    if found := lines():
        terminalreporter.section("rates")
        for line in found:
            terminalreporter.write_line(line)
