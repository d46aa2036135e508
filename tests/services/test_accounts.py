"""Agents' accounts: passwords, one-time links, sessions, and what ends them."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Forbidden, Invalid, NotFound, TooMany
from helpdesk.models import Agent, AgentSession, SignInLink, Ticket
from helpdesk.services import accounts, tickets
from tests.people import PASSWORD, written


def enter(session, agent) -> str:
    return accounts.use_link(session, accounts.make_link(session, agent), "127.0.0.1", "test")[1]


def test_an_account_needs_a_good_address_role_and_password(any_cast):
    with db.transaction() as session:
        for name, email, role, password in (("A", "no address", "agent", ""), ("A", "a@kopi.example", "boss", ""),
                                            ("A", "a@kopi.example", "agent", "short"),
                                            ("A", "a@kopi.example", "agent", "x" * 300),
                                            ("A", "ALICE@kopi.example", "agent", "")):
            with pytest.raises(Invalid):
                accounts.create(session, name, email, role, password)


def test_a_token_is_stored_hashed_only(any_cast):
    with db.transaction() as session:
        link = accounts.make_link(session, any_cast.alice)
        token = accounts.use_link(session, link, "127.0.0.1", "test")[1]
        stored = [*session.scalars(select(AgentSession.token_hash)), *session.scalars(select(SignInLink.token_hash))]
        assert len(token) >= 40 and not {token, link} & set(stored)


def test_a_link_is_good_once_and_not_for_long(any_cast):
    with db.transaction() as session:
        link = accounts.make_link(session, any_cast.alice)
        accounts.use_link(session, link, "127.0.0.1", "test")
        old = accounts.make_link(session, any_cast.alice, valid=timedelta(seconds=-1))
        for bad in (link, old, "", "%", "*", link[:-1], "\ud83d", "x" * 10_000):
            with pytest.raises(Forbidden):
                accounts.use_link(session, bad, "127.0.0.1", "test")


@pytest.mark.parametrize("change", [
    lambda session, agent: accounts.set_password(session, agent, PASSWORD),
    lambda session, agent: accounts.change_password(session, agent, "", PASSWORD, None),
    lambda session, agent: accounts.disable(session, agent, "agent:5")], ids=["set", "change", "disable"])
def test_links_and_sessions_end_with_the_password_or_the_account(any_cast, change):
    with db.transaction() as session:
        alice = session.merge(any_cast.alice)
        link, token = accounts.make_link(session, alice), enter(session, alice)
        change(session, alice)
        assert accounts.session_of(session, token) is None
        with pytest.raises(Forbidden):
            accounts.use_link(session, link, "127.0.0.1", "test")


def test_a_session_ends_when_idle_or_old_and_both_ways_of_asking_agree(any_cast):
    with db.transaction() as session:
        token = enter(session, any_cast.alice)
        row = accounts.session_of(session, token)[1]
        for field, ago in (("seen_at", timedelta(hours=13)), ("created_at", timedelta(days=15))):
            before = getattr(row, field)
            assert accounts.alive(session, {row.id}) == {row.id}
            setattr(row, field, now() - ago)
            session.flush()
            assert accounts.session_of(session, token) is None and accounts.alive(session, {row.id}) == set()
            setattr(row, field, before)
            session.flush()
        assert accounts.session_of(session, token)


def test_guessing_is_limited_by_account_and_address(any_cast):
    for _ in range(accounts.SIGN_IN_TRIES):
        db.run(accounts.count_try, "alice@kopi.example", "10.0.0.1")
    with pytest.raises(TooMany):
        db.run(accounts.count_try, "ALICE@kopi.example ", "10.0.0.1")
    db.run(accounts.count_try, "alice@kopi.example", "10.0.0.2")
    db.run(accounts.count_try, "bob@kopi.example", "10.0.0.1")


def test_one_address_cannot_try_all_accounts(any_cast):
    with pytest.raises(TooMany):
        for n in range(10 * accounts.SIGN_IN_TRIES + 1):
            db.run(accounts.count_try, f"{n}@kopi.example", "10.0.0.1")


def test_a_wrong_password_and_an_unknown_or_disabled_account_sound_the_same(any_cast):
    with db.transaction() as session:
        accounts.set_password(session, session.merge(any_cast.alice), PASSWORD)
        accounts.set_password(session, session.merge(any_cast.bob), PASSWORD)
        accounts.disable(session, session.merge(any_cast.bob), "agent:5")
        words = set()
        for email, password in (("alice@kopi.example", "wrong"), ("nobody@kopi.example", PASSWORD),
                                ("bob@kopi.example", PASSWORD), ("carol@kopi.example", "")):
            with pytest.raises(Forbidden) as refused:
                accounts.sign_in(session, email, password, "127.0.0.1", "test")
            words.add(str(refused.value))
        assert len(words) == 1


def test_one_ends_only_ones_own_sessions(any_cast):
    with db.transaction() as session:
        row = accounts.session_of(session, enter(session, any_cast.alice))[1]
        with pytest.raises(NotFound):
            accounts.end_session(session, any_cast.bob, row.id)
        accounts.end_session(session, any_cast.alice, row.id)
        assert accounts.alive(session, {row.id}) == set()


def test_the_last_admin_stays(any_cast):
    with db.transaction() as session:
        ada = session.merge(any_cast.ada)
        with pytest.raises(Invalid):
            accounts.disable(session, ada, "x")
        with pytest.raises(Invalid):
            accounts.set_role(session, ada, "agent", "x")
        accounts.set_role(session, session.merge(any_cast.mia), "admin", ada.actor)
        accounts.disable(session, ada, ada.actor)
        assert not ada.may("agent")


def test_the_open_tickets_of_somebody_who_leaves_go_back_to_the_queue(any_cast):
    with db.transaction() as session:
        made = [session.get(Ticket, written(session, any_cast.mail, "x", external_id=f"<{n}>").ticket_id)
                for n in (1, 2)]
        for ticket in made:
            tickets.assign(session, ticket, session.merge(any_cast.alice), "system")
        tickets.set_status(session, made[1], "resolved", "agent:1")
        accounts.disable(session, session.merge(any_cast.alice), "agent:5")
        assert [ticket.agent_id for ticket in made] == [None, any_cast.alice.id], "who resolved it is not forgotten"
        tickets.set_status(session, made[1], "open", "contact:1")
        assert made[1].agent_id is None, "but nobody is left waiting for them"


def test_a_new_role_means_signing_in_again(any_cast):
    with db.transaction() as session:
        token = enter(session, any_cast.alice)
        accounts.set_role(session, session.get(Agent, any_cast.alice.id), "manager", "agent:5")
        assert accounts.session_of(session, token) is None
