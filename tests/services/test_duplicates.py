"""Suggested doubles: found for one contact at once, kept for the whole base by the worker, and never joined."""
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text, update

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.jobs import duplicates as job
from helpdesk.models import Contact, ContactChange, ContactKey, DuplicatePair, Event, Identity, SystemState, ToldApart
from helpdesk.services import duplicate_pairs, duplicates, identities
from tests.people import ANN

TWINS = ("+5511987654321", "+551187654321")


def made(session, name: str, *addresses: tuple[str, str], **fields) -> int:
    """A contact with addresses; its id."""
    contact = Contact(name=name, **fields)
    session.add(contact)
    session.flush()
    session.add_all(Identity(contact_id=contact.id, kind=kind, value=value) for kind, value in addresses)
    session.flush()
    return contact.id


def ana_twice(session) -> tuple[int, int]:
    """Ana with both of her number's forms: whoever looks a number up finds its twin, so they came at the same time."""
    return (made(session, "Ana Souza", ("phone", TWINS[0])), made(session, "Ana P. Souza", ("phone", TWINS[1])))


def found_for(contact_id: int) -> list[tuple[int, int]]:
    with db.reading() as session:
        return [(one.contact.id, one.comparison.score)
                for one in duplicates.suggestions(session, session.get(Contact, contact_id))]


def stored() -> list[tuple[int, int]]:
    with db.reading() as session:
        return [(pair.first.id, pair.second.id) for pair in duplicate_pairs.pairs(session).rows]


def everything_of_people() -> list:
    with db.reading() as session:
        return [session.execute(select(table).order_by(table.c.id)).all()
                for table in (Contact.__table__, Identity.__table__, Event.__table__)]


def changes() -> set[int]:
    with db.reading() as session:
        return set(session.scalars(select(ContactChange.contact_id)))


def test_a_double_is_suggested_from_either_side_with_its_reasons(any_cast):
    one, other = db.run(ana_twice)
    job.refresh_due()
    assert [whom for whom, _ in found_for(one)] == [other] and [whom for whom, _ in found_for(other)] == [one]
    with db.reading() as session:
        suggestion, = duplicates.suggestions(session, session.get(Contact, one))
        assert "9th digit" in suggestion.comparison.reasons
        assert [i.value for i in suggestion.contact.identities] == [TWINS[1]]
    assert stored() == [(one, other)]


def test_somebody_new_is_compared_at_once_before_the_worker_came(any_cast):
    one = db.run(made, "Ana Souza", ("phone", TWINS[0]))
    job.refresh_due()
    other = db.run(made, "Ana Souza", ("phone", TWINS[1]))
    assert [whom for whom, _ in found_for(other)] == [one] and stored() == []
    job.refresh_due()
    assert stored() == [(one, other)]


def test_a_suggestion_changes_nothing_of_anybody(any_cast):
    with db.transaction() as session:
        ana_twice(session)
        identities.resolve(session, "email", ANN, name="Ann Lee")
        visitor = identities.resolve(session, "visitor", "browser", how="platform").contact
        identities.claim(session, visitor, "email", ANN)
    before = everything_of_people()
    job.refresh_due()
    assert len(stored()) == 2
    assert all(found_for(contact_id) for contact_id in (1, 2, 3, 4))
    assert everything_of_people() == before, "no merge, no address moved, no event"


def test_a_claimed_address_is_suggested_as_what_it_is(any_cast):
    with db.transaction() as session:
        owner = identities.resolve(session, "email", ANN, name="Ann Lee").contact.id
        visitor = identities.resolve(session, "visitor", "browser", how="platform").contact
        identities.claim(session, visitor, "email", ANN)
        suggestion, = duplicates.suggestions(session, session.get(Contact, visitor.id)) or [None]
        assert suggestion is None, "the owner's keys are not written yet"
    job.refresh_due()
    with db.reading() as session:
        suggestion, = duplicates.suggestions(session, session.get(Contact, visitor.id))
    assert suggestion.contact.id == owner and "not verified" in suggestion.comparison.reasons


