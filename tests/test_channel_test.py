"""`helpdesk channel test` and the button that does the same: each step in words, with what to do about it."""
import pytest
from click.testing import CliRunner

from channels.simulators import MetaSimulator, TelegramSimulator
from channels.simulators._server import serve
from helpdesk import cli, db, settings
from helpdesk.checks import inbox as checks
from helpdesk.models import Inbox
from helpdesk.services import inboxes
from tests.people import written


@pytest.fixture
def telegram():
    simulator = TelegramSimulator("1:t", username="kopi_bot")
    simulator.at, stop = serve(simulator)
    yield simulator
    stop()


@pytest.fixture
def bot(cast, telegram) -> Inbox:
    with db.transaction() as session:
        return inboxes.create(session, "telegram", "Bot", {
            "bot_token": "1:t", "webhook_secret": "hush", "api_base": telegram.at}, key="bot")


def found(inbox) -> dict[str, tuple[str, str]]:
    with db.reading() as session:
        return {one.name: (one.state, one.says) for one in checks.steps(session.get(Inbox, inbox.id))}


def test_a_bot_that_nobody_connected_says_so_and_what_to_do(bot, telegram):
    with db.reading() as session:
        steps = list(checks.steps(session.get(Inbox, bot.id)))
    by_name = {one.name: one for one in steps}
    assert by_name["Account"].state == "ok" and "@kopi_bot" in by_name["Account"].says
    assert by_name["Webhook"].state == "fail" and "Connect the webhook" in by_name["Webhook"].fix
    assert all(one.fix for one in steps if one.state != "ok")
    inboxes.open_channel(bot).connect(inboxes.webhook(bot))
    assert found(bot)["Webhook"][0] == "ok"


def test_a_wrong_token_is_named(bot, telegram):
    telegram.token = "2:other"
    assert found(bot)["Account"][0] == "fail"
    assert not checks.account_works(list(checks.steps(bot)))


def test_meta_says_whether_the_app_is_subscribed(cast):
    simulator = MetaSimulator("s", messenger={"page_id": "7", "access_token": "t"})
    at, stop = serve(simulator)
    try:
        with db.transaction() as session:
            page = inboxes.create(session, "messenger", "Page", {
                "page_id": "7", "access_token": "t", "app_secret": "s", "verify_token": "v", "api_base": at})
        assert found(page)["Subscription"][0] == "fail"
        simulator.subscribe("messenger", "http://127.0.0.1:1/")
        assert found(page)["Subscription"][0] == "ok"
    finally:
        stop()


def test_an_address_that_no_provider_would_call_is_noted(bot, config):
    assert found(bot)["Public address"][0] == "warn"
    assert found(bot)["Heard from"][0] == "warn"
    db.run(written, bot, "Hello", address="4711")
    assert found(bot)["Heard from"][0] == "ok"


def test_secrets_of_another_key_end_the_test_with_the_reason(bot, monkeypatch):
    monkeypatch.setattr(inboxes, "_key", lambda: b"another key")
    assert list(found(bot)) == ["Secrets"]


def test_the_shell_takes_a_name_or_a_key(bot, telegram, monkeypatch, config):
    monkeypatch.setattr(cli, "opened", lambda: settings.use(config))
    run = lambda name: CliRunner().invoke(cli.main, ["channel", "test", name])     # noqa: E731
    by_name, by_key = run("bot"), run("Bot")
    assert by_name.exit_code == by_key.exit_code == 1 and "FAIL  Webhook" in by_name.output
    inboxes.open_channel(bot).connect(inboxes.webhook(bot))
    assert run("Bot").exit_code == 0
    unknown = run("Pigeon")
    assert unknown.exit_code == 1 and "Bot (bot)" in unknown.output


def test_the_button_connects_again_what_works(bot, telegram, sign_in, cast):
    with db.transaction() as session:
        inboxes.disconnect(session, session.get(Inbox, bot.id), "token revoked")
    ada = sign_in(cast.ada)
    assert "Connect again" in ada.get(f"/settings/inboxes/{bot.id}").text
    assert "does not work yet" in ada.post(f"/settings/inboxes/{bot.id}/test").text
    inboxes.open_channel(bot).connect(inboxes.webhook(bot))
    answer = ada.post(f"/settings/inboxes/{bot.id}/test").text
    assert "It works." in answer and "What had waited goes out now" in answer
    with db.reading() as session:
        assert session.get(Inbox, bot.id).disconnected_at is None
