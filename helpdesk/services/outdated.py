"""What each timer finds, and how it is taken out. The finders select ids, the oldest first; the others take a batch of
them."""
from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

from helpdesk.clock import now
from helpdesk.models import (
    ArticleFeedback,
    ArticleView,
    AssistantTurn,
    Attachment,
    Base,
    Contact,
    Event,
    HelpSearch,
    Identity,
    Message,
    OpenQuestion,
    PageView,
    RawInbound,
    Status,
    Ticket,
    Visitor,
)
from helpdesk.services import persons, wiping
from helpdesk.services.masks import SHORTEST, Mask
from helpdesk.services.personal_data import TABLES
from helpdesk.services.wiping import Done, Reach

SETTLED = (Status.RESOLVED, Status.CLOSED)
AUDIT = ("SettingsChanged", "AgentSignedIn")


def tickets(cut: datetime) -> Select:
    """Settled ones of which nothing was heard since."""
    return select(Ticket.id).join(Contact, Contact.id == Ticket.contact_id).where(
        Ticket.status.in_(SETTLED), Ticket.last_message_at < cut, Ticket.erased_at.is_(None),
        Contact.hold == "").order_by(Ticket.id)


def empty_tickets(session: Session, ids: list[int], how: str) -> Done:
    """All that was said in these tickets, with files and originals; who they are about stays known."""
    own = {kind: [] for kind in persons.KINDS} | {
        "ticket": ids, "message": select(Message.id).where(Message.ticket_id.in_(ids))}
    hashes: set[str] = set()
    reach = Reach(own, how, _names(session, ids))
    for name in wiping.order():
        if {"ticket", "message"} & set(TABLES[name].by.values()):
            after: int | None = 0
            while after is not None:
                done = wiping.batch(session, reach, name, after)
                after = done.after
                hashes.update(done.hashes)
    session.execute(update(Ticket).where(Ticket.id.in_(ids)).values(erased_at=now()))
    return Done(len(ids), None, tuple(hashes))


def _names(session: Session, ticket_ids: list[int]) -> Mask:
    """What names the people whom these tickets are about."""
    contact_ids = {one for number in set(session.scalars(select(Ticket.contact_id).where(Ticket.id.in_(ticket_ids))))
                   for one in persons.records(session, number)}
    values = session.execute(select(Identity.kind, Identity.value).where(Identity.contact_id.in_(contact_ids))).all()
    phones = tuple(value for kind, value in values if kind == "phone" and value.startswith("+"))
    words = {value for _, value in values if value not in phones and len(value) >= SHORTEST}
    for name in session.scalars(select(Contact.name).where(Contact.id.in_(contact_ids), Contact.name != "")):
        words |= {name, *(part for part in name.split() if len(part) > 2)}
    return Mask(tuple(sorted(words)), phones)


def attachments(cut: datetime) -> Select:
    """Files of settled tickets of which nothing was heard since."""
    return select(Attachment.id).join(Message, Message.id == Attachment.message_id).join(
        Ticket, Ticket.id == Message.ticket_id).join(Contact, Contact.id == Ticket.contact_id).where(
        Ticket.status.in_(SETTLED), Ticket.last_message_at < cut, Contact.hold == "",
        or_(Attachment.sha256 != "", Attachment.ref != "")).order_by(Attachment.id)


def drop_files(session: Session, ids: list[int], how: str) -> Done:
    """The bytes; the name stays, and says so. The mail that brought them has them too: it goes with them."""
    hashes = set(session.scalars(select(Attachment.sha256).where(Attachment.id.in_(ids)))) - {""}
    raw_ids = list(session.scalars(select(Message.raw_id).join(Attachment, Attachment.message_id == Message.id).where(
        Attachment.id.in_(ids), Message.raw_id.is_not(None))))
    session.execute(update(Attachment).where(Attachment.id.in_(ids)).values(
        sha256="", ref="", error="It was removed: files of settled tickets are not kept for ever."))
    return Done(len(ids), None, (*hashes, *wiping.originals(session, raw_ids)))


def originals(cut: datetime) -> Select:
    """Deliveries from outside whose bytes are still there."""
    return _raw(cut, ("processed", "discarded"))


def quarantined(cut: datetime) -> Select:
    """Those that could not be read."""
    return _raw(cut, ("quarantined",))


def _raw(cut: datetime, states: tuple[str, ...]) -> Select:
    held = select(Message.raw_id).join(Ticket, Ticket.id == Message.ticket_id).join(
        Contact, Contact.id == Ticket.contact_id).where(Contact.hold != "", Message.raw_id.is_not(None))
    return select(RawInbound.id).where(
        RawInbound.received_at < cut, RawInbound.state.in_(states), RawInbound.id.not_in(held),
        or_(RawInbound.body.is_not(None), RawInbound.sha256 != "")).order_by(RawInbound.id)


def drop_originals(session: Session, ids: list[int], how: str) -> Done:
    """The bytes as they came."""
    return Done(len(ids), None, wiping.originals(session, ids))


def page_views(cut: datetime) -> Select:
    """Looks at a page."""
    return select(PageView.id).where(PageView.seen_at < cut).order_by(PageView.id)


def delete_page_views(session: Session, ids: list[int], how: str) -> Done:
    """The rows."""
    session.execute(delete(PageView).where(PageView.id.in_(ids)))
    return Done(len(ids))


