"""Settings: who may see them, and what each page does."""
import dataclasses
import json
import re

import pytest
from sqlalchemy import select

from channels.base import Request
from channels.simulators import TelegramSimulator, serve
from helpdesk import db, events, settings
from helpdesk.clock import now
from helpdesk.models import (
    Agent,
    AgentSession,
    BusinessHours,
    Delivery,
    Event,
    Inbox,
    Message,
    RawInbound,
    SlaPolicy,
    SystemState,
    Task,
    Team,
    TeamMember,
)
from helpdesk.services import inboxes, notifications, outbox, replies, tickets
from tests.people import written

ADMIN = ["/settings/inboxes", "/settings/inboxes/new", "/settings/inboxes/new/email", "/settings/inboxes/new/whatsapp",
         "/settings/inboxes/new/telegram", "/settings/inboxes/1", "/settings/agents", "/settings/system"]
MANAGER = ["/settings", "/settings/hours", "/settings/topics", "/settings/topics/new",
           "/settings/quarantine", "/settings/deliveries",
           "/settings/deliveries?state=waiting", "/settings/deliveries?state=uncertain"]


def test_an_admin_sees_every_page(sign_in, cast):
    ada = sign_in(cast.ada)
    for path in ADMIN + MANAGER:
        answer = ada.get(path)
        assert answer.status_code == 200, path
        assert "style=" not in answer.text and "onclick" not in answer.text     # the policy would switch both off


def test_a_manager_sees_all_but_the_admins_pages(sign_in, cast):
    mia = sign_in(cast.mia)
    assert {path: mia.get(path).status_code for path in ADMIN} == dict.fromkeys(ADMIN, 403)
    assert {path: mia.get(path).status_code for path in MANAGER} == dict.fromkeys(MANAGER, 200)


def test_agents_are_refused_and_strangers_sent_to_sign_in(sign_in, client, cast):
    alice = sign_in(cast.alice)
    for path in ADMIN + MANAGER:
        assert alice.get(path).status_code == 403, path
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in?next=/settings"), path


def test_every_button_of_the_settings_is_refused_to_agents(app, sign_in, cast):
    alice, tried = sign_in(cast.alice), 0
    for rule in app.url_map.iter_rules():
        own = rule.endpoint.startswith("settings_macros.")      # agents may have macros of their own
        if rule.rule.startswith("/settings") and "POST" in rule.methods and not own:
            tried += 1
            values = {name: "email" if name == "channel" else 1 for name in rule.arguments}
            assert alice.post(app.url_map.bind("localhost").build(rule.endpoint, values)).status_code == 403, rule
    assert tried >= 15


# Inboxes

def test_an_inbox_is_made_from_the_channels_own_fields_and_keeps_its_secrets_sealed(sign_in, cast):
    form = {"name": "Bot", "assistant": "1", "team": str(cast.support.id), "bot_token": "11:token-of-the-bot",
            "webhook_secret": "our-secret"}
    answer = sign_in(cast.ada).post("/settings/inboxes/new/telegram", data=form, follow_redirects=True)
    assert answer.status_code == 200
    with db.reading() as session:
        inbox = session.scalar(select(Inbox).where(Inbox.channel == "telegram"))
        assert (inbox.name, inbox.team_id, inbox.assistant) == ("Bot", cast.support.id, True)
        assert "token-of-the-bot" not in inbox.secrets + str(inbox.settings)
        assert inboxes.config(inbox)["bot_token"] == "11:token-of-the-bot"
    assert f"/webhooks/telegram/{inbox.key}" in answer.text and "Connect the webhook" in answer.text
    assert "token-of-the-bot" not in answer.text and "our-secret" not in answer.text


def test_a_field_that_makes_no_sense_is_named_and_nothing_is_stored(sign_in, cast):
    answer = sign_in(cast.ada).post("/settings/inboxes/new/email", data={
        "name": "Sales", "address": "sales@kopi.example", "smtp_host": "mail.example", "smtp_port": "many",
        "smtp_security": "maybe", "imap_security": "tls"})
    assert answer.status_code == 422
    assert "A whole number." in answer.text and "One of tls, starttls, none." in answer.text
    assert "sales@kopi.example" in answer.text      # what was typed is kept
    with db.reading() as session:
        assert session.scalar(select(Inbox).where(Inbox.name == "Sales")) is None


