"""The doctor: what it says of a healthy house, of a broken one, and of none at all."""
import json
import os
import socketserver
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from helpdesk import db, doctor, paths, settings
from helpdesk.checks import addresses, database, machine, network
from helpdesk.clock import now
from helpdesk.models import Agent, Attachment, Delivery, Event, Inbox, RawInbound, SystemState, Task
from helpdesk.services import accounts, files, inboxes, outbox
from tests.conftest import REDIS
from tests.house import free_port
from tests.people import PASSWORD, written

ROOT = Path(__file__).parent.parent


def states(found) -> dict[str, str]:
    return {one.name: one.state for one in found}


@pytest.fixture
def house(config, cast, monkeypatch, tmp_path):
    """Settings of a house in which all is well, apart from the network."""
    front_end(monkeypatch, tmp_path / "dist")
    config.secret()
    with db.transaction() as session:
        accounts.set_password(session, session.get(Agent, cast.ada.id), PASSWORD)
        session.add(SystemState(key="worker", value={}))
    return config


def front_end(monkeypatch, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text('{"console.js": "console-1.js"}')
    (folder / "console-1.js").write_text("1")
    monkeypatch.setattr(paths, "DIST", folder)


def test_a_healthy_house_has_nothing_but_good_findings(house):
    found = list(doctor.findings(house, ask=False))
    assert {one.state for one in found} == {"ok"}, [one for one in found if one.state != "ok"]
    assert len(found) > 20 and not any(one.fix for one in found)


def test_what_is_not_good_always_says_what_to_do(config, cast, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "DIST", tmp_path)
    passed, report = doctor.examine(config, as_json=True)
    assert not passed
    assert all(bool(one["fix"]) == (one["state"] != "ok") for one in json.loads(report)["checks"])


def break_it(what: str, session, cast) -> None:
    """Make one thing wrong in the database."""
    ticket = written(session, cast.mail, "Hi", subject="Hi")
    raw = {"inbox_id": cast.mail.id, "method": "MAIL", "source_key": what}
    route = {"message_id": ticket.id, "ticket_id": ticket.ticket_id, "inbox_id": cast.mail.id, "identity_id": 1}
    old = now() - timedelta(hours=1)
    match what:
        case "Quarantine":
            session.add(RawInbound(**raw, state="quarantined"))
        case "Received":
            session.add(RawInbound(**raw, received_at=old))
        case "Deliveries":
            session.add(Delivery(**route, status="failed"))
        case "Outbox":
            session.add(SystemState(key=outbox.HOLD))
        case "Tasks":
            session.add(Task(name="x", state="failed"))
        case "Worker":
            session.get(SystemState, "worker").updated_at = old
        case "Admins":
            session.get(Agent, cast.ada.id).disabled_at = now()
        case "Database clock":
            session.add(Event(name="TicketOpened", actor="system", created_at=now() + timedelta(days=1)))
        case "Files":
            session.add(Attachment(message_id=ticket.id, name="a.png", content_type="image/png", sha256="ab" * 32))
        case "Inbox Shop chat":
            session.get(Inbox, cast.widget.id).secrets = "v1:" + "A" * 60
        case "Inbox Support mail":
            inboxes.mark_health(session, cast.mail.id, "535 wrong password")
        case "Database":
            session.execute(text("ALTER TABLE tag ADD COLUMN of_mine INTEGER"))


@pytest.mark.parametrize("what, state", [
    ("Quarantine", "warn"), ("Received", "fail"), ("Deliveries", "warn"), ("Outbox", "warn"), ("Tasks", "warn"),
    ("Worker", "warn"), ("Admins", "fail"), ("Database clock", "fail"), ("Files", "fail"), ("Inbox Shop chat", "fail"),
    ("Inbox Support mail", "warn"), ("Database", "fail")])
def test_one_thing_that_is_wrong_is_found_and_nothing_else(house, cast, what, state):
    with db.transaction() as session:
        break_it(what, session, cast)
    found = states(doctor.findings(house, ask=False))
    assert {name: found[name] for name in found if found[name] != "ok"} == {what: state}


def test_files_that_are_there_are_good(house, cast):
    with db.transaction() as session:
        message = written(session, cast.mail, "Hi", subject="Hi")
        session.add(Attachment(message_id=message.id, name="a.txt", content_type="text/plain", sha256=files.save(b"a")))
    assert states(doctor.findings(house, ask=False))["Files"] == "ok"


def test_an_admin_with_a_fresh_link_can_sign_in_and_one_with_an_old_link_cannot(house, cast):
    with db.transaction() as session:
        session.get(Agent, cast.ada.id).password_hash = ""
    with db.reading() as session:
        assert database.admins(session).fix == "Run: helpdesk agents reset ada@kopi.example"
    with db.transaction() as session:
        accounts.make_link(session, session.get(Agent, cast.ada.id))
    with db.reading() as session:
        assert database.admins(session).state == "ok"


@pytest.mark.parametrize("given, check, state", [
    ({}, addresses.base_url, "ok"),
    ({"base_url": "https://help.example.com", "trusted_proxies": 1}, addresses.base_url, "ok"),
    ({"base_url": "http://help.example.com"}, addresses.base_url, "warn"),
    ({"host": "0.0.0.0"}, addresses.base_url, "warn"),
    ({"host": "0.0.0.0", "base_url": "https://help.example.com"}, addresses.base_url, "warn"),
    ({"base_url": "https://help.example.com"}, addresses.proxies, "warn"),
    ({"base_url": "https://help.example.com", "trusted_proxies": 1}, addresses.proxies, "ok"),
    ({"base_url": "http://10.0.0.1", "host": "10.0.0.1", "trusted_proxies": 1}, addresses.proxies, "warn"),
    ({"base_url": "https://help.example.com", "trusted_hosts": [".example.com"]}, addresses.hosts, "ok"),
    ({"base_url": "https://help.example.com", "trusted_hosts": ["example.com"]}, addresses.hosts, "fail"),
    ({"secret_key": "a" * 40}, machine.secret_key, "warn"),
    ({"data_dir": "/proc/1/nowhere"}, machine.data_folder, "fail"),
])
def test_settings_that_do_not_fit_together_are_found(tmp_path, given, check, state):
    assert check(settings.load({}, {"data_dir": str(tmp_path / "data"), **given})).state == state


def test_a_key_that_others_can_read_or_that_is_cut_off_is_found(config):
    assert machine.secret_key(config).state == "ok" and not config.key_file.exists()
    config.secret()
    assert machine.secret_key(config).state == "ok"
    config.key_file.chmod(0o644)
    assert machine.secret_key(config).fix == f"chmod 600 {config.key_file}"
    config.key_file.write_text("short")
    assert machine.secret_key(config).state == "fail"


def test_a_front_end_that_is_missing_or_not_whole_is_found(tmp_path):
    assert machine.assets(tmp_path).state == "fail"
    (tmp_path / "manifest.json").write_text('{"console.js": "console-1.js"}')
    assert "console-1.js" in machine.assets(tmp_path).says
    (tmp_path / "console-1.js").write_text("1")
    assert machine.assets(tmp_path).state == "ok"


def test_a_clock_that_starts_in_the_past_is_found():
    assert machine.clock(now()).state == "ok"
    assert machine.clock(now().replace(year=2003)).state == "fail"


def test_a_database_that_does_not_answer_is_a_failure(config):
    loaded = settings.load({}, {"data_dir": str(config.data_dir),
                                "database_url": f"postgresql://nobody@127.0.0.1:{free_port()}/none"})
    passed, report = doctor.examine(loaded, as_json=True)
    finding = next(one for one in json.loads(report)["checks"] if one["name"] == "Database")
    assert not passed and finding["state"] == "fail" and "cannot be reached" in finding["says"]


def test_an_account_is_tried_and_what_its_server_says_is_only_a_warning(house, cast):
    found = {one.name: one for one in network.accounts()}
    assert found["Inbox Support mail"].state == "warn" and "Sending fails" in found["Inbox Support mail"].says
    assert found["Inbox Shop chat"].state == "ok"


def test_redis_is_looked_at_only_where_it_is_configured(config):
    assert list(network.redis(config)) == []
    gone = settings.load({}, {"data_dir": str(config.data_dir), "redis_url": f"redis://127.0.0.1:{free_port()}/0"})
    assert states(network.redis(gone)) == {"Redis": "warn"}


def test_a_redis_that_answers_is_good(config):
    import redis
    try:
        redis.Redis.from_url(REDIS).ping()
    except redis.ConnectionError:
        pytest.skip("no Redis answers at HELPDESK_TEST_REDIS_URL")
    there = settings.load({}, {"data_dir": str(config.data_dir), "redis_url": REDIS})
    assert states(network.redis(there)) == {"Redis": "ok"}


class Proxy(socketserver.StreamRequestHandler):
    """Passes plain HTTP on in a way of its own, and no upgrade: as a proxy that nobody told about WebSockets."""

    def handle(self):
        path = self.rfile.readline().split()[1]
        while self.rfile.readline().strip():
            pass
        body = b'0{"sid":"x"}' if b"polling" in path else b'{"status":"ok"}' if b"health" in path else b""
        status = b"200 OK" if body else b"400 Bad Request"
        self.wfile.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


def test_a_proxy_that_lets_no_websocket_through_is_found(config):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        found = network.website(settings.load({}, {"data_dir": str(config.data_dir), "base_url": address}))
        server.shutdown()
    assert found.state == "warn" and "WebSockets do not come through" in found.says


def run_doctor(folder: Path, *arguments: str, **values: str) -> subprocess.CompletedProcess:
    env = {k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")}
    return subprocess.run([sys.executable, "-m", "helpdesk.cli", "doctor", *arguments], cwd=folder, text=True,
                          env={**env, "PYTHONPATH": str(ROOT), **values}, capture_output=True, timeout=120)


@pytest.mark.skipif(not paths.MANIFEST.exists(), reason="the front end is not built")
def test_in_an_empty_folder_it_says_how_to_begin_and_makes_nothing(tmp_path):
    done = run_doctor(tmp_path, HELPDESK_PORT=str(free_port()))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Not set up yet" in done.stdout and "helpdesk init" in done.stdout and "helpdesk demo" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_failure_gives_another_exit_code_and_json_for_machines(tmp_path):
    done = run_doctor(tmp_path, "--json", HELPDESK_PORT=str(free_port()), HELPDESK_TRUSTED_HOSTS="other.example")
    report = json.loads(done.stdout)
    assert done.returncode == 1 and report["ok"] is False
    assert next(one for one in report["checks"] if one["name"] == "Host names")["state"] == "fail"


@pytest.mark.skipif(not paths.MANIFEST.exists(), reason="the front end is not built")
def test_beside_a_running_helpdesk_the_website_answers_also_over_websocket(tmp_path):
    port = str(free_port())
    env = {**{k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")}, "HELPDESK_PORT": port,
           "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen([sys.executable, "-m", "helpdesk.cli", "serve"], cwd=tmp_path, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert "Helpdesk on" in server.stdout.readline()
        done = run_doctor(tmp_path, "--json", HELPDESK_PORT=port)
    finally:
        server.terminate()
        server.wait(20)
        server.stdout.close()
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["ok"]
    website = next(one for one in report["checks"] if one["name"] == "Website")
    assert website["state"] == "ok" and "also over WebSocket" in website["says"]
