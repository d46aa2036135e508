"""The customer simulator: one page with a phone, and what its script asks for. Only there while `helpdesk demo` runs.

Whoever reaches the demo over a network signs in as an agent first; on the same machine nobody needs to.
"""
from __future__ import annotations

import hashlib
import json
import smtplib
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, jsonify, make_response, render_template, request, url_for

from channels.simulators import mail
from helpdesk import db
from helpdesk.demo import passing, trouble
from helpdesk.demo.apps import APPS, described
from helpdesk.demo.memory import SOMETIMES
from helpdesk.demo.people import People, Person
from helpdesk.demo.platforms import Platforms
from helpdesk.demo.samples import SAMPLES
from helpdesk.errors import Conflict, Forbidden, NotFound
from helpdesk.services import files, recipients
from helpdesk.web.access import public

pages = Blueprint("phone", __name__, url_prefix="/demo/phone")

HEADER = "X-Phone"          # another site's page cannot send it without being asked first, and nobody answers that
NEWEST = 80                 # messages of one app that are shown
FILE_LIMIT = 10_000_000
FILE_CSP = "default-src 'none'; sandbox"
MAIL_CSP = ("default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox")


def install(app: Flask, platforms: Platforms, people: People, open_to_all: bool) -> None:
    """Add the phone to the application."""
    app.extensions["phone"] = (platforms, people, open_to_all)
    app.register_blueprint(pages)


@pages.before_request
def check() -> None:
    """No other site may write in a customer's name, and over a network only agents may."""
    if not _phone()[2] and not g.get("agent"):
        raise Forbidden("This demo can be reached over the network: sign in to the console first.")
    if request.method == "POST" and request.headers.get(HEADER) != "1":
        raise Forbidden("This request came from another site.")


@pages.get("")
@public
def phone():
    """The page. It alone may use the microphone, to record a voice note."""
    platforms, _, _ = _phone()
    apps = {app: {**described(app, platforms.account(app)), "trouble": trouble.described(app, platforms.account(app))}
            for app in APPS}
    questions = [one._asdict() for one in SAMPLES]
    response = make_response(render_template("demo/phone.html", apps=apps, questions=questions))
    response.headers["Permissions-Policy"] = "camera=(), microphone=(self), geolocation=(), payment=()"
    return response


@pages.get("/api/people")
@public
def everybody():
    """Everybody who can be played."""
    return jsonify(people=_phone()[1].described())


@pages.post("/api/people")
@public
def add_person():
    """name, phone, email: a new customer; what is left empty is made up."""
    given = request.get_json()
    person = _phone()[1].add(_text(given, "name"), phone=_text(given, "phone"), email=_text(given, "email"))
    return jsonify(vars(person)), 201


@pages.get("/api/people/<person_id>")
@public
def conversations(person_id: str):
    """What this customer sees in every app; 204 when `seen` names the present state."""
    platforms, people, _ = _phone()
    person = people.get(person_id)
    apps = {app: [_shown(person, app, entry) for entry in platforms.conversation(person, app)[-NEWEST:]]
            for app in APPS}
    answer = {"apps": apps, "undelivered": platforms.undelivered(),
              "typing": [app for app in APPS if platforms.typing(person, app)],
              "trouble": {app: trouble.state(platforms, person, app) for app in APPS}}
    state = hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()[:16]
    if request.args.get("seen") == state:
        return "", 204
    return jsonify(state=state, **answer)


@pages.post("/api/people/<person_id>/<app>/messages")
@public
def write(person_id: str, app: str):
    """text, subject, button, replies_to, file; for mail cc and reply_all=1; or `share`: place, card, or sticker (with a
    file that shows it). 409 when the helpdesk's mail server does not take it."""
    platforms, people, _ = _phone()
    upload = request.files.get("file")
    content = upload.read(FILE_LIMIT + 1) if upload else b""
    if len(content) > FILE_LIMIT:
        raise Conflict(f"A file on this phone has at most {FILE_LIMIT // 1_000_000} MB.")
    file = (files.safe_name(upload.filename or ""), upload.mimetype or "application/octet-stream",
            content) if upload else None
    person = people.get(person_id)
    try:
        if request.form.get("share"):
            return jsonify(id=platforms.share(person, app, request.form["share"], file)), 201
        number = platforms.write(person, app, request.form.get("text", "").replace("\r\n", "\n"),
                                 subject=" ".join(request.form.get("subject", "").split()),
                                 button=request.form.get("button") or None, file=file,
                                 replies_to=request.form.get("replies_to", ""),
                                 cc=[address for _, address in recipients.typed(request.form.get("cc", ""))],
                                 reply_all=request.form.get("reply_all") == "1")
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise Conflict(f"The mail was not taken: {error}") from error
    return jsonify(id=number), 201


