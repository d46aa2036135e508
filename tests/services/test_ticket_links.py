"""Tickets that belong together and stay two."""
import pytest

from helpdesk import db
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.models import Ticket, TicketLink
from helpdesk.services import parts, ticket_links, ticket_merges, tickets
from tests.people import written

ACTOR = "agent:1"


@pytest.fixture
def four(any_cast):
    with db.transaction() as session:
        return [written(session, any_cast.mail, f"Matter {n}", external_id=f"<{n}@x>").ticket_id for n in range(4)]


def seen(session, number):
    ids = parts.all_ids(session, session.get(Ticket, number))
    return {kind: [one.id for one in rows] for kind, rows in ticket_links.links(session, ids).items()
            if kind not in ("follows", "followed")}


def test_a_link_is_seen_from_both_sides_and_taken_away_from_either(four):
    a, b, c, _ = four
    with db.transaction() as session:
        ticket_links.link(session, a, b, "child", ACTOR)
        ticket_links.link(session, c, a, "parent", ACTOR)
        ticket_links.link(session, b, c, "related", ACTOR)
        ticket_links.link(session, c, b, "related", ACTOR)
        assert seen(session, a) == {"child": [b, c]}
        assert seen(session, b) == {"parent": [a], "related": [c]}
        assert seen(session, c) == {"parent": [a], "related": [b]}
        assert session.query(TicketLink).count() == 3, "linked twice it stays one"
        ticket_links.unlink(session, b, a, "parent", ACTOR)
        ticket_links.unlink(session, b, c, "related", ACTOR)
        assert seen(session, a) == {"child": [c]} and seen(session, b) == {}
        with pytest.raises(Conflict):
            ticket_links.unlink(session, b, a, "parent", ACTOR)


def test_no_circle_no_second_parent_and_nothing_unknown(four):
    a, b, c, d = four
    with db.transaction() as session:
        ticket_links.link(session, a, b, "child", ACTOR)
        ticket_links.link(session, b, c, "child", ACTOR)
        with pytest.raises(Invalid, match="directly or by others"):
            ticket_links.link(session, c, a, "child", ACTOR)
        with pytest.raises(Invalid, match="part of another ticket already"):
            ticket_links.link(session, d, c, "child", ACTOR)
        with pytest.raises(Invalid, match="itself"):
            ticket_links.link(session, a, a, "related", ACTOR)
        with pytest.raises(Invalid, match="parent, child or related"):
            ticket_links.link(session, a, d, "cousin", ACTOR)
        with pytest.raises(NotFound):
            ticket_links.link(session, a, 9_999, "related", ACTOR)


def test_what_a_ticket_follows_is_a_link_like_others(four):
    a, b, _, _ = four
    with db.transaction() as session:
        assert session.get(Ticket, b).follows_ticket_id == a
        found = ticket_links.links(session, [b])
        assert [one.id for one in found["follows"]] == [a]
        assert [one.id for one in ticket_links.links(session, [a])["followed"]] == [b]
        ticket_links.unlink(session, a, b, "followed", ACTOR)
        assert session.get(Ticket, b).follows_ticket_id is None


def test_links_of_what_was_merged_are_seen_at_the_survivor(four):
    a, b, c, d = four
    with db.transaction() as session:
        ticket_links.link(session, a, c, "child", ACTOR)
        ticket_links.link(session, a, b, "related", ACTOR)
        ticket_merges.merge(session, a, b, ACTOR)
        assert seen(session, b) == {"child": [c]}, "and none to itself"
        ticket_links.unlink(session, c, b, "parent", ACTOR)
        assert seen(session, b) == {}


def test_all_parts_are_resolved_at_once(four):
    a, b, c, d = four
    with db.transaction() as session:
        for one in (b, c, d):
            ticket_links.link(session, a, one, "child", ACTOR)
        tickets.set_status(session, tickets.lock(session, d), "closed", ACTOR)
        assert ticket_links.resolve_children(session, a, ACTOR) == 2
        assert [session.get(Ticket, one).status for one in four] == ["open", "resolved", "resolved", "closed"]
        assert ticket_links.resolve_children(session, a, ACTOR) == 0
