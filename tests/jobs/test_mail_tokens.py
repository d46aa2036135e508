"""Tokens of mailboxes: sealed, renewed in time and by one at a time, and a revoked one is said."""
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from channels._oauth import Tokens
from helpdesk import db
from helpdesk.clock import now
from helpdesk.jobs import connections, mail_tokens, mailboxes
from helpdesk.models import Delivery, Inbox, Notification
from helpdesk.services import inboxes, replies, tickets
from helpdesk.services import mail_tokens as kept
from tests.channels.oauth_world import Provider
from tests.people import written


@pytest.fixture
def provider():
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def inbox_id(any_cast, provider) -> int:
    """The support mailbox, connected; its token runs out in three minutes."""
    with db.transaction() as session:
        inbox = session.get(Inbox, any_cast.mail.id)
        inbox.assistant = False
        inboxes.change(session, inbox, provider.settings(), actor="test")
        kept.connect(session, inbox, granted(provider), "agent:1")
        return inbox.id


def granted(provider: Provider, minutes: int = 3) -> Tokens:
    provider.refresh.add("first-refresh")
    provider.access.add("first-access")
    return Tokens("first-access", "first-refresh", now() + timedelta(minutes=minutes))


def inbox_of(inbox_id: int) -> Inbox:
    with db.reading() as session:
        return session.get(Inbox, inbox_id)


def test_tokens_are_sealed_and_apart_from_the_form(inbox_id, any_cast):
    inbox = inbox_of(inbox_id)
    assert "first-" not in inbox.tokens + inbox.secrets + str(inbox.settings)
    assert kept.of(inbox).refresh_token == "first-refresh"
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, inbox_id), {"signature": "Us"}, actor="test")
    assert kept.of(inbox_of(inbox_id)).refresh_token == "first-refresh"
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, inbox_id), {"oauth_client_id": "another"}, actor="test")
    assert kept.of(inbox_of(inbox_id)) is None, "another application's tokens open nothing"


def test_a_token_is_renewed_before_it_runs_out_and_not_earlier(inbox_id, provider):
    mail_tokens.renew_due()
    mail_tokens.renew_due()
    after = kept.of(inbox_of(inbox_id))
    assert len(provider.asked) == 1 and after.access_token in provider.access
    assert after.refresh_token in provider.refresh and after.refresh_token != "first-refresh"
    assert inbox_of(inbox_id).token_lease_until is None


def test_of_many_who_need_it_one_renews_and_all_have_it(inbox_id, provider):
    with db.transaction() as session:
        kept.expire(session.get(Inbox, inbox_id))
    provider.slow.clear()
    threads = [threading.Thread(target=mail_tokens.fresh, args=(inbox_id,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    while not provider.asked:
        threads[0].join(0.02)
    provider.slow.set()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert len(provider.asked) == 1 and not kept.needed(inbox_of(inbox_id))


def test_a_renewal_that_died_halfway_is_taken_up_by_the_next(inbox_id, provider):
    assert db.run(kept.claim, inbox_id) is not None
    mail_tokens.renew_due()
    assert provider.asked == [], "somebody is at it"
    with db.transaction() as session:
        session.get(Inbox, inbox_id).token_lease_until = now() - timedelta(seconds=1)
    mail_tokens.renew_due()
    assert len(provider.asked) == 1


def test_who_signs_in_anew_meanwhile_wins(inbox_id, provider):
    before = kept.of(db.run(kept.claim, inbox_id))
    with db.transaction() as session:
        kept.connect(session, session.get(Inbox, inbox_id), replace(before, refresh_token="theirs"), "agent:1")
    db.run(kept.keep, inbox_id, before, Tokens("late", "late", now()))
    assert kept.of(inbox_of(inbox_id)).refresh_token == "theirs"


def test_mail_goes_out_and_comes_in_with_a_token_that_had_run_out(inbox_id, provider, any_cast, work):
    provider.access.clear()
    with db.transaction() as session:
        kept.expire(session.get(Inbox, inbox_id))
        first = written(session, session.get(Inbox, inbox_id), "Where is it?", external_id="<1@ann>")
        replies.send(session, tickets.lock(session, first.ticket_id), "Here.", agent=session.merge(any_cast.alice))
    work()
    with db.reading() as session:
        assert session.scalar(select(Delivery.status)) == "sent"
    assert b"Here." in provider.smtp.mails[0] and mailboxes.poll(inbox_id) and len(provider.asked) == 1


def test_a_revoked_mailbox_is_disconnected_said_and_loses_nothing(inbox_id, provider, any_cast, work):
    provider.revoke()
    with db.transaction() as session:
        kept.expire(session.get(Inbox, inbox_id))
        first = written(session, session.get(Inbox, inbox_id), "Where is it?", external_id="<1@ann>")
        replies.send(session, tickets.lock(session, first.ticket_id), "Here.", agent=session.merge(any_cast.alice))
    work()
    inbox = inbox_of(inbox_id)
    assert inbox.disconnected_at and "connect the mailbox again" in inbox.error
    asked = len(provider.asked)
    mail_tokens.renew_due()
    assert len(provider.asked) == asked, "a refused account is not asked all the time"
    with db.reading() as session:
        assert session.scalar(select(Delivery.status)) == "queued"
        assert any("Support mail" in text for text in session.scalars(select(Notification.text)))
    with db.transaction() as session:
        inbox = session.get(Inbox, inbox_id)
        kept.connect(session, inbox, granted(provider, 60), "agent:1")
        inboxes.reconnect(session, inbox)
    work()
    with db.reading() as session:
        assert session.scalar(select(Delivery.status)) == "sent"


def test_a_token_that_is_refused_before_its_time_heals_by_itself(inbox_id, provider, any_cast, work):
    with db.transaction() as session:
        inbox = session.get(Inbox, inbox_id)
        kept.connect(session, inbox, granted(provider, 60), "agent:1")
        first = written(session, inbox, "Where is it?", external_id="<1@ann>")
        replies.send(session, tickets.lock(session, first.ticket_id), "Here.", agent=session.merge(any_cast.alice))
    provider.access.clear()         # the password was changed, say; the consent still stands
    work()
    assert inbox_of(inbox_id).disconnected_at
    with db.transaction() as session:
        session.get(Inbox, inbox_id).resting_until = now() - timedelta(seconds=1)
    connections.probe_due()
    work()
    with db.reading() as session:
        assert session.scalar(select(Delivery.status)) == "sent" and not session.get(Inbox, inbox_id).disconnected_at


def test_a_provider_that_is_away_disconnects_nothing(inbox_id, provider):
    provider.fault = (503, "")
    mail_tokens.renew_due()
    assert inbox_of(inbox_id).disconnected_at is None and inbox_of(inbox_id).token_lease_until is None
    provider.fault = None
    mail_tokens.renew_due()
    assert not kept.needed(inbox_of(inbox_id))
