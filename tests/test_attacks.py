"""Attacks on who somebody is, each through the doors that an attacker has: our SMTP server, webhooks, the widget.

Named after the list of vulnerabilities that this house keeps (V29 to V33, V36, V37, V46). In every one nothing is read,
said in the customer's or an agent's name, or sent.
"""
import json
import re
import secrets
import smtplib
import time
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime

import jwt
import pytest
from sqlalchemy import select

from helpdesk import db, settings
from helpdesk.clock import now
from helpdesk.jobs import listener
from helpdesk.models import (
    Agent,
    Contact,
    Event,
    Identity,
    Inbox,
    Message,
    Participant,
    RawInbound,
    Ticket,
    Trust,
)
from helpdesk.services import accounts, inboxes, recipients, replies, routes, tickets
from tests.agents_by_mail import FAILED, MX, PASSED
from tests.house import free_port
from tests.people import ANN, EVE, browser_of
from tests.services.smtp_sink import Sink
from tests.web.test_widget import Browser

SUPPORT, BO, VENDOR = "support@kopi.example", "bo@example.net", "no-reply@vendor.example"
SITE = "the-shop-signs-with-this-secret-of-32-characters-or-more"


class House:
    """The company as the world meets it: `post` hands a mail to its SMTP server, `sent` is what left."""

    def __init__(self, cast, work, port):
        self.cast, self.work, self.sink, self.port = cast, work, Sink(), port
        with db.transaction() as session:
            inbox = session.get(Inbox, cast.mail.id)
            inbox.assistant = session.get(Inbox, cast.widget.id).assistant = False
            inboxes.change(session, inbox, {
                "smtp_port": str(self.sink.port), "quote": "thread", "agent_replies": "yes", "agent_forwards": "yes",
                "proof": "server", "proof_server": MX}, actor="test")
            inboxes.change(session, session.get(Inbox, cast.widget.id), {"identity_secret": SITE}, actor="test")
            for one in (cast.alice, cast.bob):
                agent = session.get(Agent, one.id)
                agent.mail_notices, agent.answers_by_mail = ["assigned", "reply"], True

    def post(self, text: str = "…", *, sender: str = EVE, name: str = "Eve", to: str = SUPPORT, checked: str = PASSED,
             raw: bytes = b"", message_id: str = "", **headers: str) -> None:
        """`checked`: what our border server wrote on top."""
        mail = EmailMessage()
        for field, value in {"From": f"{name} <{sender}>", "To": to, "Subject": "My order",
                             "Date": format_datetime(now()),
                             "Message-ID": message_id or f"<{secrets.token_hex(8)}@mail.example>",
                             **{k.replace("_", "-"): v for k, v in headers.items()}}.items():
            mail[field] = value
        mail.set_content(text)
        raw = raw or mail.as_bytes()
        if checked:
            raw = f"Authentication-Results: {checked}\r\n".encode() + raw
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as smtp:
            smtp.sendmail(sender, [to], raw)
        self.work()

    def answer(self, number: int, text: str = "It left today.", by_mail: bool = False, **others: str) -> int:
        """alice answers in the console."""
        with db.transaction() as session:
            ticket = tickets.lock(session, number)
            way = next((r for r in routes.routes(session, ticket) if r.can.subject), None) if by_mail else None
            message = replies.send(session, ticket, text, others=recipients.Others(**others), route=way,
                                   agent=session.get(Agent, self.cast.alice.id))
        self.work()
        return message.id

    def give(self, number: int, agent: Agent) -> EmailMessage:
        """Assign a ticket; the notice that the agent got."""
        with db.transaction() as session:
            tickets.assign(session, tickets.lock(session, number), session.get(Agent, agent.id), "system")
        self.work()
        return self.sent(agent.email)[-1]

    def sent(self, address: str = "") -> list[EmailMessage]:
        """What left by SMTP, to one address or to anybody."""
        return [mail for mail, (_, readers, _) in zip(self.sink.parsed(), self.sink.mails, strict=True)
                if not address or address in readers]

    def ticket(self, text: str = "Where is my kettle?", sender: str = ANN, name: str = "Ann Lee", **headers) -> int:
        """Somebody's own ticket; its number."""
        self.post(text, sender=sender, name=name, checked="", **headers)
        return said(text).ticket_id


