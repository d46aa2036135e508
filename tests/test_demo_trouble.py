"""The customer's phone without a server: what can go wrong on its platforms, what people do in its apps, and what is
remembered of it."""
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import select

from channels._standard_webhooks import new_secret
from channels.base import Inbound
from channels.simulators.mail import MailSimulator
from helpdesk import db
from helpdesk.clock import now
from helpdesk.demo import passing, trouble
from helpdesk.demo.apps import APPS, CALLED, META, abilities, described
from helpdesk.demo.memory import Memory
from helpdesk.demo.people import People
from helpdesk.demo.platforms import Platforms
from helpdesk.demo.wire import Post
from helpdesk.errors import Invalid
from helpdesk.models import Message, RawInbound, Ticket
from helpdesk.services import inbound, inboxes, routes

META_KEYS = {"whatsapp": "phone_number_id", "messenger": "page_id", "instagram": "account_id"}
SKETCH = ("sticker.webp", "image/webp", b"RIFF\0\0\0\0WEBP a cup")


def platforms() -> Platforms:
    keys = {app: {"app_secret": "s", "access_token": f"t-{app}", META_KEYS[app]: f"n-{app}"} for app in META}
    configs = {**keys, "telegram": {"bot_token": "1:t", "webhook_secret": "w"}, "viber": {"auth_token": "v"},
               "line": {"access_token": "t", "channel_secret": "s"},
               "x": dict.fromkeys(("account_id", "api_key", "app_secret", "access_token", "access_secret"), "7"),
               "sms": {"account_sid": "AC1", "auth_token": "t", "address": "+14155550100"},
               "api": {"webhook_secret": new_secret()}}
    return Platforms(configs, {app: f"http://desk/{app}" for app in CALLED}, MailSimulator("127.0.0.1", 9),
                     "http://desk", Post())


@pytest.fixture
def made():
    return platforms()


@pytest.fixture
def ann():
    return People().add("Ann Ash", person_id="ann")


@pytest.mark.parametrize("app", APPS)
def test_every_app_can_be_troubled_and_is_as_before_when_it_is_switched_off(made, ann, app):
    account = made.account(app)
    for knob in trouble.described(app, account):
        assert knob["label"] and knob["help"], knob
        if not knob["switch"]:
            continue
        trouble.make(made, ann, app, knob["key"], True)
        assert trouble.state(made, ann, app)["on"] == [knob["key"]]
        trouble.make(made, ann, app, knob["key"], False)
        assert trouble.state(made, ann, app)["on"] == []
    for kind in ("for_now", "for_good"):
        trouble.make(made, ann, app, kind, True)
    assert trouble.state(made, ann, app)["refusing"] == 2
    with pytest.raises(Invalid):
        trouble.make(made, ann, app, "earthquake", True)


def test_a_day_passes_on_the_phone_only_where_a_window_closes(made, ann):
    made.write(ann, "whatsapp", "hello")
    before = made.conversation(ann, "whatsapp")[0]["at"]
    assert made.meta.whatsapp.window_is_open(ann.whatsapp)
    trouble.make(made, ann, "whatsapp", "day", True)
    assert made.conversation(ann, "whatsapp")[0]["at"] == before - passing.DAY
    assert not made.meta.whatsapp.window_is_open(ann.whatsapp)
    with pytest.raises(Invalid):
        trouble.make(made, ann, "telegram", "day", True)


def test_the_shop_answers_in_the_platforms_own_app(made, ann):
    with pytest.raises(Invalid, match="as the customer first"):
        trouble.make(made, ann, "x", "elsewhere", True, "We are on it")
    made.write(ann, "x", "hello")
    with pytest.raises(Invalid, match="what the shop answers"):
        trouble.make(made, ann, "x", "elsewhere", True, " ")
    trouble.make(made, ann, "x", "elsewhere", True, "We are on it")
    assert made.conversation(ann, "x")[-1]["text"] == "We are on it"
    assert made.conversation(ann, "x")[-1]["from_business"]


def test_without_receipts_nothing_is_reported(made, ann):
    made.write(ann, "viber", "hello")
    made.viber.chats.add(ann.viber, "5", text="hi", from_business=True, status="sent")
    made.viber.courier.waiting.clear()
    trouble.make(made, ann, "viber", "silence", True)
    made.read(ann, "viber")
    assert not made.viber.courier.waiting
    trouble.make(made, ann, "viber", "silence", False)
    made.read(ann, "viber")
    assert len(made.viber.courier.waiting) == 1


