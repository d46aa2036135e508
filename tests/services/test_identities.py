"""Who is this? One row and one owner for each address, and people joined only when both are proved."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Contact, Event, Identity, Ticket, Trust
from helpdesk.services import identities
from tests.people import ANN, written


@pytest.mark.parametrize(("given", "kept"), [
    ("Ann@Example.COM", "ann@example.com"), (" ann@example.com ", "ann@example.com"),
    ("ann@example.com.", "ann@example.com"), ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
    ("ann@straße.example", "ann@xn--strae-oqa.example"),      # IDNA 2008: not the same domain as strasse
    ("o'neil+news@example.co.uk", "o'neil+news@example.co.uk")])
def test_one_mailbox_has_one_spelling(given, kept):
    assert identities.normal("email", given) == kept


@pytest.mark.parametrize("given", ["", "ann", "@example.com", "ann@", "ann@host", "a nn@example.com",
                                   "ann@exa mple.com", "<ann@example.com>", "ann@example.com, eve@example.com",
                                   "a" * 400 + "@example.com",
                                   "ann@" + "ü" * 250 + ".example", "ann@example.com\r\nBcc: eve@example.com"])
def test_what_is_no_mail_address_is_refused(given):
    with pytest.raises(Invalid):
        identities.normal("email", given)


@pytest.mark.parametrize(("kind", "given", "kept"), [
    ("phone", "+49 170 1111 0001", "+4917011110001"), ("phone", "4917011110001", "+4917011110001"),
    ("phone", "US.13491208655302741918", "US.13491208655302741918"), ("telegram", " 77 ", "77")])
def test_numbers_and_ids_have_one_form(kind, given, kept):
    assert identities.normal(kind, given) == kept


@pytest.mark.parametrize(("kind", "given"), [("phone", "12"), ("phone", "+999"), ("visitor", " \0 "),
                                             ("telegram", "7" * 321)])
def test_an_id_is_never_cut_to_fit(kind, given):
    with pytest.raises(Invalid):
        identities.normal(kind, given)


def test_whoever_writes_from_an_address_that_somebody_typed_becomes_its_owner(any_cast):
    with db.transaction() as session:
        chat = written(session, any_cast.widget, "Hi", address="browser")
        visitor = session.get(Ticket, chat.ticket_id).contact
        identities.claim(session, visitor, "email", ANN)
        mail = written(session, any_cast.mail, "It is me, Ann", name="Ann Lee")
        owner = session.get(Ticket, mail.ticket_id).contact
        assert owner.id != visitor.id and owner.name == "Ann Lee"
        assert visitor.claims == {"email": ANN}, "they said so, and that is all it is"
        assert session.get(Ticket, chat.ticket_id).contact_id == visitor.id


def test_claiming_somebodys_address_gives_nothing_of_theirs(any_cast):
    with db.transaction() as session:
        mail = written(session, any_cast.mail, "My secret order")
        thief = session.get(Ticket, written(session, any_cast.widget, "Hi", address="browser").ticket_id).contact
        identity = identities.claim(session, thief, "email", ANN)
        assert identity.contact_id == session.get(Ticket, mail.ticket_id).contact_id != thief.id
        assert thief.claims == {"email": ANN}
        assert session.get(Ticket, mail.ticket_id).contact_id != thief.id


def test_trust_only_rises(any_cast):
    with db.transaction() as session:
        identity = identities.resolve(session, "email", ANN)
        assert identity.trust == Trust.CLAIMED
        identities.replied(session, identity)
        assert identity.trust == Trust.REPLIED
        identities.verify(session, identity.contact, "email", ANN, how="token")
        identities.replied(session, identity)
        assert identity.trust == Trust.VERIFIED
        assert identities.resolve(session, "email", ANN).trust == Trust.VERIFIED


def test_two_people_are_joined_only_when_the_address_is_proved_on_both_sides(any_cast):
    with db.transaction() as session:
        first = identities.resolve(session, "phone", "+4917011110001", how="platform").contact
        second = identities.resolve(session, "visitor", "browser", how="platform").contact
        third = identities.resolve(session, "email", ANN).contact
        assert identities.verify(session, second, "phone", "+4917011110001", how="token") is first
        assert second.merged_into_id == first.id
        assert identities.verify(session, first, "email", ANN, how="token") is first
        assert third.merged_into_id is None and third.claims == {"email": ANN}, "only said so: the address moves on"
        assert session.scalar(select(Identity.contact_id).where(Identity.value == ANN)) == first.id


def test_a_merge_moves_open_work_names_what_moved_and_is_followed(any_cast):
    with db.transaction() as session:
        one = session.get(Ticket, written(session, any_cast.mail, "a", name="Ann").ticket_id)
        other = session.get(Ticket, written(session, any_cast.widget, "b", address="browser").ticket_id)
        lost, kept = one.contact, other.contact
        identities.merge_into(session, lost, kept, why="test", actor="agent:1")
        assert one.contact_id == other.contact_id == kept.id and kept.name
        fact = session.scalar(select(Event).where(Event.name == "ContactsMerged"))
        assert (fact.data["merged_id"], fact.data["ticket_ids"]) == (lost.id, [one.id])
        again = written(session, any_cast.mail, "c", external_id="<c>")
        assert session.get(Ticket, again.ticket_id).contact_id == kept.id
        identities.merge_into(session, kept, lost, why="back again")
        assert kept.merged_into_id is None, "a merge into oneself is none"


def test_a_long_chain_of_merges_ends_at_the_last_and_a_circle_ends_somewhere(any_cast):
    with db.transaction() as session:
        people = [Contact(name=str(n)) for n in range(5)]
        session.add_all(people)
        session.flush()
        for here, there in zip(people, people[1:], strict=False):
            here.merged_into_id = there.id
        session.flush()
        assert identities.survivor(session, people[0]) is people[4]
        people[4].merged_into_id = people[0].id
        session.flush()
        assert identities.survivor(session, people[0]) in people


def test_a_name_is_taken_over_once_and_never_overwritten(any_cast):
    with db.transaction() as session:
        contact = identities.resolve(session, "telegram", "77", how="platform").contact
        assert contact.label.startswith("Visitor")
        identities.resolve(session, "telegram", "77", name="Ann", locale="id-ID", how="platform")
        identities.resolve(session, "telegram", "77", name="Mallory", locale="de", how="platform")
        assert (contact.name, contact.locale) == ("Ann", "id-ID")


def test_a_merged_contact_keeps_the_better_name(any_cast):
    with db.transaction() as session:
        nameless = session.get(Identity, written(session, any_cast.mail, "Hello", name="").identity_id).contact
        assert nameless.name == ANN
        named = session.get(Identity, written(session, any_cast.mail, "Hi", address="lee@example.com",
                                              external_id="<lee@x>", name="Ann Lee").identity_id).contact
        identities.merge_into(session, named, nameless, why="test")
        assert nameless.name == "Ann Lee"
