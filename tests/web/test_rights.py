"""Who may do what: every route with every role, and roles that the house made."""
import re

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from helpdesk import db, rights
from helpdesk.errors import Forbidden, Invalid
from helpdesk.models import Agent, AuditEntry, Role
from helpdesk.services import accounts, roles

REFUSED = "Your role does not allow this"
PAGE = {"Accept": "text/html"}
FILLING = {"int": "999999", "default": "none", "path": "none"}
# What each role may do at least and at most, said once more and by hand: method, address, the lowest role.
BY_HAND = (("POST", "/tickets/1/notes", "light"), ("POST", "/tickets/1/replies", "agent"),
           ("POST", "/tickets/1/assignment", "agent"), ("POST", "/tickets/1/status", "agent"),
           ("POST", "/tickets/1/merge", "agent"), ("POST", "/bulk", "agent"), ("POST", "/contacts/1", "agent"),
           ("POST", "/contacts/1/merge", "manager"), ("POST", "/contacts/1/erase", "manager"),
           ("POST", "/contacts/1/exports", "manager"), ("GET", "/reports", "manager"),
           ("GET", "/reports/tickets.csv", "manager"), ("POST", "/articles", "manager"),
           ("GET", "/settings/hours", "manager"), ("GET", "/settings/deliveries", "manager"),
           ("GET", "/settings/inboxes", "admin"), ("GET", "/settings/agents", "admin"),
           ("GET", "/settings/roles", "admin"), ("GET", "/settings/audit", "admin"),
           ("GET", "/settings/privacy", "admin"), ("GET", "/settings/system", "admin"),
           ("GET", "/inbox/all", "light"), ("GET", "/contacts", "light"), ("GET", "/account", "light"))


def address(rule) -> str:
    """An address of this route that leads to nothing that is there."""
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: FILLING[found[1] or "default"], rule.rule)


def with_rights(name: str, *allowed: str, sees: str = "all") -> Agent:
    """Somebody with a role that allows exactly this."""
    with db.transaction() as session:
        ada = session.scalar(select(Agent).where(Agent.role == "admin"))
        role = roles.save(session, ada, None, name, "", allowed, sees)
        return accounts.create(session, name, f"{name.replace(' ', '')}@kopi.example".lower(), str(role.id))


@pytest.fixture
def lee(cast) -> Agent:
    """Somebody with the light role."""
    with db.transaction() as session:
        return accounts.create(session, "Lee", "lee@kopi.example", "light")


def test_every_route_refuses_every_role_that_lacks_its_right(app, cast, sign_in, lee):
    people = {"light": lee, "agent": cast.alice, "manager": cast.mia, "admin": cast.ada,
              "reports only": with_rights("reports only", "reports"),
              "all but reports": with_rights("all but reports", *(rights.ALL - {"reports"}))}
    held = {name: roles.held_by(agent) for name, agent in people.items()}
    browsers, tried = {name: sign_in(agent) for name, agent in people.items()}, 0
    for rule in app.url_map.iter_rules():
        need = getattr(app.view_functions[rule.endpoint], "needs_right", None)
        if need is None:
            continue
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            where = address(rule)
            assert app.test_client().open(where, method=method).status_code in (401, 403), where
            for name, browser in browsers.items():
                may = rights.covers(held[name], need)
                if may and (method != "GET" or rule.arguments):
                    continue        # it would be done
                answer = browser.open(where, method=method, headers=PAGE)
                refused = answer.status_code == 403 and REFUSED in answer.text
                assert refused != may and answer.status_code < 500, (method, where, need, name, answer.status_code)
                tried += 1
    assert tried > 400


@pytest.mark.parametrize(("method", "where", "lowest"), BY_HAND)
def test_what_each_role_may_do_is_as_it_is_told(app, method, where, lowest):
    endpoint, _values = app.url_map.bind("localhost").match(where, method=method)
    need = app.view_functions[endpoint].needs_right
    order = list(rights.BUILT_IN)
    assert [name for name in order if rights.covers(rights.BUILT_IN[name], need)] == order[order.index(lowest):]


