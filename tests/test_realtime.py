"""The console's sockets, over real connections: who gets in, what they hear, and how they catch up."""
import socket as sockets
import threading
from contextlib import closing

import pytest
import requests
import socketio as client_library
from gevent.pywsgi import WSGIServer
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Agent, AgentSession, Event, Message
from helpdesk.realtime import agents as rooms
from helpdesk.server import Handler
from helpdesk.services import accounts, replies, tickets
from helpdesk.web.access import cookie_name
from tests.house import wait_for
from tests.people import written


@pytest.fixture
def url(app):
    server = WSGIServer(("127.0.0.1", 0), app, log=None, error_log=None, handler_class=Handler)
    server.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.stop(1)


class Console:
    """One browser tab of an agent."""

    def __init__(self, url, agent, **headers):
        self.heard = []
        with db.transaction() as session:
            self.token = accounts._open_session(session, session.get(Agent, agent.id), "127.0.0.1", "test")
        self.socket = client_library.Client(reconnection=False)
        for name in ("ticket", "alert", "delivery", "presence", "who"):
            self.socket.on(name, lambda data, name=name: self.heard.append((name, data)), namespace="/agent")
        self.socket.connect(url, headers={"Cookie": f"{cookie_name()}={self.token}", **headers}, namespaces=["/agent"],
                            transports=["websocket"], wait_timeout=10)

    def watch(self, ticket_id):
        return self.socket.call("watch", {"ticket": ticket_id}, namespace="/agent", timeout=10)

    def hears(self, name, **data):
        return wait_for(lambda: next((d for n, d in self.heard if n == name and data.items() <= d.items()), None),
                        f"{name} {data}", 10)

    def echo(self):
        """Everything that was on its way before has come when this is answered."""
        return self.watch(None)


@pytest.fixture
def console(url):
    """console(agent) → a Console; closed by itself."""
    opened = []

    def open_one(agent, **headers):
        opened.append(Console(url, agent, **headers))
        return opened[-1]
    yield open_one
    for one in opened:
        one.socket.disconnect()


@pytest.fixture
def ticket_id(cast):
    with db.transaction() as session:
        return written(session, cast.mail, "Where is it?").ticket_id


def answer(cast, ticket_id, text="Soon."):
    with db.transaction() as session:
        return replies.send(session, tickets.lock(session, ticket_id), text, agent=session.merge(cast.alice)).seq


@pytest.mark.parametrize("cookie", ["", "helpdesk_session=", "helpdesk_session=made-up"])
def test_without_a_session_nobody_gets_in(url, cookie):
    socket = client_library.Client(reconnection=False)
    with pytest.raises(client_library.exceptions.ConnectionError):
        socket.connect(url, headers={"Cookie": cookie}, namespaces=["/agent"], transports=["websocket"],
                       wait_timeout=10)


@pytest.mark.parametrize(("origin", "status"), [
    ("https://evil.example", 400), ("null", 400), ("http://127.0.0.1.evil.example", 400), ("same", 200), ("", 200)])
def test_a_page_of_another_site_gets_no_line(url, config, origin, status):
    headers = {"Origin": url if origin == "same" else origin} if origin else {}
    answer = requests.get(f"{url}/socket.io/?EIO=4&transport=polling", headers=headers, timeout=10)
    assert answer.status_code == status
    assert answer.headers.get("Access-Control-Allow-Origin") in (None, url)


def test_behind_a_proxy_the_address_of_the_settings_counts(url, config):
    """The proxy speaks to us under another host name than the browser does to it."""
    answer = requests.get(f"{url}/socket.io/?EIO=4&transport=polling", headers={"Origin": config.base_url}, timeout=10)
    assert answer.status_code == 200


def test_a_change_is_told_to_the_lists_and_to_whoever_looks(cast, console, ticket_id):
    looking, elsewhere = console(cast.alice), console(cast.bob)
    assert looking.watch(ticket_id) == {"ok": True, "seq": 2 + 1}
    answer(cast, ticket_id)
    for one in (looking, elsewhere):
        assert set(one.hears("ticket", ticket=ticket_id, event="ReplySent")) == {"ticket", "seq", "event"}, "no content"


def test_one_watches_one_ticket_at_a_time(cast, console, ticket_id):
    with db.transaction() as session:
        other = written(session, cast.mail, "b", external_id="<b>").ticket_id
    alice = console(cast.alice)
    alice.watch(ticket_id)
    alice.watch(other)
    from helpdesk.realtime import socketio
    wait_for(lambda: not list(socketio.server.manager.get_participants("/agent", f"ticket:{ticket_id}")), "leaving", 5)


@pytest.mark.parametrize("given", ["agents", ["agents"], {"ticket": "agents"}, {"ticket": "%"}, {"ticket": [1]},
                                   {"ticket": True}, {"ticket": 10**30}, {"ticket": -1}, {"ticket": 999_999},
                                   {"ticket": 1.0}])
def test_no_other_room_can_be_entered(cast, console, given):
    alice = console(cast.alice)
    assert alice.socket.call("watch", given, namespace="/agent", timeout=10) == {"ok": False}