def searches(cut: datetime) -> Select:
    """What was looked for in the help centre."""
    return select(HelpSearch.id).where(HelpSearch.created_at < cut).order_by(HelpSearch.id)


def delete_searches(session: Session, ids: list[int], how: str) -> Done:
    """The rows."""
    session.execute(delete(HelpSearch).where(HelpSearch.id.in_(ids)))
    return Done(len(ids))


def questions(cut: datetime) -> Select:
    """What the assistant could not answer, decided or not. What was added to an article stays there."""
    held = select(Ticket.id).join(Contact, Contact.id == Ticket.contact_id).where(Contact.hold != "")
    return select(OpenQuestion.id).where(OpenQuestion.created_at < cut, or_(
        OpenQuestion.ticket_id.is_(None), OpenQuestion.ticket_id.not_in(held))).order_by(OpenQuestion.id)


def delete_questions(session: Session, ids: list[int], how: str) -> Done:
    """The rows; their groups are made anew by the next round of helpdesk.jobs.open_questions."""
    session.execute(delete(OpenQuestion).where(OpenQuestion.id.in_(ids)))
    return Done(len(ids))


def feedback(cut: datetime) -> Select:
    """What readers wrote about articles."""
    return select(ArticleFeedback.id).where(ArticleFeedback.created_at < cut, ArticleFeedback.comment != "").order_by(
        ArticleFeedback.id)


def empty_feedback(session: Session, ids: list[int], how: str) -> Done:
    """Their words; whether it helped stays."""
    session.execute(update(ArticleFeedback).where(ArticleFeedback.id.in_(ids)).values(comment=""))
    return Done(len(ids))


def article_views(cut: datetime) -> Select:
    """Looks at an article; how many there were stays with it."""
    return select(ArticleView.id).where(ArticleView.created_at < cut).order_by(ArticleView.id)


def delete_article_views(session: Session, ids: list[int], how: str) -> Done:
    """The rows."""
    session.execute(delete(ArticleView).where(ArticleView.id.in_(ids)))
    return Done(len(ids))


def visitors(cut: datetime) -> Select:
    """Browsers that nothing else speaks of: no message, no ticket, no other address, no consent."""
    person = Identity.contact_id
    said = [~select(table.c[column]).where(table.c[column] == owner).exists()
            for table, column, owner in _speaking(Identity.id, person)]
    other = Identity.__table__.alias()
    merged = Contact.__table__.alias()
    return select(Visitor.id).join(Identity, Identity.id == Visitor.identity_id).join(
        Contact, Contact.id == person).where(
        Visitor.seen_at < cut, Identity.kind == "visitor", Contact.hold == "", Contact.merged_into_id.is_(None),
        Contact.external_id.is_(None), ~select(merged.c.id).where(merged.c.merged_into_id == person).exists(),
        ~select(other.c.id).where(other.c.contact_id == person, other.c.id != Identity.id).exists(),
        *said).order_by(Visitor.id)


def _speaking(identity_id, contact_id):
    """(table, column, whose) of every reference to a person that must not be there: all but what goes with them."""
    for name, table in Base.metadata.tables.items():
        for key in table.foreign_keys:
            target = key.column.table.name
            if target in ("identity", "contact") and name not in ("identity", "contact", "visitor") \
                    and not TABLES[name].gone and name != "event":
                yield table, key.parent.name, identity_id if target == "identity" else contact_id


def delete_visitors(session: Session, ids: list[int], how: str) -> Done:
    """The browser, its address and its nameless record, with what was told of it."""
    people = session.execute(select(Visitor.identity_id, Identity.contact_id).join(
        Identity, Identity.id == Visitor.identity_id).where(Visitor.id.in_(ids))).all()
    own = {kind: [] for kind in persons.KINDS} | {
        "visitor": ids, "identity": [one.identity_id for one in people], "contact": [one.contact_id for one in people]}
    for name in wiping.order():
        table = Base.metadata.tables[name]
        if TABLES[name].gone:
            session.execute(delete(table).where(persons.said_of(table, TABLES[name].by, own)))
    session.execute(delete(Event).where(Event.contact_id.in_(own["contact"])))
    session.execute(delete(Identity).where(Identity.id.in_(own["identity"])))
    session.execute(delete(Contact).where(Contact.id.in_(own["contact"])))
    return Done(len(ids))


def turns(cut: datetime) -> Select:
    """What the assistant weighed."""
    return select(AssistantTurn.id).where(AssistantTurn.created_at < cut, or_(
        AssistantTurn.score.is_not(None), AssistantTurn.mood.is_not(None))).order_by(AssistantTurn.id)


def empty_turns(session: Session, ids: list[int], how: str) -> Done:
    """How it read the message, the candidates and their score, what it asked and the mood; outcome and article stay,
    because reports count them."""
    session.execute(update(AssistantTurn).where(AssistantTurn.id.in_(ids)).values(
        candidates=[], understood=[], asks=None, score=None, mood=None))
    return Done(len(ids))


def audit(cut: datetime) -> Select:
    """Who signed in, and who changed what."""
    return select(Event.id).where(Event.name.in_(AUDIT), Event.created_at < cut).order_by(Event.id)


def delete_events(session: Session, ids: list[int], how: str) -> Done:
    """The rows."""
    session.execute(delete(Event).where(Event.id.in_(ids)))
    return Done(len(ids))
