"""The command line, as a real process each time."""
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

from channels.base import Request
from helpdesk import db, schema
from helpdesk.models import Agent, Message, RawInbound, Ticket
from helpdesk.services import accounts, inbound
from tests.house import free_port
from tests.people import customer_mail, deliver_mail

ROOT = Path(__file__).parent.parent


@pytest.fixture
def shell(tmp_path):
    """shell("agents", "add", …) → the finished process; its data lies in tmp_path/data, where `config` has it too."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")}
    env |= {"PYTHONPATH": str(ROOT), "HELPDESK_PORT": str(free_port())}

    def run(*arguments: str, given: bytes = b"", **values: str):
        return subprocess.run([sys.executable, "-m", "helpdesk.cli", *arguments], input=given, capture_output=True,
                              cwd=tmp_path, timeout=120, env={**env, **values})
    return run


def said(done: subprocess.CompletedProcess) -> str:
    """What it printed, having gone well."""
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done.stdout.decode()


def complaint(done: subprocess.CompletedProcess) -> str:
    """What it complained of: a sentence, no trace."""
    text = done.stderr.decode()
    assert done.returncode != 0 and "Traceback" not in text, text
    return text


def token_in(text: str) -> str:
    return re.search(r"/sign-in/link/([\w-]{40,})", text)[1]


def test_init_makes_the_first_admin_whose_link_signs_in_and_a_second_time_refuses(shell, tmp_path):
    text = said(shell("init", "--email", "Ada@Kopi.example", "--name", "Ada"))
    db.connect(f"sqlite:///{tmp_path / 'data' / 'helpdesk.db'}")
    with db.transaction() as session:
        agent, _ = accounts.use_link(session, token_in(text), "127.0.0.1", "test")
        assert (agent.email, agent.role) == ("ada@kopi.example", "admin")
    assert "There are agents already" in complaint(shell("init", "--email", "eve@kopi.example", "--name", "Eve"))


def test_agents_are_added_and_get_new_links(shell, cast):
    text = said(shell("agents", "add", "nia@kopi.example", "--role", "manager"))
    assert "nia@kopi.example is manager now" in text
    again = said(shell("agents", "reset", "nia@kopi.example"))
    with db.transaction() as session:
        assert accounts.use_link(session, token_in(again), "127.0.0.1", "test")[0].role == "manager"
        assert accounts.use_link(session, token_in(text), "127.0.0.1", "test")[0].email == "nia@kopi.example"
    assert "has an account already" in complaint(shell("agents", "add", "nia@kopi.example"))
    assert "There is no agent" in complaint(shell("agents", "reset", "nobody@kopi.example"))
    assert "Invalid value" in complaint(shell("agents", "add", "x@kopi.example", "--role", "king"))


def test_a_mail_from_a_pipe_is_stored_once_for_its_inbox(shell, cast, work):
    mail = customer_mail("Where is my order?")
    said(shell("receive", "support+abc@kopi.example", given=mail))
    said(shell("receive", "support+abc@kopi.example", given=mail))
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(RawInbound)) == 1
    work()
    with db.reading() as session:
        assert session.scalar(select(Message.text)).strip() == "Where is my order?"


def test_the_recipients_default_to_those_the_mail_names(shell, cast):
    said(shell("receive", given=customer_mail("Hello")))
    with db.reading() as session:
        assert session.scalar(select(RawInbound.inbox_id)) == cast.mail.id


@pytest.mark.parametrize("arguments, mail, code", [
    (["stranger@kopi.example"], customer_mail("Hello"), 67),
    ([], customer_mail("Hello", to="stranger@kopi.example"), 67),
    (["support@kopi.example"], b"", 66),
    (["support@kopi.example"], b"\n\n", 66),
])
def test_what_cannot_be_stored_gives_the_exit_code_a_mail_server_understands(shell, cast, arguments, mail, code):
    done = shell("receive", *arguments, given=mail)
    assert done.returncode == code and complaint(done)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(RawInbound)) == 0


def test_a_mail_is_to_be_tried_again_while_the_store_is_not_writable(shell, cast, config):
    (config.data_dir / "files").write_text("in the way of the folder")      # a large mail goes to the file store
    done = shell("receive", "support@kopi.example", given=customer_mail("long " * 100_000))
    assert done.returncode == 75 and "try again" in complaint(done)


def test_a_mail_is_to_be_tried_again_while_the_database_or_the_settings_are_not_right(shell):
    away = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    for values in ({"HELPDESK_DATABASE_URL": away}, {"HELPDESK_PORT": "many"}):
        done = shell("receive", "support@kopi.example", given=customer_mail("Hello"), **values)
        assert done.returncode == 75 and complaint(done)


def test_quarantine_is_listed_and_replayed(shell, cast, work):
    with db.transaction() as session:
        inbound.store(session, session.merge(cast.widget), Request("POST", {}, {}, b"nonsense"), "broken")
    work()
    listed = said(shell("replay"))
    number = re.match(r"\d+", listed)[0]
    assert "Shop chat" in listed
    assert "Not in quarantine: 4711" in complaint(shell("replay", "4711"))
    assert "1 will be processed again" in said(shell("replay", number))
    work()
    assert "1 will be processed again" in said(shell("replay", "--all"))
    assert "The quarantine is empty" in said(shell("replay"))


def test_the_schema_is_brought_up_to_date_and_checked(shell, tmp_path):
    assert "up to date now" in said(shell("db", "upgrade"))
    assert "up to date already" in said(shell("db", "upgrade"))
    assert f"step {schema.newest()}" in said(shell("db", "check"))
    with sqlite3.connect(tmp_path / "data" / "helpdesk.db") as connection:
        connection.execute("ALTER TABLE tag ADD COLUMN of_mine INTEGER")
    connection.close()
    assert "of_mine" in complaint(shell("db", "check"))


def test_a_newer_database_is_left_alone(shell, tmp_path):
    said(shell("db", "upgrade"))
    with sqlite3.connect(tmp_path / "data" / "helpdesk.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in (["db", "check"], ["db", "upgrade"]):
        assert "newer" in complaint(shell(*command))


def test_postgresql_is_never_upgraded_by_the_way(shell, config, postgres_url):
    db.connect(postgres_url)
    schema.downgrade()
    db.engine().dispose()
    done = shell("agents", "add", "nia@kopi.example", HELPDESK_DATABASE_URL=postgres_url)
    assert "helpdesk db upgrade" in complaint(done)
    assert "up to date now" in said(shell("db", "upgrade", HELPDESK_DATABASE_URL=postgres_url))
    said(shell("agents", "add", "nia@kopi.example", HELPDESK_DATABASE_URL=postgres_url))


def test_backup_and_restore_bring_an_installation_to_another_folder(shell, cast, tmp_path):
    said(shell("backup", "b.tar.gz"))
    assert "exists already" in complaint(shell("backup", "b.tar.gz"))
    other = {"HELPDESK_DATA_DIR": str(tmp_path / "elsewhere")}
    asked = shell("restore", "b.tar.gz", given=b"n\n", **other)
    assert asked.returncode == 1 and not (tmp_path / "elsewhere").exists()
    assert "Nothing is sent until" in said(shell("restore", "b.tar.gz", "--yes", **other))
    db.connect(f"sqlite:///{tmp_path / 'elsewhere' / 'helpdesk.db'}")
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Agent)) == 5


def test_a_backup_does_not_bring_an_upgrade_along(shell, database, config):
    schema.downgrade()
    database.dispose()
    older = schema.present()
    said(shell("backup", "b.tar.gz"))
    assert schema.present() == older != schema.newest()
    database.dispose()
    said(shell("restore", "b.tar.gz", "--yes"))
    db.connect(config.database_url)
    assert schema.present() == older
    said(shell("agents", "add", "nia@kopi.example"))    # any command that works with it brings it up to date
    assert schema.present() == schema.newest()


def test_there_must_be_something_to_back_up(shell, tmp_path):
    assert "There is no database" in complaint(shell("backup", "b.tar.gz"))
    assert not (tmp_path / "b.tar.gz").exists() and not (tmp_path / "data").exists()


def test_a_setting_that_does_not_exist_stops_every_command_with_the_closest_one(shell):
    text = complaint(shell("config", HELPDESK_BASEURL="https://help.example.com"))
    assert "HELPDESK_BASE_URL" in text and "did you mean" in text


def test_the_configuration_is_shown_without_its_secrets(shell):
    text = said(shell("config", HELPDESK_SECRET_KEY="k" * 40))
    assert "k" * 40 not in text and re.search(r"secret_key = \*+ .*environment", text) and "port = " in text


def test_a_person_is_exported_and_then_erased(shell, cast, work, tmp_path):
    deliver_mail(cast.mail, customer_mail("About the zephyrmachine"))
    work()
    with db.reading() as session:
        number = str(session.scalar(select(Ticket.contact_id)))
    db.engine().dispose()
    assert "messages" in said(shell("contacts", "export", number, "--to", "ann.zip"))
    assert "messages.json" in zipfile.ZipFile(tmp_path / "ann.zip").namelist()
    assert "exists already" in complaint(shell("contacts", "export", number, "--to", "ann.zip"))
    assert "no such contact" in complaint(shell("contacts", "export", "4711", "--to", "x.zip"))
    asked = shell("contacts", "erase", number, given=b"n\n")
    assert asked.returncode == 1 and b"messages" in asked.stdout and b"Ann Lee" in asked.stdout
    assert "was erased" in said(shell("contacts", "erase", number, "--yes"))
    assert "was erased" in said(shell("contacts", "erase", number, "--yes")), "twice is as once"
    assert b"zephyrmachine" not in (tmp_path / "data" / "helpdesk.db").read_bytes()


def test_articles_go_out_and_come_in_by_the_shell(shell, tmp_path):
    said(shell("init", "--email", "ada@kopi.example", "--name", "Ada"))
    table = tmp_path / "faq.csv"
    table.write_text("title,body,questions,locale\nDelivery,**Two** days.,When does it come?|How long?,en\n"
                     "Pengiriman,Dua hari.,Kapan sampai?,id\n", encoding="utf-8")
    assert "Would import: 2 new" in said(shell("articles", "import", str(table), "--try"))
    assert "Imported: 2 new" in said(shell("articles", "import", str(table)))
    assert "0 new, 0 changed, 2 the same" in said(shell("articles", "import", str(table)))
    said(shell("articles", "export", str(tmp_path / "out.zip")))
    said(shell("articles", "export", str(tmp_path / "out.csv")))
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".md")]
    assert len(texts) == 2 and any("**Two** days." in one and "How long?" in one for one in texts)
    for name in ("out.zip", "out.csv"):
        assert "0 new, 0 changed, 2 the same" in said(shell("articles", "import", str(tmp_path / name))), name


@pytest.mark.parametrize("name, content, words", [
    ("faq.json", b"{not json", "JSON"), ("faq.zip", b"PK\x03\x04 broken", "ZIP"), ("faq.csv", b"", "no table"),
    ("faq.exe", b"MZ", "neither CSV")])
def test_a_file_that_cannot_be_imported_is_named_and_nothing_is_written(shell, tmp_path, name, content, words):
    said(shell("init", "--email", "ada@kopi.example", "--name", "Ada"))
    (tmp_path / name).write_bytes(content)
    assert words in complaint(shell("articles", "import", str(tmp_path / name)))
    said(shell("articles", "export", str(tmp_path / "out.csv")))
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig").count("\n") <= 1
