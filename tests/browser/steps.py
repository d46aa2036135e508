"""What many browser tests do first."""
from playwright.sync_api import expect


def open_ticket(page, house, number):
    page.goto(f"{house.url}/inbox/all/{number}")
    expect(page.locator("html.js")).to_be_attached()
    return page.locator("#composer-text")