def test_every_need_is_a_right_or_a_role(app):
    known = {*rights.ALL, *rights.BUILT_IN, rights.SEE, rights.ANY_SETTING}
    needs = {getattr(view, "needs_right", None) for view in app.view_functions.values()} - {None}
    assert needs <= known, needs - known
    assert rights.ALL <= needs | {"macros", "tags"}, "a right that opens nothing"


def test_a_changed_role_holds_at_once_for_everybody_who_has_it(cast, sign_in):
    robin = with_rights("Reporter", "reports")
    browser = sign_in(robin)
    assert browser.get("/reports").status_code == 200 and browser.get("/settings/hours").status_code == 403
    admin = sign_in(cast.ada)
    page = admin.get("/settings/roles").text
    assert "Reporter" in page
    with db.reading() as session:
        role_id = session.scalar(select(Role.id))
    assert admin.post(f"/settings/roles/{role_id}", data={
        "name": "Opener", "right": ["hours"], "sees": "all"}).status_code == 302
    assert browser.get("/reports").status_code == 403 and browser.get("/settings/hours").status_code == 200
    assert admin.post(f"/settings/roles/{role_id}/delete").status_code == 422, "somebody has it"
    admin.post(f"/settings/agents/{robin.id}/role", data={"role": "agent"})
    assert admin.post(f"/settings/roles/{role_id}/delete").status_code == 302
    with db.reading() as session:
        assert session.scalar(select(Role.id)) is None
        said = [(one.kind, one.subject, one.detail) for one in session.scalars(select(AuditEntry).order_by(
            AuditEntry.id)) if one.subject.startswith("role")]
    assert said == [("agents", "role Reporter", "+reports; sees all"),
                    ("agents", "role Opener", "+hours, -reports; sees all"), ("agents", "role Opener", "deleted")]


def test_nobody_gives_more_than_they_have(any_cast):
    with db.transaction() as session:
        ada = session.get(Agent, any_cast.ada.id)
        role = roles.save(session, ada, None, "Staff", "", ("agents", "answer"), "all")
        sam = accounts.create(session, "Sam", "sam@kopi.example", str(role.id))
        for wanted in (("agents", "system"), rights.ALL):
            with pytest.raises(Forbidden):
                roles.save(session, sam, None, "More", "", wanted, "all")
        with pytest.raises(Forbidden):
            roles.save(session, sam, roles.save(session, ada, None, "Strong", "", ("system",), "all"), "Strong", "",
                       (), "all")
        assert [key for key, _ in roles.choices(session, sam)] == [str(role.id)]
        for name in ("", "Admin", "staff"):
            with pytest.raises(Invalid):
                roles.save(session, ada, None, name, "", (), "all")


def test_whoever_manages_agents_cannot_make_themselves_or_others_admin(cast, sign_in):
    sam = with_rights("Staff", "agents")
    browser = sign_in(sam)
    for agent, role in ((sam, "admin"), (cast.alice, "admin"), (cast.ada, "light")):
        assert browser.post(f"/settings/agents/{agent.id}/role", data={"role": role}).status_code == 403
    assert browser.post("/settings/agents", data={"email": "x@kopi.example", "role": "admin"}).status_code == 403
    assert browser.post(f"/settings/agents/{cast.ada.id}/link").status_code == 403
    assert browser.post(f"/settings/agents/{cast.ada.id}/enabled", data={"enabled": "0"}).status_code == 403


def test_whoever_reads_only_sees_no_verbs(cast, sign_in, lee):
    from tests.people import ticket_of, written
    with db.transaction() as session:
        message = written(session, cast.mail, "Where is my order?")
    ticket = ticket_of(message)
    page = sign_in(lee).get(f"/tickets/{ticket.id}", follow_redirects=True).text
    assert "Where is my order?" in page and "Internal note" in page
    for verb in ("assignment", "status", "spam", "merge", "forward", "replies", "snooze", "tags"):
        assert f'/tickets/{ticket.id}/{verb}"' not in page, verb


def test_the_log_is_written_once_and_never_changed(any_cast):
    with db.reading() as session:
        assert session.scalar(select(AuditEntry.id).limit(1))
    for statement in ("UPDATE audit_entry SET detail = 'x'",):
        with pytest.raises(DBAPIError), db.transaction() as session:
            session.execute(text(statement))
