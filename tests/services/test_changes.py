"""What customers change about messages that stand already, in any order and more than once."""
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from channels.base import Edited, File, Inbound, Reaction, Typing, Unsent
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Attachment, Event, Message, RawInbound, Ticket
from helpdesk.services import files, inbound, inboxes, replies, search, tickets

ANN, EVE = "4711", "4712"


@pytest.fixture
def telegram(any_cast):
    with db.transaction() as session:
        return inboxes.create(session, "telegram", "Bot", {
            "bot_token": "1:t", "webhook_secret": "hush", "api_base": "http://127.0.0.1:1"}, assistant=False)


@pytest.fixture
def hear(telegram):
    """hear(fact, …): one webhook delivery with these facts; its raw row's id."""
    def heard(*facts) -> int:
        with db.transaction() as session:
            raw = RawInbound(inbox_id=telegram.id, source_key=secrets.token_hex(8), method="POST", body=b"secret words")
            session.add(raw)
            session.flush()
            raw_id = raw.id
        process(telegram, raw_id, facts)
        return raw_id
    return heard


def process(inbox, raw_id, facts) -> None:
    db.run(inbound.process, raw_id, inboxes.open_channel(inbox), list(facts))


def said(text="I ordred two bags", external_id="1", address=ANN, **fields) -> Inbound:
    return Inbound(external_id=external_id, address=address, sent_at=now(), text=text, name="Ann", **fields)


def the_message(external_id="1") -> Message:
    with db.reading() as session:
        return session.scalar(select(Message).where(Message.external_id == external_id))


def names() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Event.name).order_by(Event.id)))


def state_of(raw_id) -> str:
    with db.reading() as session:
        return session.get(RawInbound, raw_id).state


def age(raw_id, by=timedelta(minutes=5)) -> None:
    with db.transaction() as session:
        session.execute(update(RawInbound).where(RawInbound.id == raw_id).values(received_at=now() - by))


def test_an_edit_shows_the_new_words_and_keeps_the_old_ones(hear):
    hear(said())
    edit = Edited("1", ANN, now(), text="I ordered two bags")
    hear(edit)
    hear(edit)
    message = the_message()
    assert message.text == "I ordered two bags"
    assert [one["text"] for one in message.payload["edits"]] == ["I ordred two bags"]
    assert names().count("MessageEdited") == 1
    with db.reading() as session:
        assert session.get(Ticket, message.ticket_id).preview == "I ordered two bags"
        assert session.scalars(search.ticket_ids("ordered")).all()
        assert not session.scalars(search.ticket_ids("ordred")).all()


def test_an_older_edit_that_comes_late_changes_nothing(hear):
    hear(said())
    hear(Edited("1", ANN, now(), text="second"))
    hear(Edited("1", ANN, now() - timedelta(minutes=1), text="first"))
    assert the_message().text == "second"


def test_nobody_edits_or_takes_back_what_another_has_said(hear):
    hear(said(), said("Me too", "2", EVE))
    for raw_id in (hear(Edited("1", EVE, now(), text="Give it to Eve")), hear(Unsent("1", EVE, now()))):
        age(raw_id)
    assert the_message().text == "I ordred two bags"


def test_a_message_taken_back_is_forgotten_with_its_files_and_raw_bytes(hear, work):
    sha256 = files.save(b"a private picture")
    raw_id = hear(said(files=[File("me.jpg", "image/jpeg", content=b"a private picture")]))
    hear(Unsent("1", ANN, now()))
    work()
    message = the_message()
    assert (message.text, message.full_text, message.html) == ("", "", "") and message.payload["unsent_at"]
    with db.reading() as session:
        assert session.scalar(select(Attachment.id)) is None
        assert session.get(RawInbound, raw_id).body == b""
        ticket = session.get(Ticket, message.ticket_id)
        assert (ticket.preview, ticket.subject) == ("", "")
    with pytest.raises(FileNotFoundError):
        files.content(sha256)
    hear(Unsent("1", ANN, now()), Edited("1", ANN, now(), text="back again"))
    assert the_message().text == "" and names().count("MessageUnsent") == 1


