"""The web application: the only module that knows all the others."""
from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Flask, redirect
from werkzeug.middleware.proxy_fix import ProxyFix

from helpdesk import db, paths, rendering, settings
from helpdesk.db import Notice
from helpdesk.jobs import pump
from helpdesk.realtime import FRAME_LIMIT, agents, push, socketio
from helpdesk.settings import Settings
from helpdesk.web import access, blueprints, errors, headers

log = logging.getLogger(__name__)


def create_app(config: Settings) -> Flask:
    """The application, ready to serve. The database must be connected."""
    settings.use(config)
    app = Flask("helpdesk", template_folder=str(paths.TEMPLATES), static_folder=str(paths.DIST),
                static_url_path="/static")
    app.config.update(
        SECRET_KEY=config.secret(), MAX_CONTENT_LENGTH=(config.max_upload_mb + 1) * 1_000_000,
        MAX_FORM_MEMORY_SIZE=2_000_000, MAX_FORM_PARTS=200, SESSION_COOKIE_NAME="helpdesk_flash",
        SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=config.base_url.startswith("https://"),
        TRUSTED_HOSTS=list(config.trusted_hosts) or None)
    app.jinja_environment = rendering.Templates
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
    for part in (access, headers, errors, rendering):
        part.install(app)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)
    app.add_url_rule("/", "home", lambda: redirect("/inbox"))
    _start_sockets(app, config)
    return app


def _start_sockets(app: Flask, config: Settings) -> None:
    socketio.init_app(app, async_mode="gevent", message_queue=config.redis_url or None, channel="helpdesk",
                      cors_allowed_origins=_allowed_origin, max_http_buffer_size=FRAME_LIMIT, ping_interval=25,
                      ping_timeout=60, manage_session=False, cookie=None, logger=False, engineio_logger=False)
    db.on_commit(_after_commit)


def _allowed_origin(origin: str | None, environ: dict) -> bool:
    """Sockets only from our own pages: the console, and the widget's frame, which is served by us too. A missing
    Origin is no browser; it still needs a session or a visitor's token."""
    return not origin or urlsplit(origin).netloc in (environ.get("HTTP_HOST"),
                                                     urlsplit(settings.current().base_url).netloc)


def _after_commit(notices: list[Notice]) -> None:
    try:
        for notice in notices:
            if notice.name == "signed-out":
                agents.drop_sessions({notice.data["session"]})
        push(notices)
    finally:
        pump.wake(notices)      # last: the work it starts would keep the browsers waiting
