"""Agents who follow a ticket."""
from sqlalchemy import select

from helpdesk import db
from helpdesk.jobs import pump
from helpdesk.models import Agent, Notification, Task, Ticket
from helpdesk.services import following, ticket_merges, tickets
from tests.people import written


def told(agent) -> list[str]:
    pump.run_until_idle()
    with db.reading() as session:
        return session.scalars(select(Notification.text).where(
            Notification.agent_id == agent.id, Notification.kind == "followed").order_by(Notification.id)).all()


def test_followers_hear_of_words_and_status_but_not_of_what_they_did(any_cast):
    with db.transaction() as session:
        number = written(session, any_cast.mail, "Hello", subject="Order 12", external_id="<1>").ticket_id
        for one in (any_cast.alice, any_cast.bob):
            for _ in range(2):
                following.follow(session, tickets.lock(session, number), session.get(Agent, one.id))
        assert [one.name for one in following.followers(session, session.get(Ticket, number))] == ["Alice", "Bob"]
    with db.transaction() as session:
        written(session, any_cast.mail, "Anybody?", subject="Order 12", external_id="<2>", replies_to=("<1>",))
    assert [text.split(" in #")[0].endswith("wrote") for text in told(any_cast.bob)] == [True]
    with db.transaction() as session:
        tickets.set_status(session, tickets.lock(session, number), "resolved", any_cast.alice.actor)
    assert told(any_cast.bob)[-1].startswith("Alice resolved #") and len(told(any_cast.alice)) == 1
    with db.transaction() as session:
        following.unfollow(session, tickets.lock(session, number), session.get(Agent, any_cast.bob.id))
        tickets.set_status(session, tickets.lock(session, number), "open", any_cast.mia.actor)
    assert len(told(any_cast.bob)) == 2 and told(any_cast.alice)[-1].startswith("Mia reopened #")


def test_a_merge_takes_the_followers_along_and_nobody_means_no_work(any_cast):
    with db.transaction() as session:
        one, two = (written(session, any_cast.mail, "x", subject=f"Order {n}", external_id=f"<m{n}>").ticket_id
                    for n in (1, 2))
        following.follow(session, tickets.lock(session, one), session.get(Agent, any_cast.bob.id))
        tickets.set_status(session, tickets.lock(session, two), "pending", any_cast.alice.actor)
        session.flush()
        assert not session.scalars(select(Task).where(Task.name.like("%followers"))).all()
    with db.transaction() as session:
        ticket_merges.merge(session, one, two, any_cast.alice.actor)
    with db.transaction() as session:
        tickets.set_status(session, tickets.lock(session, two), "resolved", any_cast.alice.actor)
    assert f"Alice resolved #{two}: Order 2" in told(any_cast.bob)
