"""What the simulators promise beyond the channels' own tests: they can be mounted, and they stay small."""
from __future__ import annotations

from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from channels._http import Http
from channels.base import Inbound, Outbound, Request
from channels.messenger import Messenger
from channels.simulators import MetaSimulator, TelegramSimulator, serve
from channels.simulators._memory import MOST_MESSAGES, Chats, Files
from channels.telegram import Telegram
from tests.channels.contract import PICTURE, Desk
from tests.channels.meta_cases import SECRETS

PAGE = {"page_id": "500600700", **SECRETS}
BOT = {"bot_token": "5:AAAA", "webhook_secret": "hook"}


def test_both_can_be_mounted_below_one_address():
    meta = MetaSimulator(SECRETS["app_secret"], messenger=PAGE)
    telegram = TelegramSimulator(BOT["bot_token"])
    url, stop = serve(DispatcherMiddleware(NotFound(), {"/sim/meta": meta, "/sim/telegram": telegram}))
    meta.public_url = f"{url}/sim/meta"
    messenger = Messenger({**PAGE, "api_base": f"{url}/sim/meta/v23.0"}, Http(allow_private=True))
    bot = Telegram({**BOT, "api_base": f"{url}/sim/telegram"}, Http(allow_private=True))
    desks = [Desk(messenger), Desk(bot)]
    hooks = [serve(desk) for desk in desks]
    meta.subscribe("messenger", hooks[0][0])
    bot.connect(hooks[1][0])
    for side, channel, desk in ((meta.messenger, messenger, desks[0]), (telegram, bot, desks[1])):
        side.customer_writes("77", file=PICTURE)
        [file] = desk.message().files
        assert channel.download(file) == PICTURE[2]
        channel.send(Outbound("d1", "77", "Thank you"))
        assert side.conversation("77")[-1]["text"] == "Thank you"
    for _, stop_desk in hooks:
        stop_desk()
    stop()


def test_one_token_may_serve_a_page_and_its_instagram_account():
    instagram = {"account_id": "178414000", **SECRETS}
    meta = MetaSimulator(SECRETS["app_secret"], messenger=PAGE, instagram=instagram)
    url, stop = serve(meta)
    channel = Messenger({**PAGE, "api_base": url}, Http(allow_private=True))
    meta.customer_writes("77", "hello", channel="messenger")
    meta.customer_writes("88", "hello", channel="instagram")
    for address, name in (("77", "messenger"), ("88", "instagram")):
        channel.send(Outbound("d1", address, f"to {name}"))
        assert meta.conversation(address, name)[-1]["text"] == f"to {name}"
    stop()


def test_webhooks_come_in_order():
    desk = Desk(Telegram(BOT))
    url, stop = serve(desk)
    telegram = TelegramSimulator(BOT["bot_token"], webhook_url=url, secret_token="hook")
    for text in "abcdef":
        telegram.customer_writes("77", text)
    assert "".join(i.text for i in desk.wait(lambda i: isinstance(i, Inbound), 6)) == "abcdef"
    stop()


def test_webhooks_come_twice_late_or_in_the_wrong_order_when_told():
    owed = []
    telegram = TelegramSimulator(BOT["bot_token"], webhook_url="http://desk")
    telegram.courier.owe = lambda url, headers, body, delay, *_: owed.append((body, delay))
    telegram.disorder, telegram.delay = True, 3
    telegram.customer_writes("77", "first")
    telegram.customer_writes("77", "second")
    [(_, first), (_, second)] = owed
    assert first > second == 3
    telegram.disorder, telegram.delay, telegram.duplicates = False, 0, True
    telegram.customer_writes("77", "third")
    assert owed[2] == owed[3] and owed[2][1] == 0


def test_a_webhook_that_nobody_subscribed_to_is_not_owed():
    meta = MetaSimulator(SECRETS["app_secret"], messenger=PAGE)
    meta.messenger.customer_writes("77", "hello")
    assert meta.courier.settled(0.01) and not meta.courier.undelivered


def test_memory_is_bounded():
    chats, files = Chats(), Files(most_bytes=100)
    for n in range(MOST_MESSAGES + 5):
        chats.add("77", str(n))
    keys = [files.put("a", "b/c", b"x" * 40) for _ in range(3)]
    assert len(chats.of("77")) == MOST_MESSAGES and chats.of("77")[0]["id"] == "5"
    assert [files.get(key) is not None for key in keys] == [False, True, True]


def test_a_forged_webhook_is_told_from_the_simulators_own():
    courier_seen = []
    meta = MetaSimulator(SECRETS["app_secret"], messenger=PAGE, webhook_urls={"messenger": "http://desk"})
    meta.courier.owe = lambda url, headers, body, *_: courier_seen.append(Request("POST", headers, {}, body))
    meta.messenger.customer_writes("77", "Grüße")
    Messenger(PAGE).verify(courier_seen[0])
    assert courier_seen[0].body.isascii(), "Meta escapes everything else before it signs"
