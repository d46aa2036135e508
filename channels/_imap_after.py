"""What an admin wants done with mails that are safe with us: nothing, mark as read, or move to another folder.

A step of its own, after the fact: it may fail or be repeated, and no mail depends on it.
"""
from __future__ import annotations

import imaplib
from collections.abc import Mapping, Sequence

from imap_tools.errors import ImapToolsError
from imap_tools.utils import encode_folder

from channels._imap import folder_name, number, opened_folder, plain_errors
from channels._imap_fetch import mailbox_mark
from channels._imap_line import COMMAND_SECONDS
from channels.base import SendError

LEAVE, SEEN, MOVE = "leave", "seen", "move"
WORDS = {LEAVE: "Leave everything as it is", SEEN: "Mark mail as read", MOVE: "Move mail to another folder"}
CHUNK = 100


def tidy(config: Mapping[str, str], keys: Sequence[str], late: bool = False) -> int:
    """Do so with the mails of these source keys; returns with how many. `late`: only move what still lies
    there, because somebody may have marked a mail as unread on purpose. Raises SendError in words."""
    wish, target = config.get("imap_after") or LEAVE, config.get("imap_move_to", "")
    if wish == MOVE and not target:
        raise SendError("no folder is named to move mail to")
    if wish == MOVE and target.casefold() == folder_name(config).casefold():
        raise SendError("mail cannot be moved to the folder that is read")
    if wish == LEAVE or not keys or late and wish == SEEN:
        return 0
    with opened_folder(config, folder_name(config), readonly=False) as mailbox, plain_errors(config):
        client = mailbox.client
        start = f"imap:{mailbox_mark(config)}:{folder_name(config)}:{number(client.response('UIDVALIDITY'))}:"
        uids = [key[len(start):] for key in keys if key.startswith(start)]
        if wish == MOVE and uids:
            _make(mailbox, target)
        for at in range(0, len(uids), CHUNK):
            client.give(COMMAND_SECONDS)
            some = ",".join(uids[at:at + CHUNK])
            if wish == SEEN:
                _do(client, "STORE", some, "+FLAGS.SILENT", r"(\Seen)")
            else:
                _move(client, some, encode_folder(target))
        return len(uids)


def _make(mailbox, target: str) -> None:
    try:
        if not mailbox.folder.exists(target):
            mailbox.folder.create(target)
    except ImapToolsError:
        pass            # then moving says why


def _move(client: imaplib.IMAP4, uids: str, target: bytes) -> None:
    """MOVE (RFC 6851), or by hand. Without UIDPLUS the last step is left to the mailbox's owner: a plain EXPUNGE would
    also remove what they have marked."""
    offers = {str(one).upper() for one in client.capabilities}
    if "MOVE" in offers:
        return _do(client, "MOVE", uids, target)
    _do(client, "COPY", uids, target)
    _do(client, "STORE", uids, "+FLAGS.SILENT", r"(\Deleted)")
    if "UIDPLUS" in offers:
        _do(client, "EXPUNGE", uids)


def _do(client: imaplib.IMAP4, *command) -> None:
    status, said = client.uid(*command)
    if status != "OK":
        raise ValueError(f"{command[0]} was refused: {said}"[:300])
