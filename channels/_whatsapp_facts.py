"""What one webhook of WhatsApp tells: messages, changes of them, receipts, and answers written in the Business app.

https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from channels._payload import each, moment, objects, word
from channels._whatsapp_content import content
from channels.base import Echo, Edited, Fact, Inbound, Reaction, Receipt, Status, TemplatesChanged, Unsent

STATUSES = {"sent": Status.SENT, "delivered": Status.DELIVERED, "read": Status.READ, "played": Status.READ,
            "failed": Status.FAILED}


def facts(data: dict) -> Iterator[Fact]:
    """Everything in it. Kinds that we do not handle (calls, news of the account) are left out."""
    return each(_changes(data), _facts, _unread)


def _changes(data: dict) -> Iterator[tuple[str, dict, str, list[dict]]]:
    """(what it is, the thing itself, our number's id, the people) of one delivery."""
    if "entry" not in data and ("messages" in data or "statuses" in data):
        changes = [{"value": data}]     # the On-Premises form, still used by some partners
    else:
        changes = [change for entry in objects(data["entry"]) for change in objects(entry.get("changes"))]
    for change in changes:
        field, value = str(change.get("field", "messages")), change.get("value") or {}
        if field.startswith("message_template"):
            yield "templates", {}, "", []
        elif field in ("messages", "smb_message_echoes"):
            account = str((value.get("metadata") or {}).get("phone_number_id", ""))
            people = objects(value.get("contacts"))
            for key in ("messages", "message_echoes", "statuses"):
                for thing in objects(value.get(key)):
                    yield key, thing, account, people


def _facts(found: tuple[str, dict, str, list[dict]]) -> Iterator[Fact]:
    kind, thing, account, people = found
    if kind == "templates":
        yield TemplatesChanged()
    elif kind == "statuses":
        if thing.get("status") in STATUSES:
            yield _receipt(thing)
    elif kind == "message_echoes":
        yield _echo(thing, account)
    else:
        yield from _said(thing, account, people)


def _said(message: dict, account: str, people: list[dict]) -> Iterator[Fact]:
    """What a person did: wrote, corrected, took back, put a sign on a message, or changed their number."""
    kind = message.get("type")
    if kind in ("reaction", "edit", "revoke"):
        change = message.get(kind) or {}
        target = change.get("message_id") or change.get("original_message_id")
        if not target:
            return
        about = (word(target), _address(message.get("from"), message.get("from_user_id")),
                 moment(message.get("timestamp")), account)
        if kind == "reaction":
            yield Reaction(*about, emoji=str(change.get("emoji") or ""))
        elif kind == "edit":
            yield Edited(*about, text=content(change["message"])[0])
        else:
            yield Unsent(*about)
    elif kind != "system":
        yield _inbound(message, account, people)
    elif (message.get("system") or {}).get("type") == "user_changed_number":
        yield replace(_inbound(message, account, people), text=f"[{message['system'].get('body')}]",
                      automatic="system")


def _unread(found: tuple[str, dict, str, list[dict]]) -> Inbound:
    """Stands where a message could not be read."""
    _, message, account, people = found
    return replace(_inbound({**message, "type": "text", "text": {"body": ""}}, account, people),
                   text="[a message that cannot be read]")


def _echo(message: dict, account: str) -> Echo:
    """What somebody of ours wrote in the WhatsApp Business app, beside which the Cloud API runs (coexistence)."""
    text, files, _ = content(message)
    return Echo(word(message["id"]), _address(message.get("to"), message.get("to_user_id")),
                moment(message.get("timestamp")), text=text, files=files, account=account, raw=message)


def _inbound(message: dict, account: str, people: list[dict]) -> Inbound:
    text, files, payload = content(message)
    parent = (message.get("context") or {}).get("id")
    return Inbound(
        external_id=word(message["id"]), address=_address(message.get("from"), message.get("from_user_id")),
        sent_at=moment(message.get("timestamp")), text=text, files=files, payload=payload, account=account,
        name=_name(message, people), replies_to=[word(parent)] if parent else (),
        start=message.get("type") == "request_welcome", raw=message)


def _name(message: dict, people: list[dict]) -> str:
    mine = [p for p in people if p.get("wa_id") == message.get("from") or (
        p.get("user_id") and p.get("user_id") == message.get("from_user_id"))]
    person = (mine or (people if len(people) == 1 else [{}]))[0]
    return str((person.get("profile") or {}).get("name") or "")


def _receipt(status: dict) -> Receipt:
    return Receipt(word(status["id"]), STATUSES[status["status"]], moment(status.get("timestamp")),
                   error="; ".join(_words(e) for e in objects(status.get("errors"))),
                   address=_address(status.get("recipient_id"), status.get("recipient_user_id")))


def _address(number: Any, scoped_id: Any) -> str:
    return "+" + word(number).lstrip("+") if number else word(scoped_id)


def _words(error: dict) -> str:
    details = (error.get("error_data") or {}).get("details") or ""
    title = error.get("title") or error.get("message") or "failed"
    return f"{error.get('code')}: {title}" + (f" ({details})" if details and details != title else "")
