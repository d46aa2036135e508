"""Forgetting a person: after it nothing of them is left, in no table and no file, and every count is as before."""
import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest
from sqlalchemy import select, text

from channels.base import File, Request
from helpdesk import backup, db, server, settings
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid
from helpdesk.jobs import erasures as job
from helpdesk.models import (
    Article,
    AssistantTurn,
    Base,
    Contact,
    Delivery,
    Erasure,
    Event,
    Identity,
    Message,
    Notification,
    Participant,
    RawInbound,
    Survey,
    Ticket,
)
from helpdesk.services import (
    consents,
    contact_unmerges,
    erasure,
    files,
    identities,
    inbound,
    replies,
    reports,
    reports_filters,
    search,
    tickets,
    tombstones,
    visitors,
)
from tests.people import EVE, customer_mail, deliver_mail, written

NAME, ADDRESS, PHONE, WORK = "Annabel Quirkwood", "annabel@quirkwood.example", "+4917011110001", "aq@work.example"
SAID = "My zephyrmachine broke on the stairs yesterday"
TRACES = ("quirkwood", "annabel", "17011110001", "aq@work", "zephyrmachine", "170 111 10001", "marmalade", "grumblings")


@pytest.fixture
def story(any_cast, work):
    """Annabel writes by mail and chat, from two records that were joined; Eve has a matter in which she takes part."""
    cast = any_cast
    deliver_mail(cast.mail, customer_mail(SAID, sender=ADDRESS, name=NAME, subject="The zephyrmachine"))
    work()
    with db.transaction() as session:
        ann = session.scalar(select(Identity).where(Identity.value == ADDRESS)).contact
        identities.verify(session, ann, "phone", PHONE, "agent")
        other = identities.resolve(session, "email", WORK, name="Annabel Q").contact
        identities.merge_into(session, other, ann, "same person")
        ticket = tickets.lock(session, session.scalar(select(Ticket.id)))
        alice = session.get(type(cast.alice), cast.alice.id)
        replies.send(session, ticket, f"Dear {NAME}, send the zephyrmachine back.", agent=alice)
        replies.note(session, ticket, "Annabel was marmalade on the phone", alice)
        ticket.subject = "The zephyrmachine"
        session.add(Notification(agent_id=alice.id, ticket_id=ticket.id, kind="handover", text=f"{NAME} waits"))
        session.scalar(select(AssistantTurn)).candidates = [{"article": 1, "question": "zephyrmachine", "score": 0.4}]
        session.add(Survey(ticket_id=ticket.id, contact_id=ann.id, key="k", state="sent", token_hash=None,
                           due_at=now(), sent_at=now()))
        consents.record(session, ann, "news", True, source="agent", actor=alice.actor, note="Annabel said so")
        visitor, _ = visitors.start(session, cast.widget, page="https://shop.example/annabel")
        session.flush()
        browser = session.get(Identity, visitor.identity_id)
        identities.merge_into(session, browser.contact, ann, "same browser")
    with db.transaction() as session:
        written(session, cast.widget, "And the grumblings too", address=browser.value, external_id=f"{browser.value}:1",
                name=NAME, files=(File("annabel.txt", "text/plain", content=b"zephyrmachine manual", size=20),))
    with db.transaction() as session:
        eve = written(session, cast.mail, "We share one", address=EVE, subject="Shared", name="Eve",
                      cc=(ADDRESS,), to=("support@kopi.example",))
        theirs = tickets.lock(session, eve.ticket_id)
        annabel = session.scalar(select(Identity).where(Identity.value == ADDRESS))
        session.add(Participant(ticket_id=theirs.id, identity_id=annabel.id, role="cc"))
        mine = Message(ticket_id=theirs.id, seq=theirs.seq + 1, inbox_id=cast.mail.id, channel="email", direction="in",
                       identity_id=annabel.id, author_id=annabel.contact_id,
                       author_kind="contact", author_name=NAME, text="I second that about the zephyrmachine, Eve",
                       external_id="<second@quirkwood.example>")
        session.add(mine)
        theirs.seq += 1
        theirs.preview = mine.text
        session.flush()
        alice = session.get(type(cast.alice), cast.alice.id)
        replies.send(session, theirs, "> I second that about the zephyrmachine, Eve\n\nDear Eve, all is well.",
                     agent=alice)
        replies.note(session, theirs, f"Ring {NAME} at 0170 111 10001 or +49 170 11110001, {ADDRESS.upper()}", alice)
        session.add(Article(title="FAQ", slug="faq", body=f"As we told {ADDRESS}: no."))
        inbound.store(session, cast.mail, Request("MAIL", {}, {}, f"Final-Recipient: {ADDRESS}".encode()), "bounce")
        session.scalar(select(RawInbound).where(RawInbound.source_key == "bounce")).state = "quarantined"
    return cast


def ann_id() -> int:
    with db.reading() as session:
        return session.scalar(select(Contact.id).where(Contact.name == NAME))


def forget(work, mode="erase", contact_id=None) -> None:
    number = contact_id or ann_id()
    with db.transaction() as session:
        erasure.begin(session, number, mode, "agent:1")
    work()


