"""What is written to standard error: a line of text, or one JSON object per line for machines."""
from __future__ import annotations

import json
import logging
import time

from helpdesk.settings import Settings


class JsonLines(logging.Formatter):
    """One object per record; line breaks in a message cannot forge another line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        entry = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
                 "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


class TextLines(logging.Formatter):
    """Time, level, message; control characters of a message are shown, not obeyed."""

    def __init__(self):
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, made harmless."""
        line = super().formatMessage(record)
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def install(config: Settings) -> None:
    """Set up the root logger once."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if config.log_format == "json" else TextLines())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(config.log_level.upper())
    for noisy in ("urllib3", "alembic", "engineio", "socketio", "mail.log", "apscheduler"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
