"""Files that a provider keeps for us are fetched by the worker; while they are not there it is said why."""
import pytest
from sqlalchemy import select, update

from channels.base import File, SendError
from channels.whatsapp import WhatsApp
from helpdesk import db
from helpdesk.clock import now
from helpdesk.jobs import attachments
from helpdesk.models import Attachment, Task
from helpdesk.services import files, inboxes
from tests.people import written


@pytest.fixture
def message(any_cast):
    with db.transaction() as session:
        inbox = inboxes.create(session, "whatsapp", "Number", {
            "phone_number_id": "4711", "access_token": "t", "app_secret": "s", "verify_token": "v",
            "api_base": "http://127.0.0.1:1"}, assistant=False)
        made = written(session, inbox, "", address="+4917011110001", files=[
            File("a.pdf", "application/pdf", ref="media-1"), File("b.pdf", "application/pdf", ref="media-2")])
        return made.id


@pytest.fixture
def provider(monkeypatch):
    """provider["media-1"] is what the platform gives: bytes, or the error it answers with."""
    given, asked = {"media-1": b"one", "media-2": b"two"}, []

    def download(self, file):
        asked.append(file.ref)
        if isinstance(given[file.ref], Exception):
            raise given[file.ref]
        return given[file.ref]
    monkeypatch.setattr(WhatsApp, "download", download)
    given["asked"] = asked
    return given


def found() -> list[Attachment]:
    with db.reading() as session:
        return list(session.scalars(select(Attachment).order_by(Attachment.id)))


def test_what_is_missing_is_fetched_once_and_kept(message, provider, work):
    work()
    assert [files.content(one.sha256) for one in found()] == [b"one", b"two"]
    assert [one.size for one in found()] == [3, 3]
    attachments.fetch(1, message_id=message)
    assert provider["asked"] == ["media-1", "media-2"], "run twice it asks for nothing"


def test_a_passing_refusal_is_shown_and_tried_again(message, provider, work):
    provider["media-1"] = SendError("try later")
    work()
    assert found()[0].error == "try later" and found()[0].sha256 == ""
    provider["media-1"] = b"one"
    with db.transaction() as session:
        session.execute(update(Task).values(due_at=now()))
    work()
    assert [(one.error, bool(one.sha256)) for one in found()] == [("", True)] * 2


def test_a_lasting_refusal_is_shown_and_the_other_files_come(message, provider, work):
    provider["media-1"] = SendError("it has expired", permanent=True)
    work()
    first, second = found()
    assert first.error == "it has expired" and first.sha256 == "" and second.sha256
    with db.reading() as session:
        assert session.scalar(select(Task.id)) is None, "nothing is left to do"
