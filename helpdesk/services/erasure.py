"""Forgetting a person: everything that they said and that names them goes, or is masked; the counts stay.

An erasure is a row that knows how far it is. `begin` closes the person's addresses at once, so that nothing new lands
in what is being erased and whoever writes again is somebody new; then the worker takes one bounded batch after another
(helpdesk.jobs.erasures). It may die anywhere: what it still needs stands in the row until the last batch.
"""
from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from channels.base import Status as DeliveryStatus
from helpdesk import events
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid
from helpdesk.models import (
    Base,
    Contact,
    Delivery,
    Erasure,
    Identity,
    Message,
    Participant,
    PersonExport,
    Survey,
    Ticket,
)
from helpdesk.services import contacts, persons, quoted, tasks, traces, wiping
from helpdesk.services.masks import SHORTEST, Mask
from helpdesk.services.personal_data import TABLES
from helpdesk.services.wiping import ERASE, PSEUDONYMISE, Reach

MODES = (ERASE, PSEUDONYMISE)
ERASED_KIND = "erased"
COUNTED = (("ticket", "tickets"), ("message", "messages"), ("attachment", "files"), ("identity", "addresses"),
           ("delivery", "deliveries"), ("event", "entries of the timeline"), ("assistant_turn", "assistant's turns"),
           ("rating", "ratings, of which the number stays"), ("visitor", "browsers"), ("page_view", "pages visited"),
           ("contact_attribute", "facts told by your site"), ("shop_order", "orders"))


def preview(session: Session, contact: Contact) -> dict:
    """What would go: `counts` in words, `records` that were joined, `open` tickets, and `hold`, why it may not be."""
    ids = persons.records(session, contact.id)
    own = persons.owned(ids, persons.named(session, ids))
    counts = {}
    for name, words in COUNTED:
        table = Base.metadata.tables[name]
        counts[words] = session.scalar(select(func.count()).select_from(table).where(
            persons.said_of(table, TABLES[name].by, own)))
    counts["mails and calls as they came"] = session.scalar(select(func.count(Message.raw_id.distinct())).where(
        Message.id.in_(own["message"])))
    return {"counts": {words: n for words, n in counts.items() if n}, "records": len(ids),
            "open": session.scalars(select(Ticket.id).where(
                Ticket.id.in_(own["ticket"]), Ticket.status.in_(("open", "pending")))).all(),
            "hold": _hold(session, ids), "others": session.scalar(select(func.count(Ticket.id.distinct())).join(
                Participant, Participant.ticket_id == Ticket.id).where(
                Participant.identity_id.in_(own["identity"]), Ticket.contact_id.not_in(ids)))}


def hold(session: Session, contact: Contact, why: str, actor: str) -> None:
    """Keep everything of this person, for a dispute or an authority, until `why` is empty again."""
    why = why.strip()[:200]
    if contact.hold != why:
        contact.hold = why
        events.record(session, events.SettingsChanged(what="legal hold", detail="set" if why else "released"),
                      contact=contact, actor=actor)


def begin(session: Session, contact_id: int, mode: str, actor: str) -> Erasure:
    """Close the person's addresses and have the rest done by the worker. Begun before, it is the same one. Raises
    NotFound, Invalid for an unknown mode, Conflict while a legal hold is on."""
    if mode not in MODES:
        raise Invalid("Erase, or pseudonymise?")
    contact = contacts.by_id(session, contact_id)
    contact = session.scalar(select(Contact).where(Contact.id == contact.id).with_for_update().execution_options(
        populate_existing=True))
    ids = persons.records(session, contact.id)
    if contact.erased_at and (known := last(session, contact)):
        return known
    if why := _hold(session, ids):
        raise Conflict(f"There is a legal hold on this person ({why}). Release it first.")
    names = persons.named(session, ids)
    mask, own_mask = _masks(session, ids)
    # The steps from here on look for what the next lines take away.
    erasure = Erasure(contact_id=contact.id, mode=mode, actor=actor, work={
        "contacts": ids, "names": names, "mask": mask.kept(), "own_mask": own_mask.kept(), "done": [], "hashes": [],
        "exports": list(session.scalars(select(PersonExport.name).where(PersonExport.contact_id.in_(ids))))})
    session.add(erasure)
    _close(session, ids)
    session.flush()
    events.record(session, events.PersonErased(mode=mode), contact=contact, actor=actor)
    tasks.plan(session, "jobs.erasures.run", None, {"erasure_id": erasure.id}, key=f"erasure:{erasure.id}")
    return erasure


def last(session: Session, contact: Contact) -> Erasure | None:
    """How far the erasure of this record is."""
    return session.scalar(select(Erasure).where(Erasure.contact_id == contact.id).order_by(Erasure.id.desc()).limit(1))


