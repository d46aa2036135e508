"""One table of ticks, nothing else. Whatever is due later is a row; a restart loses nothing."""
from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler

from helpdesk import db
from helpdesk.jobs import (
    bulk,
    connections,
    duplicates,
    housekeeping,
    later_replies,
    mail_tokens,
    mailboxes,
    open_questions,
    pump,
    templates,
)
from helpdesk.services import article_versions, digests, sla, surveys, tickets, unseen_mail

log = logging.getLogger(__name__)

TICKS: tuple[tuple[str, Callable, float], ...] = (      # name, what to do, every so many seconds
    ("wake the pump", pump.wake, 1),
    ("replies that leave later", later_replies.run, 1),
    ("worker is alive", housekeeping.heartbeat, 10),
    ("poll mailboxes", mailboxes.poll_due, 5),
    ("compare mailboxes", mailboxes.compare_due, 600),
    ("SLA", lambda: db.run(sla.breach_due), 15),
    ("surveys", lambda: db.run(surveys.send_due), 15),
    ("snoozed tickets", lambda: db.run(tickets.wake_due), 15),
    ("unseen news by mail", lambda: db.run(unseen_mail.plan_due), 30),
    ("digests", lambda: db.run(digests.plan_due), 60),
    ("mailbox tokens", mail_tokens.renew_due, 30),
    ("disconnected inboxes", connections.probe_due, 60),
    ("templates", templates.fetch_due, 30),
    ("duplicates", duplicates.refresh_due, 5),
    ("bulk changes", bulk.work_due, 1),
    ("open questions", open_questions.refresh_due, 300),
    ("scheduled articles", lambda: db.run(article_versions.publish_due), 15),
    ("housekeeping", housekeeping.run, 3600),
)


def start() -> Callable[[], None]:
    """Run the ticks in the background; returns a function that stops them."""
    scheduler = BackgroundScheduler(timezone="UTC", job_defaults={
        "misfire_grace_time": None, "coalesce": True, "max_instances": 1})
    for name, tick, seconds in TICKS:
        scheduler.add_job(_guarded(name, tick), "interval", seconds=seconds, id=name)
    housekeeping.heartbeat()
    scheduler.start()
    return lambda: scheduler.shutdown(wait=False)


def _guarded(name: str, tick: Callable) -> Callable[[], None]:
    def run() -> None:
        try:
            tick()
        except Exception:
            log.exception("tick %r", name)
    return run
