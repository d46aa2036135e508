"""The bell: what is new, over the page one is on."""
import re

import pytest
from playwright.sync_api import expect

from helpdesk import db
from helpdesk.models import Agent, Notification
from helpdesk.services import notifications

pytestmark = pytest.mark.usefixtures("connected")


def tell(house, number, *kinds):
    with db.transaction() as session:
        for kind in kinds:
            session.add(Notification(agent_id=house.agent("alice").id, ticket_id=number, kind=kind,
                                     text=f"{kind} it is"))


def test_the_bell_counts_on_the_tab_and_lists_by_ticket_and_one_or_all_are_seen(browse, house, ann, axe):
    first, second = ann("One", sender="one@example.com"), ann("Two", sender="two@example.com")
    with db.transaction() as session:       # what an earlier try left
        notifications.mark_seen(session, session.get(Agent, house.agent("alice").id))
    tell(house, first, "followed", "followed", "mention")
    tell(house, second, "assigned")
    page = browse()
    page.goto(f"{house.url}/inbox/all")
    expect(page.locator("html.js")).to_be_attached()
    expect(page).to_have_title(re.compile(r"^\(4\) "))
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("^data:image/png"))
    page.get_by_role("link", name="News").click()
    panel = page.get_by_role("dialog", name="News")
    expect(panel.get_by_text(f"1 mention and 2 changes in #{first}")).to_be_visible()
    assert axe(page) == []
    panel.get_by_role("button", name="I have seen “mention it is”").click()
    expect(panel.locator("[data-notification]")).to_have_count(1)
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    tell(house, first, "rating")                                    # while the panel is open: not shown, not seen
    panel.get_by_role("button", name="I have seen them all").click()
    expect(panel.get_by_text("rating it is")).to_be_visible()
    panel.get_by_role("button", name="I have seen them all").click()
    expect(panel.get_by_text("Nothing new.")).to_be_visible()
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile(r"\.svg$"))