def test_an_empty_secret_keeps_the_old_one_and_an_empty_text_is_emptied(sign_in, cast):
    ada, path = sign_in(cast.ada), f"/settings/inboxes/{cast.widget.id}"
    form = {"name": "Shop chat", "greeting": "Hello!", "identity_secret": "s" * 40, "color": "#112233"}
    assert ada.post(path, data=form).status_code == 302
    assert ada.post(path, data={**form, "greeting": "", "identity_secret": ""}).status_code == 302
    with db.reading() as session:
        values = inboxes.config(session.get(Inbox, cast.widget.id))
    assert values["identity_secret"] == "s" * 40 and not values.get("greeting")
    assert "s" * 40 not in ada.get(path).text


def test_a_switch_can_be_turned_off_and_stays_off(sign_in, cast):
    ada, path = sign_in(cast.ada), f"/settings/inboxes/{cast.mail.id}"
    form = {"name": "Mail", "address": "support@kopi.example", "smtp_host": "127.0.0.1", "smtp_security": "none",
            "imap_security": "tls"}
    ada.post(path, data=form)
    with db.reading() as session:
        assert inboxes.config(session.get(Inbox, cast.mail.id))["verify"] == "no"
    assert re.search(r'name="verify" value="1">', ada.get(path).text)
    ada.post(path, data={**form, "verify": "1"})
    assert re.search(r'name="verify" value="1" checked', ada.get(path).text)


def test_mail_is_signed_once_a_key_was_made_and_the_record_is_shown(sign_in, cast):
    ada, path = sign_in(cast.ada), f"/settings/inboxes/{cast.mail.id}"
    assert "Make a key" in ada.get(path).text
    page = ada.post(f"{path}/dkim", follow_redirects=True).text
    assert "helpdesk._domainkey.kopi.example" in page and "v=DKIM1; k=rsa; p=MII" in page
    with db.reading() as session:
        inbox = session.get(Inbox, cast.mail.id)
        values = inboxes.config(inbox)
    assert "BEGIN RSA PRIVATE KEY" in values["dkim_key"] and "BEGIN" not in inbox.secrets + str(inbox.settings) + page
    assert values["smtp_host"] == "127.0.0.1", "nothing else was changed"
    assert ada.post(f"/settings/inboxes/{cast.widget.id}/dkim").status_code == 404


@pytest.mark.parametrize("field, value, words", [
    ("signature", "{{agent.password}}", "{{agent.password}} is not known"), ("dkim_key", "nonsense", "no private key"),
    ("bounce_address", "nobody", "A mail address such as"), ("quote", "everything", "One of none, last, thread")])
def test_what_our_mail_shall_look_like_is_checked(sign_in, cast, field, value, words):
    form = {"name": "Mail", "address": "support@kopi.example", "smtp_host": "127.0.0.1", "smtp_security": "none",
            "imap_security": "tls", field: value}
    answer = sign_in(cast.ada).post(f"/settings/inboxes/{cast.mail.id}", data=form)
    assert answer.status_code == 422 and words in answer.text


def test_how_matters_of_an_inbox_go_on_is_chosen_in_its_form(sign_in, cast):
    ada = sign_in(cast.ada)
    form = {"name": "Chat", "title": "Hi", "reopen": "days", "reopen_days": "3", "one_matter": "1",
            "mail_unseen": "1", "mail_after_minutes": "1.5"}
    assert ada.post(f"/settings/inboxes/{cast.widget.id}", data=form).status_code == 302
    with db.reading() as session:
        chat = session.get(Inbox, cast.widget.id)
        assert (chat.reopen, chat.reopen_days, chat.reopen_keeps, chat.one_matter, chat.mail_after_seconds) == (
            "days", 3, False, True, 90)
    page = ada.get(f"/settings/inboxes/{cast.widget.id}").text
    assert 'value="1.5"' in page and re.search(r'value="days" selected', page)
    wrong = ada.post(f"/settings/inboxes/{cast.widget.id}", data={**form, "reopen_days": "soon"})
    assert wrong.status_code == 422 and "A whole number of days" in wrong.text and 'value="soon"' in wrong.text
    ada.post(f"/settings/inboxes/{cast.widget.id}", data={"name": "Chat", "title": "Hi"})
    with db.reading() as session:
        assert session.get(Inbox, cast.widget.id).reopen_days == 3, "a form without the rules changes none"
    assert "mail_unseen" not in ada.get(f"/settings/inboxes/{cast.mail.id}").text


