"""`helpdesk doctor`: every check, and what to do about what it found."""
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from helpdesk import __version__, db, settings
from helpdesk.checks import (
    FAIL,
    OK,
    Finding,
    addresses,
    agents_by_mail,
    database,
    encoders,
    machine,
    mailboxes,
    many,
    network,
)
from helpdesk.settings import Settings

MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}


def examine(config: Settings, as_json: bool = False) -> tuple[bool, str]:
    """(whether nothing failed, the report as text or JSON). Creates nothing, not even a database."""
    settings.use(config)
    if database.exists(config):
        db.connect(config.database_url, pool_size=2)
    found = list(findings(config))
    passed = not any(one.state == FAIL for one in found)
    return passed, _json(found, passed) if as_json else _text(found, passed)


def findings(config: Settings, ask: bool = True) -> Iterator[Finding]:
    """What every check says. The database must be connected, if there is one. Without `ask` nothing goes over the
    network, which suits a page."""
    yield from machine.findings(config)
    yield from addresses.findings(config)
    yield from encoders.findings(ask)
    if not database.exists(config):
        yield database.not_set_up(config)
    else:
        shape = database.shape()
        yield shape
        if shape.state == OK:
            yield from database.contents()
            yield from network.accounts(ask)
            yield from mailboxes.findings()
            yield from agents_by_mail.findings(config)
    if ask:
        yield network.website(config)
        yield from network.redis(config)


def _text(found: list[Finding], passed: bool) -> str:
    warnings, failures = (sum(one.state == state for one in found) for state in ("warn", "fail"))
    last = (f"{len(found)} checks, {many(warnings, 'warning')}, {many(failures, 'failure')}."
            + (" Nothing is broken." if passed else ""))
    return "\n".join([f"Helpdesk {__version__}", *lines(found), last])


def lines(found: list[Finding]) -> list[str]:
    """Each finding as a line, and below it what to do about it."""
    return [line for one in found for line in (f"  {MARKS[one.state]}  {one.name}: {one.says}",
                                               *([f"          {one.fix}"] if one.fix else []))]


def _json(found: list[Finding], passed: bool) -> str:
    return json.dumps({"ok": passed, "version": __version__, "checks": [asdict(one) for one in found]},
                      ensure_ascii=False, indent=2)
