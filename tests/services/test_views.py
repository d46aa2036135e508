"""Many tickets at once: what narrows a list, and that no list or count looks through all tickets."""
import pytest
from sqlalchemy import event, text

from helpdesk import db
from helpdesk.models import Ticket
from helpdesk.services import sla, tickets, views
from tests.people import written


@pytest.fixture
def numbers(any_cast):
    """Five open tickets; the even ones are Sales' and carry a tag."""
    with db.transaction() as session:
        made = [written(session, any_cast.mail, f"Matter {n}", address=f"p{n}@example.org",
                        external_id=f"v{n}").ticket_id for n in range(5)]
        for number in made[::2]:
            ticket = tickets.lock(session, number)
            tickets.tag(session, ticket, ["vip"], [], "system")
            tickets.set_team(session, ticket, session.merge(any_cast.sales), "system")
        return made


def listed(**narrowed) -> list[int]:
    with db.reading() as session:
        return sorted(row.id for row in views.tickets(session, views.VIEWS["all"], 1, views.Filters(**narrowed)).rows)


@pytest.mark.parametrize("rare", [1, 1_000], ids=["common", "rare"])
def test_a_tag_narrows_the_same_way_however_many_carry_it(numbers, monkeypatch, rare):
    monkeypatch.setattr(views, "RARE", rare)
    assert listed(tag="vip") == listed(tag="VIP") == numbers[::2]
    assert listed(tag="nobody has it") == []
    with db.transaction() as session:
        session.get(Ticket, numbers[0]).status = "resolved"
    assert listed(tag="vip") == [numbers[2], numbers[4]]


@pytest.mark.parametrize("look", [
    *[pytest.param(lambda s, view=view: views.tickets(s, view, 1), id=view.key) for view in views.VIEWS.values()],
    pytest.param(lambda s: views.tickets(s, views.VIEWS["all"], 1, views.Filters(team=1)), id="a team"),
    pytest.param(lambda s: views.tickets(s, views.VIEWS["all"], 1, views.Filters(channel="web")), id="a channel"),
    pytest.param(lambda s: views.tickets(s, views.VIEWS["all"], 1, cursor="1700000000000000.7"), id="the next page"),
    pytest.param(lambda s: views.counts(s, 1, ["email", "web"], [1, 2]), id="counts"),
    pytest.param(sla.breach_due, id="clocks that are due")])
def test_indexes_find_and_sort_what_is_asked_for(cast, look):
    plan = "\n".join(how_it_is_found(look))
    assert "SEARCH" in plan
    for slow in ("SCAN ticket", "SCAN sla_clock", "FOR ORDER BY"):
        assert slow not in plan, plan


@pytest.mark.parametrize(("look", "index"), [
    (lambda s: views.tickets(s, views.VIEWS["all"], 1, views.Filters(team=1)), "ix_ticket_team_id_status"),
    (lambda s: views.counts(s, 1, [], [1]), "ix_ticket_team_id_status"),
    (sla.breach_due, "ix_sla_clock_running")])
def test_closed_tickets_of_a_team_and_met_clocks_cost_nothing(cast, look, index):
    assert index in "\n".join(how_it_is_found(look))


def how_it_is_found(look) -> list[str]:
    """SQLite's plan for every statement of look(session)."""
    asked = []
    listener = lambda *args: asked.append((args[2], args[3]))  # noqa: E731
    with db.reading() as session:
        session.execute(text("SELECT 1"))
        event.listen(db.engine(), "before_cursor_execute", listener)
        try:
            look(session)
        finally:
            event.remove(db.engine(), "before_cursor_execute", listener)
        return [row[3] for sql, given in asked
                for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
