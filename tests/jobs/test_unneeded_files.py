"""What nothing speaks of leaves the file store; everything else stays, whatever happens at the same moment."""
import os
from datetime import timedelta

import pytest

from helpdesk import db
from helpdesk.clock import now
from helpdesk.jobs import unneeded_files
from helpdesk.models import Attachment, SystemState
from helpdesk.services import files
from tests.people import written

OLD = now() - unneeded_files.KEPT - timedelta(hours=1)


def stored(content: bytes, at=OLD) -> str:
    digest = files.save(content)
    os.utime(files.path(digest), (at.timestamp(), at.timestamp()))
    return digest


@pytest.fixture
def message(cast):
    with db.transaction() as session:
        return written(session, cast.mail, "With a file", address="f@example.org", external_id="f1").id


def test_only_what_is_old_and_belongs_to_nothing_goes(message):
    mine, nobodys, young = stored(b"mine"), stored(b"nobody's"), stored(b"young", now() - timedelta(days=2))
    half = files.path(nobodys).parent / "tmp8a_half"
    half.write_bytes(b"ha")
    os.utime(half, (OLD.timestamp(), OLD.timestamp()))
    with db.transaction() as session:
        session.add(Attachment(message_id=message, name="a.txt", content_type="text/plain", size=4, sha256=mine))
    assert unneeded_files.sweep_due() == 2
    assert files.path(mine).exists() and files.path(young).exists()
    assert not files.path(nobodys).exists() and not half.exists()


def test_once_a_day_is_enough(message):
    assert unneeded_files.sweep_due() == 0
    nobodys = stored(b"nobody's")
    assert unneeded_files.sweep_due() == 0 and files.path(nobodys).exists()
    with db.transaction() as session:
        session.get(SystemState, unneeded_files.SWEPT).updated_at = now() - timedelta(days=2)
    assert unneeded_files.sweep_due() == 1


def test_what_is_stored_again_before_it_goes_stays(message, monkeypatch):
    digest = stored(b"again")
    rename = os.rename

    def meanwhile(source, target):
        if str(target).endswith(".gone"):
            files.save(b"again")        # somebody attaches the same picture, just before it is moved aside
        rename(source, target)
    monkeypatch.setattr(unneeded_files.os, "rename", meanwhile)
    assert unneeded_files.sweep_due() == 0
    assert files.content(digest) == b"again"


def test_what_is_stored_again_while_it_goes_is_written_anew(message, monkeypatch):
    digest = stored(b"again")
    older = unneeded_files._older

    def meanwhile(path, cut):
        if path.suffix == ".gone":
            files.save(b"again")
        return older(path, cut)
    monkeypatch.setattr(unneeded_files, "_older", meanwhile)
    unneeded_files.sweep_due()
    assert files.content(digest) == b"again"
