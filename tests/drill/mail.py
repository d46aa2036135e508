"""`python -m tests.drill.mail [--mails 100000] [--every 20] [--seed 1]`: damaged mails into the real child processes.

Each must be read or refused with a reason; one in `--every` goes the whole way in (kept, read, put into a ticket or set
aside). Fails when one is lost, when the bytes of a kept one are not those that came, when a child dies, or when one
takes longer than ten seconds.
"""
from __future__ import annotations

import argparse
import hashlib
import logging
import re
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from sqlalchemy import func, select

BATCH, SHOWN = 100, 5_000


def main() -> None:
    """Run it on a SQLite database of its own, show the figures, and exit with 1 when one is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.drill.mail", description=__doc__)
    parser.add_argument("--mails", type=int, default=100_000)
    parser.add_argument("--every", type=int, default=20, help="of so many, one goes the whole way in (default 20)")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="helpdesk_drill_") as folder:
        sys.exit(run(Way(folder), given.mails, given.every, given.seed))


class Way:
    """A helpdesk with one mail inbox."""

    def __init__(self, folder: str):
        from helpdesk import db, schema, settings
        from helpdesk.services import inboxes, sla
        settings.use(settings.load({}, {"data_dir": f"{folder}/data", "database_url": f"sqlite:///{folder}/drill.db"}))
        db.connect(f"sqlite:///{folder}/drill.db")
        schema.upgrade()
        with db.transaction() as session:
            sla.ensure_default(session)
            self.inbox = inboxes.create(session, "email", "Support", {"address": "support@example.org",
                                                                       "smtp_host": "127.0.0.1"})
        self.kept: dict[str, str] = {}

    def takes(self, mails: list[bytes]) -> None:
        """All of them in, and processed."""
        from channels.base import Request
        from helpdesk import db
        from helpdesk.jobs import inbound as reading
        from helpdesk.services import inbound
        with db.transaction() as session:
            for mail in mails:
                key = f"drill:{len(self.kept)}"
                inbound.store(session, self.inbox, Request("MAIL", {}, {}, mail), key)
                self.kept[key] = hashlib.sha256(mail).hexdigest()
        while reading.drain():
            pass

    def account(self) -> tuple[int, dict[str, int], Counter]:
        """How many are missing or changed, how many are in which state, and why those aside are there."""
        from helpdesk import db
        from helpdesk.models import Message, RawInbound
        from helpdesk.services import inbound
        with db.reading() as session:
            whole = {raw.source_key: hashlib.sha256(inbound.body(raw)).hexdigest()
                     for raw in session.scalars(select(RawInbound)) if raw.state in ("processed", "quarantined")}
            states = dict(session.execute(select(RawInbound.state, func.count()).group_by(RawInbound.state)).all())
            states["messages"] = session.scalar(select(func.count()).select_from(Message))
            reasons = Counter(map(_kind, session.scalars(
                select(RawInbound.error).where(RawInbound.state == "quarantined"))))
        return sum(whole.get(key) != digest for key, digest in self.kept.items()), states, reasons


def run(way: Way, count: int, every: int, seed: int) -> int:
    """The exit code."""
    from channels._mail_pool import parse_pool
    from channels.base import Unreadable
    from tests.mutate_mail import mutants

    def outcome(mail: bytes) -> tuple[str, float]:
        begin = time.monotonic()
        try:
            found = type(parse_pool.parse(mail, own=["support@example.org"])[0]).__name__
        except Unreadable as error:
            found = str(error)
        return found, time.monotonic() - begin

    begin, done, longest, found = time.monotonic(), 0, 0.0, Counter()
    mails = mutants(count, seed)
    with ThreadPoolExecutor(2) as threads:
        while batch := list(islice(mails, BATCH)):
            for what, seconds in threads.map(outcome, batch):
                found[_kind(what)] += 1
                longest = max(longest, seconds)
            way.takes(batch[::every])
            done += len(batch)
            if done % SHOWN == 0:
                print(f"{done} mails, {done / (time.monotonic() - begin):.0f} /s", flush=True)
    wrong, states, reasons = way.account()
    surprises = sum(number for what, number in found.items() if "could not be read" in what)
    print(f"{count} mails, seed {seed}, {time.monotonic() - begin:.0f} s; the slowest took {longest:.1f} s; "
          f"children that died or were ended: {parse_pool.lost}; surprises: {surprises}")
    for what, number in found.most_common(8):
        print(f"  {number}: {what}")
    print(f"the whole way: {len(way.kept)} mails: {states}; lost or with other bytes: {wrong}")
    for what, number in reasons.most_common(8):
        print(f"  set aside {number}: {what}")
    return int(bool(wrong or parse_pool.lost or longest > 10 or sum(found.values()) != count))


def _kind(error: str) -> str:
    return re.sub(r"[\d,]*\d", "#", error)[:80]


if __name__ == "__main__":
    main()