def test_a_team_has_its_own_rule_for_what_comes_back(sign_in, cast):
    ada = sign_in(cast.ada)
    form = {"name": "Support", "member": [cast.alice.id], "reopen": "never", "reopen_keeps": "1"}
    assert ada.post(f"/settings/agents/teams/{cast.support.id}", data=form).status_code == 302
    with db.reading() as session:
        assert session.get(Team, cast.support.id).reopen == "never"
    assert re.search(r'value="never" selected', ada.get("/settings/agents").text)
    assert ada.post(f"/settings/agents/teams/{cast.support.id}", data={**form, "reopen": "x"}).status_code == 422


def test_an_agent_says_that_they_are_away_and_back(sign_in, cast):
    alice = sign_in(cast.alice)
    for value, badge in (("1", True), ("0", False)):
        assert alice.post("/account/away", data={"away": value}).status_code == 302
        assert ("I am back" in alice.get("/account").text) is badge
        assert ("Away</span>" in sign_in(cast.ada).get("/settings/agents").text) is badge


def test_two_inboxes_cannot_have_one_address(sign_in, cast):
    answer = sign_in(cast.ada).post("/settings/inboxes/new/email", data={
        "name": "Twin", "address": "Support@kopi.example", "smtp_host": "mail.example", "smtp_security": "tls",
        "imap_security": "tls"})
    assert answer.status_code == 422 and "Support mail" in answer.text
    with db.reading() as session:
        assert session.scalar(select(Inbox).where(Inbox.name == "Twin")) is None


def test_testing_an_account_says_what_is_wrong_and_marks_it(sign_in, cast):
    ada = sign_in(cast.ada)
    answer = ada.post(f"/settings/inboxes/{cast.mail.id}/test", follow_redirects=True)
    assert "It does not work yet." in answer.text
    with db.reading() as session:
        inbox = session.get(Inbox, cast.mail.id)
        assert inbox.error and inbox.error_at
    assert "Trouble" in ada.get("/settings/inboxes").text
    answer = ada.post(f"/settings/inboxes/{cast.widget.id}/test", follow_redirects=True)
    assert "It works." in answer.text


def test_an_inbox_that_is_switched_off_takes_nothing_in(sign_in, cast, client):
    ada = sign_in(cast.ada)
    made = ada.post("/settings/inboxes/new/telegram", data={"name": "Bot", "bot_token": "1:t", "webhook_secret": "s3"})
    with db.reading() as session:
        key = session.scalar(select(Inbox.key).where(Inbox.channel == "telegram"))

    def delivered():
        return client.post(f"/webhooks/telegram/{key}", json={"update_id": 1},
                           headers={"X-Telegram-Bot-Api-Secret-Token": "s3"}).status_code
    assert delivered() == 200
    ada.post(f"{made.headers['Location']}/enabled", data={"enabled": "0"})
    assert delivered() == 404
    ada.post(f"{made.headers['Location']}/enabled", data={"enabled": "1"})
    assert delivered() == 200


def test_a_bot_is_tested_and_connected_from_its_page(sign_in, cast, config):
    bot = TelegramSimulator("1:token", username="kopi_bot")
    address, stop = serve(bot)
    ada = sign_in(cast.ada)
    try:
        form = {"name": "Bot", "bot_token": "1:token", "webhook_secret": "s3", "api_base": address}
        path = ada.post("/settings/inboxes/new/telegram", data=form).headers["Location"]
        assert "@kopi_bot" in ada.post(f"{path}/test", follow_redirects=True).text
        config_here = dataclasses.replace(config, base_url="https://help.kopi.example")
        settings.use(config_here)
        ada.set_cookie("__Host-helpdesk", ada.get_cookie("helpdesk_session").value)    # what HTTPS makes of its name
        answer = ada.post(f"{path}/connect", follow_redirects=True)
    finally:
        stop()
    assert "delivers to this helpdesk now" in answer.text
    assert bot.webhook_url.startswith("https://help.kopi.example/webhooks/telegram/") and bot.secret_token == "s3"


def test_what_cannot_be_connected_from_here_says_so(sign_in, cast):
    answer = sign_in(cast.ada).post(f"/settings/inboxes/{cast.mail.id}/connect", follow_redirects=True)
    assert "is told the address on its own pages" in answer.text