def test_a_file_that_another_message_shares_stays(hear, work):
    sha256 = files.save(b"logo")
    hear(said(files=[File("a.png", "image/png", content=b"logo")]),
         said("again", "2", files=[File("b.png", "image/png", content=b"logo")]))
    hear(Unsent("1", ANN, now()))
    work()
    assert files.content(sha256) == b"logo"


def test_what_overtakes_its_message_waits_for_it(hear, telegram):
    taken_back = Unsent("1", ANN, now())
    raw_id = hear(taken_back)
    assert state_of(raw_id) == "new"
    hear(said())
    process(telegram, raw_id, [taken_back])
    assert the_message().text == "" and state_of(raw_id) == "processed"


def test_its_neighbours_in_the_batch_do_not_wait(hear):
    raw_id = hear(Reaction("99", ANN, now(), emoji="👍"), said())
    assert the_message().text and state_of(raw_id) == "new"


def test_an_edit_of_a_message_that_never_came_is_a_message(hear, telegram):
    edit = Edited("77", ANN, now(), text="I meant Tuesday")
    raw_id = hear(edit)
    assert the_message("77") is None
    age(raw_id)
    process(telegram, raw_id, [edit])
    assert the_message("77").text == "I meant Tuesday" and state_of(raw_id) == "processed"


def test_what_speaks_of_a_message_that_never_came_is_let_go(hear, telegram):
    facts = [Unsent("77", ANN, now()), Reaction("78", ANN, now(), emoji="👍")]
    raw_id = hear(*facts)
    age(raw_id)
    process(telegram, raw_id, facts)
    assert state_of(raw_id) == "processed"


def test_a_reaction_is_put_on_changed_and_taken_off(hear):
    hear(said())
    at = now()
    first = Reaction("1", ANN, at, emoji="👍")
    hear(first)
    hear(first)
    hear(Reaction("1", ANN, at + timedelta(seconds=2), emoji="❤️"))
    hear(Reaction("1", ANN, at + timedelta(seconds=1), emoji="😡"))       # late
    [sign] = the_message().payload["reactions"].values()
    assert sign["emoji"] == "❤️" and names().count("MessageReacted") == 2
    hear(Reaction("1", ANN, at + timedelta(seconds=3)))
    [sign] = the_message().payload["reactions"].values()
    assert sign["emoji"] == ""


def test_a_reaction_to_our_answer_finds_it(hear, any_cast):
    hear(said())
    with db.transaction() as session:
        ticket = tickets.lock(session, the_message().ticket_id)
        message = replies.send(session, ticket, "It is on its way.", agent=any_cast.alice)
        message.deliveries[0].external_id = "4711:55"
        answer = message.id
    hear(Reaction("4711:55", ANN, now(), emoji="🎉"))
    with db.reading() as session:
        [sign] = session.get(Message, answer).payload["reactions"].values()
    assert sign["emoji"] == "🎉"


def test_a_change_neither_reopens_nor_makes_anybody_wait(hear, any_cast):
    hear(said())
    with db.transaction() as session:
        ticket = tickets.lock(session, the_message().ticket_id)
        replies.send(session, ticket, "Done.", agent=any_cast.alice)
        tickets.set_status(session, ticket, "resolved", any_cast.alice.actor)
    hear(Edited("1", ANN, now(), text="Thanks"), Reaction("1", ANN, now(), emoji="👍"))
    with db.reading() as session:
        ticket = session.get(Ticket, the_message().ticket_id)
        assert (ticket.status, ticket.waiting_since) == ("resolved", None)


def test_typing_is_told_and_not_kept(hear):
    hear(said())
    told = []
    stop = db.on_commit(lambda notices: told.extend(n for n in notices if n.name == "typing"))
    hear(Typing(ANN, now()))
    hear(Typing(ANN, now() - timedelta(minutes=5)), Typing("nobody", now()))
    stop()
    assert [(n.room, n.data["name"]) for n in told] == [(f"ticket:{the_message().ticket_id}", "Ann")]
