"""Two records of one person, and two persons again."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.models import Contact, Identity, Participant, Ticket, ToldApart
from helpdesk.services import contact_merges, contact_unmerges, identities, routes, tickets
from tests.desk import wall  # noqa: F401
from tests.people import ANN, EVE, written

ACTOR = "agent:1"


@pytest.fixture
def people(wall, any_cast):  # noqa: F811
    """Ann, Eve and Bo, a ticket each: [(contact id, ticket id)]."""
    any_cast.mail.assistant = False
    with db.transaction() as session:
        found = []
        for n, (address, name) in enumerate(((ANN, "Ann"), (EVE, ""), ("bo@example.com", "Bo"))):
            message = written(session, any_cast.mail, f"From {name}", address=address, external_id=f"<{n}@x>",
                              name=name)
            found.append((session.get(Identity, message.identity_id).contact_id, message.ticket_id))
            wall.go(minutes=1)
        return found


def everything(session):
    session.flush()
    tables = [model.__table__ for model in (Contact, Identity, Ticket, Participant)]
    return {table.name: session.execute(select(*table.c).order_by(*table.primary_key)).all() for table in tables}


def join(session, one, other, **more):
    return contact_merges.merge(session, one, other, "test", ACTOR, **more)


@pytest.mark.parametrize("turned", (False, True))
def test_unmerged_both_are_as_they_were(people, turned):
    gone, stays = people[1::-1] if turned else people[:2]
    with db.transaction() as session:
        one, other = session.get(Contact, gone[0]), session.get(Contact, stays[0])
        one.company, one.time_zone, one.external_id, one.prefers = "Kopi", "Asia/Jakarta", "s1", "whatsapp"
        one.claims = {"phone": "+6281234567890"}
        other.claims = {"email": session.scalar(select(Identity.value).where(Identity.contact_id == one.id))}
        before = everything(session)
        assert join(session, one.id, other.id).id == other.id
        assert (other.company, other.time_zone, other.external_id, one.external_id) == (
            "Kopi", "Asia/Jakarta", "s1", None)
        assert other.claims == {"phone": "+6281234567890"}, "what they claimed is theirs now"
        assert {t.contact_id for t in session.scalars(select(Ticket)) if t.id != people[2][1]} == {other.id}
        other.seen_at = session.get(Contact, stays[0]).seen_at
    with db.transaction() as session:
        back = contact_unmerges.unmerge(session, gone[0], ACTOR)
        assert back.id == gone[0]
        after = everything(session)
        for rows in (before, after):
            rows["contact"] = [row._asdict() | {"seen_at": 0} for row in rows["contact"]]
        assert after == before
        with pytest.raises(Conflict, match="not merged"):
            contact_unmerges.unmerge(session, gone[0], ACTOR)


def test_a_name_is_better_than_an_address_in_both_directions(people):
    (ann, _), (eve, _), _ = people
    with db.transaction() as session:
        assert session.get(Contact, eve).name == EVE
        assert join(session, ann, eve).name == "Ann"
        contact_unmerges.unmerge(session, ann, ACTOR)
        assert session.get(Contact, eve).name == EVE
        session.get(Contact, eve).company = "Corrected"
        join(session, ann, eve)
        session.get(Contact, eve).name = "Ann Eve"
        contact_unmerges.unmerge(session, ann, ACTOR)
        assert session.get(Contact, eve).name == "Ann Eve", "what an agent wrote since stays"


def test_what_came_meanwhile_goes_back_where_it_began_a_ticket(people, any_cast, wall):  # noqa: F811
    (ann, anns), (eve, eves), _ = people
    with db.transaction() as session:
        join(session, eve, ann)
        wall.go(minutes=1)
        fresh = written(session, any_cast.mail, "New matter", address=EVE, external_id="<n@x>").ticket_id
        other = written(session, any_cast.mail, "Ann's new one", address=ANN, external_id="<m@x>").ticket_id
        inside = written(session, any_cast.mail, "About Ann's", address=EVE, external_id="<i@x>", replies_to=["<0@x>"])
        assert session.get(Ticket, fresh).contact_id == ann
        assert inside.ticket_id != anns, "an address in a From proves nothing, one person or not"
        tickets.lock(session, anns)
        session.add(Participant(ticket_id=anns, identity_id=inside.identity_id, role="requester", added_at=wall.at))
        session.flush()
        inside = written(session, any_cast.mail, "About Ann's", address=EVE, external_id="<j@x>", replies_to=["<0@x>"])
        assert inside.ticket_id == anns and session.get(Ticket, anns).reply_identity_id == inside.identity_id
        contact_unmerges.unmerge(session, eve, ACTOR)
        owners = dict(session.execute(select(Ticket.id, Ticket.contact_id)).all())
        assert (owners[eves], owners[fresh], owners[anns], owners[other]) == (eve, eve, ann, ann)
        assert session.get(Participant, (anns, inside.identity_id)).role == "unverified"
        assert {way.identity.value for way in routes.routes(session, session.get(Ticket, anns))} == {ANN}
        assert session.get(Identity, session.get(Ticket, anns).reply_identity_id).value == ANN
        again = written(session, any_cast.mail, "Still me", address=EVE, external_id="<k@x>", replies_to=["<0@x>"])
        assert (again.ticket_id, again.kind) == (anns, "aside")


@pytest.mark.parametrize("first", (0, 1))
def test_a_chain_is_taken_apart_from_any_end(people, first):
    ids = [contact for contact, _ in people]
    with db.transaction() as session:
        before = everything(session)
        join(session, ids[0], ids[1])
        assert join(session, ids[0], ids[2]).id == ids[2], "meant is the record that goes on"
        assert [one.id for one, _ in contact_merges.merged(session, session.get(Contact, ids[2]))] == [ids[1], ids[0]]
        assert {t.contact_id for t in session.scalars(select(Ticket))} == {ids[2]}
        contact_unmerges.unmerge(session, ids[first], ACTOR)
        if first:
            assert {t.contact_id for t in session.scalars(select(Ticket))} == {ids[1], ids[2]}
        contact_unmerges.unmerge(session, ids[1 - first], ACTOR)
        after = everything(session)
        assert after["identity"] == before["identity"] and after["ticket"] == before["ticket"]
        assert [row.merged_into_id for row in after["contact"]] == [None] * 3


def test_two_customers_of_the_site_are_joined_only_when_somebody_insists(people, any_cast):
    (ann, _), (eve, _), _ = people
    with db.transaction() as session:
        session.get(Contact, ann).external_id, session.get(Contact, eve).external_id = "s1", "s2"
        session.flush()
        with pytest.raises(Conflict, match="s2.*s1.*two customers of the site"):
            join(session, eve, ann)
        identities.verify(session, session.get(Contact, ann), "email", ANN, how="code")
        stands = identities.verify(session, session.get(Contact, eve), "email", ANN, how="code")
        assert stands.id == eve and stands.claims == {"email": ANN}, "no machine joins them either"
        join(session, eve, ann, insist=True)
        assert [session.get(Contact, one).external_id for one in (ann, eve)] == ["s1", "s2"], "both numbers lead here"
        contact_unmerges.unmerge(session, eve, ACTOR)
        assert session.get(Contact, eve).merged_into_id is None


def test_what_cannot_be_joined_is_refused_in_words(people, wall):  # noqa: F811
    (ann, _), (eve, _), (bo, _) = people
    with db.transaction() as session:
        with pytest.raises(NotFound):
            join(session, ann, 9999)
        with pytest.raises(Conflict, match="itself"):
            join(session, ann, ann)
        join(session, ann, eve)
        with pytest.raises(Conflict, match="one record already"):
            join(session, eve, ann)
        session.get(Contact, bo).erased_at = wall.at
        with pytest.raises(Invalid, match="erased"):
            join(session, bo, eve)


def test_told_apart_only_when_an_agent_says_so(people):
    (ann, _), (eve, _), _ = people
    with db.transaction() as session:
        join(session, ann, eve)
        contact_unmerges.unmerge(session, ann, ACTOR)
        assert session.scalars(select(ToldApart)).all() == []
        join(session, ann, eve)
        contact_unmerges.unmerge(session, ann, ACTOR, apart=True)
        [said] = session.scalars(select(ToldApart)).all()
        assert {said.first_id, said.second_id} == {ann, eve}
