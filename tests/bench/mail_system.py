"""The mail parser behind one plain function, for scoring it against collections of mails with known outcomes.

    python check.py tests.bench.mail_system:facts
"""
from __future__ import annotations

from channels._mail_parse import parse_mail
from channels.base import Inbound, Receipt, Status, Unreadable


def facts(raw: bytes) -> dict:
    """What the parser says of one mail, as plain values. A mail that it refuses gives no facts."""
    try:
        found = parse_mail(raw)
    except Unreadable:
        return {}
    item = found[0]
    if isinstance(item, Receipt):
        failed = [r for r in found if r.status == Status.FAILED and r.permanent]
        named = failed or [r for r in found if r.status == Status.FAILED]
        return {"bounce": bool(failed), "auto_generated": True,
                "bounce_recipients": sorted({r.address for r in named if r.address})}
    return _of_message(item)


def _of_message(item: Inbound) -> dict:
    return {
        "subject": item.subject, "from_email": item.address, "from_name": item.name,
        "message_id": item.external_id[1:-1] if item.external_id[0] == "<" else "",     # else it is a hash of ours
        "visible_text": item.text, "body_text": item.full_text, "empty_body": not item.full_text,
        "attachments": [file.name for file in item.files], "auto_generated": item.by_machine,
        "bounce": item.automatic == "bounce", "out_of_office": item.automatic == "out of office",
    }
