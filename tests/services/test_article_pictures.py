"""Pictures in articles: only pixels stay, and only the world's pictures are the world's to see."""
import io
import struct
import zlib

import pytest
from PIL import Image

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Article
from helpdesk.services import article_pictures, articles, files
from helpdesk.services.unneeded import unneeded


def picture(kind="PNG", size=(30, 20), **more):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **more)
    return out.getvalue()


def test_what_a_camera_wrote_beside_the_picture_is_gone_and_it_stands_upright():
    about = Image.Exif()
    about[0x0112], about[0x010F] = 6, "SecretCamera"         # lies on its side; made by
    kind, clean, size = article_pictures.cleaned(picture("JPEG", exif=about.tobytes()))
    assert (kind, size) == ("image/jpeg", (20, 30))
    assert b"SecretCamera" not in clean and not Image.open(io.BytesIO(clean)).getexif()


def test_large_ones_become_smaller_and_hidden_bytes_are_lost():
    kind, clean, size = article_pictures.cleaned(picture(size=(3200, 800)) + b"<script>alert(1)</script>")
    assert (kind, size) == ("image/png", (1600, 400)) and b"script" not in clean


def test_moving_pictures_go_on_moving():
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=50)
    kind, clean, _ = article_pictures.cleaned(out.getvalue())
    assert kind == "image/gif" and Image.open(io.BytesIO(clean)).n_frames == 3


def bomb():
    """A PNG of a few bytes that says it is as large as a town."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)) + chunk(
        b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", picture()[:40],
                                     picture("TIFF"), picture("BMP"), b"\0" * 10_000_001, bomb()])
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(Invalid):
        article_pictures.cleaned(content)


def test_readers_see_pictures_of_public_articles_only_and_the_bytes_are_kept(database):
    with db.transaction() as session:
        article = articles.create(session, title="One", body="x")
        added = article_pictures.add(session, article, "../a b.png", picture())
        token, sha256 = added.token, added.sha256
        assert (added.name, added.width, added.height) == ("a b.png", 30, 20) and len(token) >= 20
        line = article_pictures.line(added, "A [red]\nfield")
        assert line == f"![A (red) field](/help/pictures/{token})"
    with db.reading() as session:
        assert article_pictures.find(session, token, reader=True)
        assert article_pictures.sizes(session, line) == {token: (30, 20)}
        assert files.path(sha256).exists() and unneeded(session, [sha256]) == set()
    for hidden in ({"published": False}, {"audience": "agents"}, {"about_account": True}):
        with db.transaction() as session:
            found = session.get(Article, article.id)
            for name, value in hidden.items():
                before = getattr(found, name)
                setattr(found, name, value)
            with pytest.raises(NotFound):
                article_pictures.find(session, token, reader=True)
            assert article_pictures.find(session, token, reader=False)
            setattr(found, name, before)


def test_a_translation_has_pictures_of_its_own(database):
    with db.transaction() as session:
        article, twin = (articles.create(session, title=title, body="x") for title in ("One", "Two"))
        added = article_pictures.add(session, article, "a.png", picture())
        text = article_pictures.copy(session, f"See {article_pictures.line(added, 'red')}", twin)
        assert added.token not in text and twin.pictures[0].token in text
        assert twin.pictures[0].sha256 == added.sha256
