"""The brief beside a ticket and on a person's page, and the person's timeline, as pages."""
import re

import pytest
from sqlalchemy import event, insert

from helpdesk import db
from helpdesk.models import Agent, Message, Pledge, Ticket
from helpdesk.services import replies, tickets
from tests.people import EVE, written

PROMISE = "Sorry!\nI'll get back to you by Friday."


@pytest.fixture
def alice(sign_in, cast):
    """Alice's browser."""
    return sign_in(cast.alice)


@pytest.fixture
def number(cast):
    """Ann asked by mail and was promised an answer."""
    number = db.run(written, cast.mail, "Where is my parcel?", name="Ann Lee").ticket_id
    answer(cast, number, PROMISE)
    return number


def answer(cast, number, text):
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, number), text, agent=session.get(Agent, cast.alice.id))


def panel(client, number):
    return client.get(f"/inbox/all/{number}").text.partition('id="contact-panel"')[2]


def statements(client, path):
    seen = []
    listener = lambda *args: seen.append(args[2])  # noqa: E731
    event.listen(db.engine(), "before_cursor_execute", listener)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine(), "before_cursor_execute", listener)
    return len(seen)


def test_the_panel_says_first_who_it_is_then_what_is_owed(alice, cast):
    number = db.run(written, cast.widget, "Where is it?", address="browser", name="Ann Lee").ticket_id
    answer(cast, number, PROMISE)
    assert db.run(written, cast.widget, "And can I still cancel?", address="browser", external_id="x2"
                  ).ticket_id == number
    page = panel(alice, number)
    assert page.index("Ann Lee") < page.index("The first time that they write to us") < page.index("Promised") \
        < page.index("I&#39;ll get back to you by Friday.") < page.index("Not answered yet") \
        < page.index("And can I still cancel?") < page.index("Last contacts") < page.index("Addresses")
    assert "Due in" in page and "nothing else is open" in page
    assert re.search(r'href="#message-\d+"', page), "a question of this ticket is jumped to"


@pytest.mark.parametrize(("code", "name"), [("es", "Spanish"), ("pt-BR", "Portuguese"), ("xx-unheard", "xx-unheard")])
def test_the_panel_names_the_language_in_words(alice, cast, number, code, name):
    with db.transaction() as session:
        tickets.lock(session, number).contact.locale = code
    assert f'data-locale="{code}">{name}<' in panel(alice, number)


def test_what_else_is_open_and_what_was_said_of_the_help_is_shown(alice, cast, number):
    with db.transaction() as session:
        contact = session.get(Ticket, number).contact
        other = tickets.open_ticket(session, contact, channel="email", subject="The other matter").id
    page = panel(alice, other)
    assert "Where is my parcel?" in page and f'href="/tickets/{number}"' in page
    assert "2 tickets since" in page and "2 of them not done" in page
    assert "I&#39;ll get back to you by Friday." in page, "what was promised elsewhere too"


def test_an_agent_says_that_a_promise_was_kept_and_goes_back_to_where_they_were(alice, cast, number):
    with db.reading() as session:
        pledge = session.query(Pledge).one().id
    gone = alice.post(f"/pledges/{pledge}", data={"judgement": "kept", "back": "/contacts/1"})
    assert gone.location == "/contacts/1"
    assert "1 kept" in panel(alice, number) and "marked a promise as kept" in alice.get(f"/inbox/all/{number}").text
    assert alice.post(f"/pledges/{pledge}", data={"judgement": "none"}, headers={"X-Fragment": "1"}).status_code == 204
    assert "get back to you" not in panel(alice, number)
    assert alice.post(f"/pledges/{pledge}", data={"judgement": "none", "back": "//evil.example"}).location \
        == f"/tickets/{number}"
    assert alice.post(f"/pledges/{pledge}", data={"judgement": "perhaps"}).status_code == 422
    assert alice.post("/pledges/999", data={"judgement": "kept"}).status_code == 404