def said(text: str) -> Message:
    """The message that holds these words."""
    with db.reading() as session:
        found = session.scalars(select(Message).where(Message.text.contains(text))).all()
        assert len(found) == 1, (text, [(m.ticket_id, m.text) for m in found])
        return found[0]


def in_ticket(number: int) -> list[tuple[str, str, str]]:
    """(author, kind, text) of everything in it."""
    with db.reading() as session:
        return [(m.author_name or m.author_kind, m.kind, m.text) for m in session.scalars(
            select(Message).where(Message.ticket_id == number).order_by(Message.seq))]


def roles(number: int) -> dict[str, str]:
    with db.reading() as session:
        return dict(session.execute(select(Identity.value, Participant.role).join(
            Participant, Participant.identity_id == Identity.id).where(Participant.ticket_id == number)).all())


def standing(number: int) -> tuple:
    """What nobody but the customer or an agent may change."""
    with db.reading() as session:
        ticket = session.get(Ticket, number)
        return (ticket.contact_id, ticket.agent_id, ticket.team_id, ticket.status, ticket.priority,
                ticket.reply_identity_id, ticket.reply_inbox_id, ticket.subject)


def text_of(mail: EmailMessage) -> str:
    return "\n".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")


@pytest.fixture(scope="module")
def port():
    """Our SMTP server, behind a border server on this machine; it stores into the database of the test that runs."""
    number = free_port()
    stop = listener.start(settings.load({}, {"smtp_listen": f"127.0.0.1:{number}", "smtp_relays": ("127.0.0.1",)}))
    yield number
    stop()


@pytest.fixture
def house(cast, work, port):
    made = House(cast, work, port)
    yield made
    made.sink.shutdown()
    made.sink.server_close()


# V29: the Cc of a forged mail

def test_v29_a_forged_mail_makes_nobody_a_reader(house):
    number = house.ticket()
    house.post("Please keep my lawyer informed", sender=ANN, name="Ann Lee", Subject=f"Re: [#{number}] My order",
               Cc=EVE)
    assert said("my lawyer").ticket_id != number
    house.answer(number)
    assert house.sent(EVE) == [] and [mail["Cc"] for mail in house.sent(ANN)] == [None]
    assert roles(number) == {ANN: "requester"}
    house.post("And now?", sender=EVE, Subject=f"Re: [#{number}] My order")
    assert said("And now?").ticket_id != number and house.sent(EVE) == []


def test_v29_a_cc_in_the_customers_own_mail_reads_nothing_until_an_agent_says_so(house):
    number = house.ticket("Where is my cup?", Cc=EVE)
    house.answer(number, "Cup answer")
    assert house.sent(EVE) == [] and roles(number) == {ANN: "requester"}


def test_v29_what_our_own_server_calls_forged_is_not_the_customers(house):
    number = house.ticket(message_id="<first@mail.example>")
    before = standing(number)
    house.post("Send it to Elm Street instead", sender=ANN, name="Ann Lee", checked=FAILED, Cc=EVE,
               In_Reply_To="<first@mail.example>")
    forged = said("Elm Street")
    assert forged.kind == "aside" and any("perhaps forged" in step for step in forged.trace["steps"])
    assert standing(number) == before and roles(number) == {ANN: "requester"}
    house.answer(number)
    assert house.sent(EVE) == [] and "Elm Street" not in text_of(house.sent(ANN)[-1])


# V30: guessed references

GUESSES = [
    {"Subject": "Re: [#{n}] My order"}, {"Subject": "#{n}"}, {"In_Reply_To": "<{n}@kopi.example>"},
    {"References": "<0123456789abcdef0123456789abcdef.{n}@kopi.example> <x.{n}@kopi.example>"},
    {"to": "support+{n}@kopi.example"}, {"to": "support+" + "0" * 32 + "@kopi.example"},
    {"to": "support+agent-1-" + "a" * 26 + "@kopi.example"}, {"In_Reply_To": "<agent-1-" + "a" * 26 + "@kopi.example>"},
    {"X_Helpdesk_Ticket": "{n}"}, {"Thread_Topic": "My order", "Thread_Index": "AQ=="}]