def test_the_widgets_page_shows_the_snippet_for_this_inbox(sign_in, cast, config):
    text = sign_in(cast.ada).get(f"/settings/inboxes/{cast.widget.id}").text
    assert f'src="{config.base_url}/widget.js" data-inbox="{cast.widget.key}"' in text.replace("&#34;", '"')
    assert "identify" in text and "HS256" in text


def test_the_form_opens_when_the_secrets_were_sealed_with_another_key(sign_in, cast):
    with db.transaction() as session:
        session.get(Inbox, cast.widget.id).secrets = "v1:" + "A" * 60
    answer = sign_in(cast.ada).get(f"/settings/inboxes/{cast.widget.id}")
    assert answer.status_code == 200 and "sealed with another key" in answer.text


# Agents and teams

def test_a_new_agent_gets_a_link_that_is_shown_once_and_signs_in_once(app, sign_in, cast):
    ada = sign_in(cast.ada)
    answer = ada.post("/settings/agents", data={"name": "Nia", "email": "Nia@kopi.example", "role": "manager"})
    link = re.search(r'http://\S+?(/sign-in/link/[\w-]+)', answer.text)[1]
    assert link not in ada.get("/settings/agents").text
    browser = app.test_client()
    assert browser.post(link).status_code == 302 and browser.get("/settings").status_code == 200
    assert app.test_client().post(link).status_code == 403


def test_an_address_that_has_an_account_is_refused_with_a_sentence(sign_in, cast):
    answer = sign_in(cast.ada).post("/settings/agents", data={"email": "alice@kopi.example", "role": "agent"})
    assert answer.status_code == 422 and "has an account already" in answer.text


def test_switching_an_agent_off_signs_them_out_at_once(sign_in, cast):
    ada, alice = sign_in(cast.ada), sign_in(cast.alice)
    assert alice.get("/account").status_code == 200
    ada.post(f"/settings/agents/{cast.alice.id}/enabled", data={"enabled": "0"})
    assert alice.get("/account").status_code == 302
    assert ada.post(f"/settings/agents/{cast.alice.id}/link").status_code == 422
    ada.post(f"/settings/agents/{cast.alice.id}/enabled", data={"enabled": "1"})
    assert sign_in(cast.alice).get("/account").status_code == 200


def test_the_last_admin_can_neither_be_switched_off_nor_step_down(sign_in, cast):
    ada = sign_in(cast.ada)
    assert ada.post(f"/settings/agents/{cast.ada.id}/enabled", data={"enabled": "0"}).status_code == 422
    assert ada.post(f"/settings/agents/{cast.ada.id}/role", data={"role": "agent"}).status_code == 422
    ada.post(f"/settings/agents/{cast.mia.id}/role", data={"role": "admin"})
    with db.reading() as session:
        assert session.get(Agent, cast.mia.id).role == "admin"
        assert not session.scalars(select(AgentSession).where(AgentSession.agent_id == cast.mia.id,
                                                              AgentSession.ended_at.is_(None))).all()


def test_a_team_is_made_and_filled(sign_in, cast):
    ada = sign_in(cast.ada)
    ada.post("/settings/agents/teams", data={"name": "Night"})
    with db.reading() as session:
        team = session.scalar(select(Team.id).where(Team.name == "Night"))
    members = [cast.bob.id, cast.carol.id]
    ada.post(f"/settings/agents/teams/{team}", data={"name": "Night shift", "member": [*members, 999]})
    with db.reading() as session:
        assert session.get(Team, team).name == "Night shift"
        assert sorted(session.scalars(select(TeamMember.agent_id).where(TeamMember.team_id == team))) == members
    assert ada.post("/settings/agents/teams", data={"name": "Support"}).status_code == 422


# Quarantine

@pytest.fixture
def unreadable(cast, work):
    """A delivery to the chat that no program of ours understands: the id of its row."""
    from helpdesk.services import inbound
    with db.transaction() as session:
        number = inbound.store(session, session.get(Inbox, cast.widget.id), Request(
            "POST", {}, {}, b"<script>alert(1)</script> not what it should be"), "broken-1")
    work()
    return number


def raw_state(number: int) -> str:
    with db.reading() as session:
        return session.get(RawInbound, number).state


