"""Codes and links that prove an address: guessed in parallel, asked for by strangers, read by scanners, used twice."""
import re
import threading
from collections import Counter

import pytest
from sqlalchemy import func, select

from helpdesk import db, security
from helpdesk.errors import Invalid, NotFound, TooMany
from helpdesk.jobs import pump
from helpdesk.models import Contact, Delivery, Event, Identity, Message, Ticket, Trust, Verification, Visitor
from helpdesk.services import identities, inboxes, proofs, site_identity, verification, visitors
from tests.people import ANN, EVE, written
from tests.services.smtp_sink import Sink

pytest_plugins = ["tests.desk"]


@pytest.fixture
def people(careless_disk, any_cast, wall):
    """The cast on both databases, on a Monday."""
    return any_cast


@pytest.fixture
def server(people):
    """Mail really leaves, to this server."""
    sink = Sink()
    with db.transaction() as session:
        inbox = session.merge(people.mail)
        inboxes.change(session, inbox, {"smtp_port": str(sink.port), "address": "support@kopi.example",
                                        "smtp_host": "127.0.0.1", "smtp_security": "none"}, "system")
    yield sink
    sink.shutdown()
    sink.server_close()


def chat(session, cast, email="") -> tuple[Visitor, Contact]:
    """Somebody who writes in the chat, and names an address."""
    visitor, _ = visitors.start(session, cast.widget)
    written(session, cast.widget, "Where is it?", address=session.get(Identity, visitor.identity_id).value)
    contact = visitors.contact_of(session, visitor)
    if email:
        site_identity.claim(session, contact, {"email": email})
    return visitor, contact


def ask(session, cast, visitor, network="192.0.2.1"):
    verification.ask_in_chat(session, cast.widget, session.merge(visitor), network)


def code_of(visitor) -> str:
    with db.reading() as session:
        row = session.scalar(select(Verification).where(Verification.visitor_id == visitor.id)
                             .order_by(Verification.id.desc()).limit(1))
        return security.six_digits(verification.key(), row.nonce)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def asked(cast, email=ANN) -> Visitor:
    with db.transaction() as session:
        visitor, _ = chat(session, cast, email)
        ask(session, cast, visitor)
    return visitor


def check(visitor, code):
    return db.run(lambda session: proofs.check(session, session.merge(visitor), code))


def facts(name):
    with db.reading() as session:
        return session.scalars(select(Event).where(Event.name == name).order_by(Event.id)).all()


def test_the_code_in_the_mail_proves_the_address_and_stands_nowhere_else(people, server):
    visitor = asked(people)
    pump.run_until_idle()
    [mail] = server.parsed()
    code = re.search(r"\b\d{6}\b", mail.get_body().get_content())[0]
    assert mail["To"] == ANN and mail["Auto-Submitted"] and "Where is it" not in mail.as_string()
    with db.reading() as session:
        [message] = session.scalars(select(Message).where(Message.author_kind == "system"))
        row = session.scalar(select(Verification))
        assert message.text == "We sent a code to a…@example.com."
        assert code not in repr((message.text, message.payload, row.nonce))
    assert check(visitor, f" {code[:3]} {code[3:]} ") == ("right", 0)
    with db.reading() as session:
        identity = session.scalar(select(Identity).where(Identity.value == ANN))
        assert (identity.trust, identity.source) == (Trust.VERIFIED, "code")
        assert identity.contact_id == visitors.contact_of(session, session.merge(visitor)).id
    [fact] = [one for one in facts("IdentityVerified") if one.data["value"] == ANN]
    assert fact.ticket_id and fact.data["how"] == "code"
    assert check(visitor, code) == ("over", 0), "it counts once"