@pytest.mark.parametrize("sender", [EVE, ANN, "alice@kopi.example"])
def test_v30_a_guess_opens_no_ticket(house, sender):
    number = house.ticket()
    house.give(number, house.cast.alice)
    before, was = standing(number), in_ticket(number)
    for n, guess in enumerate(GUESSES):
        house.post(f"Guess {n}.", sender=sender, **{k: v.format(n=number) for k, v in guess.items()})
        assert said(f"Guess {n}.").ticket_id != number, guess
    assert in_ticket(number) == was and standing(number) == before
    assert [mail for mail in house.sent() if "Guess" in text_of(mail)] == []


# V31: somebody plays an agent

def test_v31_an_agents_address_and_an_old_message_id_send_nothing(house):
    number = house.ticket()
    house.answer(number)
    ours = str(house.sent(ANN)[-1]["Message-ID"])
    before, left = standing(number), len(house.sent())
    for checked in (PASSED, FAILED, ""):
        house.post(f"Pay to this account {checked[-9:]}", sender="alice@kopi.example", name="Alice", checked=checked,
                   In_Reply_To=ours, References=ours)
    assert len(house.sent()) == left and standing(number) == before
    with db.reading() as session:
        pays = session.scalars(select(Message).where(Message.text.startswith("Pay to"))).all()
    assert len(pays) == 3 and {(m.kind, m.author_kind, m.direction) for m in pays} == {("aside", "contact", "in")}


