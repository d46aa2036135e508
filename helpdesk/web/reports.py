"""The manager's page: the numbers, and the list of tickets behind each of them."""
from __future__ import annotations

from flask import Blueprint, Response, g, request

from helpdesk import audit, db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.rendering import page, zone
from helpdesk.services import reports, reports_assistant, reports_chart, reports_filters
from helpdesk.services.reports_filters import Filters
from helpdesk.web.access import needs

pages = Blueprint("reports", __name__)
PER_PAGE = 100
TITLES = {"first_response": "First response", "resolution": "Resolution time",
          "sla_first_response": "First response in time", "sla_resolution": "Resolved in time",
          "csat": "Ratings", "surveys": "Surveys sent", "volume": "New tickets", "assistant": "Containment",
          "deflection": "Deflection", "answers": "Answers of the assistant", "turns": "What the assistant did"}


@pages.get("/reports")
@needs("reports")
def show():
    """All numbers. Filters that make no sense are said to be wrong, and the last 30 days are shown."""
    filters, problem = _filters_or_usual()
    with db.reading() as session:
        numbers = reports.overview(session, filters)
        channels = reports.channels(session)
        has_hours = reports.has_business_hours(session)
    return _report("reports/index.html", filters, problem, numbers.volume, numbers=numbers, channels=channels,
                   has_hours=has_hours)


@pages.get("/reports/assistant")
@needs("reports")
def assistant():
    """What the assistant did, whether it spared people work, and what it cannot answer yet."""
    filters, problem = _filters_or_usual()
    with db.reading() as session:
        numbers = reports_assistant.numbers(session, filters)
        channels = reports.channels(session)
    return _report("reports/assistant.html", filters, problem, numbers.turns, numbers=numbers, channels=channels)


@pages.get("/reports/tickets")
@needs("reports")
def tickets():
    """The tickets that one number was counted from."""
    filters = _list_filters()
    with db.reading() as session:
        rows = reports.rows(session, filters)
        last = max(1, -(-len(rows) // PER_PAGE))
        number = min(last, max(1, request.args.get("page", 1, int)))
        lines = list(reports.lines(session, rows[(number - 1) * PER_PAGE:number * PER_PAGE]))
    return page("reports/tickets.html", filters=filters, lines=lines, count=len(rows), number=number, last=last,
                title=TITLES[filters.metric], csv=_same(filters, "/reports/tickets.csv"),
                here=_same(filters, "/reports/tickets"))


@pages.get("/reports/tickets.csv")
@needs("export")
def tickets_csv():
    """The same list as a file for spreadsheets; the mark at its start makes Excel read it as UTF-8."""
    filters = _list_filters()
    with db.transaction() as session:
        text = reports.table(session, filters)
        audit.note(session, "export", "list of tickets", f"{filters.metric}, {filters.first} to {filters.last}",
                   actor=g.agent.actor)
    name = f"{filters.metric}-{filters.first}-{filters.last}.csv"
    return Response("\ufeff" + text, mimetype="text/csv",
                    headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _filters_or_usual() -> tuple[reports_filters.Filters, str]:
    """The filters that were asked for and '', or the last 30 days and what is wrong with those."""
    try:
        return _filters(), ""
    except Invalid as error:
        return reports_filters.parse({}, zone().key, _today()), str(error)


def _report(template: str, filters: reports_filters.Filters, problem: str, volume, **more):
    """A page of numbers with the chart of its `volume`."""
    chart = reports_chart.stacked(volume.columns, volume.step, filters.last, list(volume.channels))
    body = page(template, filters=filters, chart=chart, problem=problem, presets=_presets(filters),
                last_day=reports_chart.last_day, **more)
    return body, 422 if problem else 200


def _filters() -> Filters:
    return reports_filters.parse(request.args, zone().key, _today())


def _list_filters() -> Filters:
    filters = _filters()
    if not filters.metric:
        raise Invalid("Choose a number on the reports page to see its tickets.")
    return filters


def _same(filters: Filters, path: str) -> str:
    return filters.url(filters.metric, filters.bucket, filters.day, filters.span, path)


def _presets(filters: Filters) -> list[tuple[int, bool]]:
    """(days, whether they are what is shown)."""
    return [(days, filters.last == _today() and filters.days == days) for days in reports_filters.PRESETS]


def _today():
    return now().astimezone(zone()).date()
