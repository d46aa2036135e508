"""A port on this machine for a WSGI application."""
from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing: the paths of the Bot API hold the token."""


def serve(app: Any, host: str = "127.0.0.1", port: int = 0) -> tuple[str, Callable[[], None]]:
    """Serve `app` from a thread; port 0 takes a free one. Returns its address without a final slash, and a function
    that stops it. An `app` with a `public_url` is told its address, for the links that it hands out."""
    server = make_server(host, port, app, threaded=True, request_handler=_Quiet)
    url = f"http://{host}:{server.server_port}"
    if hasattr(app, "public_url"):
        app.public_url = url
    thread = Thread(target=lambda: server.serve_forever(0.05), daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(5)

    return url, stop
