"""The manager's page in a browser without scripts: every number is followed to its list."""
import csv
import io
import re
from html import unescape

import pytest

from helpdesk import models
from helpdesk.services import ratings, sla, surveys

pytest_plugins = ["tests.desk"]
JUNE = "from=2025-06-01&to=2025-06-30"


@pytest.fixture
def month(desk, wall):
    """A few tickets of each kind."""
    for minutes, score in ((5, 5), (20, 4), (90, 1), (10, None)):
        ticket = desk.customer_writes(f"<b>{minutes}</b>", who=f"49170{next(desk.numbers):07}", name="Zoë & Co")
        wall.go(minutes=minutes)
        desk.agent_answers(ticket)
        desk.resolve(ticket)
        desk.do(surveys.plan, ticket)
        wall.go(hours=1)
        desk.do(surveys.send_due)
        survey = desk.rows(models.Survey)[-1]
        if score:
            token = desk.rows(models.Message, id=survey.message_id)[0].text.rsplit("/r/", 1)[1]
            desk.do(ratings.rate, token, score, "=1+1")
    for n in range(3):
        ticket = desk.customer_writes(who=f"77{n}", channel="telegram", assistant=True)
        desk.assistant_answers(ticket)
    desk.assistant_hands_over(ticket)
    desk.do(sla.breach_due)
    return desk


@pytest.fixture
def mia(cast, sign_in):
    return sign_in(cast.mia)


def links(html):
    """[(words, address)] of every link to a list; words without marks."""
    found = re.findall(r'<a[^>]* href="(/reports/tickets\?[^"]*)"([^>]*)>(.*?)</a>', html, re.S)
    return [(" ".join(re.sub(r"<[^>]+>", " ", words).split()), unescape(href), rest) for href, rest, words in found]


def rows_of(mia, href):
    text = mia.get(href.replace("/reports/tickets?", "/reports/tickets.csv?")).get_data(as_text=True)
    return list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))[1:]


def counts(html):
    """(count, address) of every link whose words or label are, begin or end with a whole number."""
    for words, href, rest in links(html):
        label = re.search(r': (\d+)"', rest)
        found = label or re.search(r"(?:^|\s)(\d+)$", words) or re.match(r"(\d+) (?![dhms%])", words)
        if found:
            yield int(found[1]), href


def test_every_link_opens_a_list_and_every_count_is_as_long_as_its_list(month, mia):
    text = mia.get(f"/reports?{JUNE}").text
    assert {mia.get(href).status_code for _, href, _ in links(text)} == {200}
    found = list(counts(text))
    assert len(found) > 30
    for count, href in found:
        assert len(rows_of(mia, href)) == count, href


def test_numbers_are_the_ones_of_the_period(month, mia):
    text = mia.get(f"/reports?{JUNE}").text
    assert "67 %" in text, "two of three were satisfied"
    assert "Only 3:" in text, "three answers are too few to trust"
    empty = mia.get("/reports?from=2024-01-01&to=2024-01-31").text
    assert "No tickets in this period" in empty and "67 %" not in empty


def test_the_channel_narrows_everything(month, mia):
    text = mia.get(f"/reports?{JUNE}&channel=telegram").text
    hrefs = [href for _, href, _ in links(text)]
    assert hrefs and all("channel=telegram" in href for href in hrefs)
    assert len(rows_of(mia, f"/reports/tickets?{JUNE}&channel=telegram&metric=volume")) == 3


def test_the_list_shows_each_ticket_escaped_and_linked(month, mia):
    text = mia.get(f"/reports/tickets?{JUNE}&metric=csat").text
    assert "Zoë &amp; Co" in text and "&lt;b&gt;5&lt;/b&gt;" in text and "<b>5</b>" not in text
    assert 'href="/tickets/1"' in text and "5 of 5" in text


def test_long_lists_have_pages(month, mia, monkeypatch):
    monkeypatch.setattr("helpdesk.web.reports.PER_PAGE", 2)
    pages = [mia.get(f"/reports/tickets?{JUNE}&metric=volume&page={n}").text for n in (1, 2, 3, 4, 99)]
    shown = [re.findall(r">#(\d+)<", text) for text in pages]
    assert shown[0] + shown[1] + shown[2] + shown[3] == [str(n) for n in range(7, 0, -1)]
    assert shown[4] == shown[3]


def test_the_download_is_a_file_that_no_spreadsheet_runs(month, mia):
    answer = mia.get(f"/reports/tickets.csv?{JUNE}&metric=csat")
    assert answer.mimetype == "text/csv" and 'filename="csat-2025-06-01-2025-06-30.csv"' in answer.headers[
        "Content-Disposition"]
    assert {row[7] for row in rows_of(mia, f"/reports/tickets?{JUNE}&metric=csat")} == {"'=1+1"}


@pytest.mark.parametrize("query", ["from=2025-07-01&to=2025-06-01", "from=x", "days=-1", "metric=magic"])
def test_filters_that_make_no_sense_are_explained_on_the_page(desk, mia, query):
    answer = mia.get(f"/reports?{query}")
    assert answer.status_code == 422 and "The last 30 days are shown" in answer.text


@pytest.mark.parametrize("path", ["/reports/tickets", "/reports/tickets?metric=x", "/reports/tickets.csv?from=1"])
def test_a_list_of_nothing_is_an_error_with_a_sentence(desk, mia, path):
    assert mia.get(path).status_code == 422


def test_only_managers_see_reports(desk, cast, sign_in, client):
    for path in ("/reports", "/reports/tickets?metric=volume", "/reports/tickets.csv?metric=volume"):
        assert sign_in(cast.alice).get(path).status_code == 403
        assert client.get(path).status_code == 401
        assert sign_in(cast.ada).get(path).status_code == 200


def test_days_are_those_of_the_manager(month, mia, cast):
    month.do(lambda session: setattr(session.get(models.Agent, cast.mia.id), "time_zone", "Asia/Jakarta"))
    assert "Days in Asia/Jakarta" in mia.get("/reports").text


def test_the_page_needs_no_style_or_script_of_its_own(month, mia):
    for path in (f"/reports?{JUNE}", f"/reports/tickets?{JUNE}&metric=volume"):
        text = mia.get(path).text
        assert "style=" not in text and "<style" not in text and " onclick" not in text


def test_the_assistants_own_page_opens_its_lists(sign_in, cast):
    mia = sign_in(cast.mia)
    page = mia.get("/reports/assistant").text
    for words in ("Containment", "Deflection", "Answered wrong", "Nothing waits to be reviewed"):
        assert words in page, words
    for metric in ("assistant", "deflection", "answers", "turns"):
        assert mia.get(f"/reports/tickets?metric={metric}").status_code == 200
    assert mia.get("/reports/tickets.csv?metric=deflection").status_code == 200
    assert sign_in(cast.alice).get("/reports/assistant").status_code == 403
    assert mia.get("/reports/assistant?days=0").status_code == 422
