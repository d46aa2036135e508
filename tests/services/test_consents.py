"""Who agreed to what, when, and how we know."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Consent, Contact, Event, Identity
from helpdesk.services import consents, identities, unsubscribing


@pytest.fixture
def ann(any_cast):
    """Ann with a mail address and a phone."""
    with db.transaction() as session:
        mail = identities.resolve(session, "email", "ann@example.com", name="Ann Lee")
        identities.verify(session, mail.contact, "phone", "+4917011110001", "agent")
        return mail.contact_id


def word(purpose, given, kind=None, **more):
    with db.transaction() as session:
        contact = session.scalar(select(Contact).where(Contact.name == "Ann Lee"))
        identity = session.scalar(select(Identity).where(Identity.kind == kind)) if kind else None
        more = {"source": "agent", "actor": "agent:1"} | more
        consents.record(session, contact, purpose, given, identity=identity, **more)


def allowed(purpose) -> dict[str, bool]:
    with db.reading() as session:
        return {one.kind: consents.allows(session, one, purpose) for one in session.scalars(select(Identity))}


def test_what_needs_no_word_what_lasts_until_the_end_and_what_waits_for_a_yes(ann):
    assert allowed("service") == {"email": True, "phone": True}
    assert allowed("surveys") == {"email": True, "phone": True}
    assert allowed("news") == {"email": False, "phone": False}


def test_the_newest_word_that_applies_counts(ann):
    word("surveys", False)
    assert allowed("surveys") == {"email": False, "phone": False}
    word("surveys", True, "email")
    assert allowed("surveys") == {"email": True, "phone": False}
    word("surveys", False)
    assert allowed("surveys") == {"email": False, "phone": False}
    word("news", True, "phone")
    assert allowed("news") == {"email": False, "phone": True}


def test_every_word_is_kept_with_its_source_and_the_same_again_is_one(ann):
    word("news", True, source="widget", wording="Send me offers", version="https://shop.example/privacy")
    word("news", True, source="widget", wording="Send me offers", version="https://shop.example/privacy")
    word("news", False)
    word("news", True, source="widget", wording="Send me all offers")
    with db.reading() as session:
        rows = session.scalars(select(Consent).order_by(Consent.id)).all()
        assert [(one.given, one.source, one.wording) for one in rows] == [
            (True, "widget", "Send me offers"), (False, "agent", ""), (True, "widget", "Send me all offers")]
        assert [one.data["given"] for one in session.scalars(
            select(Event).where(Event.name == "ConsentChanged").order_by(Event.id))] == [True, False, True]


def test_the_words_of_joined_records_count_for_the_person(ann):
    with db.transaction() as session:
        other = identities.resolve(session, "email", "ann.lee@work.example", name="A. Lee").contact
        consents.record(session, other, "surveys", False, source="agent", actor="agent:1")
        identities.merge_into(session, other, session.get(Contact, ann), why="same person")
    assert allowed("surveys")["phone"] is False


def test_the_link_in_a_mail_ends_it_for_that_address_only(ann):
    with db.transaction() as session:
        mail = session.scalar(select(Identity).where(Identity.kind == "email"))
        unsubscribing.stop(session, mail)
        unsubscribing.stop(session, mail)
    assert allowed("surveys") == {"email": False, "phone": True}
    with db.transaction() as session:
        assert [(one.purpose, one.source) for one in session.scalars(select(Consent))] == [("surveys", "mail")]
        unsubscribing.resume(session, session.scalar(select(Identity).where(Identity.kind == "email")))
    assert allowed("surveys") == {"email": True, "phone": True}


def test_what_holds_now_names_the_place_and_the_word(ann):
    word("surveys", False, "email", note="asked on the phone")
    with db.reading() as session:
        contact = session.get(Contact, ann)
        lines = consents.standing(consents.history(session, contact), contact.identities)
    assert [(one.purpose, one.place, one.given) for one in lines] == [
        ("surveys", "", True), ("surveys", "ann@example.com", False), ("pages", "", True), ("news", "", False),
        ("notice", "", False)]


@pytest.mark.parametrize("wrong", [{"purpose": "service"}, {"purpose": "x"}, {"source": "x"}, {"stranger": True}])
def test_what_cannot_be_is_refused(ann, wrong):
    with db.transaction() as session:
        eve = identities.resolve(session, "email", "eve@example.net")
    with pytest.raises(Invalid), db.transaction() as session:
        consents.record(session, session.get(Contact, ann), wrong.get("purpose", "news"), True, actor="agent:1",
                        source=wrong.get("source", "agent"), identity=eve if "stranger" in wrong else None)
