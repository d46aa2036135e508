"""Cutting one message into calls: the DM platforms take one text or one file at a time."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from channels.base import Outbound, SendError, split_text, with_numbered_buttons

Attached = tuple[str, str, bytes]


def fitting_buttons(message: Outbound, most: int, *, label: int = 10_000, payload: int = 10_000,
                    text: int = 1_000_000) -> Outbound:
    """The message itself where the platform can carry its buttons, otherwise with numbered lines instead.

    most: buttons of one message. label: characters of one. payload: bytes of one. text: characters beside them.
    """
    fits = (len(message.buttons) <= most and 0 < len(message.text) <= text
            and all(0 < len(b.label) <= label and 0 < len(b.payload.encode()) <= payload for b in message.buttons))
    if fits or not message.buttons:
        return message
    return replace(message, text=with_numbered_buttons(message.text, message.buttons), buttons=())


def one_at_a_time(parts: Sequence[Outbound], captioned: Callable[[str, Attached], bool]) -> list[Outbound]:
    """Texts and files as parts of their own, except that a single file takes a text that fits as its caption.

    Buttons stay last, where the person sees them. Further parts get the ids `<id>.1`, `<id>.2` … and quote nothing.
    """
    first, last, files = parts[0], parts[-1], parts[0].files
    texts = [replace(part, files=()) for part in parts if part.text]
    if len(files) == 1 and len(texts) == 1 and not last.buttons and captioned(texts[0].text, files[0]):
        return [replace(texts[0], files=files)]
    alone = [replace(first, text="", html="", files=(file,), buttons=()) for file in files]
    cut = len(texts) - 1 if last.buttons else len(texts)
    ordered = [*texts[:cut], *alone, *texts[cut:]] or [first]
    return [ordered[0] if not n else replace(part, id=f"{first.id}.{n}", replies_to=())
            for n, part in enumerate(replace(part, id=first.id) for part in ordered)]


def single(parts: Sequence[Outbound]) -> Outbound:
    """The one part that send() can hand over. Refuses what prepare() would have cut, and what says nothing."""
    if len(parts) != 1:
        raise SendError("this message needs several calls: send the parts of prepare() one by one", permanent=True)
    if not parts[0].text and not parts[0].files:
        raise SendError("there is nothing to send", permanent=True)
    return parts[0]


def split_measured(text: str, limit: int, size: Callable[[str], int]) -> list[str]:
    """split_text() for platforms that do not count characters: no piece measures more than `limit`."""
    pieces = []
    while text and size(text) > limit:
        low, high = 1, min(len(text), limit)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if size(text[:middle]) <= limit else (low, middle - 1)
        head = split_text(text[:low + 1], low)[0]
        pieces.append(head)
        text = text[max(len(head), 1):].lstrip()
    return [piece for piece in (*pieces, text) if piece]