FORGERIES = {
    "DMARC failed": {"checked": FAILED},
    "nobody checked": {"checked": ""},
    "another server": {"checked": "mx.evil.example; dmarc=pass header.from=kopi.example"},
    "an injected result below": {"checked": FAILED + f"\r\nAuthentication-Results: {PASSED}"},
    "an injected result in a comment": {"checked": f"{MX}; spf=pass (; {PASSED[len(MX) + 2:]}) smtp.mailfrom=x"},
    "an injected result in a quote": {
        "checked": f'{MX}; spf=fail smtp.mailfrom="; {PASSED[len(MX) + 2:]}"@evil.example; dmarc=fail'},
    "another domain passed": {"checked": f"{MX}; dmarc=pass header.from=evil.example"},
    "another agent's notice": {"sender": "bob@kopi.example"},
    "a stranger with the notice": {"sender": EVE, "checked": f"{MX}; dmarc=pass header.from=example.net"},
    "two people in the From": {"From": f"alice@kopi.example, {EVE}"},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_v31_with_a_genuine_notice_it_still_takes_that_agent_and_proof(house, forgery):
    number = house.ticket()
    notice = house.give(number, house.cast.alice)
    before, left = standing(number), len(house.sent(ANN))
    given = {"sender": "alice@kopi.example", "name": "Alice", **FORGERIES[forgery]}
    house.post("Pay to this account", to=str(notice["Reply-To"]).split("<")[-1].strip(">"),
               In_Reply_To=str(notice["Message-ID"]), **given)
    assert len(house.sent(ANN)) == left and standing(number) == before
    kept = said("Pay to this account")
    assert (kept.kind, kept.author_kind, kept.author_id) == ("note", "system", None) and kept.payload["refused"]["why"]
    with db.reading() as session:
        assert session.scalars(select(Event.name).where(Event.name == "ReplySent")).all() == []


def test_v31_proof_counts_from_our_own_servers_only(house, config, cast):
    """Straight to the listener, past the border server, with its result forged."""
    house.port = free_port()
    stop = listener.start(replace(config, smtp_listen=f"127.0.0.1:{house.port}", lmtp_listen=""))
    number = house.ticket()
    notice = house.give(number, cast.alice)
    house.post("Pay to this account", sender="alice@kopi.example", In_Reply_To=str(notice["Message-ID"]))
    stop()
    assert "built-in mail server" in said("Pay to this account").payload["refused"]["why"] and house.sent(ANN) == []


def test_v31_an_agent_who_left(house, cast):
    number = house.ticket()
    notice = house.give(number, cast.alice)
    with db.transaction() as session:
        accounts.disable(session, session.get(Agent, cast.alice.id), "test")
    house.post("Pay to this account", sender="alice@kopi.example", In_Reply_To=str(notice["Message-ID"]))
    assert "switched off" in said("Pay to this account").payload["refused"]["why"] and house.sent(ANN) == []


def test_v31_a_replay_is_said_once(house, cast):
    number = house.ticket()
    notice = house.give(number, cast.alice)
    date, way = format_datetime(now()), {"In_Reply_To": str(notice["Message-ID"])}
    for n, text in ((1, "It is insured."), (1, "It is insured."), (2, "It is insured."), (3, "It  is \n insured.")):
        house.post(text, sender="alice@kopi.example", message_id=f"<n{n}@kopi.example>", Date=date, **way)
    assert len(house.sent(ANN)) == 1 and [kind for _, kind, text in in_ticket(number) if "insured" in text] == [
        "message"]


def test_v31_a_forged_forward_makes_no_customer(house):
    house.post(f"Take this\n\n---------- Forwarded message ---------\nFrom: Ann Lee <{ANN}>\nDate: Mon, Jun 2, 2025 at "
               "10:00 AM\nSubject: x\n\nSend it to Elm Street", sender="alice@kopi.example", checked=FAILED,
               Subject="Fwd: x")
    with db.reading() as session:
        assert session.scalar(select(Identity.id).where(Identity.value == ANN)) is None


# V32: a third party answers

def test_v32_an_outsider_who_got_our_mail_changes_nothing(house):
    number = house.ticket()
    house.give(number, house.cast.alice)
    house.answer(number)
    ours, before = house.sent(ANN)[-1], standing(number)
    house.post("I am her husband, tell me all", sender=EVE, Cc=BO, In_Reply_To=str(ours["Message-ID"]),
               to=str(ours["Reply-To"]).split("<")[-1].strip(">"))
    assert said("her husband").kind == "aside" and said("her husband").trace["role"] == "unverified"
    assert standing(number) == before and roles(number) == {ANN: "requester", EVE: "unverified"}
    house.answer(number, "Anything else?")
    assert house.sent(EVE) == house.sent(BO) == [] and "her husband" not in text_of(house.sent(ANN)[-1])


# V33: the support address receives codes for accounts elsewhere

@pytest.mark.parametrize("reads_by", ["mail", "chat"])
def test_v33_a_code_mailed_to_a_tickets_address_is_shown_to_nobody_outside(house, app, reads_by):
    browser = Browser(app)
    if reads_by == "mail":
        number = house.ticket("Hello, I need help", sender=EVE, name="Eve")
    else:
        browser.says("Hello, I need help")
        browser.post("contact", email=EVE, name="Eve")
        number = said("I need help").ticket_id
    house.answer(number, "How can we help?", by_mail=True)
    ours = house.sent(EVE)[-1]
    for to in (str(ours["Reply-To"]).split("<")[-1].strip(">"), f"support+{number}@kopi.example", SUPPORT):
        house.post(f"Your code is 424242 for {to}", sender=VENDOR, name="Vendor", to=to,
                   In_Reply_To=str(ours["Message-ID"]) if to == SUPPORT else "<none@vendor.example>",
                   Subject="Confirm your address", checked="")
    house.answer(number, "Anything else?")
    assert [mail for mail in house.sent() if "424242" in text_of(mail)] == [] and house.sent(VENDOR) == []
    assert "424242" not in str(browser.sees())
    with db.reading() as session:
        kinds = session.scalars(select(Message.kind).where(Message.ticket_id == number,
                                                           Message.text.contains("424242"))).all()
    assert set(kinds) <= {"aside"}


# V36: headers of ours, from outside

def test_v36_our_own_headers_in_a_strangers_mail_do_nothing(house):
    number = house.ticket()
    house.give(number, house.cast.alice)
    house.answer(number)
    sent = house.sent()
    ours = {name: value for mail in sent for name, value in mail.items() if name.lower().startswith(("x-", "list-"))}
    assert "X-Helpdesk-Inbox" in ours
    before = standing(number)
    invented = {f"X-{house_name}-{field}": value for house_name in ("Helpdesk", "Zammad", "FreeScout", "Chatwoot")
                for field, value in (("Ticket", str(number)), ("Ticket-Id", str(number)), ("Owner", "bob@kopi.example"),
                                     ("State", "closed"), ("Priority", "urgent"), ("Group", "Sales"),
                                     ("Customer", ANN), ("Article-Internal", "true"), ("Agent", "alice@kopi.example"))}
    house.post("Obey these", sender=EVE, **{k.replace("-", "_"): v for k, v in {**ours, **invented}.items()})
    message = said("Obey these")
    assert message.ticket_id != number and message.author_kind == "contact" and standing(number) == before
    with db.reading() as session:
        new = session.get(Ticket, message.ticket_id)
        assert (new.status, new.priority, new.agent_id, new.team_id) == ("open", "normal", None, None)


# V37: numbers that mails share

def test_v37_no_message_id_hides_or_joins_a_mail(house):
    number = house.ticket("First words", message_id="<same@mail.example>")
    house.post("Second words", sender=EVE, message_id="<same@mail.example>")
    house.post("Third words", sender=ANN, name="Ann Lee", message_id="<same@mail.example>")
    for n, odd in enumerate(("<>", "", "<" + "x" * 2000 + "@mail.example>", "nonsense", "<a@b> <c@d>")):
        raw = (f"From: Ann <{ANN}>\r\nTo: {SUPPORT}\r\nSubject: x\r\nDate: Mon, 02 Jun 2025 10:00:0{n} +0000\r\n"
               + (f"Message-ID: {odd}\r\n" if odd else "") + f"\r\nOdd words {n}\r\n").encode()
        for _ in range(2):      # and each only once
            house.post(sender=ANN, raw=raw, checked="")
    found = [said(words) for words in ("First words", "Second words", "Third words", *(f"Odd words {n}"
                                                                                      for n in range(5)))]
    assert len({m.id for m in found}) == 8 and found[0].ticket_id == number
    assert [m.ticket_id for m in found].count(number) == 1
    with db.reading() as session:
        assert set(session.scalars(select(RawInbound.state))) == {"processed"}


def test_v37_a_message_id_of_ours_on_a_strangers_mail_joins_nothing(house):
    number = house.ticket()
    house.answer(number)
    ours = str(house.sent(ANN)[-1]["Message-ID"])
    house.post("With your number", sender=EVE, message_id=ours)
    assert said("With your number").ticket_id != number
    house.post("Thanks", sender=ANN, name="Ann Lee", In_Reply_To=ours, checked="")
    assert said("Thanks").ticket_id == number, "and Ann's answer still finds its own"


# V46: somebody says in the chat that they are somebody else

def site_token(secret: str = SITE, algorithm: str = "HS256", **claims) -> str:
    at = int(time.time())
    return jwt.encode({"sub": "ann-7", "aud": "shop", "iat": at, "exp": at + 600, "jti": secrets.token_hex(8),
                       "email": ANN, "name": "Ann", **claims}, secret, algorithm=algorithm)


@pytest.fixture
def ann_was_here(house, app):
    """Ann has a history by mail, and one in the chat, signed in on the site."""
    number = house.ticket("My secret order 4711")
    browser = Browser(app)
    browser.says("My secret chat")
    answer = browser.post("identify", token=site_token())
    assert answer.status_code == 200, "a token that the site did sign is taken"
    browser.token = answer.get_json().get("token") or browser.token
    return number, browser


def test_v46_a_claimed_address_shows_nothing_and_joins_nothing(house, app, cast, ann_was_here):
    number, ann = ann_was_here
    eve = Browser(app)
    eve.says("It is me, Ann")
    with db.reading() as session:
        contacts = len(session.scalars(select(Contact).where(Contact.merged_into_id.is_(None))).all())
    answer = eve.post("contact", email=ANN, name="Ann Lee", phone="+4917011110001")
    shown = f"{answer.get_json()} {eve.sees()} {eve.get('conversations').get_data(as_text=True)}"
    assert "4711" not in shown and "secret chat" not in shown and "Elm Street" not in shown
    mine = said("It is me, Ann")
    assert mine.ticket_id != number
    with db.reading() as session:
        assert session.get(Ticket, mine.ticket_id).contact_id != session.get(Ticket, number).contact_id
        assert len(session.scalars(select(Contact).where(Contact.merged_into_id.is_(None))).all()) == contacts
        contact = session.get(Contact, session.get(Ticket, mine.ticket_id).contact_id)
        owned = {one.value: one.trust for one in contact.identities}
        assert ANN not in owned and contact.claims["email"] == ANN
    assert "not verified" in browser_of(app, cast.alice).get(f"/inbox/all/{mine.ticket_id}").text
    house.post("Only for Ann", sender=ANN, name="Ann Lee", checked="")
    assert "Only for Ann" not in str(eve.sees())


def test_v46_an_address_that_nobody_wrote_from_yet_gives_way_to_its_owner(house, app):
    eve = Browser(app)
    eve.says("I am Ann")
    eve.post("contact", email=ANN, name="Ann Lee")
    number = house.ticket("My secret order 4711")
    assert said("I am Ann").ticket_id != number and "4711" not in str(eve.sees())
    with db.reading() as session:
        identity = session.scalar(select(Identity).where(Identity.value == ANN))
        hers = session.get(Ticket, said("I am Ann").ticket_id).contact_id
        assert identity.contact_id == session.get(Ticket, number).contact_id != hers
        assert identity.trust == Trust.CLAIMED
    house.answer(number, "Secret answer")
    assert "Secret answer" not in str(eve.sees())


@pytest.mark.parametrize("token", [
    lambda: site_token("another secret that is long enough, 32+"), lambda: site_token(aud="other"),
    lambda: site_token(iat=int(time.time()) - 900, exp=int(time.time()) - 300),
    lambda: site_token(exp=int(time.time()) + 90_000),
    lambda: jwt.encode({"sub": "ann-7", "aud": "shop", "email": ANN}, "", algorithm="none"),
    lambda: site_token().rpartition(".")[0] + ".", lambda: "x.y.z", lambda: ""])
def test_v46_a_token_that_the_site_did_not_sign_proves_nothing(house, app, ann_was_here, token):
    eve = Browser(app)
    eve.says("Signed in, I swear")
    answer = eve.post("identify", token=token())
    assert answer.status_code in (400, 401, 403, 422) and "secret" not in str(eve.sees())
    assert "secret" not in eve.get("conversations").get_data(as_text=True)


@pytest.mark.parametrize("token", ["", "x", "0" * 43, "null", "../shop"])
def test_v46_nobody_reads_with_a_guessed_browser_token(app, ann_was_here, token):
    eve = app.test_client()
    for path in ("messages", "conversations"):
        answer = eve.get(f"/widget/shop/{path}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in (401, 403, 404) and b"secret" not in answer.data, (path, answer.status_code)


# And the doors of the platforms

def test_webhooks_take_nobody_at_their_word(app, cast, work):
    with db.transaction() as session:
        inboxes.create(session, "telegram", "Bot", {"bot_token": "1:t", "webhook_secret": "hush"}, key="tg")
    update = json.dumps({"update_id": 1, "message": {"message_id": 1, "date": int(time.time()), "text": "I am Ann",
                                                     "chat": {"id": 7, "type": "private"},
                                                     "from": {"id": 7, "first_name": "Ann"}}})
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "wrong"}, {"X-Telegram-Bot-Api-Secret-Token": ""}):
        assert app.test_client().post("/webhooks/telegram/tg", data=update, headers=headers).status_code == 403
    work()
    with db.reading() as session:
        assert session.scalars(select(RawInbound)).all() == session.scalars(select(Message)).all() == []


def test_the_samples_are_what_they_say():
    """A forged field on top of a mail is a field of its own, not a part of another one."""
    raw = f"Authentication-Results: {FORGERIES['an injected result below']['checked']}\r\nFrom: a@b.c\r\n\r\nx".encode()
    assert len(message_from_bytes(raw).get_all("Authentication-Results")) == 2
    assert re.search("dmarc=pass", FORGERIES["an injected result in a comment"]["checked"])