def test_a_common_name_or_address_leads_to_nobody_and_costs_no_more(any_cast):
    with db.transaction() as session:
        for n in range(duplicates.COMMON + 20):
            made(session, "Maria Silva", ("email", f"info+{n}@acme.com"), ("telegram", f"{n}"))
        ana = made(session, "Maria Silva", ("phone", TWINS[0]), ("email", "info@acme.com"))
        double = made(session, "Maria Silva", ("phone", TWINS[1]))
    while job.refresh_due():
        pass
    asked = []
    with db.reading() as session:
        event.listen(db.engine(), "before_cursor_execute", lambda *args: asked.append(args[2]))
        assert [one.contact_id for one in duplicates.likely(session, ana)] == [double]
        assert len(asked) <= 4, asked
        asked.clear()
        assert duplicates.likely(session, 1) == [] and len(asked) == 2, "nobody is looked at for a common name"
    assert stored() == [(ana, double)]


@pytest.mark.parametrize("change", [
    lambda s: s.execute(update(Contact).where(Contact.id == 1).values(name="Zoe")),
    lambda s: s.execute(text("UPDATE contact SET external_id = '17' WHERE id = 1")),
    lambda s: setattr(s.get(Contact, 1), "claims", {"email": ANN}),
    lambda s: setattr(s.get(Contact, 1), "company", "Acme"),
    lambda s: s.execute(update(Identity).where(Identity.contact_id == 1).values(value="+4917011110001")),
    lambda s: s.execute(update(Identity).where(Identity.contact_id == 1).values(source="typed")),
    lambda s: s.add(Identity(contact_id=1, kind="email", value=ANN)),
    lambda s: s.delete(s.scalar(select(Identity).where(Identity.contact_id == 1))),
    lambda s: identities.resolve(s, "telegram", "77", how="platform", name="Ann") and s.execute(
        update(Identity).where(Identity.value == "77").values(contact_id=1))])
def test_whoever_changes_a_contact_in_whatever_way_the_worker_hears_of_it(any_cast, change):
    """Also a guard: a migration that rebuilds one of the two tables on SQLite would lose the triggers."""
    db.run(ana_twice)
    job.refresh_due()
    assert changes() == set()
    db.run(change)
    assert 1 in changes()
    job.refresh_due()
    assert changes() == set()


def test_a_sign_of_life_is_no_change(any_cast):
    one, _ = db.run(ana_twice)
    db.run(identities.resolve, "phone", TWINS[0], how="platform")
    job.refresh_due()
    with db.transaction() as session:
        session.get(Contact, one).seen_at = now()
        identities.resolve(session, "phone", TWINS[0], how="platform").seen_at = now()
    assert changes() == set()


def test_keys_and_pairs_follow_what_is_known(any_cast):
    one, other = db.run(ana_twice)
    job.refresh_due()
    with db.transaction() as session:
        session.scalar(select(Identity).where(Identity.contact_id == other)).value = "+4930123456"
        session.get(Contact, other).name = "Karl Voss"
    job.refresh_due()
    assert stored() == [] and found_for(one) == []
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(ContactKey).where(ContactKey.contact_id == other)) > 0


def test_one_who_was_merged_is_never_suggested(any_cast):
    one, other = db.run(ana_twice)
    third = db.run(made, "Ana Paula Souza", ("email", "ana@souza.example"))
    job.refresh_due()
    with db.transaction() as session:
        identities.merge_into(session, session.get(Contact, other), session.get(Contact, third), why="test")
    assert stored() == [], "at once"
    assert [whom for whom, _ in found_for(one)] == [] or found_for(one)[0][0] == third
    assert found_for(other) == []
    job.refresh_due()
    assert stored() == [(one, third)] and [whom for whom, _ in found_for(one)] == [third]
    with db.reading() as session:
        assert not session.scalars(select(ContactKey).where(ContactKey.contact_id == other)).all()


