"""The audit log: what gets into it, looking for it, taking it away as a table, and forgetting it."""
import csv
import io
from datetime import timedelta

from sqlalchemy import select, text

from helpdesk import audit as log
from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.models import AuditEntry, Contact
from helpdesk.services import audit, inboxes


def said() -> list[tuple[str, str, str, str]]:
    with db.reading() as session:
        return [(one.actor_name, one.kind, one.subject, one.detail)
                for one in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def test_signing_in_says_from_where_and_changes_say_by_whom(cast, client, sign_in):
    from helpdesk.services import accounts
    with db.transaction() as session:
        link = accounts.make_link(session, cast.alice)
    client.post(f"/sign-in/link/{link}", headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    sign_in(cast.ada).post(f"/settings/agents/{cast.bob.id}/role", data={"role": "manager"})
    with db.reading() as session:
        entry = session.scalar(select(AuditEntry).where(AuditEntry.kind == "sign-in", AuditEntry.browser != ""))
        assert (entry.actor_name, entry.address, entry.actor) == ("Alice", "127.0.0.1", cast.alice.actor)
    assert ("Ada", "agents", "agent", "bob@kopi.example is manager (before: agent)") in said()
    page = sign_in(cast.ada).get("/settings/audit?kind=sign-in").text
    assert "Firefox, Linux" in page and "bob@kopi.example" not in page


def test_which_secret_was_changed_is_told_but_never_the_secret(cast, sign_in):
    with db.transaction() as session:
        values = {"bot_token": "123:first-secret-token", "webhook_secret": "whispered-secret-token"}
        inbox = inboxes.create(session, "telegram", "Bot", values, actor=cast.ada.actor)
        inboxes.change(session, inbox, {"bot_token": "123:second-secret-token"}, cast.ada.actor)
        inboxes.describe(session, inbox, name="Other bot", team_id=cast.sales.id, assistant=False,
                         actor=cast.ada.actor)
    lines = [line for line in said() if "ot" in line[2] and line[1] == "inbox"]
    assert [line[3] for line in lines if line[0] == "Ada"] == [
        "new, bot_token (secret), webhook_secret (secret)", "bot_token (secret)", "name, team, assistant"]
    assert "secret-token" not in repr(said())


def test_customers_stand_in_it_by_number(cast):
    with db.transaction() as session:
        contact = Contact(name="Ann Lee")
        session.add(contact)
        session.flush()
        for detail in ("name, company", "pictures from ann@example.com are always shown"):
            events.record(session, events.SettingsChanged(what="contact", detail=detail), contact=contact,
                          actor=cast.mia.actor)
        events.record(session, events.PersonErased(mode="erase"), contact=contact, actor=cast.mia.actor)
    assert said()[-3:] == [("Mia", "person", f"contact {contact.id}", "name, company"),
                           ("Mia", "person", f"contact {contact.id}", ""),
                           ("Mia", "erasure", f"contact {contact.id}", "erase")]
    assert "ann@example.com" not in repr(said())


def test_it_is_searched_paged_and_taken_as_a_table(cast, sign_in):
    with db.transaction() as session:
        for number in range(120):
            log.note(session, "settings", f"thing {number}", "=HYPERLINK(1)", actor=cast.mia.actor)
        log.note(session, "export", "list of tickets", "100 % sure", actor=cast.ada.actor)
    ada = sign_in(cast.ada)
    first = ada.get("/settings/audit?kind=settings").text
    assert "thing 119" in first and "thing 69<" not in first and "Earlier" in first
    assert "thing 69<" in ada.get(first.split('class="button" href="')[-1].split('"')[0].replace("&amp;", "&")).text
    assert "list of tickets" in ada.get("/settings/audit?q=100+%25").text
    assert "list of tickets" not in ada.get(f"/settings/audit?actor={cast.mia.actor}").text
    tomorrow = (now() + timedelta(days=2)).date()
    assert "Nothing found" in ada.get(f"/settings/audit?since={tomorrow}").text
    answer = ada.get("/settings/audit/log.csv?kind=settings&q=thing+7")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert {row["what"] for row in rows} >= {"thing 7", "thing 70", "thing 79"} and "thing 8" not in {
        row["what"] for row in rows}
    assert {row["how"] for row in rows} == {"'=HYPERLINK(1)"} and rows[0]["who"] == "Mia"
    assert ("Ada", "export", "audit log", "") in said(), "that it was taken is in it"
    assert ada.get("/settings/audit?since=x&before=99999999999999999999").status_code < 500


def test_old_lines_go_as_a_whole_and_the_time_is_chosen(any_cast):
    with db.transaction() as session:
        log.note(session, "settings", "old")
        session.execute(text("DELETE FROM audit_entry"))
        session.add(AuditEntry(created_at=now() - timedelta(days=100), actor="system", kind="settings", subject="old"))
        log.note(session, "settings", "young")
    assert db.run(audit.forget) == 0
    with db.transaction() as session:
        audit.set_keep_days(session, 95, any_cast.ada.actor)
    assert db.run(audit.forget) == 1
    assert [line[2] for line in said()] == ["young", "audit log"]


def test_the_time_it_is_kept_has_bounds(cast, sign_in):
    ada = sign_in(cast.ada)
    for days, status in (("89", 422), ("x", 422), ("", 422), ("99999", 422), ("365", 302)):
        assert ada.post("/settings/audit/retention", data={"days": days}).status_code == status
    assert 'value="365"' in ada.get("/settings/audit").text
