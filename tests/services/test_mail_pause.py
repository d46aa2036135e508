"""Too much automatic mail at once is held until an admin has looked."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.checks import database as checks
from helpdesk.jobs import tasks
from helpdesk.models import Delivery, Notification, Ticket
from helpdesk.services import automatic_mail, mail_pause, outbox, replies, routes
from tests.people import written


@pytest.fixture
def flood(any_cast, monkeypatch):
    """Five strangers got mail within a minute in which three may be sent; a person answered the last one."""
    monkeypatch.setattr(mail_pause, "PER_MINUTE", 3)
    with db.transaction() as session:
        tickets = [session.get(Ticket, written(session, any_cast.mail, "Hi", address=f"n{n}@example.net",
                                               external_id=f"<{n}>").ticket_id) for n in range(5)]
        for ticket in tickets:
            replies.send(session, ticket, "A word", by="system")
        replies.send(session, tickets[4], "A person", agent=session.merge(any_cast.alice))
    return [ticket.id for ticket in tickets]


def rows(session) -> list[Delivery]:
    return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def test_the_fourth_is_held_people_are_not_and_admins_are_told(flood, any_cast):
    with db.transaction() as session:
        made = rows(session)
        assert [d.held for d in made] == [False] * 3 + [True] * 2 + [False]
        assert made[3].error == mail_pause.HELD and made[3].status == "queued"
        assert mail_pause.paused(session) and mail_pause.held(session) == 2
        assert made[5].id in outbox.claim_due(session), "what a person wrote does not wait behind what is held"
        finding = checks.automatic_mail(session)
        assert finding.state == "warn" and "2 messages" in finding.says
        way = routes.default(session, session.get(Ticket, flood[0]))
        assert automatic_mail.blocked(session, session.get(Ticket, flood[0]), way) == mail_pause.HELD
    tasks.run_due()
    with db.reading() as session:
        told = session.scalars(select(Notification).where(Notification.kind == "paused")).all()
        assert [one.agent_id for one in told] == [any_cast.ada.id], "once, and only who can do something about it"


@pytest.mark.parametrize("send", [True, False])
def test_an_admin_sends_or_drops_what_was_held(flood, any_cast, send):
    with db.transaction() as session:
        assert mail_pause.release(session, any_cast.ada.actor, send) == 2
        made = rows(session)
        assert not any(d.held for d in made) and mail_pause.paused(session) is None
        assert [d.status for d in made[3:5]] == (["queued"] * 2 if send else ["failed"] * 2)
        assert {d.error for d in made[3:5]} == ({""} if send else {mail_pause.DROPPED})
        assert checks.automatic_mail(session).state == "ok"


def test_releasing_what_a_restore_held_leaves_the_pause_alone(flood, any_cast):
    with db.transaction() as session:
        assert outbox.release(session, any_cast.ada.actor) == 0
        assert mail_pause.held(session) == 2
