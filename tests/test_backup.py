"""Backup and restore, with real database files, a real PostgreSQL, real archives and a real mail server."""
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import uuid
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from channels.base import Status
from helpdesk import backup, db, schema, settings
from helpdesk.clock import now
from helpdesk.errors import Conflict, Invalid
from helpdesk.models import Agent, AgentSession, Delivery, Event, Inbox, SystemState, Ticket
from helpdesk.services import accounts, files, inboxes, outbox, replies, tickets
from tests.conftest import POSTGRES, run_sql
from tests.house import free_port, wait_for
from tests.people import Cast, written
from tests.services.smtp_sink import Sink

WRITER = """
import itertools, sys
from gevent import monkey; monkey.patch_all()
from helpdesk import db, events, settings
from helpdesk.services import files
db.connect(settings.use(settings.load()).database_url)
for n in itertools.count(1):
    kept = files.save(b"file %d" % n)
    with db.transaction() as session:
        events.record(session, events.SettingsChanged(what=kept, detail=str(n)))
    print(n, flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request, tmp_path, sqlite_template):
    """installation() → the settings of a new, migrated and connected installation on this database."""
    made, engines = [], []

    def make(migrated: bool = True):
        folder = tmp_path / f"house-{len(engines)}"
        given = {"data_dir": str(folder), "port": free_port(), "allow_private_hosts": True}
        if request.param == "postgresql":
            request.getfixturevalue("postgres_template")
            name = f"helpdesk_test_{uuid.uuid4().hex[:10]}"
            run_sql(f"CREATE DATABASE {name}")
            made.append(name)
            given["database_url"] = POSTGRES.rpartition("/")[0] + "/" + name
        config = settings.use(settings.load({}, given))
        folder.mkdir()
        engines.append(db.connect(config.database_url))
        db._listeners.clear()
        if migrated:
            schema.upgrade()
        return config

    yield make
    for engine in engines:
        engine.dispose()
    for name in made:
        run_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def writer(config):
    """Another process that commits one numbered event with a file after the other; yields a function that tells the
    last number it was told is committed."""
    env = {**os.environ, "HELPDESK_DATA_DIR": str(config.data_dir), "HELPDESK_DATABASE_URL": config.database_url}
    log = config.data_dir / "writer.log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", WRITER], env=env, stdout=out, stderr=subprocess.STDOUT,
                                   cwd=Path(__file__).parent.parent)

    def committed() -> int:
        lines = log.read_bytes().split(b"\n")[:-1]
        assert process.poll() is None, log.read_text()
        return int(lines[-1]) if lines else 0
    try:
        yield committed
    finally:
        process.kill()
        process.wait()


def test_a_backup_under_writes_holds_every_row_that_was_committed_before_it_and_their_files(installation):
    config = installation()
    with writer(config) as committed:
        wait_for(lambda: committed() > 200, "the writer to get going")
        before = committed()
        says = backup.write(config, config.data_dir / "b.tar.gz")
        wait_for(lambda: committed() > before + 20, "the writer to go on: it was not stopped")
    assert "0 tickets" in says
    fresh = installation(migrated=False)
    db.engine().dispose()
    backup.restore(fresh, config.data_dir / "b.tar.gz")
    db.connect(fresh.database_url)
    with db.reading() as session:
        found = [(int(e.data["detail"]), e.data["what"]) for e in session.scalars(select(Event).order_by(Event.id))]
    assert [n for n, _ in found] == list(range(1, len(found) + 1)), "one consistent state, without holes"
    assert len(found) >= before
    for number, sha256 in found:
        assert files.content(sha256) == b"file %d" % number
    assert schema.differences() == []


@pytest.fixture
def busy(installation):
    """An installation with a mail that waits, one in doubt, one sent, a signed-in agent and an unused link."""
    config = installation()
    sink = Sink()
    with db.transaction() as session:
        cast = Cast.introduce(session)
        inboxes.change(session, cast.mail, {"smtp_port": str(sink.port)}, actor="test")
        inbox = session.get(Inbox, cast.mail.id)
        inbox.cursor, inbox.polled_at = "7:100", now()
        for n, state in enumerate((Status.QUEUED, Status.UNCERTAIN, Status.SENT)):
            message = written(session, inbox, "Where is it?", address=f"c{n}@example.com", subject=f"Order {n}",
                              external_id=f"<{n}@mail.example.com>")
            replies.send(session, tickets.lock(session, message.ticket_id), f"Answer {n}",
                         agent=session.get(Agent, cast.alice.id))
            session.flush()
            session.scalar(select(Delivery).order_by(Delivery.id.desc()).limit(1)).status = state
        accounts._open_session(session, session.get(Agent, cast.ada.id), "127.0.0.1", "test")
    yield config, sink
    sink.shutdown()
    sink.server_close()


def restored(config, archive) -> str:
    """Restore over what is there, and connect again."""
    db.engine().dispose()
    says = backup.restore(config, archive)
    db.connect(config.database_url)
    return says


def test_after_a_restore_nothing_leaves_until_an_admin_says_so(busy, work):
    config, sink = busy
    archive = config.data_dir / "b.tar.gz"
    backup.write(config, archive)
    says = restored(config, archive)
    assert "Nothing is sent until an admin releases the outbox" in says
    work()
    with db.transaction() as session:       # what is written meanwhile waits as well
        ticket = tickets.lock(session, session.scalar(select(Ticket.id).order_by(Ticket.id.desc()).limit(1)))
        replies.send(session, ticket, "Answer 3", agent=session.scalar(select(Agent).limit(1)))
        for row in session.scalars(select(Delivery)):
            row.next_try_at = now() - timedelta(seconds=1)
    work()
    assert sink.mails == []
    with db.transaction() as session:
        assert outbox.held(session)
        assert outbox.release(session, "agent:1") == 3
    work()
    assert sorted(b"Answer %d" % n in raw for n in (0, 1, 2, 3) for _, _, raw in sink.mails).count(True) == 3
    assert not any(b"Answer 2" in raw for _, _, raw in sink.mails), "it had been sent before the backup"


def test_a_restore_ends_sessions_voids_links_and_reads_mailboxes_again(busy):
    config, _ = busy
    with db.transaction() as session:
        link = accounts.make_link(session, session.scalar(select(Agent).where(Agent.role == "admin")))
    backup.write(config, config.data_dir / "b.tar.gz")
    restored(config, config.data_dir / "b.tar.gz")
    with db.reading() as session:
        assert session.scalars(select(AgentSession.ended_at)).all().count(None) == 0
        inbox = session.scalar(select(Inbox).where(Inbox.channel == "email"))
        assert (inbox.cursor, inbox.polled_at) == ("7:100", None), "mail since the backup is fetched again"
    with db.transaction() as session, pytest.raises(Exception, match="has been used"):
        accounts.use_link(session, link, "127.0.0.1", "test")


def test_a_restore_brings_back_what_was_and_keeps_what_is(busy):
    config, _ = busy
    kept = files.save(b"in the backup")
    backup.write(config, config.data_dir / "b.tar.gz")
    with db.transaction() as session:
        session.execute(text("DELETE FROM agent_session"))
        session.execute(text("UPDATE ticket SET subject = 'changed since'"))
    later = files.save(b"newer than the backup")
    says = restored(config, config.data_dir / "b.tar.gz")
    with db.reading() as session:
        assert session.scalars(select(Ticket.subject).order_by(Ticket.id)).all() == ["Order 0", "Order 1", "Order 2"]
    assert files.content(kept) == b"in the backup" and not files.path(later).exists()
    aside = [Path(line.partition(": ")[2]) for line in says.splitlines() if line.startswith("What was there before")]
    assert len(aside) == 2 and all(path.exists() for path in aside)
    [folder] = [path for path in aside if path.is_dir()]
    assert (folder / later[:2] / later).read_bytes() == b"newer than the backup"
    [old] = [path for path in aside if path.is_file()]
    if db.is_sqlite():
        config_then = settings.load({}, {"data_dir": str(config.data_dir), "database_url": f"sqlite:///{old}"})
        db.connect(config_then.database_url)
        with db.reading() as session:
            assert set(session.scalars(select(Ticket.subject))) == {"changed since"}


def test_the_archive_never_holds_the_secret_key_and_says_when_another_one_is_in_use(busy):
    config, _ = busy
    archive = config.data_dir / "b.tar.gz"
    backup.write(config, archive)
    key = config.secret().encode()
    with tarfile.open(archive) as tar:
        assert all(key not in tar.extractfile(member).read() for member in tar)
        assert not any("secret" in name for name in tar.getnames())
    assert archive.stat().st_mode & 0o077 == 0
    config.key_file.write_text("another key that is long enough, surely\n")
    assert "The secret key is another one" in restored(config, archive)
    config.key_file.unlink()
    assert "Put your copy of the secret key into" in restored(config, archive)
    assert not config.key_file.exists()


def test_no_backup_is_ever_overwritten_and_a_failed_one_leaves_nothing(busy):
    config, _ = busy
    target = config.data_dir / "out" / "b.tar.gz"
    with pytest.raises(Invalid, match="There is no folder"):
        backup.write(config, target)
    target.parent.mkdir()
    backup.write(config, target)
    before = target.read_bytes()
    with pytest.raises(Invalid, match="exists already"):
        backup.write(config, target)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["b.tar.gz"]


def rewritten(archive: Path, change) -> Path:
    """A copy of an archive whose members went through change([(TarInfo, bytes)])."""
    with tarfile.open(archive) as tar:
        members = [(member, tar.extractfile(member).read()) for member in tar]
    target = archive.with_name(f"{uuid.uuid4().hex}.tar.gz")
    with tarfile.open(target, "w:gz") as tar:
        for info, content in change(members):
            info.size = len(content) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return target


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def changed_byte(members):
    return [(i, c[:-1] + bytes([c[-1] ^ 1]) if i.name.startswith("files/") else c) for i, c in members]


def with_manifest(members, **values):
    return [(i, json.dumps({**json.loads(c), **values}).encode() if i.name == "manifest.json" else c)
            for i, c in members]


TAMPERED = {
    "a changed file": (changed_byte, "damaged or was changed"),
    "a changed database": (lambda m: [(i, c + b"x" if i.name.startswith("database") else c) for i, c in m],
                           "damaged or was changed"),
    "a missing file": (lambda m: [(i, c) for i, c in m if not i.name.startswith("files/")], "damaged or was changed"),
    "no manifest": (lambda m: [(i, c) for i, c in m if i.name != "manifest.json"], "no manifest"),
    "a manifest that is no object": (lambda m: [(i, b"[1]" if i.name == "manifest.json" else c) for i, c in m],
                                     "no manifest"),
    "a way out": (lambda m: [*m, (member("../../evil"), b"x")], "no backup of ours holds"),
    "an absolute name": (lambda m: [*m, (member("/tmp/evil"), b"x")], "no backup of ours holds"),
    "a hidden way out": (lambda m: [*m, (member("files/aa/../../../evil"), b"x")], "no backup of ours holds"),
    "a symbolic link": (lambda m: [(member("files/" + "aa/" + "a" * 64, tarfile.SYMTYPE, "/etc"), b""), *m],
                        "no backup of ours holds"),
    "a hard link": (lambda m: [*m, (member("files/" + "aa/" + "a" * 64, tarfile.LNKTYPE, "manifest.json"), b"")],
                    "no backup of ours holds"),
    "a device": (lambda m: [*m, (member("files/" + "aa/" + "a" * 64, tarfile.CHRTYPE), b"")],
                 "no backup of ours holds"),
    "a file twice": (lambda m: [*m, m[0]], "twice"),
    "a newer schema": (lambda m: with_manifest(m, schema="9999"), "newer than this program"),
    "an unknown format": (lambda m: with_manifest(m, format=2), "no manifest"),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_a_tampered_archive_is_refused_and_changes_nothing(cast, config, kind):
    files.save(b"a file")
    archive = config.data_dir / "b.tar.gz"
    backup.write(config, archive)
    change, words = TAMPERED[kind]
    bad = rewritten(archive, change)
    db.engine().dispose()
    before = hashlib.sha256((config.data_dir / "helpdesk.db").read_bytes()).hexdigest()
    names = sorted(path.name for path in config.data_dir.rglob("*"))
    with pytest.raises(Invalid, match=words):
        backup.restore(config, bad)
    assert hashlib.sha256((config.data_dir / "helpdesk.db").read_bytes()).hexdigest() == before
    assert {n for n in names if not n.endswith(("-wal", "-shm"))} == {
        path.name for path in config.data_dir.rglob("*") if not path.name.endswith(("-wal", "-shm"))}
    assert not (config.data_dir.parent.parent / "evil").exists() and not Path("/tmp/evil").exists()


@pytest.mark.parametrize("content", [b"", b"not a backup", b"\x1f\x8b\x08\x00cut off"])
def test_something_that_is_no_archive_is_refused(database, config, tmp_path, content):
    source = tmp_path / "b.tar.gz"
    source.write_bytes(content)
    db.engine().dispose()
    with pytest.raises(Invalid, match="cannot be read as a backup|no manifest"):
        backup.restore(config, source)


def test_half_an_archive_is_refused(cast, config):
    archive = config.data_dir / "b.tar.gz"
    backup.write(config, archive)
    half = config.data_dir / "half.tar.gz"
    half.write_bytes(archive.read_bytes()[:archive.stat().st_size // 2])
    db.engine().dispose()
    with pytest.raises(Invalid, match="cannot be read as a backup|damaged"):
        backup.restore(config, half)
    assert (config.data_dir / "helpdesk.db").exists()


def test_a_backup_of_the_other_database_is_refused(database, config, postgres_url):
    backup.write(config, config.data_dir / "b.tar.gz")
    other = settings.load({}, {"data_dir": str(config.data_dir / "pg"), "database_url": postgres_url,
                               "port": free_port()})
    with pytest.raises(Invalid, match="backup of a sqlite database"):
        backup.restore(other, config.data_dir / "b.tar.gz")


def test_nothing_is_restored_under_a_running_worker(installation):
    config = installation()
    backup.write(config, config.data_dir / "b.tar.gz")
    with db.transaction() as session:
        session.add(SystemState(key="worker", value={}, updated_at=now()))
    db.engine().dispose()
    with pytest.raises(Conflict, match="A worker is running"):
        backup.restore(config, config.data_dir / "b.tar.gz")
    db.connect(config.database_url)
    with db.transaction() as session:
        session.get(SystemState, "worker").updated_at = now() - timedelta(seconds=31)
    restored(config, config.data_dir / "b.tar.gz")


def test_nothing_is_restored_while_others_are_connected_to_postgresql(config, postgres_url):
    loaded = settings.load({}, {"data_dir": str(config.data_dir), "database_url": postgres_url, "port": free_port()})
    db.connect(postgres_url)
    backup.write(loaded, config.data_dir / "b.tar.gz")
    with db.engine().connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(Conflict, match="connected to the database"):
            backup.restore(loaded, config.data_dir / "b.tar.gz")


def test_missing_tools_of_postgresql_are_named(config, postgres_url, monkeypatch):
    loaded = settings.load({}, {"data_dir": str(config.data_dir), "database_url": postgres_url})
    db.connect(postgres_url)
    monkeypatch.setenv("PATH", str(config.data_dir))
    with pytest.raises(Invalid, match="pg_dump was not found. Install PostgreSQL's client programs"):
        backup.write(loaded, config.data_dir / "b.tar.gz")
    assert not (config.data_dir / "b.tar.gz").exists()
