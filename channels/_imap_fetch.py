"""What is new in a folder, one mail at a time, whatever the server and the line do meanwhile.

Nothing here depends on \\Seen flags or on Message-IDs. A place (channels._imap_cursor) is remembered with each mail. A
mail on which the line breaks or that the server refuses is tried once more over a new line and by another way; then it
is put aside, told of, and asked for again later, so that it hides no other.
"""
from __future__ import annotations

import hashlib
import imaplib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, date, datetime, timedelta

from channels import _imap_mail as mails
from channels._imap import folder_name, number, opened_folder, plain_errors
from channels._imap_cursor import MOST_ASIDE, UNREADABLE, Cursor
from channels._imap_line import COMMAND_SECONDS, Mailbox, TooLarge
from channels._mail_headers import normal_message_id
from channels.base import Fetched, Known, SendError

FIRST_DAYS = 7
BREAKS_IN_A_ROW = 5         # mails that broke, one after the other: then it is the line
CHUNK = 200
MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def new_mail(config: Mapping[str, str], cursor: str, known: Known | None = None) -> Iterator[Fetched]:
    """What came since `cursor`, oldest first, one mail in memory at a time. '' at first: what arrived within the last
    `imap_first_days`, or from now on. After a change of UIDVALIDITY everything wanted again, without what is `known`.
    Raises SendError; broken when the login or the certificate is refused."""
    with _Reading(config, cursor) as reading:
        before = reading.cursor.text()
        wanted = reading.begin(known)
        again = reading.cursor.due(datetime.now(UTC))       # last, because they may take long
        yield from reading.take([*wanted, *sorted(set(again) - set(wanted))])
        reading.cursor.uid = max(reading.cursor.uid, reading.cursor.upto)
        if reading.cursor.text() != before:
            yield reading.place()


def these(config: Mapping[str, str], cursor: str, keys: Sequence[str]) -> Iterator[Fetched]:
    """The mails of these source keys, as far as they are in the folder still."""
    with _Reading(config, cursor) as reading:
        reading.look()
        start = reading.key("")
        yield from reading.take([int(key[len(start):]) for key in keys if key.startswith(start)])


def lying(config: Mapping[str, str], cursor: str, days: int) -> list[str]:
    """The source keys of what arrived within so many days, lies in the folder and should have been taken."""
    with _Reading(config, cursor) as reading:
        reading.look()
        since = max(datetime.now(UTC).date() - timedelta(days=days), _day(reading.cursor.since))
        aside = {int(uid) for uid in reading.cursor.again}
        with plain_errors(config):
            found = reading.search(f"SINCE {imap_date(since)}")
        return [reading.key(uid) for uid in found
                if reading.cursor.floor < uid <= reading.cursor.uid and uid not in aside]


def rewound(config: Mapping[str, str], cursor: str, key: str) -> str:
    """The cursor with which the mail of this source key is asked for again at the next look; '' when the key is of
    another mailbox."""
    place = Cursor.read(cursor)
    start = f"imap:{mailbox_mark(config)}:{folder_name(config)}:{place.uidvalidity if place else 0}:"
    if place is None or not key.startswith(start):
        return ""
    place.ask_again(int(key[len(start):]), datetime.now(UTC))
    return place.text()


def mailbox_mark(config: Mapping[str, str]) -> str:
    """What tells this mailbox from any other that the inbox may have read before."""
    who = (config.get("imap_host", "").lower(), config.get("imap_user", ""), folder_name(config))
    return hashlib.sha256("\0".join(who).encode()).hexdigest()[:8]


