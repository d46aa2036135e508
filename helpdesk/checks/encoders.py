"""What helps the assistant to understand: whether the encoders that the settings ask for are there and can be used."""
from __future__ import annotations

from collections.abc import Iterator

from helpdesk.checks import Finding, good, warn
from helpdesk.services import encoders

NAME = "Assistant"


def findings(ask: bool) -> Iterator[Finding]:
    """One line for each. With `ask` they are read into memory to see whether they work, which takes seconds."""
    if ask:
        encoders.all_of_them()
    states = encoders.states()
    if not states:
        yield good(NAME, "It goes by words and letters; pip install 'helpdesk[multilingual]' teaches it other words.")
    for one in states:
        if one.state == "broken":
            yield warn(NAME, f"It goes on without the encoder {one.name} ({one.about}). {one.says}", one.fix)
        else:
            yield good(NAME, f"The encoder {one.name} ({one.about}) "
                             f"{'works' if one.state == 'ready' else 'is read when it is needed first'}.")
