"""WhatsApp's message templates: what the account has, and one of them filled in.

https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates
https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from channels._payload import objects
from channels.base import FilledTemplate, Template

PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
FILES = {"IMAGE", "VIDEO", "DOCUMENT"}
PLACES = ("latitude", "longitude", "name", "address")      # what a heading that is a map is made of
# Buttons that take a value which nobody could type, or that need a product of a catalogue.
UNSENDABLE_BUTTONS = {"OTP", "CATALOG", "MPM", "SPM", "FLOW"}


def template(data: dict) -> Template:
    """One template as the Graph API describes it."""
    parts = {str(part.get("type", "")).upper(): part for part in objects(data.get("components"))}
    header, body, buttons = parts.get("HEADER", {}), parts.get("BODY", {}), parts.get("BUTTONS", {})
    return Template(
        name=str(data["name"]), language=str(data["language"]), status=str(data.get("status", "")).lower(),
        category=str(data.get("category", "")).lower(), header=str(header.get("text") or ""),
        body=str(body.get("text") or ""), footer=str(parts.get("FOOTER", {}).get("text") or ""),
        buttons=tuple(str(b.get("text") or b.get("type")) for b in objects(buttons.get("buttons"))),
        examples=dict(_examples(header, body, buttons)), external_id=str(data.get("id") or ""),
        unsendable=_unsendable(parts), reason=str(data.get("rejected_reason") or "").replace("NONE", ""))


def components(filled: FilledTemplate, media: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The values as the send API wants them. `media`: the uploaded file of a heading that is one."""
    found: dict[tuple[str, str, str], list[dict]] = {}
    location = {}
    for key, value in filled.values.items():
        part, *index, place = key.split(":")
        if part == "location":
            location[place] = value
        elif part == "file":
            found["header", "", ""] = [{"type": place, place: media}]
        elif part == "coupon":
            found["button", "copy_code", place] = [{"type": "coupon_code", "coupon_code": value}]
        else:
            named = {} if place.isdecimal() else {"parameter_name": place}
            found.setdefault((part, "url" if index else "", "".join(index)), []).append(
                {"type": "text", **named, "text": value})
    if location:
        found = {("header", "", ""): [{"type": "location", "location": location}], **found}
    return [{"type": part, "parameters": values, **({"sub_type": kind, "index": index} if kind else {})}
            for (part, kind, index), values in found.items()]


def _examples(header: dict, body: dict, buttons: dict) -> Iterator[tuple[str, str]]:
    """(key, sample) of every place to be filled, in the order in which they are read."""
    kind = _heading(header)
    if kind in FILES:
        yield f"file:{kind.lower()}", ""
    elif kind == "LOCATION":
        yield from ((f"location:{place}", "") for place in PLACES)
    for part, what in (("header", header), ("body", body)):
        places = list(dict.fromkeys(PLACE.findall(str(what.get("text") or ""))))
        yield from zip((f"{part}:{place}" for place in places), _samples(part, what, places), strict=True)
    for number, button in enumerate(objects(buttons.get("buttons"))):
        samples = button.get("example")
        sample = str(samples[0] if isinstance(samples, list) and samples else samples or "")
        for place in PLACE.findall(str(button.get("url") or "")):
            yield f"button:{number}:{place}", sample
        if str(button.get("type", "")).upper() == "COPY_CODE":
            yield f"coupon:{number}", sample


def _heading(header: dict) -> str:
    return str(header.get("format") or "TEXT").upper()


def _samples(part: str, what: dict, places: list[str]) -> Iterable[str]:
    example = what.get("example") or {}
    named = {str(one.get("param_name")): str(one.get("example") or "")
             for one in objects(example.get(f"{part}_text_named_params"))}
    if named:
        return [named.get(place, "") for place in places]
    given = example.get(f"{part}_text") or []
    given = given[0] if given and isinstance(given[0], list) else given
    return [*map(str, given), *[""] * len(places)][:len(places)]


def _unsendable(parts: dict[str, dict]) -> str:
    kind = _heading(parts.get("HEADER", {}))
    if kind not in FILES | {"TEXT", "LOCATION"}:
        return f"Its header is a {kind.lower()}, which cannot be filled in here."
    kinds = {str(b.get("type", "")).upper() for b in objects(parts.get("BUTTONS", {}).get("buttons"))}
    if odd := kinds & UNSENDABLE_BUTTONS:
        return f"It has a button of the kind {', '.join(sorted(odd)).lower()}, which cannot be filled in here."
    return "It is a carousel." if "CAROUSEL" in parts else ""
