"""News of one ticket are one line, and seeing a line leaves alone what came after it was shown."""
from helpdesk import db
from helpdesk.models import Agent, Notification, Ticket
from helpdesk.services import notifications
from helpdesk.services.notice_groups import groups
from tests.people import written


def told(cast, *kinds, subject="Order"):
    with db.transaction() as session:
        ticket = session.get(Ticket, written(session, session.merge(cast.mail), "Hello", subject=subject,
                                             address=f"{subject}@example.com").ticket_id)
        for kind in kinds:
            session.add(Notification(agent_id=cast.alice.id, ticket_id=ticket.id if kind != "mailbox" else None,
                                     kind=kind, text=f"{kind} of {subject}"))
            session.flush()
        return ticket.id


def lines(cast):
    with db.reading() as session:
        return groups(notifications.unseen(session, session.get(Agent, cast.alice.id)))


def test_a_ticket_is_one_line_that_counts_what_it_holds(cast):
    first = told(cast, "followed", "followed", "followed", "mention", subject="one")
    told(cast, "assigned", subject="two")
    told(cast, "mailbox", "mailbox", subject="none")
    assert [group.words for group in lines(cast)] == ["", "", "", f"1 mention and 3 changes in #{first}"]
    assert lines(cast)[-1].newest.text == "mention of one"


def test_seeing_a_line_leaves_what_came_since_and_what_is_elsewhere(cast):
    first = told(cast, "followed", "mention", subject="one")
    other = told(cast, "assigned", subject="two")
    shown = lines(cast)[-1].newest.id
    with db.transaction() as session:
        session.add(Notification(agent_id=cast.alice.id, ticket_id=first, kind="rating", text="came meanwhile"))
    with db.transaction() as session:
        notifications.mark_seen(session, session.get(Agent, cast.alice.id), first, upto=shown)
    assert [(group.newest.ticket_id, group.newest.kind) for group in lines(cast)] == [
        (first, "rating"), (other, "assigned")]


def test_one_without_a_ticket_is_seen_alone(cast):
    told(cast, "mailbox", "mailbox")
    with db.transaction() as session:
        notifications.mark_seen(session, session.get(Agent, cast.alice.id), only=lines(cast)[0].newest.id)
    assert len(lines(cast)) == 1


def test_older_news_are_on_further_pages_each_once(sign_in, cast, monkeypatch):
    monkeypatch.setattr("helpdesk.web.notifications.EARLIER", 2)
    told(cast, *["mailbox"] * 5)
    alice = sign_in(cast.alice)
    alice.post("/notifications/seen")
    with db.reading() as session:
        ids = [one.id for one in session.query(Notification).order_by(Notification.id.desc())]
    found, page = [], "/notifications"
    while page:
        text = alice.get(page).text
        found += [one for one in ids if f'data-notification="{one}"' in text]
        page = f"/notifications?before={found[-1]}" if f"before={found[-1]}" in text else ""
    assert found == ids