@pytest.mark.parametrize("app", APPS)
def test_people_do_in_an_app_what_it_has_and_nothing_else(made, ann, app):
    account, can = made.account(app), described(app, made.account(app))["can"]
    for what in ("place", "card", "sticker"):
        if what in can:
            made.share(ann, app, what, SKETCH)
            assert made.conversation(ann, app)[-1]["kind"] == what
        else:
            with pytest.raises(Invalid):
                made.share(ann, app, what, SKETCH)
    if app == "email":
        return
    number = made.write(ann, app, "helo")
    for what, words in (("edit", "hello"), ("react", "🙏"), ("unsend", "")):
        if what in abilities(app, account):
            made.change(ann, app, number, what, words)
        else:
            with pytest.raises(Invalid):
                made.change(ann, app, number, what, words)
    entry = made.conversation(ann, app)[-1]
    assert entry["text"] == ("" if "unsend" in can else "hello" if "edit" in can else "helo")
    assert entry.get("reaction", "") == ("🙏" if "react" in can else "")
    with pytest.raises(Invalid, match="on this phone"):
        made.change(ann, app, "no-such-message", "edit", "x") if "edit" in can else made.write(ann, app, button="no")


def test_the_shops_own_words_cannot_be_changed_by_the_customer(made, ann):
    made.write(ann, "telegram", "hello")
    made.telegram.chats.add(ann.telegram, f"{ann.telegram}:9", text="hi", from_business=True)
    with pytest.raises(Invalid, match="Only the shop"):
        made.change(ann, "telegram", f"{ann.telegram}:9", "edit", "I owe you money")
    made.change(ann, "telegram", f"{ann.telegram}:9", "react", "👍")
    assert made.conversation(ann, "telegram")[-1]["reaction"] == "👍"


def test_the_app_shows_that_the_shop_writes_until_it_has_written(made, ann):
    made.write(ann, "line", "hello")
    assert not made.typing(ann, "line")
    made.line.typing[ann.line] = now()
    assert made.typing(ann, "line")
    made.line.chats.add(ann.line, "9", text="hi", from_business=True, at=now())
    assert not made.typing(ann, "line")


def test_all_of_it_is_remembered_across_a_restart(made, ann, tmp_path):
    people, number = People([vars(ann)]), made.write(ann, "whatsapp", "helo")
    made.change(ann, "whatsapp", number, "edit", "hello")
    made.change(ann, "whatsapp", number, "react", "🙏")
    made.share(ann, "whatsapp", "place")
    for key in ("revoked", "blocked", "delay"):
        trouble.make(made, ann, "whatsapp", key, True)
    memory = Memory(tmp_path / "simulator.db")
    memory.save(made, people)
    memory.close()
    again, memory = platforms(), Memory(tmp_path / "simulator.db")
    memory.restore(again, memory.people())
    assert again.conversation(ann, "whatsapp") == made.conversation(ann, "whatsapp")
    assert trouble.state(again, ann, "whatsapp") == trouble.state(made, ann, "whatsapp")
    assert set(trouble.state(again, ann, "whatsapp")["on"]) == {"revoked", "blocked", "delay"}
    assert memory.save(again, memory.people()) == 0, "nothing is new"
    memory.close()


def test_time_passes_in_the_helpdesk_for_one_conversation(any_cast):
    with db.transaction() as session:
        keys = {"app_secret": "s", "access_token": "t", "verify_token": "v"}
        inbox = inboxes.create(session, "messenger", "Page", {**keys, "page_id": "7"}, key="kopi-messenger",
                               assistant=False)
        for n, person in enumerate(("111", "222")):
            raw = RawInbound(inbox_id=inbox.id, source_key=secrets.token_hex(8), method="POST", body=b"{}")
            session.add(raw)
            session.flush()
            inbound.process(session, raw.id, inboxes.open_channel(inbox),
                            [Inbound(f"m{n}", person, now(), text="hello", account="7")])

    def windows() -> dict[str, bool]:
        with db.reading() as session:
            return {found.identity.value: found.open for ticket in session.scalars(select(Ticket))
                    for found in routes.routes(session, ticket)}
    assert windows() == {"111": True, "222": True}
    with db.transaction() as session:
        assert passing.let_pass(session, "kopi-messenger", "111") == 1
        assert passing.let_pass(session, "kopi-messenger", "nobody") == 0
        assert passing.let_pass(session, "kopi-fax", "111") == 0
    assert windows() == {"111": False, "222": True}
    with db.reading() as session:
        ages = {message.external_id: now() - message.sent_at for message in session.scalars(select(Message))}
    assert ages["m0"] > passing.DAY > timedelta(hours=24) > ages["m1"]
