"""Facebook Messenger, for a page."""
from __future__ import annotations

from datetime import timedelta

from channels._meta import settings_of
from channels._meta_dm import DirectMessages
from channels.base import Can, Setting, Status

HUMAN_AGENT = Setting("human_agent", "The app has the Human Agent permission", required=False, kind="bool",
                      help="Lets people answer for seven days instead of 24 hours.")


class Messenger(DirectMessages):
    name = "messenger"
    label = "Messenger"
    remarks = "with the Human Agent permission people may answer for 7 days"
    identity_kind = "messenger"
    person_first = True
    object_name = "page"
    account_key = "page_id"
    echoes_metadata = True
    can = Can(text_limit=2000, files=True, file_limit=25 * 2**20, buttons=13, reply_window=timedelta(hours=24),
              receipts=frozenset({Status.SENT, Status.DELIVERED, Status.READ}), typing=True,
              hears=frozenset({"edits", "reactions", "echoes"}))
    settings = settings_of(Setting("page_id", "Page ID"), HUMAN_AGENT)
