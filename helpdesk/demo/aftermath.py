"""What follows a step of the demo's history: reactions, deliveries, clocks and surveys, as a worker would see to them.

The worker's own loop opens a transaction for each piece of work; here all of it happens in one.
"""
from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from channels.base import Request
from channels.base import Status as DeliveryStatus
from helpdesk import clock
from helpdesk.demo import wire
from helpdesk.demo.platforms import Platforms
from helpdesk.errors import HelpdeskError
from helpdesk.jobs import outbox as sending
from helpdesk.jobs.tasks import function
from helpdesk.models import Attachment, Delivery, Inbox, RawInbound, SlaClock, Survey, Task, Ticket
from helpdesk.services import inbound, inboxes, outbox, sla, surveys, tickets

MOST_ROUNDS = 200           # of what follows one step; more would be a loop
MOMENT = timedelta(seconds=2)


class Aftermath:
    """`accounts` are the inboxes by channel; `post` is where the platforms' webhooks go."""

    def __init__(self, session: Session, platforms: Platforms, post: wire.Post, accounts: Mapping[str, Inbox]):
        self.session, self.platforms, self.post, self.accounts = session, platforms, post, accounts
        self.line = wire.Line(platforms)
        self.told = False           # something was stored that did not come over the platforms' webhooks
        self.channels = {name: inboxes.open_channel(inbox) for name, inbox in accounts.items()}
        self.by_url = {f"kopi-{name}": name for name in accounts}
        platforms.mail.hand_over = self._take_mail

    def pass_time(self, until: datetime) -> None:
        """Let everything that was due before `until` happen at its own time."""
        for _ in range(MOST_ROUNDS):
            due = self._next_due()
            if due is None or due >= until:
                return
            with clock.at(due + MOMENT):
                for verb in (sla.breach_due, surveys.send_due, tickets.wake_due):
                    verb(self.session)
                self.settle()
        raise HelpdeskError(f"the demo's history does not settle before {until}")

    def _next_due(self) -> datetime | None:
        asked = union_all(
            select(func.min(SlaClock.due_at)).where(SlaClock.breached_at.is_(None), SlaClock.met_at.is_(None)),
            select(func.min(Survey.due_at)).where(Survey.state == "planned"),
            select(func.min(Task.due_at)).where(Task.state == "due", Task.name.startswith("services.")),
            select(func.min(Ticket.snoozed_until)))
        return min((due for due in self.session.scalars(asked) if due), default=None)

    def settle(self) -> None:
        """Reactions, deliveries and what comes back of them, until there is nothing left."""
        for _ in range(MOST_ROUNDS):
            self.session.flush()
            if not (self._react() + self._send() + self.deliver()):
                return
        raise HelpdeskError("the demo's history does not settle")

    def _react(self) -> int:
        rows = self.session.scalars(select(Task).where(Task.state == "due", Task.due_at <= clock.now())
                                    .order_by(Task.id)).all()
        done = 0
        for task in rows:
            slow = not task.name.startswith("services.")
            if slow and self._has_files(task):
                continue        # fetched by the worker when the demo has started
            self.session.delete(task)
            self.session.flush()
            done += 1
            if not slow:
                function(task.name)(self.session, task.ticket_id, **(task.data or {}))
        return done

    def _send(self) -> int:
        if not self.session.scalar(select(Delivery.id).where(Delivery.status == DeliveryStatus.QUEUED).limit(1)):
            return 0
        ids = outbox.claim_due(self.session)
        for delivery_id in ids:
            self.session.flush()
            channel, parts, done = sending.prepare(self.session, delivery_id)
            for part in parts[done:]:
                outbox.sent(self.session, delivery_id, wire.send(channel, part, self.platforms, self.line), len(parts))
        return len(ids)

    def deliver(self) -> int:
        """Take what lies in the post, and turn it into messages; returns how many deliveries that were."""
        if not self.post.waiting and not self.told:
            return 0
        self.told = False
        while self.post.waiting:
            url, headers, body = self.post.waiting.pop(0)
            name = self.by_url[url.rpartition("/")[2]]
            request = Request("POST", headers, {}, body, inboxes.webhook(self.accounts[name]))
            self.channels[name].verify(request)
            inbound.store(self.session, self.accounts[name], request, self.channels[name].source_key(request))
        rows = self.session.scalars(select(RawInbound).where(RawInbound.state == "new").order_by(RawInbound.id)).all()
        names = {inbox.id: name for name, inbox in self.accounts.items()}
        for raw in rows:
            channel = self.channels[names[raw.inbox_id]]
            inbound.process(self.session, raw.id, channel, wire.read(channel, raw.request(inbound.body(raw))))
        return len(rows)

    def _take_mail(self, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
        request = Request("MAIL", {"X-Envelope-To": ", ".join(recipients)}, {}, raw)
        inbound.store(self.session, self.accounts["email"], request, f"mail:{secrets.token_hex(32)}")
        self.told = True

    def _has_files(self, task: Task) -> bool:
        return bool(self.session.scalar(select(Attachment.id).where(
            Attachment.message_id == (task.data or {}).get("message_id"), Attachment.sha256 == "").limit(1)))
