"""Many tickets at once in a real browser."""
import uuid

import pytest
from playwright.sync_api import expect

from helpdesk import db
from helpdesk.models import Ticket

pytestmark = pytest.mark.usefixtures("connected")


def statuses(numbers) -> list[str]:
    with db.reading() as session:
        return [str(session.get(Ticket, one).status) for one in numbers]


def test_rows_are_chosen_by_key_and_range_changed_and_put_back(house, browse, ann, axe):
    word = uuid.uuid4().hex[:8]
    numbers = [ann(subject=f"{word} {n}", text=word) for n in range(4)]
    page = browse()
    page.goto(f"{house.url}/inbox/all?q={word}")
    rows = page.locator(".ticket-row")
    expect(rows).to_have_count(4)
    rows.nth(0).locator("> a").focus()
    page.keyboard.press("x")
    bar = page.locator("#bulk-bar")
    expect(bar).to_contain_text("1 ticket chosen")
    rows.nth(2).locator(".pick input").click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 tickets chosen")
    assert axe(page) == []
    bar.locator("summary[title=Status]").click()
    bar.get_by_role("button", name="Resolved").click()
    done = page.locator(".bulk-toast", has_text="done for 3 of 3 tickets")
    expect(done).to_be_visible()
    expect(bar).to_have_count(0)
    assert sorted(statuses(numbers)) == ["open", "resolved", "resolved", "resolved"]
    done.get_by_role("button", name="Undo").click()
    expect(page.locator(".bulk-toast", has_text="Undone for 3 of 3")).to_be_visible()
    assert statuses(numbers) == ["open"] * 4


def test_all_of_a_view_also_what_is_not_loaded(house, browse, ann):
    word = uuid.uuid4().hex[:8]
    numbers = [ann(subject=f"{word} {n}", text=word, sender=f"{word}{n}@example.com") for n in range(28)]
    page = browse()
    page.goto(f"{house.url}/inbox/all?q={word}")
    expect(page.locator(".ticket-row")).to_have_count(25)
    page.locator(".pick input").first.click()
    bar = page.locator("#bulk-bar")
    bar.get_by_role("button", name="Select all in this view").click()
    expect(bar).to_contain_text("28 tickets chosen")
    bar.locator("summary[title=Status]").click()
    bar.get_by_role("button", name="Closed").click()
    expect(page.locator(".bulk-toast", has_text="done for 28 of 28 tickets")).to_be_visible(timeout=30_000)
    assert set(statuses(numbers)) == {"closed"}


def test_what_could_not_be_changed_is_listed_with_its_reason(house, browse, ann, axe):
    word = uuid.uuid4().hex[:8]
    numbers = [ann(subject=f"{word} {n}", text=word) for n in range(2)]
    with db.transaction() as session:
        session.get(Ticket, numbers[0]).status = "resolved"
    page = browse()
    page.goto(f"{house.url}/inbox/all?q={word}")
    for box in page.locator(".pick input").all():
        box.click()
    bar = page.locator("#bulk-bar")
    expect(bar).to_contain_text("2 tickets chosen")
    bar.locator("summary[title=Snooze]").click()
    bar.get_by_role("button", name="Tomorrow").click()
    page.get_by_role("link", name="1 stays as it is: why?").click()
    expect(page.get_by_text("Only an open or pending ticket can be snoozed.")).to_be_visible()
    assert axe(page) == []