def _close(session: Session, ids: list[int]) -> None:
    """Nobody is reached by these addresses any more, and nobody known writes from them."""
    at, own = now(), persons.owned(ids, {})
    session.execute(update(Delivery).where(
        Delivery.identity_id.in_(own["identity"]) | Delivery.ticket_id.in_(own["ticket"]),
        Delivery.status.in_((DeliveryStatus.QUEUED, DeliveryStatus.UNCERTAIN))).values(
        status=DeliveryStatus.FAILED, error="", updated_at=at))
    session.execute(update(Survey).where(Survey.contact_id.in_(ids), Survey.state == "planned").values(
        state="skipped", reason="the person was erased"))
    session.execute(update(Ticket).where(Ticket.id.in_(own["ticket"])).values(
        erased_at=at, reply_identity_id=None, waiting_since=None, with_assistant=False))
    for identity in session.scalars(select(Identity).where(Identity.contact_id.in_(ids)).with_for_update()):
        identity.kind, identity.scope, identity.value = ERASED_KIND, "", f"erased-{identity.id}"
        identity.unwanted, identity.failing_since, identity.pictures_wanted = "", None, False
    for one in session.scalars(select(Contact).where(Contact.id.in_(ids))):
        one.name = one.company = one.locale = one.time_zone = one.prefers = one.prefers_by = ""
        one.external_id, one.claims, one.erased_at = None, {}, at


def _masks(session: Session, ids: list[int]) -> tuple[Mask, Mask]:
    """What names the person anywhere, and what more does in their own tickets (parts of the name). A name that another
    contact bears too is looked for in their own tickets alone."""
    values = session.execute(select(Identity.kind, Identity.value).where(
        Identity.contact_id.in_(ids), Identity.kind != ERASED_KIND)).all()
    phones = tuple(value for kind, value in values if kind == "phone" and value.startswith("+"))
    words = {value for _, value in values if value not in phones and len(value) >= SHORTEST}
    words |= {one for one in session.scalars(select(Contact.external_id).where(Contact.id.in_(ids)))
              if one and len(one) >= SHORTEST}
    names = {*session.scalars(select(Contact.name).where(Contact.id.in_(ids))),
             *session.scalars(select(Message.author_name).distinct().where(
                 Message.id.in_(persons.owned(ids, {})["message"]), Message.author_kind == "contact",
                 Message.author_id.in_(ids)))}
    names = {" ".join(one.split()) for one in names} - {""} - {value for _, value in values}
    parts = {part for one in names for part in one.split() if len(part) > 2}
    full = {one for one in names if " " in one and len(one) >= SHORTEST}
    full -= {one for one in full if session.scalar(select(Contact.id).where(
        func.lower(Contact.name) == one.lower(), Contact.id.not_in(ids)).limit(1))}
    return Mask(tuple(sorted(words | full)), phones), Mask(tuple(sorted(words | names | parts)), phones)


def _hold(session: Session, ids: list[int]) -> str:
    return session.scalar(select(Contact.hold).where(Contact.id.in_(ids), Contact.hold != "").limit(1)) or ""


def reach(erasure: Erasure) -> Reach:
    """Whose rows this is about."""
    work = erasure.work
    return Reach(persons.owned(work["contacts"], work["names"]), erasure.mode, Mask.of(work["own_mask"]))


def go_on(session: Session, erasure_id: int) -> bool:
    """Do the next batch; False when only the files and the end are left."""
    erasure = session.get(Erasure, erasure_id, with_for_update=True)
    if erasure is None or erasure.done_at:
        return False
    work = dict(erasure.work)
    name, step = next(((name, step) for name, step in STEPS if name not in work["done"]), ("", None))
    if step is None:
        return False
    done = step(session, erasure, work.get("after", 0))
    work["hashes"] = sorted({*work["hashes"], *done.hashes})
    work["after"] = done.after or 0
    if done.after is None:
        work["done"] = [*work["done"], name]        # by name: after an update there may be other steps
    erasure.counts = {**erasure.counts, name: erasure.counts.get(name, 0) + done.count}
    erasure.work = work
    return True


def finish(session: Session, erasure_id: int) -> None:
    """The last word: what was looked for is forgotten too."""
    erasure = session.get(Erasure, erasure_id, with_for_update=True)
    if erasure.done_at is None:
        erasure.work, erasure.done_at = {}, now()


def _own(table: str) -> Callable:
    return lambda session, erasure, after: wiping.batch(session, reach(erasure), table, after)


def _mentioned(table: str) -> Callable:
    return lambda session, erasure, after: traces.batch(
        session, table, Mask.of(erasure.work["mask"]), after, before=erasure.created_at)


STEPS: tuple[tuple[str, Callable], ...] = (
    ("quoted", lambda session, erasure, after: quoted.batch(session, reach(erasure), after)),
    *((name, _own(name)) for name in wiping.order()),
    *((f"traces in {name}", _mentioned(name)) for name in traces.tables()),
    ("originals", lambda session, erasure, after: traces.originals(
        session, Mask.of(erasure.work["mask"]), after, before=erasure.created_at)))
