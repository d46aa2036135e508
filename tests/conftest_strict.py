"""With HELPDESK_TEST_STRICT=1 a skipped test fails: a missing browser or database must not look like success."""

import os

import pytest

STRICT = os.environ.get("HELPDESK_TEST_STRICT", "") not in ("", "0")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _failed_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _failed_if_skipped((yield))


def _failed_if_skipped(report):
    """The report, as a failure where it was a skip; an expected failure (xfail) looks like a skip but is none."""
    if STRICT and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"HELPDESK_TEST_STRICT is set, and this was skipped. {reason}"
    return report
