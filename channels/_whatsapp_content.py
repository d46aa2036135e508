"""What one WhatsApp message says: its text, its files, and the value of a pressed button.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components#messages-object
"""
from __future__ import annotations

import json
from typing import Any

from channels._payload import card, file_name, objects, place, word
from channels.base import File

MEDIA = ("image", "document", "audio", "video", "sticker")


def content(message: dict) -> tuple[str, list[File], str]:
    """(text, files, payload). A kind that cannot be shown becomes "[kind]", so that the agent sees that something
    came, with the platform's reason where it gives one."""
    kind = str(message["type"])
    said = message.get(kind)
    if kind == "text":
        return said["body"], [], ""
    if kind == "button":
        return said["text"], [], str(said.get("payload") or "")
    if kind == "interactive":
        return _interactive(said)
    if kind in MEDIA and isinstance(said, dict) and said.get("id"):
        content_type = str(said.get("mime_type") or "application/octet-stream")
        file = File(file_name(said.get("filename"), kind, content_type), content_type, ref=word(said["id"]))
        return said.get("caption") or "", [file], ""
    if kind == "location":
        return place(said["latitude"], said["longitude"], [said.get("name"), said.get("address")]), [], ""
    if kind == "contacts":
        return "\n".join(_card(person) for person in objects(said)), [], ""
    if kind == "order":
        return _order(said), [], ""
    return _unshown(kind, message), [], ""


def _interactive(said: dict) -> tuple[str, list[File], str]:
    kind = said.get("type")
    reply = said.get(kind) or {}
    if kind in ("button_reply", "list_reply"):
        return reply["title"], [], str(reply.get("id") or "")
    if kind == "nfm_reply":
        return "\n".join([f"[form] {reply.get('body') or ''}".strip(), *_answers(reply.get("response_json"))]), [], ""
    if kind == "call_permission_reply":
        return f"[call permission: {reply.get('response')}]", [], ""
    return f"[{kind or 'interactive'}]", [], ""


def _answers(form: Any) -> list[str]:
    """The lines of a filled form. Its token is ours and says nothing to a reader."""
    try:
        answers = json.loads(form)
    except (TypeError, ValueError):
        return []
    if not isinstance(answers, dict):
        return []
    lines = [f"{key}: {value}" for key, value in answers.items() if key != "flow_token"]
    return [line.replace("\0", "").encode("utf-8", "replace").decode() for line in lines]


def _card(person: dict) -> str:
    phones = [phone.get("phone") for phone in objects(person.get("phones"))]
    return card((person.get("name") or {}).get("formatted_name"), phones)


def _order(said: dict) -> str:
    lines = [f"{item.get('quantity')} × {item.get('product_retailer_id')} "
             f"({item.get('item_price')} {item.get('currency')})" for item in objects(said.get("product_items"))]
    return "\n".join(["[order]", *lines, *([said["text"]] if said.get("text") else [])])


def _unshown(kind: str, message: dict) -> str:
    reasons = [str(e.get("title") or e.get("message") or "") for e in objects(message.get("errors"))]
    return " ".join([f"[{kind}]", *filter(None, reasons)])