def everything() -> str:
    """The whole database as text, and every byte in the data directory."""
    folder = settings.current().data_dir
    # By another process: closing a database file that is open here too would take SQLite's locks from it.
    whole = subprocess.run(["find", folder, "-type", "f", "-exec", "cat", "{}", "+"],
                           capture_output=True).stdout.decode("latin-1")
    url = db.engine().url
    if db.is_sqlite():
        with closing(sqlite3.connect(url.database)) as raw:
            return (whole + "\n".join(raw.iterdump())).lower()
    dump = subprocess.run(["pg_dump", "-d", url.set(drivername="postgresql").render_as_string(hide_password=False)],
                          capture_output=True, text=True)
    if dump.returncode == 0:
        return (whole + dump.stdout).lower()
    with db.engine().connect() as connection:
        for table in Base.metadata.tables.values():
            whole += "\n".join(str(row) for row in connection.execute(table.select()))
        return (whole + "\n".join(map(str, connection.execute(text("SELECT search::text FROM message"))))).lower()


def figures() -> dict:
    with db.reading() as session:
        counts = {name: len(session.execute(Base.metadata.tables[name].select()).all()) for name in (
            "ticket", "message", "event", "survey", "rating", "delivery", "assistant_turn", "contact")}
        return counts | {"events": sorted(session.scalars(select(Event.name))),
                         "said": sorted(map(tuple, session.execute(select(Message.direction, Message.kind,
                                                                          Message.author_kind, Message.channel))))}


def test_nothing_is_left_in_any_table_or_file(story, work):
    before = everything()
    assert all(trace in before for trace in TRACES)
    forget(work)
    after = everything()
    assert [trace for trace in TRACES if trace in after] == []
    with db.reading() as session:
        assert session.scalar(select(Erasure)).done_at and session.scalar(select(Erasure)).work == {}
        assert session.scalar(select(Message.text).where(Message.text.contains("all is well"))).endswith("all is well.")
        assert session.scalars(select(Message.text).where(Message.text == "We share one")).one()


def test_the_index_finds_nothing_of_it_and_the_rest_still(story, work):
    forget(work)
    with db.reading() as session:
        assert [session.scalars(search.ticket_ids(word)).all() for word in ("zephyrmachine", "annabel", "quirkwood",
                                                                            "grumblings", "marmalade")] == [[]] * 5
        assert len(session.scalars(search.ticket_ids("share one")).all()) == 1


def reported() -> object:
    with db.reading() as session:
        return reports.overview(session, reports_filters.parse({}, "UTC", now().date()))


def test_every_count_and_every_report_is_as_before(story, work):
    before, report = figures(), reported()
    forget(work)
    after = figures()
    assert reported() == report
    assert after.pop("event") == before.pop("event") + 1
    after["events"].remove("PersonErased")
    assert after == before


def test_pseudonymised_words_stay_without_the_person(story, work):
    forget(work, "pseudonymise")
    after = everything()
    assert [trace for trace in TRACES if trace in after] == ["zephyrmachine", "marmalade", "grumblings"]
    with db.reading() as session:
        assert "Dear [erased], send the zephyrmachine back." in session.scalars(select(Message.text)).all()


def test_who_dies_in_the_middle_goes_on(story, work, monkeypatch):
    number = ann_id()
    with db.transaction() as session:
        erasure_id = erasure.begin(session, number, "erase", "agent:1").id
    steps = 0
    real = erasure.go_on

    def dies(session, erasure_id):
        nonlocal steps
        steps += 1
        if steps % 4 == 0:
            real(session, erasure_id)
            raise RuntimeError("the power went")
        return real(session, erasure_id)
    monkeypatch.setattr(erasure, "go_on", dies)
    for _ in range(60):
        try:
            job.run(erasure_id=erasure_id)
            break
        except RuntimeError:
            continue
    assert steps > 8
    after = everything()
    assert [trace for trace in TRACES if trace in after] == []


def test_twice_is_as_once_and_begun_is_the_same_one(story, work):
    number = ann_id()
    forget(work, contact_id=number)
    before = figures()
    forget(work, contact_id=number)
    with db.reading() as session:
        assert len(session.scalars(select(Erasure)).all()) == 1
        erasure_id = session.scalar(select(Erasure.id))
    job.run(erasure_id=erasure_id)
    assert figures() == before


def test_whoever_writes_again_is_somebody_new(story, work):
    number = ann_id()
    with db.reading() as session:
        key = session.scalar(select(Message.external_id).where(Message.direction == "in").order_by(Message.id))
    forget(work, contact_id=number)
    deliver_mail(story.mail, customer_mail("Hello again", sender=ADDRESS, name=NAME, reply_to=key))
    work()
    with db.reading() as session:
        identity = session.scalar(select(Identity).where(Identity.value == ADDRESS))
        assert identity.contact_id != number and identity.contact.name == NAME
        message = session.scalar(select(Message).where(Message.text == "Hello again"))
        assert session.get(Ticket, message.ticket_id).contact_id == identity.contact_id


