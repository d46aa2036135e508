"""Everything that is held of one person, in one archive, and nothing of others."""
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from channels.base import File
from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import NotFound
from helpdesk.jobs import exports as job
from helpdesk.models import Agent, Contact, Event, Identity, Message, PersonExport
from helpdesk.services import consents, exports, identities, person_export, replies, tickets
from tests.people import ANN, EVE, customer_mail, deliver_mail, written


@pytest.fixture
def ann(any_cast, work):
    """Ann wrote by mail and by another address that was joined; Eve wrote something of her own."""
    cast = any_cast
    deliver_mail(cast.mail, customer_mail("Where is my <b>parcel</b>?"))
    deliver_mail(cast.mail, customer_mail("Eve's own matter", sender=EVE, name="Eve"))
    work()
    with db.transaction() as session:
        ann = session.scalar(select(Identity).where(Identity.value == ANN)).contact
        other = identities.resolve(session, "phone", "+4917011110001").contact
        identities.merge_into(session, other, ann, "same person")
        ticket = tickets.lock(session, session.scalar(select(Message.ticket_id).where(
            Message.text.contains("parcel"), Message.direction == "in")))
        alice = session.get(Agent, cast.alice.id)
        replies.note(session, ticket, "She sounds impatient", alice)
        consents.record(session, ann, "news", True, source="widget", wording="Send me offers", actor=ann.actor)
        message = written(session, cast.mail, "With a file", files=(
            File("../list.txt", "text/plain", content=b"milk, eggs", size=10),))
        message.payload = {"to": ["a@b.example"], "bcc": ["hidden@b.example"]}
        return ann.id


def archive(tmp_path, contact_id, with_notes=True) -> dict[str, bytes]:
    target = tmp_path / f"{with_notes}.zip"
    with db.reading() as session:
        person_export.write(session, contact_id, target, with_notes)
    with zipfile.ZipFile(target) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_all_of_it_is_there_and_nothing_of_others(ann, tmp_path):
    found = archive(tmp_path, ann)
    about = json.loads(found["export.json"])
    assert (about["format"], about["version"], about["contact"]) == ("helpdesk-person", 1, ann)
    assert len(about["records"]) == 2
    read = {name: json.loads(content) for name, content in found.items() if name.endswith(".json")}
    assert {one["value"] for one in read["identities.json"]} == {ANN, "+4917011110001"}
    assert {"Where is my <b>parcel</b>?", "She sounds impatient", "With a file"} <= {
        one["text"].strip() for one in read["messages.json"]}
    assert [one["wording"] for one in read["consents.json"]] == ["Send me offers"]
    assert len(read["tickets.json"]) == about["counts"]["tickets"] and read["events.json"]
    assert [content for name, content in found.items() if name.startswith("files/")] == [b"milk, eggs"]
    assert any(b"Where is my" in content for name, content in found.items() if name.startswith("originals/"))
    everything = b"".join(found.values())
    assert b"Eve's own matter" not in everything and b"hidden@b.example" not in everything
    assert b"token_hash" not in everything and b"reply_token" not in everything


def test_the_page_is_for_reading_and_runs_nothing(ann, tmp_path):
    page = archive(tmp_path, ann)["index.html"].decode()
    assert "Where is my &lt;b&gt;parcel&lt;/b&gt;?" in page and "She sounds impatient" in page
    assert "<script" not in page and "http://" not in page and "Send me offers" in page
    assert "href='files/" in page and ".." not in page.split("href='files/")[1].split("'")[0]


def test_without_what_only_agents_saw(ann, tmp_path):
    found = archive(tmp_path, ann, with_notes=False)
    assert b"impatient" not in b"".join(found.values())


def test_it_is_made_by_the_worker_fetched_for_a_week_and_removed(ann, any_cast, work):
    with db.transaction() as session:
        contact, agent = session.get(Contact, ann), session.get(Agent, any_cast.mia.id)
        export = exports.ask(session, contact, agent, True)
        assert exports.ask(session, contact, agent, True) is export
        with pytest.raises(NotFound):
            exports.ready(session, export.id)
    work()
    with db.reading() as session:
        export = exports.ready(session, export.id)
        path = exports.path(export)
        assert export.size == path.stat().st_size > 0 and path.stat().st_mode & 0o777 == 0o600
        assert len(session.scalars(select(Event).where(Event.name == "PersonExported")).all()) == 1
    with db.transaction() as session:
        session.get(PersonExport, export.id).expires_at = now() - timedelta(seconds=1)
    with pytest.raises(NotFound), db.reading() as session:
        exports.ready(session, export.id)
    assert job.forget_old() == 1 and not path.exists()


def test_many_messages_are_read_in_batches(ann, any_cast, tmp_path, monkeypatch):
    monkeypatch.setattr(person_export, "BATCH", 2)
    monkeypatch.setattr("helpdesk.services.export_page.BATCH", 2)
    with db.transaction() as session:
        for number in range(7):
            written(session, any_cast.mail, f"Line {number}")
    found = archive(tmp_path, ann)
    texts = [one["text"] for one in json.loads(found["messages.json"])]
    assert [f"Line {number}" for number in range(7)] == [one for one in texts if one.startswith("Line")]
    assert all(f"Line {number}<" in found["index.html"].decode() for number in range(7))
