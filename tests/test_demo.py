"""`helpdesk demo`, from an empty folder to its second start."""
import re
import signal
import socket
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta

import pytest
import requests

from helpdesk.demo.people import APPS
from helpdesk.demo.samples import SAMPLES
from helpdesk.demo.stories import steps
from helpdesk.services.hours import Hours
from tests.demo import ROOT, Demo
from tests.house import wait_for

GROWS = {"sign_in_link", "system_state", "rate_count", "sqlite_sequence"}     # with every start, whatever is loaded
GROWS |= {"task", "contact_change", "open_question", "question_group"}      # what follows from it is worked off later


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo that was killed while it loaded for the first time, and started again."""
    made = Demo(tmp_path_factory.mktemp("demo"), survey_delay_minutes="0")
    made.begin()
    wait_for(lambda: "Loading" in made.log.read_text(), "the demo to begin loading")
    made.stop(signal.SIGKILL)
    made.half_loaded = made.rows("SELECT (SELECT count(*) FROM ticket) + (SELECT count(*) FROM agent)")[0][0]
    made.start()
    yield made
    made.stop()


def counts(demo: Demo) -> dict[str, int]:
    """How many rows every table has that the demo loads."""
    names = [name for (name,) in demo.rows("SELECT name FROM sqlite_master WHERE type = 'table'") if name not in GROWS]
    return {name: demo.rows(f'SELECT count(*) FROM "{name}"')[0][0] for name in names}


def ticket_with(demo: Demo, words: str) -> int:
    """Wait for the ticket with these words of a customer."""
    return wait_for(lambda: demo.rows("SELECT ticket_id FROM message WHERE direction = 'in' AND text LIKE :words",
                                      words=f"%{words}%"), f"a ticket with {words!r}")[0][0]


def test_an_interrupted_load_leaves_nothing_and_is_done_anew(demo):
    assert demo.half_loaded == 0
    assert demo.rows("SELECT count(*) FROM ticket")[0][0] > 30
    assert demo.said.startswith("Loading the demo company")


def test_it_says_where_everything_is(demo):
    for path in ("/demo/shop", "/demo/phone"):
        assert f"{demo.url}{path}" in demo.said
        assert requests.get(demo.url + path, timeout=20).status_code == 200
    assert "helpdesk agents reset maya@kopi.example" in demo.said


def test_the_history_has_every_channel_language_and_end(demo):
    channels = {name for (name,) in demo.rows("SELECT DISTINCT channel FROM ticket")}
    assert channels == {"web", *APPS}
    assert {s for (s,) in demo.rows("SELECT DISTINCT status FROM ticket")} == {"open", "pending", "resolved", "closed"}
    assert {score for (score,) in demo.rows("SELECT DISTINCT score FROM rating")} == {1, 2, 3, 4, 5}
    assert {s for (s,) in demo.rows("SELECT DISTINCT locale FROM contact")} >= {"id", "es", "pt", "hi"}
    assert demo.rows("SELECT 1 FROM sla_clock WHERE breached_at IS NOT NULL")
    assert demo.rows("SELECT 1 FROM sla_clock WHERE met_at IS NOT NULL AND breached_at IS NULL")
    assert demo.rows("SELECT 1 FROM ticket WHERE snoozed_until IS NOT NULL")
    assert not demo.rows("SELECT 1 FROM delivery WHERE status IN ('queued', 'sending', 'failed')")
    assert demo.rows("SELECT 1 FROM event WHERE name = 'ChannelSwitched'")


def test_messages_of_the_history_come_in_order(demo):
    """Told with a clock that was set to then, everything still happened one after the other."""
    for table, time in (("message", "sent_at"), ("ticket", "created_at")):
        times = [at for (at,) in demo.rows(f"SELECT {time} FROM {table} ORDER BY id LIMIT 100")]
        assert times == sorted(times)


def test_every_customer_writes_by_every_app_and_gets_the_answer(demo):
    console = demo.console()
    for app in APPS:
        words = f"May my dog taste the {app} blend, please?"
        sent = demo.phone(f"people/emma/{app}/messages", text=words, subject="A dog's question")
        assert sent.status_code == 201, sent.text
        ticket = ticket_with(demo, words)
        answer = console.post(f"{demo.url}/tickets/{ticket}/replies", timeout=20,
                              data={"text": f"Better not, but thank you for asking by {app}."})
        assert answer.status_code == 200
        shown = demo.shows("emma", app, f"thank you for asking by {app}")
        assert app != "email" or shown["subject"] == "Re: A dog's question"
    demo.phone("people/emma/whatsapp/read", x="")
    wait_for(lambda: demo.rows("SELECT 1 FROM delivery d JOIN message m ON m.id = d.message_id WHERE d.status = 'read' "
                               "AND m.text LIKE '%asking by whatsapp%'"), "the agent to see that it was read")


def test_a_mail_answered_on_the_phone_stays_in_its_ticket(demo):
    console = demo.console()
    demo.phone("people/liam/email/messages", text="Which kettle fits a small stove?", subject="Kettles",
               file=("stove.txt", b"12 cm wide", "text/plain"))
    ticket = ticket_with(demo, "Which kettle fits")
    assert demo.rows("SELECT name FROM attachment a JOIN message m ON m.id = a.message_id WHERE ticket_id = :t",
                     t=ticket) == [("stove.txt",)]
    console.post(f"{demo.url}/tickets/{ticket}/replies", data={"text": "The half-litre one."}, timeout=20)
    mail = demo.shows("liam", "email", "The half-litre one.")
    demo.phone("people/liam/email/messages", text="I take the blue one then.", replies_to=mail["id"])
    assert ticket_with(demo, "I take the blue one then.") == ticket


def test_pressing_a_button_answers_the_assistant(demo):
    asked = "How long does delivery take and what does it cost?"
    demo.phone("people/noah/telegram/messages", text=asked)
    shown = wait_for(lambda: next((m for m in reversed(demo.conversation("noah", "telegram")) if m["buttons"]), None),
                     "buttons on the phone")
    payload = next(b["payload"] for b in shown["buttons"] if b["payload"].startswith("helped:"))
    assert demo.phone("people/noah/telegram/messages", button=payload).status_code == 201
    ticket = ticket_with(demo, asked)
    wait_for(lambda: demo.rows("SELECT 1 FROM ticket WHERE id = :t AND status = 'resolved'", t=ticket),
             "the assistant to resolve the ticket")


ENDS = {"answered": "answered", "choices": "offered", "form": "asked", "several": "answered",
        "topic": "handed_over", "person": "handed_over", "anger": "handed_over", "indonesian": "answered",
        "spanish": "answered"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.key)
def test_a_ready_question_ends_as_it_says(demo, sample):
    person = demo.add(f"Sample {sample.key}")
    demo.phone(f"people/{person}/telegram/messages", text=sample.text)
    outcome, locale = wait_for(lambda: demo.rows(
        "SELECT t.outcome, t.locale FROM assistant_turn t JOIN message m ON m.id = t.message_id JOIN ticket k "
        "ON k.id = t.ticket_id JOIN contact c ON c.id = k.contact_id WHERE m.text = :text AND c.name = :name",
        text=sample.text, name=f"Sample {sample.key}"), "the assistant's turn")[0]
    assert (outcome, locale) == (ENDS[sample.key], sample.locale)
    assert sample.key != "several" or demo.rows(
        "SELECT 1 FROM assistant_turn t JOIN message m ON m.id = t.message_id WHERE m.text = :text AND t.also != '[]'",
        text=sample.text)


def test_a_resolved_ticket_asks_on_the_phone_how_it_went(demo):
    person = demo.add("Wanda Field")
    demo.phone(f"people/{person}/messenger/messages", text="I would like to talk to a person about my mug")
    ticket = ticket_with(demo, "about my mug")
    demo.console().post(f"{demo.url}/tickets/{ticket}/status", data={"status": "resolved"}, timeout=20)
    survey = wait_for(lambda: next((m for m in demo.conversation(person, "messenger") if "/r/" in m["text"]), None),
                      "the survey on the phone", 40)
    link = re.search(r"http://\S+/r/\S+", survey["text"])[0]
    assert requests.get(link, timeout=20).status_code == 200


@pytest.mark.parametrize(("app", "fields", "status", "words"), [
    ("whatsapp", {"text": "   "}, 422, "Write something"),
    ("telegram", {"button": "nothing:1"}, 422, "not on this phone"),
    ("email", {"text": "x", "replies_to": "<unknown@example.com>"}, 422, "not on this phone"),
    ("fax", {"text": "x"}, 404, "no app"),
])
def test_what_cannot_be_sent_is_refused_with_a_sentence(demo, app, fields, status, words):
    answer = demo.phone(f"people/rani/{app}/messages", **fields)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


def test_a_new_person_needs_an_address_of_their_own(demo):
    known = demo.phone("people").json()["people"][0]
    answer = requests.post(f"{demo.url}/demo/phone/api/people", json={"name": "Twin", "email": known["email"]},
                           headers={"X-Phone": "1", "Accept": "application/json"}, timeout=20)
    assert answer.status_code == 422 and known["name"] in answer.json()["error"]


def test_another_site_cannot_write_in_a_customers_name(demo):
    answer = requests.post(f"{demo.url}/demo/phone/api/people/rani/whatsapp/messages", data={"text": "forged"},
                           timeout=20)
    assert answer.status_code == 403


def test_the_sign_in_link_works_once(demo):
    demo.console()
    assert requests.post(demo.link(), timeout=20).status_code == 403


def test_a_second_start_loads_nothing_and_the_phone_remembers(demo):
    person = demo.add("Otto Stone")
    demo.phone(f"people/{person}/instagram/messages", text="Is the cellar café open on Sundays, and may I bring a cat?")
    ticket = ticket_with(demo, "may I bring a cat")
    wait_for(lambda: [m for m in demo.conversation(person, "instagram") if not m["mine"]], "the assistant's answer")
    before = demo.conversation(person, "instagram")
    wait_for(lambda: not demo.rows("SELECT 1 FROM delivery WHERE status IN ('queued', 'sending')"), "all to be sent")
    assert demo.stop() == 0
    kept = counts(demo)
    assert "Loading" not in demo.start()
    assert counts(demo) == kept
    after = demo.conversation(person, "instagram")
    assert [(m["id"], m["text"]) for m in after] == [(m["id"], m["text"]) for m in before]
    demo.phone(f"people/{person}/instagram/messages", text="It is a very small cat.")
    assert ticket_with(demo, "a very small cat") == ticket
    demo.console().post(f"{demo.url}/tickets/{ticket}/replies", data={"text": "Then bring it."}, timeout=20)
    demo.shows(person, "instagram", "Then bring it.")


def test_it_does_not_mix_with_somebodys_own_helpdesk(tmp_path):
    other = Demo(tmp_path)
    subprocess.run([sys.executable, "-m", "helpdesk.cli", "init", "--email", "me@example.com", "--name", "Me"],
                   cwd=tmp_path, env=other.env, check=True, capture_output=True, timeout=60)
    other.begin()
    assert other.process.wait(60) == 1
    assert "a folder of its own" in other.log.read_text() and "Traceback" not in other.log.read_text()
    assert other.rows("SELECT count(*) FROM agent") == [(1,)]


def test_a_port_that_is_taken_is_named_before_anything_is_loaded(tmp_path):
    other = Demo(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", other.port))
        taken.listen()
        other.begin()
        assert other.process.wait(60) == 1
    assert f"Port {other.port}" in other.log.read_text() and "Traceback" not in other.log.read_text()
    assert not other.database.exists()


def test_the_phone_is_not_there_without_the_demo(client):
    assert client.get("/demo/phone").status_code == 404
    assert client.get("/simulator/meta/me").status_code == 404


def test_every_story_can_be_told_on_any_day_of_the_week():
    """The steps depend on opening hours; none may lie in the future or out of order."""
    seed = tomllib.loads((ROOT / "config/seeds/demo.toml").read_text(encoding="utf-8"))
    for n in range(28):
        until = datetime(2031, 3, 3, 1, 30, tzinfo=UTC) + timedelta(hours=6 * n)
        told = steps(seed, Hours("UTC", seed["hours"]["week"]), until, "UTC")
        assert [s.at for s in told] == sorted(s.at for s in told) and told[-1].at < until
        begun = {id(s.story) for s in told if s.what == "writes"}
        assert len(begun) == len(seed["story"])


def test_made_up_numbers_never_meet():
    from helpdesk.demo.people import People
    people = People()
    for number in range(300):
        people.add(f"Person {number}")
    assert len({one.whatsapp for one in people}) == 300