def test_what_could_not_be_read_is_listed_with_the_reason_and_shown_as_text_only(sign_in, cast, unreadable):
    mia = sign_in(cast.mia)
    assert f"#{unreadable}" in mia.get("/settings/quarantine").text
    shown = mia.get(f"/settings/quarantine/{unreadable}").text
    assert "&lt;script&gt;alert(1)" in shown and "<script>alert" not in shown
    raw = mia.get(f"/settings/quarantine/{unreadable}/raw")
    assert raw.data == b"<script>alert(1)</script> not what it should be"
    assert raw.headers["X-Content-Type-Options"] == "nosniff" and raw.mimetype == "text/plain"
    assert raw.headers["Content-Disposition"].startswith("attachment;")


def test_a_corrected_delivery_becomes_a_ticket_when_it_is_replayed(sign_in, cast, unreadable, work):
    body = json.dumps({"visitor": "v-1", "client_id": "12345678", "text": "Here I am", "sent_at": now().isoformat()})
    with db.transaction() as session:       # what an update of the program amounts to
        session.get(RawInbound, unreadable).body = body.encode()
    answer = sign_in(cast.mia).post("/settings/quarantine/replay", data={"raw": unreadable}, follow_redirects=True)
    assert "1 will be processed again" in answer.text
    work()
    assert raw_state(unreadable) == "processed"
    with db.reading() as session:
        assert session.scalars(select(Message.text).where(Message.direction == "in")).all() == ["Here I am"]
        assert session.scalar(select(Event.actor).where(Event.name == "SettingsChanged").order_by(
            Event.id.desc()).limit(1)) == cast.mia.actor


def test_a_discarded_delivery_leaves_the_list_and_cannot_be_discarded_twice(sign_in, cast, unreadable):
    mia, path = sign_in(cast.mia), f"/settings/quarantine/{unreadable}"
    assert mia.post(f"{path}/discard").status_code == 302
    assert raw_state(unreadable) == "discarded"
    assert mia.post(f"{path}/discard").status_code == 422
    assert f"#{unreadable}<" not in mia.get("/settings/quarantine").text
    assert "It was discarded" in mia.get(path).text


def test_replaying_nothing_or_something_else_is_refused(sign_in, cast, unreadable):
    mia = sign_in(cast.mia)
    assert mia.post("/settings/quarantine/replay").status_code == 422
    assert mia.post("/settings/quarantine/replay", data={"raw": 4711}).status_code == 422
    assert raw_state(unreadable) == "quarantined"
    assert mia.get("/settings/quarantine/4711").status_code == 404


# Deliveries

@pytest.fixture
def refused(cast):
    """A reply by mail that was refused for good: the delivery's id."""
    from channels.base import SendError
    with db.transaction() as session:
        message = written(session, session.get(Inbox, cast.mail.id), "Where is it?", subject="Parcel")
        ticket = tickets.lock(session, message.ticket_id)
        replies.send(session, ticket, "On its way.", agent=session.get(Agent, cast.alice.id))
        session.flush()
        number = session.scalar(select(Delivery.id))
        session.get(Delivery, number).status = "sending"
        outbox.failed(session, number, SendError("550 no such person here", permanent=True))
    return number


def delivery(number: int) -> Delivery:
    with db.reading() as session:
        return session.get(Delivery, number)


def test_a_failed_delivery_shows_its_reason_and_is_sent_again(sign_in, cast, refused):
    mia = sign_in(cast.mia)
    page = mia.get("/settings/deliveries").text
    assert "550 no such person here" in page and "ann@example.com" in page
    assert mia.post("/settings/deliveries/retry", data={"delivery": refused}).status_code == 302
    assert delivery(refused).status == "queued"
    assert "ann@example.com" in mia.get("/settings/deliveries?state=waiting").text
    assert mia.post("/settings/deliveries/retry", data={"delivery": refused}).status_code == 422
    assert mia.post("/settings/deliveries/retry").status_code == 404
    assert mia.get("/settings/deliveries?state=odd").status_code == 404


def test_a_held_outbox_is_released_by_an_admin_only(sign_in, cast, refused):
    with db.transaction() as session:
        session.add(SystemState(key=outbox.HOLD))
        session.get(Delivery, refused).status = "queued"
        session.get(Delivery, refused).held = True
    mia, ada = sign_in(cast.mia), sign_in(cast.ada)
    assert "held after a restore: 1 message waits" in mia.get("/settings/deliveries").text
    assert mia.post("/settings/deliveries/release").status_code == 403
    assert delivery(refused).held
    ada.post("/settings/deliveries/release")
    assert not delivery(refused).held
    assert "held after a restore" not in ada.get("/settings/deliveries").text


# System

