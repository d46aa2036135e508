"""The file store: bytes under their own hash, whole or not at all."""
import hashlib
import os
from dataclasses import replace

import pytest

from helpdesk import settings
from helpdesk.errors import Invalid
from helpdesk.services import files


def names(config):
    return sorted(path.name for path in (config.data_dir / "files").rglob("*") if path.is_file())


def test_the_same_bytes_are_stored_once_under_their_hash(config):
    first, second = files.put("a.txt", "text/plain", b"hello"), files.put("b.txt", "", b"hello")
    assert first.sha256 == second.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert (first.size, second.content_type) == (5, "application/octet-stream")
    assert names(config) == [first.sha256] and files.content(first.sha256) == b"hello"
    assert files.path(first.sha256).parent.name == first.sha256[:2]


@pytest.mark.parametrize("given", ["", "../../etc/passwd", "a" * 64 + "/", "A" * 64, "0" * 63])
def test_only_a_hash_leads_to_a_file(config, given):
    with pytest.raises(ValueError):
        files.path(given)


@pytest.mark.parametrize(("given", "kept"), [
    ("../../etc/passwd", "passwd"), ("C:\\temp\\a.txt", "a.txt"), ("a\0b\r\nc.txt", "abc.txt"), ("...", "file"),
    ("\u202egpj.exe", "gpj.exe"), ("", "file"), (".htaccess", "htaccess"), ("a\u200b.txt", "a.txt"),
    ("日本.pdf", "日本.pdf"),
    ("x" * 300 + ".pdf", "x" * 140 + ".pdf")])
def test_a_name_is_only_a_name(given, kept):
    assert files.safe_name(given) == kept


def test_a_name_is_never_longer_than_its_column():
    for given in ("x" * 500, "x." + "y" * 500, "." * 500 + "x", "a" * 149 + "." + "b" * 20):
        assert 0 < len(files.safe_name(given)) <= 151


def test_too_large_a_file_is_refused_before_it_is_stored(config):
    settings.use(replace(config, max_upload_mb=0))
    with pytest.raises(Invalid, match="larger than"):
        files.put("a.txt", "text/plain", b"x")
    assert not (config.data_dir / "files").exists()


def test_a_long_content_type_is_cut(config):
    assert len(files.put("a", "application/" + "x" * 500, b"x").content_type) == 150


def test_when_the_disk_is_full_no_half_file_stays(config, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        files.save(b"hello")
    monkeypatch.undo()
    assert names(config) == []
    assert files.content(files.save(b"hello")) == b"hello"


def test_what_is_forgotten_is_gone_and_may_be_forgotten_again(config):
    digest = files.save(b"hello")
    for _ in range(2):
        files.forget(digest)
    assert names(config) == []


@pytest.mark.parametrize(("head", "kind"), [
    (b"\x89PNG\r\n\x1a\n....", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"GIF89a", "image/gif"),
    (b"RIFF....WEBP", "image/webp"), (b"<svg onload=x>", None), (b"<html>", None), (b"", None), (b"%PDF-1.7", None)])
def test_only_what_is_a_picture_by_its_bytes_is_one(head, kind):
    assert files.picture_type(head) == kind
