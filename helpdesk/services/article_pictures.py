"""Pictures in articles: taken in, made harmless, and given an address that nobody can guess.

Every picture is decoded and written anew, so that nothing but pixels stays: no place where it was taken, no owner, no
bytes that are something else too. Large ones are made smaller than any screen needs.
"""
from __future__ import annotations

import io
import secrets
import warnings

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Article, ArticlePicture
from helpdesk.services import files
from helpdesk.services.markdown import PICTURES, pictures

LARGEST = 10_000_000        # bytes as they come
PIXELS = 40_000_000         # as its header says; a small file can hold a picture as large as a house
WIDEST = 1_600              # pixels that are kept, in either direction
FRAMES = 300
MOST = 100                  # in one article
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
ALT_LIMIT = 250


def add(session: Session, article: Article, name: str, content: bytes) -> ArticlePicture:
    """Store a picture of an article. Raises Invalid when it is none, or too much."""
    if len(article.pictures) >= MOST:
        raise Invalid(f"An article can have {MOST} pictures.")
    kind, clean, (width, height) = cleaned(content)
    stored = files.put(name, kind, clean)
    picture = ArticlePicture(token=secrets.token_urlsafe(18), name=stored.name, content_type=kind,
                             sha256=stored.sha256, size=stored.size, width=width, height=height)
    article.pictures.append(picture)
    session.flush()
    return picture


def cleaned(content: bytes) -> tuple[str, bytes, tuple[int, int]]:
    """Type, bytes, and width and height of a picture that was written anew. Raises Invalid."""
    if len(content) > LARGEST:
        raise Invalid(f"A picture may have at most {LARGEST // 1_000_000} MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            if picture.width * picture.height > PIXELS:
                raise Invalid(f"A picture may have at most {PIXELS // 1_000_000} million points.")
            return _written(picture)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, OverflowError,
            Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Invalid("This is no picture that can be shown. Use PNG, JPEG, WebP or GIF.") from error


def line(picture: ArticlePicture, alt: str) -> str:
    """What stands in the text for it. The description is for people who do not see it."""
    alt = " ".join(alt.split())[:ALT_LIMIT].replace("\\", "").replace("[", "(").replace("]", ")")
    return f"![{alt}]({PICTURES}{picture.token})"


def copy(session: Session, text: str, to: Article) -> str:
    """The text with pictures of its own for another article: the same bytes under new addresses."""
    for picture in session.scalars(select(ArticlePicture).where(ArticlePicture.token.in_(pictures(text)))).all():
        twin = ArticlePicture(token=secrets.token_urlsafe(18), name=picture.name, content_type=picture.content_type,
                              sha256=picture.sha256, size=picture.size, width=picture.width, height=picture.height)
        to.pictures.append(twin)
        text = text.replace(PICTURES + picture.token, PICTURES + twin.token)
    session.flush()
    return text


def find(session: Session, token: str, reader: bool) -> ArticlePicture:
    """The picture at this address; a `reader` from outside sees only those of articles that the world may read. Raises
    NotFound."""
    found = session.scalar(select(ArticlePicture).where(ArticlePicture.token == token))
    if found is None or reader and not (found.article.published and found.article.audience == "public"
                                        and not found.article.about_account):
        raise NotFound("There is no such picture.")
    return found


def sizes(session: Session, text: str) -> dict[str, tuple[int, int]]:
    """Width and height of the text's own pictures, for markdown.html()."""
    rows = session.execute(select(ArticlePicture.token, ArticlePicture.width, ArticlePicture.height).where(
        ArticlePicture.token.in_(pictures(text)), ArticlePicture.width.is_not(None)))
    return {token: (width, height) for token, width, height in rows}


def _written(picture: Image.Image) -> tuple[str, bytes, tuple[int, int]]:
    kind, out = picture.format, io.BytesIO()
    if getattr(picture, "n_frames", 1) > 1 and kind in ("GIF", "WEBP"):
        if picture.n_frames > FRAMES:
            raise Invalid(f"A moving picture may have at most {FRAMES} frames.")
        durations, frames = [], []
        for frame in ImageSequence.Iterator(picture):
            durations.append(frame.info.get("duration", 100))
            shown = frame.convert("RGBA")
            shown.thumbnail((WIDEST // 2, WIDEST // 2))
            frames.append(shown)
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=durations, loop=0, disposal=2)
        return f"image/{kind.lower()}", out.getvalue(), frames[0].size
    shown = ImageOps.exif_transpose(picture)
    shown.thumbnail((WIDEST, WIDEST))
    if kind == "JPEG":
        shown.convert("RGB").save(out, kind, quality=85, optimize=True)
    else:
        kind = "PNG" if kind == "GIF" else kind
        plain = shown.convert("RGBA" if "A" in shown.getbands() or "transparency" in shown.info else "RGB")
        plain.info.clear()
        plain.save(out, kind, **({"quality": 85} if kind == "WEBP" else {"optimize": True}))
    return f"image/{kind.lower()}", out.getvalue(), shown.size
