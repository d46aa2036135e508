"""What became of what we sent, as providers and bounces tell it, and which of our inboxes they speak of."""
from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Fact, Inbound, Receipt, Unreadable
from helpdesk.models import Delivery, Inbox
from helpdesk.services import bounds, identities, inboxes, outbox


def report(session: Session, inbox: Inbox, receipt: Receipt) -> None:
    """What became of something we sent, by its id or by everything up to a time."""
    found = next(filter(None, (_spoken_of(session, one, receipt) for one in _family(session, inbox))), [])
    for delivery in found:
        _settle(session, delivery, receipt)
        if receipt.unwanted:
            outbox.unwanted(session, delivery, receipt.unwanted)


def returned(session: Session, inbox: Inbox, item: Inbound) -> None:
    """A bounce that names no mail of ours: it speaks of the last one to the address that it does name. It is never a
    ticket; one that fits nothing is kept aside, because it may be a person's mail after all."""
    found = [(delivery, receipt) for receipt in item.reports
             if receipt.address and (delivery := outbox.last_to(session, inbox.id, receipt.address))]
    if not found:
        raise Unreadable("It reports on a mail that was not sent from here, or not lately.")
    for delivery, receipt in found:
        _settle(session, delivery, receipt)


def sibling(session: Session, inbox: Inbox, item: Fact) -> Inbox:
    """Meta calls one URL for all numbers and pages of an app: the account in the payload names the inbox, as long as
    it shares the app's secret with the one that was called."""
    if not item.account or item.account == inbox.account:
        return inbox
    other = session.scalar(select(Inbox).where(Inbox.channel == inbox.channel, Inbox.account == item.account,
                                               Inbox.enabled))
    return other if other and _same_app(inbox, other) else inbox


def _settle(session: Session, delivery: Delivery, receipt: Receipt) -> None:
    words = bounds.clean(receipt.error)
    if receipt.code and receipt.code not in words and receipt.status == "failed":
        words = f"{receipt.code} {words}"
    if receipt.status == "failed" and not receipt.permanent:
        outbox.delayed(session, delivery, words)
    else:
        outbox.mark(session, delivery, receipt.status, words)


def _spoken_of(session: Session, inbox: Inbox, receipt: Receipt) -> list[Delivery]:
    if not receipt.watermark:
        return outbox.spoken_of(session, inbox.id, receipt)
    kind = inboxes.kind(inbox.channel).identity_kind
    identity = (identities.find(session, kind, receipt.address, inbox.account)
                or identities.find(session, kind, receipt.address))
    return list(session.scalars(select(Delivery).where(
        Delivery.inbox_id == inbox.id, Delivery.identity_id == identity.id, Delivery.sent_at <= receipt.watermark,
        Delivery.status.in_(("sent", "delivered"))))) if identity else []


def _family(session: Session, inbox: Inbox) -> Iterator[Inbox]:
    """This inbox, then those that share its app: the platform reports on all of them to one URL."""
    yield inbox
    if "app_secret" in inboxes.secret_names(inbox.channel):
        for other in session.scalars(select(Inbox).where(Inbox.channel == inbox.channel, Inbox.id != inbox.id)):
            if _same_app(inbox, other):
                yield other


def _same_app(inbox: Inbox, other: Inbox) -> bool:
    try:
        return inboxes.config(other).get("app_secret") == inboxes.config(inbox).get("app_secret")
    except ValueError:          # sealed with another key: nobody can tell
        return False
