"""Merging tickets in the console: looking, seeing, doing, taking back."""
import pytest

from helpdesk import db
from helpdesk.models import Message, Ticket
from helpdesk.services import tickets
from tests.people import EVE, written


@pytest.fixture
def numbers(cast):
    with db.transaction() as session:
        made = [written(session, cast.mail, text, external_id=f"<{n}@x>", subject=subject, address=address).ticket_id
                for n, (text, subject, address) in enumerate((
                    ("Where is it?", "Order", "ann@example.com"), ("And the invoice?", "Invoice", "ann@example.com"),
                    ("Help", "Eve's", EVE)))]
        tickets.set_status(session, tickets.lock(session, made[1]), "resolved", "agent:1")
        return made


@pytest.fixture
def alice(cast, sign_in):
    return sign_in(cast.alice)


def test_the_customers_other_tickets_are_offered_and_all_can_be_looked_for(alice, numbers):
    first, second, eves = numbers
    page = alice.get(f"/tickets/{first}/merge").text
    assert f'href="/tickets/{first}/merge/{second}"' in page and f"/merge/{eves}" not in page
    assert f'href="/tickets/{first}/merge"' in alice.get(f"/inbox/all/{first}").text, "from the ticket's menu"
    found = alice.get(f"/tickets/{first}/merge?q=%23{eves}").text
    assert f'href="/tickets/{first}/merge/{eves}"' in found
    assert "Nothing found" in alice.get(f"/tickets/{first}/merge?q=zebra").text
    assert f"/merge/{first}" not in alice.get(f"/tickets/{first}/merge?q=%23{first}").text, "not with itself"


def test_the_preview_says_who_goes_on_and_what_happens(alice, numbers):
    first, second, eves = numbers
    page = alice.get(f"/tickets/{second}/merge/{first}").text
    assert f"Merge #{second} into #{first}" in page, "the open one goes on"
    turned = alice.get(f"/tickets/{second}/merge/{first}?stays={second}").text
    assert f"Merge #{first} into #{second}" in turned and "is opened again" in turned
    assert "two customers" not in page and 'name="together"' not in page
    two = alice.get(f"/tickets/{first}/merge/{eves}").text
    assert "These are two customers" in two and 'name="together" value="0" checked' in two
    assert alice.get(f"/tickets/{first}/merge/{first}").status_code == 409
    assert alice.get(f"/tickets/{first}/merge/9999").status_code == 404


def test_merged_and_taken_back(alice, numbers):
    first, second, _ = numbers
    answer = alice.post(f"/tickets/{second}/merge", data={"into": first})
    assert answer.status_code == 302 and answer.location == f"/inbox/all/{first}"
    page = alice.get(answer.location).text
    assert "Where is it?" in page and "And the invoice?" in page
    assert page.count(f'action="/tickets/{second}/unmerge"') == 2, "in the toast and in the line of the event"
    assert alice.get(f"/inbox/all/{second}").location == f"/inbox/all/{first}"
    assert f'id="moved" data-ticket="{first}"' in alice.get(f"/tickets/{second}/timeline?after=0").text
    assert f'data-parts="{first},{second}"' in page
    assert f'data-parts="{first},{second}"' in alice.get(f"/tickets/{first}/timeline?after=0").text
    alice.post(f"/tickets/{second}/notes", data={"text": "Written to the old one"})
    with db.reading() as session:
        assert session.query(Message).filter_by(text="Written to the old one").one().ticket_id == first
    assert alice.post(f"/tickets/{second}/unmerge").location == f"/inbox/all/{second}"
    page = alice.get(f"/inbox/all/{first}").text.partition('id="timeline"')[2].partition("</ol>")[0]
    assert "And the invoice?" not in page and "a ticket of its own again" in page
    again = alice.post(f"/tickets/{second}/unmerge")
    assert again.status_code == 409 and "is not merged" in again.text


def test_two_customers_take_part_only_when_it_is_ticked(alice, numbers):
    first, _, eves = numbers
    alice.post(f"/tickets/{eves}/merge", data={"into": first, "together": "0"})
    with db.reading() as session:
        assert session.get(Ticket, eves).merged_aside
    assert "its customer does not take part" in alice.get(f"/inbox/all/{first}").text
    alice.post(f"/tickets/{eves}/unmerge")
    alice.post(f"/tickets/{eves}/merge", data={"into": first, "together": "1"})
    with db.reading() as session:
        assert not session.get(Ticket, eves).merged_aside


def test_a_long_story_is_paged_through_its_parts(alice, numbers, cast):
    first, second, _ = numbers
    with db.transaction() as session:
        for n in range(130):
            written(session, cast.mail, f"Line {n}.", external_id=f"<l{n}@x>", replies_to=[f"<{n % 2}@x>"])
    alice.post(f"/tickets/{second}/merge", data={"into": first})
    page = alice.get(f"/inbox/all/{first}").text
    import re
    before = re.search(r'id="earlier"[^>]*>\s*<a[^>]*before=([\d.]+)', page)[1]
    seen = re.findall(r"Line (\d+)\.<", page)
    older = alice.get(f"/tickets/{first}/timeline?before={before}", headers={"X-Fragment": "1"}).text
    seen = re.findall(r"Line (\d+)\.<", older) + seen
    while match := re.search(r'id="earlier"[^>]*>\s*<a[^>]*before=([\d.]+)', older):
        older = alice.get(f"/tickets/{first}/timeline?before={match[1]}", headers={"X-Fragment": "1"}).text
        seen = re.findall(r"Line (\d+)\.<", older) + seen
    assert [int(n) for n in seen] == list(range(130))
