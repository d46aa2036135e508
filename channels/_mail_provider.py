"""Reports that a sending provider mails as JSON: Amazon SES writes them over SNS, one notification a mail.

Fields: docs.aws.amazon.com/ses/latest/dg/notification-contents.html.
"""
from __future__ import annotations

import json
from typing import Any

from channels._mail_headers import normal_address, normal_message_id

LARGEST = 300_000
KINDS = {"bounce": ("bouncedRecipients", ""), "delivery": ("recipients", "delivered"),
         "deliverydelay": ("delayedRecipients", "delayed"), "delay": ("delayedRecipients", "delayed")}


def sns_outcomes(text: str) -> tuple[str, list[tuple[str, str, str]]]:
    """The Message-ID that the notification speaks of ('' when it does not tell) and for each recipient what became of
    it (failed, delayed, delivered), the address and the reason. Nothing for any other text."""
    if '"notificationType' not in text[:LARGEST] and '"eventType' not in text[:LARGEST]:
        return "", []
    about = _read(text[:LARGEST])
    if isinstance(about.get("Message"), str):       # the envelope of SNS, unless "raw message delivery" is on
        about = _read(about["Message"])
    name = str(about.get("notificationType") or about.get("eventType") or "").replace(" ", "").lower()
    detail = about.get(name if name in about else "deliveryDelay")
    if name not in KINDS or not isinstance(detail, dict):
        return "", []
    field, action = KINDS[name]
    action = action or ("delayed" if detail.get("bounceType") == "Transient" and _delayed(detail) else "failed")
    found = [(action, *_recipient(one)) for one in _list(detail.get(field))[:500]]
    return _message_id(about.get("mail")), [one for one in found if one[1]]


def _delayed(detail: dict) -> bool:
    return any(isinstance(one, dict) and one.get("action") == "delayed" for one in
               _list(detail.get("bouncedRecipients")))


def _recipient(one: Any) -> tuple[str, str]:
    if isinstance(one, str):
        return normal_address(one), ""
    if not isinstance(one, dict):
        return "", ""
    reason = str(one.get("diagnosticCode") or one.get("status") or "")
    return normal_address(str(one.get("emailAddress", ""))), reason.removeprefix("smtp;").strip()


def _message_id(mail: Any) -> str:
    """The Message-ID that we wrote, where the notification carries the header; SES's own id is none of ours."""
    if not isinstance(mail, dict):
        return ""
    common = mail.get("commonHeaders")
    if isinstance(common, dict) and isinstance(common.get("messageId"), str):
        return normal_message_id(common["messageId"])
    named = [one.get("value") for one in _list(mail.get("headers")) if isinstance(one, dict)
             and str(one.get("name")).lower() == "message-id"]
    return normal_message_id(str(named[0])) if named else ""


def _list(value: Any) -> list:
    return value if isinstance(value, list) else []


def _read(text: str) -> dict:
    """The object that the text begins with; what SNS writes below it is for people. Lines that a mail server broke in
    two inside a word are joined again."""
    at = text.find("{")
    for candidate in (text[at:], text[at:].replace("!\n ", "").replace("\n", "")):
        try:
            found = json.JSONDecoder(strict=False).raw_decode(candidate)[0] if at >= 0 else {}
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else {}
    return {}