def test_the_system_page_shows_checks_given_up_work_and_who_changed_what(sign_in, cast):
    with db.transaction() as session:
        task = Task(name="jobs.attachments.fetch", state="failed", attempts=6, error="Traceback\nOSError: <gone>")
        session.add(task)
        events.record(session, events.SettingsChanged(what="colours", detail="<b>red</b>"), actor=cast.ada.actor)
        session.flush()
        number = task.id
    ada = sign_in(cast.ada)
    page = ada.get("/settings/system").text
    assert "No sign of life" in page and "OSError: &lt;gone&gt;" in page
    log = ada.get("/settings/audit").text
    assert "&lt;b&gt;red" in log and "<b>red" not in log
    assert ada.post(f"/settings/system/tasks/{number}/retry").status_code == 302
    with db.reading() as session:
        task = session.get(Task, number)
        assert (task.state, task.attempts) == ("due", 0)
    assert ada.post(f"/settings/system/tasks/{number}/retry").status_code == 404


# Hours and promises

HOURS = {"time_zone": "Asia/Jakarta", "day-0": "9:00-12:00, 13:00-17:30", "day-4": "08:00 – 12:00",
         "holidays": "2030-12-25 # Christmas\n\n2030-01-01", "first_response-urgent": "15",
         "first_response-normal": "60", "resolution-normal": "480"}


def test_hours_and_promises_are_stored_and_shown_again(sign_in, cast):
    mia = sign_in(cast.mia)
    assert mia.post("/settings/hours", data=HOURS).status_code == 302
    with db.reading() as session:
        policy = session.scalar(select(SlaPolicy))
        hours = session.get(BusinessHours, policy.hours_id)
        assert hours.week == {"0": [["9:00", "12:00"], ["13:00", "17:30"]], "4": [["08:00", "12:00"]]}
        assert hours.holidays == ["2030-01-01", "2030-12-25"] and hours.time_zone == "Asia/Jakarta"
        assert policy.first_response == {"urgent": 15, "normal": 60} and policy.resolution == {"normal": 480}
    page = mia.get("/settings/hours").text
    assert 'value="9:00-12:00, 13:00-17:30"' in page and "2030-12-25" in page and 'value="480"' in page
    mia.post("/settings/hours", data=HOURS)
    with db.reading() as session:
        assert len(session.scalars(select(BusinessHours)).all()) == 1


@pytest.mark.parametrize("field, value, words", [
    ("day-1", "nine to five", "Opening hours are written as"),
    ("day-1", "25:00-26:00", "A time is written as 09:00"),
    ("time_zone", "Mars/Olympus", "is no time zone"),
    ("holidays", "Christmas", "A holiday is written as 2030-12-25"),
    ("first_response-low", "0", "First response of low".lower()),
    ("resolution-low", "-5", "a whole number of minutes"),
])
def test_hours_that_make_no_sense_are_refused_with_a_sentence_and_kept_in_the_form(sign_in, cast, field, value, words):
    answer = sign_in(cast.mia).post("/settings/hours", data={**HOURS, field: value})
    assert answer.status_code == 422 and words.lower() in answer.text.lower() and value in answer.text
    with db.reading() as session:
        assert session.scalars(select(BusinessHours)).all() == []


# Notifications

def test_an_agent_sees_their_own_news_until_they_have_seen_them(sign_in, cast):
    with db.transaction() as session:
        message = written(session, session.get(Inbox, cast.mail.id), "Hello <there>", subject="Hi <you>")
        notifications.tell_assignee(session, message.ticket_id, agent_id=cast.alice.id)
    alice, bob = sign_in(cast.alice), sign_in(cast.bob)
    assert ">1<" in alice.get("/notifications/count").text and ">1<" not in bob.get("/notifications/count").text
    listed = alice.get("/notifications", headers={"HX-Request": "true"}).text
    assert "<html" not in listed and "Hi &lt;you&gt;" in listed and f"/tickets/{message.ticket_id}" in listed
    assert "Hi &lt;you&gt;" not in bob.get("/notifications").text
    bob.post("/notifications/seen")
    assert ">1<" in alice.get("/notifications/count").text
    assert "Nothing new" in alice.post("/notifications/seen", headers={"HX-Request": "true"}).text
    assert ">1<" not in alice.get("/notifications/count").text
    assert "Hi &lt;you&gt;" in alice.get("/notifications").text      # below, among the earlier ones