def test_a_mail_that_is_read_once_more_stays_known(story, work):
    with db.reading() as session:
        raw = session.scalar(select(RawInbound).where(RawInbound.method == "MAIL").order_by(RawInbound.id))
        body = bytes(raw.body)
    forget(work)
    deliver_mail(story.mail, body)
    work()
    assert "zephyrmachine" not in everything()


def test_what_waits_to_be_sent_is_not(story, work):
    with db.transaction() as session:
        session.execute(text("UPDATE delivery SET status = 'queued'"))
        erasure.begin(session, session.scalar(select(Contact.id).where(Contact.name == NAME)), "erase", "agent:1")
    with db.reading() as session:
        mine = select(Ticket.id).where(Ticket.erased_at.is_not(None))
        assert set(session.scalars(select(Delivery.status).where(Delivery.ticket_id.in_(mine)))) == {"failed"}
        assert "queued" in set(session.scalars(select(Delivery.status).where(Delivery.ticket_id.not_in(mine))))


def test_a_file_that_somebody_else_has_too_stays(story, work):
    with db.transaction() as session:
        written(session, story.mail, "Same file", address="zoe@example.org", files=(
            File("manual.txt", "text/plain", content=b"a shared file", size=13),))
        shared = written(session, story.widget, "Mine", address=session.scalar(select(Identity.value).where(
            Identity.kind == "visitor")), external_id="v:2", files=(
            File("own.txt", "text/plain", content=b"a shared file", size=13),)).attachments[0].sha256
    forget(work)
    assert files.content(shared) == b"a shared file"


def test_a_hold_a_wrong_word_and_a_name_that_others_bear(story, work):
    number = ann_id()
    with pytest.raises(Invalid), db.transaction() as session:
        erasure.begin(session, number, "burn", "agent:1")
    with db.transaction() as session:
        erasure.hold(session, session.get(Contact, number), "court case", "agent:1")
    with pytest.raises(Conflict, match="court case"), db.transaction() as session:
        erasure.begin(session, number, "erase", "agent:1")
    with db.transaction() as session:
        erasure.hold(session, session.get(Contact, number), "", "agent:1")
        session.add(Contact(name=NAME.upper()))
    forget(work, contact_id=number)
    with db.reading() as session:
        note = session.scalar(select(Message.text).where(Message.text.startswith("Ring ")))
        assert NAME in note and ADDRESS.upper() not in note and "17011110001" not in note


def test_records_that_were_joined_cannot_be_taken_apart_afterwards(story, work):
    with db.reading() as session:
        merged = session.scalar(select(Contact.id).where(Contact.merged_into_id.is_not(None)))
    forget(work)
    with pytest.raises(Conflict, match="erased"), db.transaction() as session:
        contact_unmerges.unmerge(session, merged, "agent:1")


def test_the_preview_counts_what_goes(story):
    with db.reading() as session:
        found = erasure.preview(session, session.get(Contact, ann_id()))
    assert found["counts"]["tickets"] == 1 and found["counts"]["files"] == 1 and found["records"] == 3
    assert found["open"] and found["others"] == 1 and not found["hold"]


def test_an_older_backup_is_erased_again(story, work):
    number = ann_id()
    forget(work, contact_id=number)
    assert [one["contact"] for one in tombstones.entries()] and "quirkwood" not in tombstones.path().read_text().lower()
    with db.transaction() as session:       # as an older database has it: the same record, not erased
        contact = session.get(Contact, number)
        contact.erased_at, contact.name, contact.hold = None, NAME, "an old hold"
        session.scalar(select(Identity).where(Identity.contact_id == number)).value = ADDRESS
        session.scalar(select(Identity).where(Identity.contact_id == number)).kind = "email"
        session.scalar(select(Message).where(Message.direction == "in")).text = SAID
        session.execute(text("DELETE FROM erasure"))
        session.add(Contact(name="Somebody Else"))
    assert job.reapply() == 1
    assert [trace for trace in TRACES if trace in everything()] == []
    assert job.reapply() == 0


def test_an_id_that_is_somebody_elses_now_is_left_alone(story, work):
    number = ann_id()
    forget(work, contact_id=number)
    with db.transaction() as session:
        contact = session.get(Contact, number)
        contact.erased_at, contact.name, contact.created_at = None, "Bo", now()
    assert job.reapply() == 0
    with db.reading() as session:
        assert session.get(Contact, number).name == "Bo"


def test_an_archive_from_before_is_erased_again_when_it_is_put_back(cast, work, config, tmp_path):
    deliver_mail(cast.mail, customer_mail(SAID, sender=ADDRESS, name=NAME))
    work()
    archive = tmp_path / "before.tar.gz"
    backup.write(config, archive)
    forget(work)
    db.engine().dispose()
    backup.restore(config, archive)
    db.connect(config.database_url)
    assert ann_id(), "the archive is from before"
    db.engine().dispose()
    server.open_house(config)
    with db.reading() as session:
        assert not ann_id() and session.scalar(select(Message.text).where(Message.direction == "in")) == "[erased]"
    for path in config.data_dir.glob("*before-restore*"):       # what was there, erased already
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert [trace for trace in TRACES if trace in everything()] == []