def test_twice_is_as_once_and_a_death_in_the_middle_loses_nothing(any_cast, monkeypatch):
    db.run(ana_twice)
    with monkeypatch.context() as broken:
        broken.setattr(duplicate_pairs, "write_pairs", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            job.refresh_due()
    assert changes() == {1, 2} and stored() == []
    assert job.refresh_due() > 0 and job.refresh_due() == 0
    assert stored() == [(1, 2)]
    with db.transaction() as session:
        for contact_id in (1, 2, 2, 99):
            session.add(ContactChange(contact_id=contact_id))
    assert job.refresh_due() == 4 and stored() == [(1, 2)]


def test_one_worker_at_a_time_until_its_lease_is_over(any_cast):
    db.run(ana_twice)
    assert db.run(duplicate_pairs.claim) and not db.run(duplicate_pairs.claim)
    assert job.refresh_due() == 0 and changes() == {1, 2}
    with db.transaction() as session:       # whoever had it died
        past = (now() - timedelta(seconds=1)).isoformat()
        session.get(SystemState, duplicate_pairs.LEASE_KEY).value = {"until": past}
    assert job.refresh_due() > 0 and stored() == [(1, 2)]
    assert db.run(duplicate_pairs.claim), "it is given back"


def test_the_work_of_a_tick_is_bounded(any_cast):
    with db.transaction() as session:
        for n in range(duplicate_pairs.BATCH + 10):
            made(session, f"Person {n}", ("email", f"person{n}@acme.com"))
    assert 0 < job.refresh_due(seconds=0.0001) <= duplicate_pairs.BATCH
    assert changes()


def test_what_changed_while_the_others_were_looked_up_is_not_written(any_cast):
    one, other = db.run(ana_twice)
    with db.transaction() as session:
        duplicate_pairs.write_keys(session, [one, other])
    with db.reading() as session:
        found = duplicates.likely(session, one)
    with db.transaction() as session:
        identities.merge_into(session, session.get(Contact, other), session.get(Contact, 1), why="test")
        duplicate_pairs.write_pairs(session, {one: found}, ())
        assert len(found) == 1 and session.scalar(select(func.count()).select_from(DuplicatePair)) == 0


def tell(one: int, other: int, verb=duplicate_pairs.tell_apart) -> None:
    with db.transaction() as session:
        verb(session, session.get(Contact, one), session.get(Contact, other), "agent:1")


def test_told_apart_they_are_no_longer_suggested_until_that_is_taken_back(any_cast):
    one, other = db.run(ana_twice)
    job.refresh_due()
    tell(other, one)
    tell(one, other)
    assert stored() == [] and found_for(one) == [] and found_for(other) == []
    job.refresh_due()
    assert stored() == []
    with db.reading() as session:
        row = session.scalar(select(ToldApart))
        assert (row.first_id, row.second_id, row.actor) == (one, other, "agent:1")
        facts = session.scalars(select(Event).where(Event.name == "ToldApart")).all()
        assert [(fact.contact_id, fact.data, fact.actor) for fact in facts] == [
            (other, {"other_id": one, "apart": True}, "agent:1")], "saying it twice is saying it once"
        assert [who.contact.id for who in duplicates.told_apart.apart(session, other)] == [one]
    tell(one, other, duplicate_pairs.may_be_one)
    tell(one, other, duplicate_pairs.may_be_one)
    assert stored() == [(one, other)] and [whom for whom, _ in found_for(other)] == [one]
    with pytest.raises(Invalid):
        tell(one, one)


def test_what_was_said_holds_for_whoever_goes_on_for_them_and_again_after_an_unmerge(any_cast):
    one, other = db.run(ana_twice)
    with db.transaction() as session:
        third = made(session, "Ana Souza", ("telegram", "5"))
        fourth = made(session, "Zoe Quint", ("telegram", "6"))
    job.refresh_due()
    tell(one, other)
    with db.transaction() as session:       # each of the two into somebody else
        identities.merge_into(session, session.get(Contact, one), session.get(Contact, third), why="test")
        identities.merge_into(session, session.get(Contact, other), session.get(Contact, fourth), why="test")
    job.refresh_due()
    assert found_for(third) == [] and found_for(fourth) == [] and stored() == []
    with db.reading() as session:
        assert [who.contact.id for who in duplicates.told_apart.apart(session, fourth)] == [third]
    with db.transaction() as session:       # and both back
        for merged, into in ((one, third), (other, fourth)):
            session.get(Contact, merged).merged_into_id = None
            session.execute(update(Identity).where(Identity.contact_id == into, Identity.kind == "phone")
                            .values(contact_id=merged))
    job.refresh_due()
    assert [whom for whom, _ in found_for(one) if whom == other] == []
    tell(one, other, duplicate_pairs.may_be_one)
    assert other in [whom for whom, _ in found_for(one)]


def test_taking_it_back_after_a_merge_reaches_what_was_said_before_it(any_cast):
    one, other = db.run(ana_twice)
    third = db.run(made, "Ana Souza", ("telegram", "5"))
    tell(one, other)
    with db.transaction() as session:
        identities.merge_into(session, session.get(Contact, one), session.get(Contact, third), why="test")
    job.refresh_due()
    assert found_for(third) == []
    tell(third, other, duplicate_pairs.may_be_one)
    assert [whom for whom, _ in found_for(third)] == [other]


def test_a_circle_of_merges_ends(any_cast):
    one, other = db.run(ana_twice)
    with db.transaction() as session:
        session.get(Contact, one).merged_into_id = other
        session.get(Contact, other).merged_into_id = one
        session.add(ToldApart(first_id=one, second_id=other, actor="agent:1"))
    with db.reading() as session:
        assert duplicates.told_apart.ids(session, one) == set() == duplicates.told_apart.ids(session, other)
        assert duplicates.told_apart.apart(session, one) == []
    job.refresh_due()


def test_all_pairs_come_in_pages_the_likeliest_first(any_cast):
    with db.transaction() as session:
        for n in range(4):
            made(session, f"Ana{n} Souza{n}", ("phone", f"+55119876543{n}0"))
            made(session, f"Ana{n} Souza{n}", ("phone", f"+55118765430{n}" if n == 9 else f"+5511876543{n}0"))
        made(session, "Karl Voss", ("email", "kvoss81@gmial.com"), external_id="1")
        made(session, "Kurt Vogel", ("email", "kvoss81@gmail.com"))
    while job.refresh_due():
        pass
    with db.reading() as session:
        seen, after = [], ""
        while after is not None:
            page = duplicate_pairs.pairs(session, after, limit=2)
            seen += [(pair.comparison.score, pair.first.id, pair.second.id) for pair in page.rows]
            after = page.next
        assert seen == sorted(seen, key=lambda one: (-one[0], *one[1:])) and len(seen) == len(set(seen)) == 4
        assert duplicate_pairs.count(session) == 4
        for nonsense in ("x", "1.2", "1.2.x", "٣.1.1", "99999999999.1.1"):
            assert len(duplicate_pairs.pairs(session, nonsense, limit=9).rows) == 4
        assert [tuple(row) for row in duplicate_pairs.likeliest(session, 1)] == [(2, "Ana0 Souza0", 100)]
        assert duplicate_pairs.likeliest(session, 9) == []


def test_a_contact_that_is_removed_takes_its_keys_and_pairs_along(any_cast):
    one, other = db.run(ana_twice)
    job.refresh_due()
    with db.transaction() as session:
        session.execute(text("DELETE FROM identity WHERE contact_id = 2"))
        session.execute(text("DELETE FROM contact WHERE id = 2"))
    job.refresh_due()
    assert stored() == [] and found_for(one) == []
    with db.reading() as session:
        assert session.scalars(select(DuplicatePair)).all() == []
