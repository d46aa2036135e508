"""Pictures in articles: putting them in, and showing them."""
from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, send_file

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import ArticlePicture
from helpdesk.services import article_pictures, article_versions, files
from helpdesk.web.access import needs, public
from helpdesk.web.attachments import harmless

pages = Blueprint("article_pictures", __name__)

KEPT_SECONDS = 3_600        # by browsers and proxies; an article can be withdrawn


@pages.post("/articles/<int:article_id>/pictures")
@needs("articles")
def add(article_id: int):
    """file, alt: answers {"line": what to put into the text}."""
    file = request.files.get("file")
    if file is None:
        raise Invalid("There is no picture.")
    with db.transaction() as session:
        article = article_versions.locked(session, article_id)
        picture = article_pictures.add(session, article, file.filename or "picture",
                                       file.read(article_pictures.LARGEST + 1))
        return jsonify(line=article_pictures.line(picture, request.form.get("alt", "")))


@pages.get("/articles/pictures/<token>")
@needs("see")
def look(token: str):
    """The same picture for people of the house: drafts and internal articles too."""
    with db.reading() as session:
        return _shown(article_pictures.find(session, token, reader=False))


@pages.get("/help/pictures/<token>")
@public
def show(token: str):
    """A picture of a published article that everybody may read."""
    with db.reading() as session:
        response = _shown(article_pictures.find(session, token, reader=True))
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"       # mail and the widget's sites show it too
    return response


def _shown(picture: ArticlePicture) -> Response:
    path = files.path(picture.sha256)
    if not path.exists():
        raise NotFound("The bytes of this picture are gone from the store; ask an admin for a backup.")
    response = send_file(path, mimetype=picture.content_type, download_name=picture.name, etag=picture.sha256,
                         conditional=True, max_age=0)
    return harmless(response)
