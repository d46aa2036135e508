"""All metrics by name. Number and list come from the same rows, so that the two cannot differ."""
from __future__ import annotations

from sqlalchemy.orm import Session

from helpdesk.services import assistant_rows, reports_rows
from helpdesk.services.reports_rows import Range, Row

METRICS = {**reports_rows.METRICS, **assistant_rows.METRICS}
OVERVIEW = (*reports_rows.METRICS, "assistant")       # what the first page shows; the rest has a page of its own


def rows(session: Session, metric: str, within: Range) -> list[Row]:
    """The rows of a metric, oldest first. KeyError for an unknown metric."""
    return sorted(METRICS[metric](session, within), key=lambda row: (row.at, row.ticket_id or 0))