def test_the_address_of_a_message_opens_its_ticket_where_it_stands(alice, cast, number):
    with db.reading() as session:
        first = session.query(Message).order_by(Message.id).first().id
    assert alice.get(f"/messages/{first}").location == f"/inbox/all/{number}#message-{first}"
    with db.transaction() as session:
        ticket, bob = tickets.lock(session, number), session.get(Agent, cast.bob.id)
        for n in range(130):
            replies.note(session, ticket, f"note {n}", bob)
    there = alice.get(f"/messages/{first}").location
    assert "before=" in there and f'id="message-{first}"' in alice.get(there).text
    assert alice.get("/messages/99999").status_code == 404


def test_a_persons_page_has_the_brief_and_everything_that_was_said(alice, cast, number):
    page = alice.get("/contacts/1").text
    for words in ("Where is my parcel?", "I&#39;ll get back to you by Friday.", "Promised", "Timeline", "Alice",
                  "Ticket opened by e-mail", 'href="/messages/'):
        assert words.lower() in page.lower(), words
    assert "Nothing was said with them yet" not in page


def test_the_timeline_is_narrowed_and_searched_and_what_was_found_is_marked(alice, cast, number):
    db.run(written, cast.mail, "The grinder is loud", external_id="x3")
    found = alice.get("/contacts/1?q=GRIND").text.partition('id="story"')[2]
    assert "<mark>grinder</mark>" in found and "parcel" not in found.partition("</form>")[2].partition("Addresses")[0]
    jump = re.search(r'href="(/contacts/1\?at=[\d.]+)#message-\d+"', found)[1]
    around = alice.get(jump).text
    assert "sought" in around and "The grinder is loud" in around
    assert "Nobody said" in alice.get("/contacts/1?q=unicorn").text
    notes = alice.get("/contacts/1?kind=notes").text.partition('id="story"')[2]
    assert "The grinder is loud" not in notes.partition("Addresses")[0]
    assert alice.get("/contacts/1?kind=nonsense").status_code == 200
    assert alice.get("/contacts/1?at=nonsense").status_code == 422
    evil = alice.get('/contacts/1?q="><script>x').text
    assert "<script>x" not in evil


def test_the_timeline_goes_on_by_fragments_and_by_plain_links(alice, cast, number):
    with db.transaction() as session:
        ticket, bob = tickets.lock(session, number), session.get(Agent, cast.bob.id)
        for n in range(90):
            replies.note(session, ticket, f"note number {n}.", bob)
    seen, page = [], alice.get("/contacts/1?kind=notes").text
    for _ in range(5):
        seen += re.findall(r"note number (\d+)\.", page)
        more = re.search(r'hx-get="(/contacts/1/timeline\?before=[^"]+)"', page)
        if not more:
            break
        page = alice.get(more[1].replace("&amp;", "&"), headers={"X-Fragment": "1"}).text
    assert [int(n) for n in seen] == list(range(89, -1, -1))
    link = re.search(r'href="(/contacts/1\?before=[^"#]+)', alice.get("/contacts/1?kind=notes").text)[1]
    assert "note number 40." in alice.get(link.replace("&amp;", "&")).text, "without a script too"
    assert alice.get("/contacts/1/timeline", headers={"X-Fragment": "1"}).text.lstrip().startswith("<section")


def test_nothing_of_somebody_else_stands_in_a_timeline(alice, cast, number):
    db.run(written, cast.mail, "My secret order", address=EVE, name="Eve", external_id="eve")
    assert "My secret order" not in alice.get("/contacts/1").text
    assert "My secret order" not in alice.get("/contacts/1?q=secret").text
    assert "My secret order" in alice.get("/contacts/2").text


def test_a_persons_page_takes_the_same_statements_for_ten_and_for_five_thousand_messages(alice, cast, number):
    for n in range(8):
        answer(cast, number, f"Answer {n}")
    few = statements(alice, "/contacts/1"), statements(alice, f"/inbox/all/{number}")
    with db.transaction() as session:
        identity = session.query(Message).filter_by(direction="in").first().identity_id
        session.execute(insert(Message), [
            {"ticket_id": number, "seq": 1_000 + n, "channel": "email", "author_kind": "contact",
             "direction": "in", "identity_id": identity, "text": f"Is this line {n}?"} for n in range(5_000)])
        session.get(Ticket, number).seq = 6_000
    assert (statements(alice, "/contacts/1"), statements(alice, f"/inbox/all/{number}")) == few
