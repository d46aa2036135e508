"""Instagram direct messages, for a professional account that is linked to a page.

Sent through the page's token; ids of people are scoped to the Instagram account.
https://developers.facebook.com/docs/messenger-platform/instagram
"""
from __future__ import annotations

import re
from datetime import timedelta

from channels._meta import settings_of
from channels._meta_dm import DirectMessages
from channels._parts import split_measured
from channels.base import Can, SendError, Setting, Status
from channels.messenger import HUMAN_AGENT

TEXT_BYTES = 1000
IMAGE_BYTES = 8 * 2**20


class Instagram(DirectMessages):
    name = "instagram"
    label = "Instagram"
    remarks = "professional accounts; texts count bytes; pictures up to 8 MB, other files only PDF"
    identity_kind = "instagram"
    person_first = True
    object_name = "instagram"
    account_key = "account_id"
    can = Can(text_limit=TEXT_BYTES, files=True, file_limit=25 * 2**20, buttons=13, reply_window=timedelta(hours=24),
              receipts=frozenset({Status.SENT, Status.READ}), typing=True,
              hears=frozenset({"edits", "unsends", "reactions", "echoes"}))
    settings = settings_of(Setting("account_id", "Instagram account ID"), HUMAN_AGENT)

    def split(self, text: str) -> list[str]:
        """Instagram counts bytes of UTF-8, not characters."""
        return split_measured(text, TEXT_BYTES, lambda piece: len(piece.encode()))

    def attachment_type(self, content_type: str, size: int) -> str:
        kind = super().attachment_type(content_type, size)
        if kind == "file" and content_type != "application/pdf":
            raise SendError("Instagram carries images, video, audio and PDF only", permanent=True)
        if kind == "image" and size > IMAGE_BYTES:
            raise SendError("Instagram carries images of up to 8 MB", permanent=True)
        return kind

    def file_name(self, name: str) -> str:
        """Names that are not ASCII are refused."""
        return re.sub(r"[^\x20-\x7e]", "_", name)
