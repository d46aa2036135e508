"""Which commits wait for the disk, and what a connection of the web server is like."""
import socket

import pytest
import requests
from gevent.pywsgi import WSGIServer
from sqlalchemy import text

from helpdesk import db
from helpdesk.server import Handler

WAITS = {"sqlite": ("PRAGMA synchronous", 2, 1), "postgresql": ("SHOW synchronous_commit", "on", "off")}


def test_only_work_that_would_be_done_again_does_not_wait_for_the_disk(any_database):
    question, durable, lazy = WAITS["sqlite" if db.is_sqlite() else "postgresql"]

    def ask(session):
        return session.scalar(text(question))
    assert [db.run(ask), db.run_again(ask), db.run(ask)] == [durable, lazy, durable]


def test_work_done_again_is_seen_by_everybody_at_once(cast):
    db.run_again(lambda session: session.execute(text("UPDATE agent SET name = 'Seen' WHERE id = 1")))
    with db.reading() as session:
        assert session.scalar(text("SELECT name FROM agent WHERE id = 1")) == "Seen"


@pytest.fixture
def connections():
    """The NODELAY option of each connection that was served, and where to connect."""
    seen = []

    class Recorder(Handler):
        def run_application(self):
            seen.append(self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            super().run_application()

    def hello(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]
    server = WSGIServer(("127.0.0.1", 0), hello, log=None, handler_class=Recorder)
    server.start()
    yield seen, f"http://127.0.0.1:{server.server_port}/"
    server.stop(1)


def test_an_answer_is_not_held_back_until_its_headers_are_acknowledged(connections):
    seen, url = connections
    assert requests.get(url, timeout=10).text == "hello"
    assert seen == [1]
