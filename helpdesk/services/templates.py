"""Approved templates: kept as the platform lists them, filled in by agents where free replies are closed."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from channels.base import Template, TemplatesChanged
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Agent, Inbox, Message, MessageTemplate, SystemState, Ticket
from helpdesk.services import bounds, inboxes, replies, routes, tasks
from helpdesk.services.files import StoredFile

LONGEST_VALUE = 1024        # characters
# What a heading may be: its file types and the most bytes.
# https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types
HEADINGS = {"image": (("image/jpeg", "image/png"), 5_000_000), "video": (("video/mp4", "video/3gpp"), 16_000_000),
            "document": (("application/pdf",), 100_000_000)}
PLACES = {"file:image": "Picture above the text", "file:video": "Video above the text",
          "file:document": "Document above the text", "location:latitude": "Latitude",
          "location:longitude": "Longitude", "location:name": "Name of the place",
          "location:address": "Address of the place"}
NUMBERS = {"location:latitude": 90, "location:longitude": 180}      # degrees either way
BREAKS = re.compile(r"[\n\r\t]|\s{4,}")     # what WhatsApp refuses inside a value (error 132018)


def listed(session: Session, inbox_id: int) -> list[MessageTemplate]:
    """All templates of an inbox, the usable ones first."""
    found = session.scalars(select(MessageTemplate).where(MessageTemplate.inbox_id == inbox_id)
                            .order_by(MessageTemplate.name, MessageTemplate.language)).all()
    return sorted(found, key=lambda one: not one.usable)


def keep(session: Session, inbox: Inbox, found: Sequence[Template]) -> None:
    """Make ours what the platform listed: new ones come, changed ones change, vanished ones go."""
    known = {(one.name, one.language): one for one in listed(session, inbox.id)}
    for template in found:
        row = known.pop((template.name, template.language), None)
        if row is None:
            row = MessageTemplate(inbox_id=inbox.id, name=template.name, language=template.language)
            session.add(row)
        for field in ("status", "category", "header", "body", "footer", "external_id", "unsendable", "reason"):
            setattr(row, field, bounds.clean(getattr(template, field)))
        row.buttons, row.examples = list(template.buttons), [list(pair) for pair in template.examples.items()]
    for gone in known.values():
        session.delete(gone)
    note(session, inbox, "")


def note(session: Session, inbox: Inbox, error: str) -> None:
    """When the list was fetched last, or why it could not be."""
    state = session.get(SystemState, _key(inbox))
    if state is None:
        session.add(state := SystemState(key=_key(inbox)))
    state.value, state.updated_at = {"error": error[:500]}, now()


def fetched(session: Session, inbox: Inbox) -> SystemState | None:
    """When that was (`updated_at`) and what went wrong (`value["error"]`)."""
    return session.get(SystemState, _key(inbox))


def refresh(session: Session, inbox: Inbox) -> None:
    """Have the worker fetch the list again soon."""
    tasks.plan(session, "jobs.templates.fetch", None, {"inbox_id": inbox.id}, key=_key(inbox))


def changed(session: Session, inbox: Inbox, channel, item: TemplatesChanged) -> None:
    """The platform says that something about them is new."""
    refresh(session, inbox)


def one(session: Session, inbox_id: int, template_id: int) -> MessageTemplate:
    """A template of this inbox. Raises NotFound."""
    found = session.get(MessageTemplate, template_id)
    if found is None or found.inbox_id != inbox_id:
        raise NotFound("That template is gone. Choose another one.")
    return found


def words(template: MessageTemplate, values: Mapping[str, str]) -> str:
    """What the person will read, with each place filled by `values`; places without a value stay as they are."""
    def filled(part: str, text: str) -> str:
        return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda m: values.get(f"{part}:{m[1]}") or m[0], text)
    place = ", ".join(values[key] for key in ("location:name", "location:address") if values.get(key))
    parts = (place, filled("header", template.header), filled("body", template.body), template.footer)
    return "\n\n".join(part for part in parts if part)


def checked(template: MessageTemplate, given: Mapping[str, str], file: StoredFile | None = None) -> dict[str, str]:
    """The values of all places. Raises Invalid for a missing one, or one that the platform would refuse."""
    values = {}
    for key, _ in template.examples:
        if key.startswith("file:"):
            values[key] = _heading(key, file)
            continue
        value = bounds.clean(given.get(key, "")).strip()
        if not value:
            raise Invalid(f"Fill in every place: {label(key)} is empty.")
        if BREAKS.search(value) or len(value) > LONGEST_VALUE:
            raise Invalid(f"{label(key)} must be one line of at most {LONGEST_VALUE} characters, without tabs or many "
                          "spaces in a row.")
        if key in NUMBERS and not _is_degrees(value, NUMBERS[key]):
            raise Invalid(f"{label(key)} must be a number of degrees, as -6.2088.")
        values[key] = value
    return values


def file_of(template: MessageTemplate) -> tuple[str, str] | None:
    """The place of the file that its heading is, and the types that fit; None where it needs none."""
    key = next((key for key, _ in template.examples if key.startswith("file:")), None)
    return (key, ",".join(HEADINGS[_kind(key)][0])) if key else None


def _kind(key: str) -> str:
    return key.partition(":")[2]


def _heading(key: str, file: StoredFile | None) -> str:
    types, most = HEADINGS[_kind(key)]
    if file is None:
        raise Invalid(f"Choose a file: {label(key)} is missing.")
    if file.content_type not in types:
        raise Invalid(f"{file.name} does not fit. {label(key)} must be "
                      f"{' or '.join(one.partition('/')[2].upper() for one in types)}.")
    if file.size > most:
        raise Invalid(f"{file.name} is too large: at most {most // 1_000_000} MB fit here.")
    return file.name


def _is_degrees(value: str, most: int) -> bool:
    try:
        return abs(float(value)) <= most
    except ValueError:
        return False


def label(key: str) -> str:
    """How a place is called in a form."""
    if words_for := PLACES.get(key):
        return words_for
    part, *_, place = key.split(":")
    if part == "coupon":
        return "Code that the button copies"
    where = {"header": " in the heading", "button": " in the button's address"}.get(part, "")
    return f"{{{{{place}}}}}{where}"


def send(session: Session, ticket: Ticket, route: routes.Route, template: MessageTemplate, given: Mapping[str, str], *,
         agent: Agent, client_id: str | None = None, file: StoredFile | None = None) -> Message:
    """Send it filled in. `file`: the heading, where that is one. Raises Invalid when it is not approved, cannot be
    filled in here, or lacks a value."""
    if template.inbox_id != route.inbox.id or not inboxes.kind(route.inbox.channel).can.templates:
        raise Invalid("This template belongs to another inbox.")
    if not template.usable:
        raise Invalid(template.unsendable or f"This template is {template.status}: it cannot be sent.")
    values = checked(template, given, file)
    return replies.send(session, ticket, words(template, values), agent=agent, route=route, client_id=client_id,
                        files=[file] if file_of(template) else (),
                        payload={"template": {"name": template.name, "language": template.language, "values": values,
                                              "external_id": template.external_id}})


def _key(inbox: Inbox) -> str:
    return f"templates:{inbox.id}"
