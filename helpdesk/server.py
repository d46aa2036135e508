"""Running the parts: web, worker, or both in one process."""
from __future__ import annotations

import gc
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from gevent.pywsgi import WSGIHandler, WSGIServer

from helpdesk import db, log_setup, schema, settings
from helpdesk.app import create_app
from helpdesk.jobs import erasures, listener, pump, schedule
from helpdesk.realtime import agents, push, socketio
from helpdesk.services import article_index
from helpdesk.settings import Settings

log = logging.getLogger(__name__)
BACKLOG = 1024
GRACE_SECONDS = 10
REDIS_WAKE = "helpdesk:wake"


class Handler(WSGIHandler):
    """Lets a websocket end quietly: its peer may vanish at any time, and what still comes in on the connection are
    frames, not another request."""

    def handle(self) -> None:
        """All requests of a connection. Without NODELAY the body of an answer waits 40 ms for the peer to acknowledge
        the headers, which are sent apart (RFC 896 meets RFC 1122 section 4.2.3.2)."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle()

    def run_application(self) -> None:
        """The request's work."""
        try:
            super().run_application()
        except OSError:
            if not self._is_websocket():
                raise

    def handle_one_response(self) -> None:
        """One request, to its end."""
        super().handle_one_response()
        self.close_connection = self.close_connection or self._is_websocket()

    def _is_websocket(self) -> bool:
        return "websocket" in self.environ.get("HTTP_UPGRADE", "").lower()


def open_house(config: Settings) -> None:
    """Logging, settings, database: what every command needs. SQLite brings itself up to date; a PostgreSQL that is
    shared with other processes is upgraded by `helpdesk db upgrade` alone."""
    settings.use(config)
    log_setup.install(config)
    Path(config.data_dir).mkdir(parents=True, exist_ok=True)
    db.connect(config.database_url)
    if db.is_sqlite():
        schema.upgrade()
    else:
        schema.require()
    erasures.reapply()


def serve(config: Settings, ready: Callable[[], None] = lambda: None,
          extend: Callable[[Flask], None] = lambda app: None) -> None:
    """Web and worker in one process, until SIGTERM or SIGINT. `extend` may add to the application before it serves."""
    _run(config, [_web(config, extend), *_worker(config)], ready)


def web(config: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Only the web part. Without Redis a separate worker looks once a second for what there is to do."""
    if config.redis_url:
        pump.tell_others_by(lambda: _redis(config).publish(REDIS_WAKE, "1"))
    _run(config, [_web(config)], ready)


def worker(config: Settings, ready: Callable[[], None] = lambda: None) -> None:
    """Only the worker. What it changes is told to browsers through Redis; without it they notice by asking."""
    if config.redis_url:
        socketio.init_app(None, message_queue=config.redis_url, channel="helpdesk", async_mode="gevent")
        db.on_commit(push)
    _run(config, _worker(config), ready)


def _run(config: Settings, parts: list[Callable], ready: Callable[[], None]) -> None:
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    gc.disable()        # all that is made while it starts stays
    stops = [part() for part in (article_index.tend, *parts)]
    gc.collect()
    gc.freeze()         # what is loaded now stays: looking through it again and again would be felt as pauses
    gc.enable()
    ready()
    done.wait()
    log.info("stopping")
    for stop in reversed(stops):
        stop()


def _web(config: Settings, extend: Callable[[Flask], None] = lambda app: None) -> Callable:
    def start() -> Callable:
        app = create_app(config)
        extend(app)
        server = WSGIServer((config.host, config.port), app, log=None, error_log=logging.getLogger("helpdesk.web"),
                            backlog=BACKLOG, handler_class=Handler)
        server.start()
        log.info("listening on %s", config.base_url)
        stop_watching = agents.keep_watch()

        def stop() -> None:
            stop_watching()
            server.stop(GRACE_SECONDS)
        return stop
    return start


def _worker(config: Settings) -> list[Callable]:
    parts: list[Callable] = [pump.start, schedule.start]
    if config.smtp_listen or config.lmtp_listen:
        parts.append(lambda: listener.start(config))
    if config.redis_url:
        parts.append(lambda: _listen_for_wakes(config))
    return parts


def _listen_for_wakes(config: Settings) -> Callable:
    stopping = threading.Event()

    def listen() -> None:
        while not stopping.is_set():
            try:
                channel = _redis(config).pubsub(ignore_subscribe_messages=True)
                channel.subscribe(REDIS_WAKE)
                pump.wake()         # whatever was said while nobody listened
                while not stopping.is_set():
                    if channel.get_message(timeout=5):
                        pump.wake()
            except Exception as error:      # Redis is away: the ticks carry on once a second
                log.warning("no wake-up calls from Redis: %s", error)
                time.sleep(2)

    threading.Thread(target=listen, name="wake-ups", daemon=True).start()
    return stopping.set


def _redis(config: Settings):
    import redis  # an optional driver
    global _client
    if _client is None:
        _client = redis.Redis.from_url(config.redis_url, socket_connect_timeout=2, socket_timeout=10)
    return _client


_client = None