def test_presence_reaches_the_others_and_nonsense_nobody(cast, console, ticket_id):
    alice, bob = console(cast.alice), console(cast.bob)
    bob.watch(ticket_id)
    for given in ({"ticket": ticket_id, "state": "<b>"}, {"ticket": 10**30, "state": "viewing"}, "x", None,
                  {"ticket": True, "state": "viewing"}):
        alice.socket.emit("presence", given, namespace="/agent")
    alice.socket.emit("presence", {"ticket": ticket_id, "state": "replying"}, namespace="/agent")
    told = bob.hears("presence", ticket=ticket_id)
    assert told == {"ticket": ticket_id, "agent": {"id": cast.alice.id, "name": "Alice"}, "state": "replying"}
    alice.echo(), bob.echo()
    assert [n for n, _ in bob.heard].count("presence") == 1 and not [n for n, _ in alice.heard if n == "presence"]


def test_an_alert_reaches_only_whom_it_is_for(cast, console, ticket_id, work):
    alice, bob = console(cast.alice), console(cast.bob)
    with db.transaction() as session:
        tickets.assign(session, tickets.lock(session, ticket_id), session.merge(cast.bob), cast.alice.actor)
    work()
    bob.hears("alert", ticket=ticket_id, kind="assigned")
    alice.hears("ticket", event="TicketAssigned")
    alice.echo()
    assert not [d for n, d in alice.heard if n == "alert" and d["kind"] == "assigned"]


def test_nothing_is_told_of_what_was_rolled_back(cast, console, ticket_id):
    alice = console(cast.alice)
    with pytest.raises(ZeroDivisionError), db.transaction() as session:
        tickets.set_priority(session, tickets.lock(session, ticket_id), "urgent", "agent:1")
        raise ZeroDivisionError
    answer(cast, ticket_id)
    alice.hears("ticket", event="ReplySent")
    assert [d["event"] for n, d in alice.heard if n == "ticket"] == ["ReplySent"]


@pytest.mark.parametrize("end", ["sign-out", "disable"])
def test_the_end_of_a_session_closes_its_sockets_and_no_others(cast, console, end):
    alice, bob = console(cast.alice), console(cast.bob)
    with db.transaction() as session:
        if end == "disable":
            accounts.disable(session, session.merge(cast.alice), "agent:5")
        else:
            accounts.sign_out(session, alice.token)
    wait_for(lambda: not alice.socket.connected, "the line to be closed", 10)
    assert bob.echo() == {"ok": True}


def test_a_session_that_ended_elsewhere_loses_its_sockets_too(cast, console):
    """By the command line, by another web process, or because it was idle for too long: nobody here was told."""
    alice, bob = console(cast.alice), console(cast.bob)
    with db.engine().begin() as connection:
        connection.execute(AgentSession.__table__.update().where(AgentSession.agent_id == cast.alice.id)
                           .values(ended_at=AgentSession.seen_at))
    assert alice.echo() == {"ok": True}
    rooms.drop_ended()
    wait_for(lambda: not alice.socket.connected, "the line to be closed", 10)
    assert bob.echo() == {"ok": True}


def test_the_watch_runs_by_itself(cast, console, monkeypatch):
    monkeypatch.setattr(rooms, "LOOK_SECONDS", 0.05)
    stop = rooms.keep_watch()
    alice = console(cast.alice)
    with db.engine().begin() as connection:
        connection.execute(AgentSession.__table__.update().values(ended_at=AgentSession.seen_at))
    try:
        wait_for(lambda: not alice.socket.connected, "the line to be closed", 10)
    finally:
        stop()


def test_after_a_lost_line_asking_by_seq_brings_everything_once_and_in_order(cast, console, ticket_id, sign_in):
    alice = console(cast.alice)
    seen = alice.watch(ticket_id)["seq"]
    alice.socket.disconnect()
    for n in range(5):
        answer(cast, ticket_id, f"missed {n}")
    again = console(cast.alice)
    head = again.watch(ticket_id)["seq"]
    assert head > seen
    browser = sign_in(cast.alice)
    page = browser.get(f"/tickets/{ticket_id}/timeline?after={seen}").text
    places = [page.index(f"missed {n}") for n in range(5)]
    assert places == sorted(places) and all(page.count(f"missed {n}") == 1 for n in range(5))
    assert "missed" not in browser.get(f"/tickets/{ticket_id}/timeline?after={head}").text


def test_seq_has_no_gap_for_anybody_who_asks_meanwhile(cast, ticket_id):
    """Four agents write at once; whoever asks after the last seq they saw misses nothing."""
    writers = [threading.Thread(target=lambda: [answer(cast, ticket_id) for _ in range(5)]) for _ in range(4)]
    for one in writers:
        one.start()
    seen, last = [], 0
    while any(one.is_alive() for one in writers) or not seen:
        with db.reading() as session:
            new = sorted(seq for model in (Message, Event) for seq in session.scalars(
                select(model.seq).where(model.ticket_id == ticket_id, model.seq > last)))
        seen += new
        last = max([last, *new])
        writers[0].join(0.01)
    assert seen == list(range(1, len(seen) + 1))


def test_a_frame_that_is_too_large_ends_the_line_and_not_the_server(cast, console, url):
    alice = console(cast.alice)
    alice.socket.emit("watch", {"ticket": "x" * 200_000}, namespace="/agent")
    wait_for(lambda: not alice.socket.connected, "the line to be closed", 10)
    assert requests.get(f"{url}/health/live", timeout=10).status_code == 200


def test_a_line_that_says_nothing_holds_up_nobody(url):
    host, _, port = url.removeprefix("http://").partition(":")
    with closing(sockets.create_connection((host, int(port)))) as silent:
        silent.sendall(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n")
        assert requests.get(f"{url}/health/live", timeout=10).status_code == 200
