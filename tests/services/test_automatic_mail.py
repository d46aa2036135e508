"""How much a machine may mail to one address."""
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Delivery, Identity, Message, Ticket, Trust
from helpdesk.services import automatic_mail, identities, outbox, replies, routes
from tests.people import ANN, written


@pytest.fixture
def ann(any_cast):
    """ann(n) → Ann's n-th ticket by mail, its row loaded in the given session. Her address is proved."""
    with db.transaction() as session:
        numbers = [written(session, any_cast.mail, f"Matter {n}", external_id=f"<{n}>").ticket_id for n in range(13)]
        session.scalar(select(Identity).where(Identity.value == ANN)).trust = Trust.REPLIED
    return lambda session, n=0: session.get(Ticket, numbers[n])


def say(session, ticket, by="system", agent=None) -> Delivery:
    message = replies.send(session, ticket, "A word", by=by, agent=agent)
    return session.scalar(select(Delivery).where(Delivery.message_id == message.id))


def test_the_fourth_mail_within_ten_minutes_stands_in_the_ticket_as_not_sent(ann):
    with db.transaction() as session:
        made = [say(session, ann(session, n)) for n in range(4)]
        assert [d.status for d in made] == ["queued"] * 3 + ["failed"]
        assert made[3].error == "Not sent: this address had 3 automatic mails within 10 minutes."
        assert session.get(Message, made[3].message_id).text == "A word"
        assert session.get(Identity, made[3].identity_id).failing_since is None, "the address is not to blame"
        assert len(outbox.claim_due(session)) == 1, "in their order, and not the refused one"


def test_the_eleventh_of_a_day_is_not_sent_either(ann):
    with db.transaction() as session:
        for n in range(10):
            assert say(session, ann(session, n)).status == "queued"
            session.execute(update(Delivery).values(created_at=now() - timedelta(hours=1)))
        assert "within a day" in say(session, ann(session, 10)).error
        session.execute(update(Delivery).values(created_at=now() - timedelta(hours=25)))
        assert say(session, ann(session, 11)).status == "queued"


def test_people_are_never_held_back_and_can_send_what_was(ann, any_cast):
    with db.transaction() as session:
        alice = session.merge(any_cast.alice)
        made = [say(session, ann(session, n)) for n in range(4)]
        assert {say(session, ann(session, n), by="agent", agent=alice).status for n in range(6)} == {"queued"}
        outbox.retry(session, made[3], alice.actor)
        assert made[3].status == "queued" and made[3].mail_id and made[3].reply_token


def test_the_refused_ones_do_not_count(ann):
    with db.transaction() as session:
        for n in range(6):
            say(session, ann(session, n))
        session.execute(update(Delivery).where(Delivery.status == "queued").values(
            created_at=now() - timedelta(minutes=11)))
        assert say(session, ann(session, 7)).status == "queued"


def test_an_address_that_sends_mail_back_gets_no_more_from_machines(ann):
    with db.transaction() as session:
        ticket = ann(session)
        session.get(Identity, ticket.reply_identity_id).failing_since = now()
        assert say(session, ticket).error == "Not sent: mail to this address has come back."


def test_an_address_that_somebody_only_typed_is_mailed_about_one_matter_a_day(any_cast):
    """A stranger may name a victim in a thousand chats."""
    with db.transaction() as session:
        chats = [written(session, any_cast.widget, "Hi", address=f"browser-{n}", external_id=f"c{n}") for n in range(3)]
        found = []
        for chat in chats:
            ticket = session.get(Ticket, chat.ticket_id)
            identities.claim(session, ticket.contact, "email", "victim@example.org")
            session.flush()
            way = next(r for r in routes.routes(session, ticket) if r.inbox.channel == "email")
            found.append(automatic_mail.refusal(session, ticket, way))
            replies.send(session, ticket, "By mail", by="system", route=way)
        assert found[0] == "" and all("another matter" in why for why in found[1:])


def test_an_address_that_was_only_written_in_a_from_is_mailed_about_one_matter_a_day(any_cast):
    """Anybody can write it there, a thousand times."""
    with db.transaction() as session:
        tickets = [session.get(Ticket, written(session, any_cast.mail, "Hi", external_id=f"<u{n}>").ticket_id)
                   for n in range(3)]
        assert [say(session, tickets[n]).status for n in (0, 1, 0, 2)] == ["queued", "failed", "queued", "failed"]
        session.execute(update(Delivery).values(created_at=now() - timedelta(hours=25)))
        assert say(session, tickets[1]).status == "queued"


def test_what_belongs_to_somebody_else_counts_as_not_proved(any_cast, ann):
    """A visitor of the chat names the address of a customer who is known."""
    with db.transaction() as session:
        ticket = session.get(Ticket, written(session, any_cast.widget, "BUY", address="b", external_id="b").ticket_id)
        identities.claim(session, ticket.contact, "email", ANN)
        way = next(r for r in routes.routes(session, ticket) if r.inbox.channel == "email")
        assert not automatic_mail.proved(ticket, session.get(Identity, way.identity.id))
        message = replies.send(session, ticket, "By mail", by="system", route=way)
        assert automatic_mail.bare(ticket, message, way.identity, way.inbox)
        assert say(session, ann(session)).status == "queued", "it is hers"
        assert "another matter" in automatic_mail.refusal(session, ticket, way)
        message = replies.send(session, ann(session), "Hers", by="system")
        assert not automatic_mail.bare(ann(session), message, way.identity, way.inbox)


def test_the_assistant_does_not_go_on_and_on_in_one_ticket(ann):
    with db.transaction() as session:
        made = []
        for _ in range(4):
            made.append(say(session, ann(session), by="assistant"))
            session.execute(update(Delivery).values(created_at=now() - timedelta(minutes=11)))
        assert [d.status for d in made] == ["queued"] * 3 + ["failed"]
        assert "about one matter" in made[3].error


def test_other_media_are_not_counted_here(any_cast):
    with db.transaction() as session:
        ticket = session.get(Ticket, written(session, any_cast.widget, "Hi", address="browser").ticket_id)
        assert {say(session, ticket).status for _ in range(6)} == {"sent"}


def test_when_the_assistant_may_not_mail_people_get_the_ticket(any_cast, work):
    from helpdesk.services import articles
    with db.transaction() as session:
        articles.create(session, title="How long does delivery take?", body="Three days.",
                        questions=["when will my parcel arrive", "delivery time"])
    for n in range(5):
        with db.transaction() as session:
            written(session, any_cast.mail, "How long does delivery take?", subject="How long does delivery take?",
                    external_id=f"<{n}>")
            session.scalar(select(Identity).where(Identity.value == ANN)).trust = Trust.REPLIED
        work()
    with db.reading() as session:
        tickets = session.scalars(select(Ticket).order_by(Ticket.id)).all()
        answers = session.scalars(select(Message.ticket_id).where(Message.author_kind == "assistant")).all()
    assert answers == [ticket.id for ticket in tickets[:3]]
    assert [ticket.with_assistant for ticket in tickets] == [True] * 3 + [False] * 2
    assert all(ticket.handed_over_at for ticket in tickets[3:])
