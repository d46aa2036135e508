"""Series of mails from peers' fixtures, through the real way in: each comes into the ticket its origin states, or a
new one for a reason that docs/decisions/0002-inbound-ladder.md gives. Skipped where ../shared is missing."""
from __future__ import annotations

import json
import re
from collections import defaultdict

import pytest
from sqlalchemy import select

from channels._mail_parse import parse_mail
from helpdesk import db
from helpdesk.models import Message, Participant, RawInbound, ThreadKey
from helpdesk.services import identities
from tests import rates
from tests.people import deliver_mail, written
from tests.test_corpora_mail import CORPUS, RECORDS

pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="../shared/corpora is not beside the project")
REGISTERED = ("richard@test.test", "mary@test.test", "john@test.test")      # whom the origin's tracker lets in anywhere
TABLE = "Series of mails in the corpora"


def records(source: str) -> list[dict]:
    found = [json.loads(line) for line in RECORDS.open(encoding="utf8")]
    return [one for one in found if one["source"] == source and one.get("expect")]


def raw_of(file: str) -> bytes:
    return (CORPUS / file).read_bytes()


class Desk:
    """Mails go in; into which ticket each came."""

    def __init__(self, inbox, work):
        self.inbox, self.work = inbox, work

    def takes(self, raw: bytes) -> int | None:
        """The ticket, None where the mail was set aside."""
        deliver_mail(self.inbox, raw)
        self.work()
        with db.reading() as session:
            newest = session.scalar(select(RawInbound.id).order_by(RawInbound.id.desc()).limit(1))
            return session.scalar(select(Message.ticket_id).where(Message.raw_id == newest))

    def sent(self, ticket_id: int, message_id: str) -> None:
        """An answer of ours in that ticket, with a Message-ID that only its readers know."""
        def note(session):
            session.add(ThreadKey(key=message_id, inbox_id=self.inbox.id, ticket_id=ticket_id, secret=True))
        db.run(note)

    def lets_in(self, ticket_id: int, *addresses: str) -> None:
        """They take part."""
        def join(session):
            for address in addresses:
                identity = identities.resolve(session, "email", address)
                if not session.get(Participant, (ticket_id, identity.id)):
                    session.add(Participant(ticket_id=ticket_id, identity_id=identity.id, role="requester"))
        db.run(join)

    def knows(self, address: str, message_id: str) -> int:
        """A ticket of this sender, with a mail of this id."""
        def write(session):
            return written(session, self.inbox, "Hello", address=address, external_id=message_id).ticket_id
        return db.run(write)


@pytest.fixture
def desk(cast, work):
    return Desk(cast.mail, work)


def discourse(name: str) -> bytes:
    return raw_of(f"email/discourse/{name}.eml")


def test_everybody_whom_a_mail_was_sent_to_may_answer_it(desk):
    first = desk.takes(discourse("email_reply_1"))
    assert [desk.takes(discourse(f"email_reply_{n}")) for n in (2, 3, 4)] == [first] * 3
    assert desk.takes(discourse("email_reply_to_group_email_username")) == first


def test_somebody_whom_it_was_not_sent_to_begins_a_new_ticket(desk):
    first = desk.takes(discourse("email_reply_1"))
    stranger = discourse("email_reply_2").replace(b"two@foo.com", b"stranger@example.net").replace(b"<35@", b"<99@")
    assert desk.takes(stranger) != first


def test_whoever_takes_part_is_let_in_without_being_addressed(desk):
    first = desk.takes(discourse("email_reply_1"))
    desk.lets_in(first, "staged@foo.com")
    assert desk.takes(discourse("email_reply_staged")) == first


def test_an_answer_to_our_answer(desk):
    first = desk.takes(discourse("email_to_group_email_username_1"))
    desk.sent(first, "<ours@kopi.example>")
    reply = discourse("email_to_group_email_username_2").replace(b"MESSAGE_ID_REPLY_TO", b"ours@kopi.example")
    assert desk.takes(reply) == first


def test_a_stranger_with_our_secret_stands_in_the_ticket_unverified(desk):
    """The origin makes a new ticket unless its mailbox allows unknown senders; we let them in, marked."""
    first = desk.takes(discourse("email_to_group_email_username_1"))
    desk.sent(first, "<ours@kopi.example>")
    reply = discourse("email_to_group_email_username_2_as_unknown_sender")
    assert desk.takes(reply.replace(b"MESSAGE_ID_REPLY_TO", b"ours@kopi.example")) == first
    with db.reading() as session:
        steps = session.scalars(select(Message).order_by(Message.id.desc())).first().trace["steps"]
        assert "unverified" in steps[-1]


@pytest.mark.parametrize("file, key", [
    ("in_reply_to", "<0CB459E0-0336-41DA-BC88-E6E28C697DDB@chatwoot.com>"),
    ("reply", "token:6bdc3f4d-0bec-4515-a284-5d916fdde489"),
    ("reply_mail_without_uuid", "<conversation/6bdc3f4d-0bec-4515-a284-5d916fdde489/messages/123@test.com>")])
def test_headers_and_plus_addresses_name_the_ticket(desk, file, key):
    raw = raw_of(f"email/chatwoot/{file}.eml")
    [item] = parse_mail(raw)
    ticket = desk.knows(item.address, "<first@example.net>")
    desk.sent(ticket, key)
    assert desk.takes(raw) == ticket


def test_series_of_a_tracker(cast, work):
    """References join; equal subjects and numbers in subjects do not, because anybody can write them."""
    series: dict[str, dict[int, dict]] = defaultdict(dict)
    for one in records("roundup"):
        name, _, number = re.fullmatch(r".*/(.+)_(\d+)\.eml", one["file"]).group(1, 0, 2)
        series[name][int(number)] = one
    right = of = by_subject = 0
    wrong = []
    for name, mails in series.items():
        if 1 not in mails or any(one["expect"].get("new_ticket") is None for one in mails.values()):
            continue
        desk, first = Desk(cast.mail, work), None
        before = (CORPUS / mails[1]["file"]).with_name(f"{name}_0.eml")
        if not before.exists():
            continue
        tag = name.encode()
        mark = lambda raw, tag=tag: re.sub(rb"(dummy|followup\w*_dummy)", rb"\1." + tag, raw)      # noqa: E731
        first = desk.takes(mark(before.read_bytes()))
        desk.lets_in(first, *REGISTERED)
        for number in sorted(mails):
            if number == 0:
                continue
            raw = mark(raw_of(mails[number]["file"]))
            [item] = parse_mail(raw)
            ticket = desk.takes(raw)
            joins = not mails[number]["expect"]["new_ticket"]
            if joins and not item.replies_to:
                by_subject += 1
                assert ticket != first
                continue
            of += 1
            right += (ticket == first) == joins
            if (ticket == first) != joins:
                wrong.append(mails[number]["file"])
    rates.add(TABLE, "joined by reference, as stated", right, of, bar=1, note=f"{by_subject} go by the subject there")
    assert not wrong