@pages.post("/api/people/<person_id>/<app>/read")
@public
def read(person_id: str, app: str):
    """The chat is open: the platform reports it where it does such a thing."""
    platforms, people, _ = _phone()
    platforms.read(people.get(person_id), app)
    return "", 204


@pages.post("/api/people/<person_id>/<app>/change")
@public
def change(person_id: str, app: str):
    """id, what (edit, unsend or react), words: the new text, or the sign ('' takes it off)."""
    given, (platforms, people, _) = request.get_json(), _phone()
    platforms.change(people.get(person_id), app, _text(given, "id"), _text(given, "what"), _text(given, "words"))
    return "", 204


@pages.post("/api/people/<person_id>/<app>/typing")
@public
def typing(person_id: str, app: str):
    """The person is writing: the platform tells where it does such a thing."""
    platforms, people, _ = _phone()
    platforms.types(people.get(person_id), app)
    return "", 204


@pages.post("/api/people/<person_id>/<app>/trouble")
@public
def make_trouble(person_id: str, app: str):
    """key, on, words: something goes wrong in one app, or does so no longer. "day" lets the time pass in the helpdesk
    as well."""
    given, (platforms, people, _) = request.get_json(), _phone()
    person, key = people.get(person_id), _text(given, "key")
    address = person.address(app)
    trouble.make(platforms, person, app, key, given.get("on") is True, _text(given, "words"))
    if key == "day":
        with db.transaction() as session:
            passing.let_pass(session, f"kopi-{app}", address)
    return jsonify(trouble.state(platforms, person, app))


@pages.post("/api/redeliver")
@public
def redeliver():
    """Let the platforms try again what the helpdesk did not take."""
    return jsonify(count=_phone()[0].redeliver())


@pages.get("/api/people/<person_id>/<app>/file")
@public
def file(person_id: str, app: str):
    """File number `n` of the message `id`. Only pictures, sounds and films are shown, told by their bytes."""
    found = _entry(person_id, app)["files"]
    number = request.args.get("n", 0, type=int)
    if not 0 <= number < len(found):
        raise NotFound("There is no such file.")
    content = found[number]["content"]
    shown = files.shown_type(content[:16])
    response = make_response(content)
    response.headers.set("Content-Disposition", "inline" if shown else "attachment",
                         filename=files.safe_name(found[number]["name"]))
    return _harmless(response, shown or "application/octet-stream", FILE_CSP)


@pages.get("/api/people/<person_id>/email/html")
@public
def designed_mail(person_id: str):
    """The HTML part of the mail `id`, for a sandboxed frame."""
    html = _entry(person_id, "email")["html"]
    if not html:
        raise NotFound("This mail is plain text.")
    return _harmless(make_response(html), "text/html; charset=utf-8", MAIL_CSP)


def _phone() -> tuple[Platforms, People, bool]:
    return current_app.extensions["phone"]


def _text(given: Any, key: str) -> str:
    value = given.get(key, "") if isinstance(given, dict) else ""
    return value if isinstance(value, str) else ""


def _entry(person_id: str, app: str) -> dict[str, Any]:
    platforms, people, _ = _phone()
    number = request.args.get("id", "")
    for entry in platforms.conversation(people.get(person_id), app):
        if entry["id"] == number:
            return entry
    raise NotFound("There is no such message on this phone.")


def _shown(person: Person, app: str, entry: dict[str, Any]) -> dict[str, Any]:
    place = {"person_id": person.id, "app": app, "id": entry["id"]}
    found = {"id": entry["id"], "mine": not entry["from_business"], "text": entry["text"],
             "at": entry["at"].isoformat(), "status": entry.get("status", ""), "buttons": entry.get("buttons", []),
             "replies_to": entry["replies_to"], **{key: entry[key] for key in SOMETIMES if entry.get(key)},
             "files": [{"name": one["name"], "size": len(one["content"]), "shown": _shown_as(one),
                        "url": url_for("phone.file", n=number, **place)} for number, one in enumerate(entry["files"])]}
    if app == "email":
        designed = url_for("phone.designed_mail", person_id=person.id, id=entry["id"]) if entry["html"] else ""
        found |= {"subject": entry["subject"], "from": entry["headers"].get("From", entry["sender"]),
                  "to": entry["headers"].get("To", ""), "cc": ", ".join(entry["cc"]), "html": designed,
                  "mine": entry["sender"] == person.email, "others": mail.others(entry, person.email)}
    return found


def _shown_as(file: dict[str, Any]) -> str:
    """picture, audio, video, or '' for what can only be kept. A recording's container does not say which it is; its
    sender does."""
    found = (files.shown_type(file["content"][:16]) or "").partition("/")[0]
    if found == "video" and file["type"].startswith("audio/"):
        return "audio"
    return "picture" if found == "image" else found


def _harmless(response: Response, content_type: str, csp: str) -> Response:
    response.headers["Content-Type"] = content_type
    response.headers["Content-Security-Policy"] = csp
    return response