def test_fifty_guesses_side_by_side_have_five_tries(people):
    visitor = asked(people)
    code, results, lock = code_of(visitor), [], threading.Lock()

    def guess(number):
        result = check(visitor, f"{(int(code) + 1 + number) % 1_000_000:06}")
        with lock:
            results.append(result[0])
    threads = [threading.Thread(target=guess, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(results) == {"wrong": 4, "over": 46}
    with db.reading() as session:
        row = session.scalar(select(Verification))
        assert (row.tries, row.state) == (5, "spent")
    assert check(visitor, code) == ("over", 0), "the right one comes too late"
    assert [event.data["why"] for event in facts("AddressDenied")] == ["wrong codes"]


def test_the_right_code_side_by_side_is_taken_once(people):
    visitor = asked(people)
    code, results = code_of(visitor), []
    threads = [threading.Thread(target=lambda: results.append(check(visitor, code)[0])) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(results) == {"right": 1, "over": 4} and len(facts("IdentityVerified")) == 1


def test_a_code_lives_ten_minutes(people, wall):
    visitor = asked(people)
    code = code_of(visitor)
    wall.go(minutes=10)
    assert check(visitor, code) == ("over", 0)


def test_a_new_code_ends_the_one_before(people):
    visitor = asked(people)
    first = code_of(visitor)
    with db.transaction() as session:
        ask(session, people, visitor)
    second = code_of(visitor)
    assert first == second or check(visitor, first) == ("wrong", 4)
    assert check(visitor, second) == ("right", 0)


def test_a_code_counts_in_the_browser_that_asked_for_it(people):
    ann, eve = asked(people), asked(people, EVE)
    assert check(eve, code_of(ann))[0] == "wrong"
    assert check(ann, code_of(ann))[0] == "right"


@pytest.mark.parametrize("digits", ["", "12345", "1234567", "abcdef", "١٢٣", "1" * 4000])
def test_what_is_no_code_is_wrong(people, digits):
    visitor = asked(people)
    assert check(visitor, digits)[0] == "wrong"


def test_a_code_may_be_typed_in_other_digits(people):
    visitor = asked(people)
    arabic = code_of(visitor).translate({ord(str(n)): chr(0x660 + n) for n in range(10)})
    assert check(visitor, arabic) == ("right", 0)


def test_asking_says_nothing_of_who_else_has_the_address(people):
    """The same is answered, and sent, whether the address is new, somebody's, or proved to be somebody's."""
    seen = []
    with db.transaction() as session:
        written(session, people.mail, "My secret order", address=ANN)
        proved = identities.resolve(session, "email", "proved@example.com")
        identities.verify(session, proved.contact, "email", "proved@example.com", how="token")
    for address in (ANN, "proved@example.com", "nobody@example.com"):
        with db.transaction() as session:
            visitor, contact = chat(session, people, address)
            offered = verification.offered(session, people.widget, contact, visitors.ticket_of(session, visitor))
            ask(session, people, visitor, address)
            seen.append((verification.masked(offered)[-12:], proofs.waiting(session, visitor) is not None))
    assert seen == [("@example.com", True)] * 3


def test_whoever_asks_too_often_is_told_and_whose_address_is_asked_too_often_is_left_alone(people):
    with db.transaction() as session:
        sent = select(func.count()).select_from(Delivery).join(Message, Message.id == Delivery.message_id).where(
            Message.author_kind == "system", Delivery.status == "queued")
        visitor, _ = chat(session, people, ANN)
        for _ in range(5):
            ask(session, people, visitor)
        assert session.scalar(sent) == 3, "an address gets three an hour, and this is not told"
    with pytest.raises(TooMany), db.transaction() as session:
        ask(session, people, visitor)
    with db.transaction() as session:
        other, _ = chat(session, people, ANN)
        ask(session, people, other, "192.0.2.9")
        assert session.scalar(sent) == 3, "however many strangers name it"
    assert facts("AutomaticMailWithheld")


def test_there_is_nothing_to_prove_without_a_conversation_an_address_or_a_mail_inbox(people):
    with db.transaction() as session:
        visitor, _ = visitors.start(session, people.widget)
        with pytest.raises(NotFound):
            ask(session, people, visitor)
        visitor, contact = chat(session, people)
        with pytest.raises(NotFound):
            ask(session, people, visitor)
        site_identity.claim(session, contact, {"email": ANN})
        ticket = visitors.ticket_of(session, visitor)
        assert verification.offered(session, people.widget, contact, ticket)
        session.merge(people.mail).enabled = False
        session.flush()
        assert verification.offered(session, people.widget, contact, ticket) is None


def test_an_inbox_may_want_no_codes_or_prove_phones_too(people):
    with db.transaction() as session:
        widget = session.merge(people.widget)
        _, contact = chat(session, people)
        identities.claim(session, contact, "phone", "+49 170 1111 0001")
        ticket = session.scalar(select(Ticket).where(Ticket.contact_id == contact.id))
        inboxes.create(session, "sms", "Texts", {"account_sid": "AC1", "auth_token": "t", "address": "+15005550006"})
        for wanted, kind in (("no", None), ("email", None), ("both", "phone")):
            widget.settings = {**(widget.settings or {}), "codes": wanted}
            found = verification.offered(session, widget, contact, ticket)
            assert (found.kind if found else None) == kind
        assert verification.masked(found) == "+49…01"


def test_two_proofs_of_one_address_are_one_person(people):
    with db.transaction() as session:
        mail = written(session, people.mail, "Hello", address=ANN)
        owner = session.get(Ticket, mail.ticket_id).contact
        identities.verify(session, owner, "email", ANN, how="code")
        owner_id = owner.id
    visitor = asked(people)
    assert check(visitor, code_of(visitor)) == ("right", 0)
    with db.reading() as session:
        assert visitors.contact_of(session, session.merge(visitor)).id == owner_id
        ticket = visitors.ticket_of(session, session.merge(visitor))
        assert ticket.channel == "web", "the browser still sees its own conversation and no other"


def test_two_of_the_sites_customers_who_share_a_mailbox_stay_two(people):
    with db.transaction() as session:
        mail = written(session, people.mail, "Hello", address=ANN)
        owner = session.get(Ticket, mail.ticket_id).contact
        identities.verify(session, owner, "email", ANN, how="token")
        owner.external_id = "1"
        visitor, contact = chat(session, people, ANN)
        contact.external_id = "2"
        ask(session, people, visitor)
    assert check(visitor, code_of(visitor)) == ("right", 0)
    with db.reading() as session:
        assert visitors.contact_of(session, session.merge(visitor)).external_id == "2"
        _, contact = session.merge(visitor), visitors.contact_of(session, session.merge(visitor))
        ticket = visitors.ticket_of(session, session.merge(visitor))
        assert verification.offered(session, people.widget, contact, ticket) is None, "they have proved it"


# Agents ask

def by_alice(cast, contact_id, value=ANN):
    def verb(session):
        identity = session.scalar(select(Identity).where(Identity.value == value))
        return verification.ask(session, session.get(Contact, contact_id), identity, cast.alice.actor)
    return db.run(verb)


def mailed(cast) -> int:
    with db.transaction() as session:
        return session.get(Ticket, written(session, cast.mail, "It is me, Ann", address=ANN).ticket_id).contact_id


def test_who_wrote_by_mail_is_asked_by_a_link_that_a_scanner_cannot_use_up(people, server):
    contact_id = mailed(people)
    assert by_alice(people, contact_id) == "link"
    pump.run_until_idle()
    url = re.search(r"/confirm/([\w.-]+)", server.parsed()[-1].get_body().get_content())[1]
    with db.reading() as session:
        row, identity = proofs.by_link(session, url)
        assert proofs.answerable(row) and identity.value == ANN
    assert db.run(proofs.answer, url, True) == "used"
    assert db.run(proofs.answer, url, False) == "used", "the first answer counts"
    with db.reading() as session:
        assert session.scalar(select(Identity).where(Identity.value == ANN)).verified
    with pytest.raises(Invalid):
        by_alice(people, contact_id)


def test_the_owner_may_say_that_it_was_not_them(people):
    contact_id = mailed(people)
    by_alice(people, contact_id)
    with db.reading() as session:
        url = verification.link(session.scalar(select(Verification))).rpartition("/")[2]
    assert db.run(proofs.answer, url, False) == "denied"
    [event] = facts("AddressDenied")
    assert event.data == {"value": ANN, "why": "denied"} and event.ticket_id
    with db.reading() as session:
        assert session.scalar(select(Identity).where(Identity.value == ANN)).trust == Trust.CLAIMED


def test_a_link_ends_after_three_days_and_cannot_be_made_up(people, wall):
    by_alice(people, mailed(people))
    with db.reading() as session:
        url = verification.link(session.scalar(select(Verification))).rpartition("/")[2]
    wall.go(days=3)
    assert db.run(proofs.answer, url, True) == "expired"
    number, _, signature = url.partition(".")
    for made_up in (f"{number}.", f"{number}.{signature[:-1]}", f"{int(number) + 1}.{signature}", "x", "", f"²{url}"):
        with pytest.raises(NotFound), db.reading() as session:
            proofs.by_link(session, made_up)


def test_an_address_that_was_only_typed_is_asked_by_a_code_for_that_browser(people):
    with db.transaction() as session:
        written(session, people.mail, "My secret order", address=ANN)
        visitor, contact = chat(session, people, ANN)
    assert by_alice(people, contact.id) == "code"
    assert check(visitor, code_of(visitor)) == ("right", 0)


def test_nobody_is_asked_for_somebody_else(people):
    """An address that is only named, and no browser in which a code could be typed: a yes would prove nothing."""
    with db.transaction() as session:
        mail = written(session, people.mail, "I am Ann", address=EVE)
        eve = session.get(Ticket, mail.ticket_id).contact
        identities.claim(session, eve, "email", ANN)
        other = session.get(Ticket, written(session, people.mail, "Hi", address="bob@example.com").ticket_id).contact
        assert verification.askable(session, other) and len(verification.askable(session, eve)) == 1
    for contact, value in ((eve, ANN), (other, EVE)):
        with pytest.raises(Invalid):
            by_alice(people, contact.id, value)


def test_old_ones_are_forgotten(people, wall):
    asked(people)
    wall.go(days=31)
    with db.transaction() as session:
        verification.forget_old(session)
        assert session.scalar(select(func.count()).select_from(Verification)) == 0


def test_the_code_is_random_and_has_six_digits():
    codes = {security.six_digits(b"key", str(n)) for n in range(2000)}
    assert len(codes) > 1990 and all(re.fullmatch(r"\d{6}", code) for code in codes)
    assert security.six_digits(b"key", "1") != security.six_digits(b"other", "1")