class _Reading:
    """A folder being read over one line after another. `cursor` moves with what is given out."""

    def __init__(self, config: Mapping[str, str], cursor: str):
        self.config, self.stack = config, ExitStack()
        self.first = Cursor.read(cursor) is None
        self.cursor = Cursor.read(cursor) or Cursor(mailbox=mailbox_mark(config))
        self.validity = self.next = 0
        self.mailbox: Mailbox | None = None

    def __enter__(self) -> _Reading:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def open(self) -> None:
        """A new line in place of one that broke."""
        if self.mailbox:
            with suppress(OSError):
                self.mailbox.client.shutdown()      # it would not hear a polite goodbye
        self.stack.close()
        self.mailbox = self.stack.enter_context(opened_folder(self.config, folder_name(self.config)))
        with plain_errors(self.config):
            client, folder = self.mailbox.client, folder_name(self.config)
            validity, self.next = number(client.response("UIDVALIDITY")), number(client.response("UIDNEXT"))
            if not validity:
                told = self.mailbox.folder.status(folder, ["UIDVALIDITY"])
                validity = int(told.get("UIDVALIDITY", 0))
        if self.validity and validity != self.validity:
            raise SendError("the folder was made anew while it was being read; the next look begins with it")
        self.validity = validity

    def key(self, uid: int | str) -> str:
        """What makes a mail of this mailbox recognisable."""
        return f"imap:{mailbox_mark(self.config)}:{folder_name(self.config)}:{self.validity}:{uid}"

    def look(self) -> None:
        """Refuse to speak of a folder that is not the one of the cursor."""
        if (self.first or self.cursor.uidvalidity != self.validity
                or self.cursor.mailbox not in ("", mailbox_mark(self.config))):
            raise SendError("the folder was not read in this shape yet; it is compared after the next look")

    def begin(self, known: Known | None) -> list[int]:
        """The UIDs that are wanted; the cursor speaks of this folder from now on."""
        place, mark, today = self.cursor, mailbox_mark(self.config), datetime.now(UTC).date()
        with plain_errors(self.config):
            if self.first or place.uidvalidity != self.validity or place.mailbox not in ("", mark):
                place = self.cursor = self._anew(today)
            wanted = []
            if place.uid < place.upto:
                lay_there = self.search(f"SINCE {imap_date(_day(place.since))}" if place.since else "ALL")
                wanted = [uid for uid in lay_there if place.uid < uid <= place.upto]
                wanted = self._unknown(wanted, known) if known and not self.first else wanted
            start = max(place.uid, place.upto)      # `n:*` always names the last mail, even when it is older than n
            wanted += [uid for uid in self.search(f"UID {start + 1}:*") if uid > start]
        place.mailbox, place.uidvalidity, place.next, place.read_on = mark, self.validity, self.next, today.isoformat()
        return wanted

    def _anew(self, today: date) -> Cursor:
        """The beginning of a folder whose UIDs say nothing yet: a first look, another account, a change of
        UIDVALIDITY. Up to `upto` only what arrived since a day is wanted."""
        last = self.next - 1 if self.next else max(self.search("ALL"), default=0)
        days = self._first_days()
        if self.first and not days:
            return Cursor(uid=last, floor=last, since=today.isoformat())
        since = self._since(today, days)
        return Cursor(upto=last, since=since.isoformat() if since else "")

    def _first_days(self) -> int:
        text = self.config.get("imap_first_days", "")
        return int(text) if text.isdigit() else FIRST_DAYS

    def _since(self, today: date, days: int) -> date | None:
        """From which day on mail is wanted in a folder whose UIDs say nothing: none for an unreadable cursor."""
        place = self.cursor
        if self.first:
            return today - timedelta(days=days)
        if place.mailbox == UNREADABLE:
            return None
        if place.mailbox not in ("", mailbox_mark(self.config)):    # another mailbox: a first look that leaves no gap
            return min(today - timedelta(days=days), _day(place.read_on or today.isoformat()) - timedelta(days=1))
        return _day(place.since) if place.since else None

    def search(self, criteria: str) -> list[int]:
        """UIDs, ascending. A server that knows no such search is asked for all and their dates are not looked at."""
        client = self.mailbox.client
        client.give(COMMAND_SECONDS)
        try:
            status, found = client.uid("SEARCH", criteria)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            status, found = "BAD", [str(error).encode()]
        if status == "OK":
            return sorted({int(uid) for line in found if line for uid in line.split() if uid.isdigit()})
        if not criteria.startswith("UID "):
            raise ValueError(f"the search was refused: {found}")
        return sorted({answer.uid for answer in mails.fetch(client, criteria[4:], "FLAGS") if answer.uid})

    def _unknown(self, uids: list[int], known: Known) -> list[int]:
        """Those that are not stored, by Message-ID and size together. In doubt a mail is taken: when it becomes a
        message it is compared as a whole."""
        wanted = []
        for at in range(0, len(uids), CHUNK):
            some = uids[at:at + CHUNK]
            try:
                told = {uid: (normal_message_id(line.partition(b":")[2].decode("utf-8", "surrogateescape")), size)
                        for uid, (line, size) in mails.sizes_and_ids(self.mailbox.client, some).items()}
            except mails.Refused:
                told = {}
            there = known({pair for pair in told.values() if pair[0]}) if told else set()
            wanted += [uid for uid in some if told.get(uid) not in there]
        return wanted

    def take(self, uids: Sequence[int]) -> Iterator[Fetched]:
        """Each of them, with the place behind it. Ends with SendError when the server is away, or the line breaks on
        mail after mail."""
        broken = 0
        for n, uid in enumerate(uids, 1):
            for way in (mails.whole, mails.in_parts):
                try:
                    found = self._had(way, uid)
                except (imaplib.IMAP4.error, OSError, EOFError, ValueError) as error:
                    why = str(error) or type(error).__name__
                    tries = self.cursor.failed(uid, why, datetime.now(UTC))
                    if tries >= 2:
                        yield self._aside(uid, error, why)
                        broken += 1
                    else:
                        yield self.place()
                    if not isinstance(error, mails.Refused):
                        self._again_or_stop(broken, why)
                    if tries >= 2:
                        break
                else:
                    broken = 0
                    yield self._passed(uid, found, len(uids) - n)
                    break

    def _had(self, way: Callable, uid: int) -> mails.Answer | None:
        try:
            return way(self.mailbox.client, uid)
        except TooLarge as error:
            if way is mails.whole:
                raise                   # once may be a slip
            self.open()
            head = mails.header(self.mailbox.client, uid)
            if not head:
                raise
            return mails.Answer(uid, {"": mails.too_large(head, error.size)}, None, error.size)

    def _again_or_stop(self, broken: int, why: str) -> None:
        if broken >= BREAKS_IN_A_ROW:
            raise SendError(f"reading mail from {self.config.get('imap_host')} failed: the line broke on "
                            f"{broken} mails, one after the other: {why}"[:500])
        self.open()

    def _passed(self, uid: int, found: mails.Answer | None, left: int) -> Fetched:
        aside = self.cursor.again.get(str(uid), {}).get("tries", 0) > 1
        self.cursor.passed(uid)
        if found is None:
            gone = "It was taken out of the mailbox before it could be read." if aside else ""
            return Fetched(self.key(uid) if gone else "", b"", self.cursor.text(), left=left, problem=gone)
        return Fetched(self.key(uid), found.parts[""], self.cursor.text(), found.arrived_at, left)

    def _aside(self, uid: int, error: Exception, why: str) -> Fetched:
        """Behind it, with a note."""
        if len(self.cursor.again) > MOST_ASIDE:
            raise SendError(f"more than {MOST_ASIDE} mails cannot be read: {why}"[:500])
        self.cursor.uid = max(self.cursor.uid, uid)
        whole_line = isinstance(error, mails.Refused)       # perhaps it tells at least whose mail it is
        head = mails.header(self.mailbox.client, uid) if whole_line else b""
        return Fetched(self.key(uid), mails.notice(uid, head, why), self.cursor.text(), problem=why)

    def place(self) -> Fetched:
        """Only where we are."""
        return Fetched("", b"", self.cursor.text())


def _day(text: str) -> date:
    return date.fromisoformat(text) if text else date(1970, 1, 1)


def imap_date(at: date) -> str:
    """A day as IMAP writes it, whatever the locale."""
    return f"{at.day:02d}-{MONTHS[at.month * 3 - 3:at.month * 3]}-{at.year}"
