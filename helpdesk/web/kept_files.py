"""Files that were uploaded with a form which has to be sent once more: named by a signed word, so that nobody gets at
others' files by knowing what is in them."""
from __future__ import annotations

import json

from flask import g, request

from helpdesk import security, settings
from helpdesk.errors import Invalid
from helpdesk.services.files import StoredFile

MOST = 50


def ticket(file: StoredFile) -> str:
    """What a hidden field holds for this file."""
    parts = [file.name, file.content_type, file.size, file.sha256]
    return json.dumps([*parts, _signature(parts)])


def given() -> list[StoredFile]:
    """The files that the form brings back. Raises Invalid for a word that is not ours, or somebody else's."""
    found = []
    for word in request.form.getlist("kept")[:MOST]:
        try:
            *parts, signature = json.loads(word)
            good = len(parts) == 4 and security.signed(_key(), str(signature), *_words(parts))
        except (ValueError, TypeError):
            good = False
        if not good:
            raise Invalid("A file got lost on the way. Attach it again.")
        found.append(StoredFile(*parts))
    return found


def _signature(parts: list) -> str:
    return security.sign(_key(), *_words(parts))


def _words(parts: list) -> list[str]:
    return ["kept-file", str(g.agent.id), *map(str, parts)]


def _key() -> bytes:
    return settings.current().secret().encode()
