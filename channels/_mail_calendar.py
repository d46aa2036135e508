"""Invitations (RFC 5545, sent by mail as RFC 6047 says) as a few lines that an agent can read: what, when and in which
zone, where, who invites."""
from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from channels._charset import without_refused

LARGEST = 500_000
EVENTS = 5
FOLDED = re.compile(r"\r?\n[ \t]")
PROPERTY = re.compile(r'([A-Za-z-]{1,60})((?:;[A-Za-z-]{1,60}=(?:"[^"\n]*"|[^;:"\n]*))*):(.*)')
PARAMETER = re.compile(r';([A-Za-z-]{1,60})=(?:"([^"\n]*)"|([^;:"\n]*))')
ESCAPED = re.compile(r"\\([\\;,nN])")
DURATION = re.compile(r"\+?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:\d{1,6}S)?)?$")
KINDS = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer to an invitation", "PUBLISH": "Event",
         "COUNTER": "Another time is proposed", "ADD": "More dates", "REFRESH": "Asks for the invitation again"}
ANSWERS = {"ACCEPTED": "accepts", "DECLINED": "declines", "TENTATIVE": "accepts perhaps", "DELEGATED": "sends another"}
OFTEN = {"DAILY": "every day", "WEEKLY": "every week", "MONTHLY": "every month", "YEARLY": "every year"}


def invitation(text: str) -> str:
    """The events of a text/calendar part in words, '' when it holds none. Times are in the organiser's zone, as they
    stand there, with the zone's name and its distance from UTC where it is known."""
    events, method = _events(FOLDED.sub("", text[:LARGEST]))
    return without_refused("\n\n".join(_words(event, method) for event in events[:EVENTS]))


def _events(text: str) -> tuple[list[dict], str]:
    events: list[dict] = []
    method, inside, skipped = "", None, 0
    for line in text.splitlines():
        field = PROPERTY.match(line.strip())
        if not field:
            continue
        name, value = field[1].upper(), field[3].strip()
        if name == "BEGIN":
            if value.upper() in ("VEVENT", "VTODO") and inside is None:
                inside = {"kind": value.upper(), "ATTENDEE": []}
            elif inside is not None:
                skipped += 1                    # an alarm inside
        elif name == "END":
            if skipped:
                skipped -= 1
            elif inside is not None and value.upper() == inside["kind"]:
                events.append(inside)
                inside = None
        elif name == "METHOD" and inside is None:
            method = value.upper()
        elif inside is not None and not skipped:
            found = (value, {p[0].upper(): p[1] or p[2] for p in PARAMETER.findall(field[2])})
            if name == "ATTENDEE":
                inside["ATTENDEE"].append(found)
            else:
                inside.setdefault(name, found)
    return events, method


def _words(event: dict, method: str) -> str:
    status = event.get("STATUS", ("", {}))[0].upper()
    kind = "Cancelled" if status == "CANCELLED" else KINDS.get(method, "Event")
    lines = [f"{kind}: {_plain(event.get('SUMMARY', ('', {}))[0]) or 'without a title'}"]
    if method == "REPLY" and event["ATTENDEE"]:
        value, about = event["ATTENDEE"][0]
        lines.append(f"{_person(value, about)} {ANSWERS.get(about.get('PARTSTAT', '').upper(), 'has not decided')}")
    when = _when(event)
    for label, words in (("When", when), ("Where", _plain(event.get("LOCATION", ("", {}))[0])),
                         ("Organiser", _person(*event["ORGANIZER"]) if "ORGANIZER" in event else "")):
        if words:
            lines.append(f"{label}: {words}")
    return "\n".join(lines)


def _when(event: dict) -> str:
    start = _moment(*event["DTSTART"]) if "DTSTART" in event else None
    if start is None:
        return ""
    end = _moment(*event["DTEND"]) if "DTEND" in event else _after(start, event.get("DURATION", ("", {}))[0])
    zone = event["DTSTART"][1].get("TZID", "")
    if isinstance(start, datetime):
        words = f"{_day(start)}, {start:%H:%M}"
        if isinstance(end, datetime) and end != start:
            words += f"–{end:%H:%M}" if end.date() == start.date() else f" – {_day(end)}, {end:%H:%M}"
        words += f" ({_zone(start, zone, utc=event['DTSTART'][0].upper().endswith('Z'))})"
    else:
        last = end - timedelta(days=1) if type(end) is date and end > start else start      # DTEND is not included
        words = f"{_day(start)}, all day" if last == start else f"{_day(start)} – {_day(last)}, all day"
    rule = re.search(r"FREQ=([A-Z]+)", event.get("RRULE", ("", {}))[0].upper())
    return f"{words}, {OFTEN.get(rule[1], 'repeated')}" if rule else words


def _moment(value: str, about: dict) -> date | datetime | None:
    digits = value.strip().upper().rstrip("Z")
    try:
        if len(digits) == 8:
            return datetime.strptime(digits, "%Y%m%d").date()   # noqa: DTZ007 – the zone is said beside it
        return datetime.strptime(digits[:13], "%Y%m%dT%H%M")    # noqa: DTZ007
    except ValueError:
        return None


def _after(start: date | datetime, duration: str) -> date | datetime | None:
    found = DURATION.match(duration.strip().upper())
    if not found or not any(found.groups()):
        return None
    weeks, days, hours, minutes = (int(n or 0) for n in found.groups())
    try:
        return start + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    except OverflowError:
        return None


def _day(at: date) -> str:
    return f"{at:%A}, {at.day} {at:%B} {at.year}"


def _zone(start: datetime, name: str, *, utc: bool) -> str:
    if utc:
        return "UTC"
    if not name:
        return "local time of the place"
    name = _plain(name)[:80].lstrip("/")
    for known in (name, "/".join(name.split("/")[-2:])):
        try:
            offset = start.replace(tzinfo=ZoneInfo(known)).utcoffset()
        except (KeyError, ValueError, OSError):
            continue
        minutes = int(offset.total_seconds() // 60) if offset is not None else 0
        return f"{known}, UTC{'+' if minutes >= 0 else '−'}{abs(minutes) // 60}" + (
            f":{abs(minutes) % 60:02}" if minutes % 60 else "")
    return name


def _person(value: str, about: dict) -> str:
    address = re.sub(r"^mailto:", "", value.strip(), flags=re.I)
    name = _plain(about.get("CN", ""))
    return f"{name} <{address}>" if name and name != address and "@" in address else name or address


def _plain(text: str) -> str:
    text = ESCAPED.sub(lambda m: " " if m[1] in "nN" else m[1], text)
    return " ".join(text.split())[:500]
