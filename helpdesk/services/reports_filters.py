"""What a report is asked for. Everything stands in the address of the page, so that it can be kept and sent on."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from helpdesk.errors import Invalid
from helpdesk.services.reports_metrics import METRICS
from helpdesk.services.reports_rows import Range

PRESETS = (7, 30, 90)
LONGEST = 731


@dataclass(frozen=True)
class Filters:
    """Days `first` to `last`, both included, in the time zone `zone`. The rest is for the list of one metric: `day`
    (with the `span` days from there on) and `bucket` narrow it to one bar or part."""
    first: date
    last: date
    zone: str
    channel: str = ""
    business: bool = False
    metric: str = ""
    day: date | None = None
    span: int = 1
    bucket: str = ""

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def range(self) -> Range:
        """The two instants."""
        return Range(self._midnight(self.first), self._midnight(self.last + timedelta(days=1)), self.channel,
                     self.business)

    def previous(self) -> Filters:
        """As many days just before."""
        return replace(self, first=self.first - timedelta(days=self.days), last=self.first - timedelta(days=1))

    def date_of(self, instant: datetime) -> date:
        """The day on which something happened, where the reader is."""
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def url(self, metric: str = "", bucket: str = "", day: date | None = None, span: int = 1,
            path: str = "", **changes) -> str:
        """The address of the list of tickets behind a number, or of the report itself without a metric."""
        chosen = replace(self, **changes)
        query = {"from": chosen.first, "to": chosen.last, "channel": chosen.channel,
                 "hours": "business" if chosen.business else "", "metric": metric, "bucket": bucket, "day": day,
                 "span": span if day and span != 1 else ""}
        path = path or ("/reports/tickets" if metric else "/reports")
        return f"{path}?{urlencode({key: value for key, value in query.items() if value})}"

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone))


def parse(args: Mapping[str, str], zone: str, today: date) -> Filters:
    """The filters in an address. Without dates, the last `days` (30) days. Raises Invalid with a sentence."""
    last = _date(args.get("to"), "to") or today
    first = _date(args.get("from"), "from")
    if first is None:
        first = last - timedelta(days=_whole(args.get("days") or 30, "days", LONGEST) - 1)
    if first > last:
        raise Invalid(f"The report cannot end on {last} before it begins on {first}.")
    if (last - first).days >= LONGEST:
        raise Invalid(f"A report covers at most {LONGEST} days.")
    metric = args.get("metric", "")
    if metric and metric not in METRICS:
        raise Invalid(f"There is no report {metric!r}.")
    return Filters(first, last, zone, args.get("channel", "")[:32], args.get("hours") == "business", metric,
                   _date(args.get("day"), "day"), _whole(args.get("span") or 1, "span", LONGEST),
                   args.get("bucket", "")[:40])


def _date(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{name!r} is a date such as 2030-12-25, not {text!r}.") from None
    if not 2000 <= found.year <= 2100:
        raise Invalid(f"{name!r} lies too far away: {text}.")
    return found


def _whole(text: str | int, name: str, most: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= most:
        raise Invalid(f"{name!r} is a number from 1 to {most}, not {text!r}.")
    return number
