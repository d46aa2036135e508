"""What a person newly wrote, without the history below it. One pass over the lines, linear in the input."""
from __future__ import annotations

import re

from channels._mail_phrases import (
    ABOVE,
    ADDRESSED_DATE,
    DATED,
    DEVICE,
    FORWARDED,
    HEADER,
    OPENS,
    ORIGINAL,
    WROTE,
)

LIMIT = 64_000              # characters looked at; a longer mail is kept whole when no history begins before that
LONGEST_LINE = 600          # a longer line is text
TEXT, EMPTY, QUOTE, INTRO, CUT, FORWARD, SIGNATURE = "teqicfs"
DASHES = re.compile(r"^(?:--|---|—|__+|–)\s?$")
SECOND_HEADER = re.compile(r"\s(?:Date|Sent|Subject|Datum|Gesendet|Betreff|Envoyé|Objet|Enviado|Asunto)\*?: ")
TIME = re.compile(r"\d{1,2}[:.]\d{2}")
RULE = re.compile(r"^[\s>]*(?:_{5,}|-{10,}|={3,})\s*$")


def newly_written(text: str) -> str:
    """The new part of a mail's text. Answers between quoted lines keep the quotes they answer; a forwarded mail is
    kept; text that would be trimmed to nothing is kept whole."""
    head = text[:LIMIT].replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    lines = [line.rstrip() for line in head.split("\n")]
    kinds = _kinds(lines)
    end = next((n for n, kind in enumerate(kinds) if kind in CUT + FORWARD), len(lines))
    if end < len(lines) and kinds[end] == FORWARD:
        return text.strip()
    if len(text) > LIMIT and end == len(lines) and QUOTE not in kinds and INTRO not in kinds:
        return text.strip()
    kept = _without_history(lines[:end], kinds[:end])
    return "\n".join(kept).strip() or text.strip()


def _kinds(lines: list[str]) -> list[str]:
    kinds = [_kind(line) for line in lines]
    for n, kind in enumerate(kinds):
        if kind in (TEXT, QUOTE) and _header_block(lines, n):
            above = n - 1
            while above > 0 and kinds[above] == EMPTY:
                above -= 1
            if kind == TEXT:
                kinds[n] = CUT
                if above >= 0 and RULE.match(lines[above]):
                    kinds[above] = CUT
                break
    for n, kind in enumerate(kinds):
        if kind == TEXT:
            first = _intro_start(lines, kinds, n)
            if first is not None:
                kinds[first:n + 1] = [INTRO] * (n + 1 - first)
    return kinds


def _kind(line: str) -> str:
    bare = line.strip()
    if not bare:
        return EMPTY
    if len(line) > LONGEST_LINE:
        return QUOTE if bare[0] == ">" else TEXT
    if FORWARDED.match(bare):
        return FORWARD
    if bare[0] == ">":
        return QUOTE
    if bare[0] in "-_=#*" or "above" in bare.lower():
        if ORIGINAL.match(bare) or ABOVE.match(bare):
            return CUT
    if DASHES.match(bare) or DEVICE.match(bare):
        return SIGNATURE
    return TEXT


def _header_block(lines: list[str], at: int) -> bool:
    """Does a block of old header lines (From:, Sent:, To:, Subject:) begin here? Outlook sets no other mark."""
    first = HEADER.match(lines[at][:200])
    if not first:
        return False
    if first["by"] and "@" in lines[at] and SECOND_HEADER.search(lines[at][:LONGEST_LINE]):
        return True
    found, by, block = 0, False, ""
    for line in lines[at:at + 9]:
        match = HEADER.match(line[:200])
        if match:
            found += 1
            by = by or match["by"] is not None
            block += line[:200]
        elif not line.strip() and found > 1:
            break
    if not by or not DATED.search(block):
        return False
    return found >= 3 or found == 2 and "@" in block and bool(TIME.search(block))


def _intro_start(lines: list[str], kinds: list[str], end: int) -> int | None:
    """The first line of an "On … wrote:" that ends in line `end`, if one does. It may be broken over five lines."""
    last = lines[end].strip()
    if len(last) > LONGEST_LINE:
        return None
    following = next((k for k in kinds[end + 1:end + 4] if k != EMPTY), "")
    quoted = following == QUOTE
    if quoted and ADDRESSED_DATE.match(last):
        return end
    if quoted and last.count("<") > last.count(">") and OPENS.match(last) and DATED.search(last):
        return end                  # its end was broken off into a line that begins with ">"
    colon = last[-1] in ":：>"
    if not colon and not (WROTE.search(last[-24:]) and (quoted or "@" in last or len(last) < 24)):
        return None
    joined, fallback = "", None
    for start in range(end, max(-1, end - 5), -1):
        if start < end and kinds[start] not in TEXT + EMPTY:
            break
        joined = f"{lines[start].strip()} {joined}".strip()
        if len(joined) > LONGEST_LINE:
            break
        if last[-1] == ">" and not quoted and not OPENS.match(joined):
            continue
        if WROTE.search(joined) and DATED.search(joined):
            if OPENS.match(joined):
                return start
            if start == end and (quoted or "@" in joined):
                fallback = end
        elif quoted and colon and OPENS.match(joined) and DATED.search(joined) and len(joined) < 200:
            return start
    if fallback is not None:
        return fallback
    if quoted and last[-1] in ":：" and (WROTE.search(last) or ("@" in last and len(last) < 200)):
        return end
    return None


def _without_history(lines: list[str], kinds: list[str]) -> list[str]:
    def written(some: list[str]) -> bool:
        return TEXT in some

    bare_intro = next((n for n, kind in enumerate(kinds) if kind == INTRO and _follows_unquoted(kinds, n)), None)
    if bare_intro is not None and written(kinds[:bare_intro]):
        lines, kinds = lines[:bare_intro], kinds[:bare_intro]
    end = len(kinds)
    while end and (kinds[end - 1] in QUOTE + INTRO + EMPTY):
        end -= 1
    signature = next((n for n in range(end) if kinds[n] == SIGNATURE and written(kinds[:n])), None)
    if signature is not None and _is_signature(lines, kinds[:end], signature):
        end = signature
        while end and kinds[end - 1] in QUOTE + INTRO + EMPTY:
            end -= 1
    lines, kinds = lines[:end], kinds[:end]
    begin = next((n for n, kind in enumerate(kinds) if kind in TEXT + SIGNATURE), end)
    between = QUOTE in kinds[begin:]
    while end and (kinds[end - 1] == EMPTY or RULE.match(lines[end - 1])):
        end -= 1
    return lines[:end] if between else lines[begin:end]


def _follows_unquoted(kinds: list[str], intro: int) -> bool:
    following = next((k for k in kinds[intro + 1:] if k not in EMPTY + INTRO), "")
    return following != QUOTE


def _is_signature(lines: list[str], kinds: list[str], at: int) -> bool:
    following = kinds[at:].count(TEXT)
    if DEVICE.match(lines[at].strip()):
        return following <= 3
    return following <= (15 if lines[at].strip() in ("--", "—") else 4)
