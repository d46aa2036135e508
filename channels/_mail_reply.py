"""What a person newly wrote, without the history below it. One pass over the lines, linear in the input."""
from __future__ import annotations

import re

from channels._mail_phrases import (
    ABOVE,
    ADDRESSED_DATE,
    DATED,
    DEVICE,
    FORWARDED,
    FULL_DATE,
    HEADER,
    INVISIBLE,
    NOISE,
    OPENS,
    ORIGINAL,
    WROTE,
)

LIMIT = 64_000              # characters looked at; a longer mail is kept whole when no history begins before that
LONGEST_LINE = 600          # a longer line is text
LONGEST_MARK = 250          # and so is a longer one that only divides
TEXT, EMPTY, QUOTE, INTRO, CUT, FORWARD, SIGNATURE = "teqicfs"
DASHES = re.compile(r"^(?:--|---|—|__+|–)\s?$")
SECOND_HEADER = re.compile(r"\s(?:Date|Sent|Subject|Datum|Gesendet|Betreff|Envoyé|Objet|Enviado|Asunto)\*?: ")
TIME = re.compile(r"\d{1,2}[:.]\d{2}")
MAILBOX = re.compile(r"[<(][^<>()\s]{1,100}@[^<>()\s]{1,100}[>)]")
GLUED = re.compile(r"^([^>\s].{0,300}?)(--- On .{10,200}:)\s*$")
RULE = re.compile(r"^[\s>]*(?:_{5,}|-{10,}|={3,})\s*$")


def newly_written(text: str, *, whole: bool = False) -> str:
    """The new part of a mail's text. Answers between quoted lines keep the quotes they answer; a forwarded mail is
    kept, and so is everything where `whole` is set; text that would be trimmed to nothing is kept whole."""
    if whole:
        return text.strip()
    lines, kinds = _scanned(text)
    end = next((n for n, kind in enumerate(kinds) if kind in CUT + FORWARD), len(lines))
    if end < len(lines) and kinds[end] == FORWARD:
        return text.strip()
    if len(text) > LIMIT and end == len(lines) and QUOTE not in kinds and INTRO not in kinds:
        return text.strip()
    kept = _without_history(lines[:end], kinds[:end])
    return "\n".join(kept).strip() or text.strip()


def passed_on(text: str) -> list[str] | None:
    """The lines below the one by which a mail program says that it passes on what follows; None where there is no such
    line, or only in old text."""
    lines, _ = _scanned(text)
    mark = where_passed_on(text)
    return lines[mark + 1:] if mark is not None else None


def where_passed_on(text: str) -> int | None:
    """The number of that line."""
    _, kinds = _scanned(text)
    first = next((n for n, kind in enumerate(kinds) if kind in CUT + FORWARD + INTRO), None)
    return first if first is not None and kinds[first] == FORWARD else None


def _scanned(text: str) -> tuple[list[str], list[str]]:
    """The lines that are looked at, and of what kind each is."""
    head = text[:LIMIT].replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    lines = [part.rstrip() for line in head.split("\n") for part in _parts(line)]
    kinds = _kinds(lines if head.isascii() else [INVISIBLE.sub("", line) for line in lines])
    return lines, kinds


def _parts(line: str) -> tuple[str, ...]:
    """Yahoo's `--- On …` may stand at the end of the answer's last line."""
    glued = GLUED.match(line) if "--- On " in line[:LONGEST_LINE] else None
    return (glued[1], glued[2]) if glued else (line,)


def _kinds(lines: list[str]) -> list[str]:
    kinds = [_kind(line) for line in lines]
    for n, kind in enumerate(kinds):
        if kind in (TEXT, QUOTE) and old_header_begins(lines, n):
            above = n - 1
            while above > 0 and kinds[above] == EMPTY:
                above -= 1
            if kind == TEXT:
                kinds[n] = CUT
                if above >= 0 and RULE.match(lines[above]):
                    kinds[above] = CUT
                break
    for n, kind in enumerate(kinds):
        if kind == FORWARD and lines[n].startswith(">") and INTRO in kinds[:n]:
            kinds[n] = QUOTE        # it was passed on in the mail that this one answers
        if kind == TEXT:
            first = _intro_start(lines, kinds, n)
            if first is not None:
                kinds[first:n + 1] = [INTRO] * (n + 1 - first)
    return kinds


def _kind(line: str) -> str:
    bare = line.strip()
    if not bare or not bare.isascii() and NOISE.match(bare):
        return EMPTY
    if len(line) > LONGEST_LINE:
        return QUOTE if bare[0] == ">" else TEXT
    if len(bare) <= LONGEST_MARK and FORWARDED.match(bare):
        return FORWARD
    if bare[0] == ">":
        return QUOTE
    if len(bare) > LONGEST_MARK:
        return TEXT
    if bare[0] in "-_=#*" or "above" in bare.lower():
        if ORIGINAL.match(bare) or ABOVE.match(bare):
            return CUT
    if DASHES.match(bare) or DEVICE.match(bare):
        return SIGNATURE
    return TEXT


def old_header_begins(lines: list[str], at: int) -> bool:
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
    if not colon and (last[-1] in ".!?。！？" or not WROTE.search(last[-24:])
                      or not (quoted or "@" in last or len(last) < 24)):
        return None
    found = _opening(lines, kinds, end, quoted, colon)
    if found is not None:
        return found - _begins_above(lines, found, end)
    if quoted and last[-1] in ":：" and (WROTE.search(last) or ("@" in last and len(last) < 200)):
        return end
    return None


def _begins_above(lines: list[str], found: int, end: int) -> bool:
    """Whether the line before is the part of it that names the mailbox."""
    above = lines[found - 1].strip()[-LONGEST_LINE:] if found else ""
    if not MAILBOX.search(above):
        return False
    rest = " ".join(lines[found:end + 1])[:LONGEST_LINE]
    return not MAILBOX.search(rest) and (above[-1] in ">)" or not WROTE.search(rest))


def _opening(lines: list[str], kinds: list[str], end: int, quoted: bool, colon: bool) -> int | None:
    """Where such an introduction begins, looking up from its last line."""
    joined, fallback, blank = "", None, False
    last = lines[end].strip()
    for start in range(end, max(-1, end - 5), -1):
        if start < end and kinds[start] not in TEXT + EMPTY:
            break
        blank = blank or kinds[start] == EMPTY
        joined = f"{lines[start].strip()} {joined}".strip()
        if len(joined) > LONGEST_LINE:
            break
        if last[-1] == ">" and not quoted and not OPENS.match(joined):
            continue
        opens, wrote = OPENS.match(joined), WROTE.search(joined)
        if wrote and DATED.search(joined):
            if opens:
                return start
            if start == end and (quoted or "@" in joined or FULL_DATE.search(joined) and TIME.search(joined)):
                fallback = end
        elif quoted and colon and opens and DATED.search(joined) and len(joined) < 200:
            return start
        if blank or len(joined) > 300 or last[-1] not in ":：":
            continue                # what follows is true of any language: a mailbox, a date and a time, a colon
        if MAILBOX.search(joined) and FULL_DATE.search(joined) and TIME.search(joined):
            return start
    return fallback


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
