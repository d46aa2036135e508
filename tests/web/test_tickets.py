"""The inbox over HTTP: lists, one ticket, its verbs, writing, and what a browser fetches to stay current."""
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from channels.base import Status as DeliveryStatus
from helpdesk import db, events
from helpdesk.clock import now
from helpdesk.models import Agent, Attachment, Delivery, Event, Message, Tag, Ticket
from helpdesk.services import files, replies, tickets
from tests.people import ANN, EVE, written

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 24


@pytest.fixture
def number(cast):
    """A ticket by mail."""
    return write(cast, "Where is my parcel?", subject="Parcel 4512")


@pytest.fixture
def alice(sign_in, cast):
    """Alice's browser."""
    return sign_in(cast.alice)


def write(cast, text, inbox=None, **fields) -> int:
    return db.run(written, inbox or cast.mail, text, **fields).ticket_id


def change(number, verb, *args):
    with db.transaction() as session:
        verb(session, tickets.lock(session, number), *args)


def events_of(number) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(Event.name).where(Event.ticket_id == number).order_by(Event.seq)))


def part(client, path, **kwargs):
    return client.get(path, headers={"X-Fragment": "1"}, **kwargs)


def send(client, path, **form):
    return client.post(path, data=form, headers={"X-Fragment": "1"})


def rows(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="row-(\d+)"', html)]


def test_strangers_are_sent_to_sign_in_and_come_back(client, number):
    answer = client.get(f"/inbox/all/{number}", headers={"Accept": "text/html"})
    assert answer.status_code == 302 and answer.location.startswith("/sign-in?next=/inbox/all/")
    assert part(client, "/inbox/all").status_code == 401


def test_each_view_holds_what_its_name_says(alice, cast):
    mine, waiting, snoozed, done, free = (write(cast, f"Matter {n}", address=f"p{n}@example.org", external_id=f"v{n}")
                                          for n in range(5))
    change(mine, tickets.assign, cast.alice, "agent:1")
    change(waiting, tickets.set_status, "pending", "agent:1")
    change(snoozed, tickets.snooze, now() + timedelta(hours=1), "agent:1")
    change(done, tickets.set_status, "resolved", "agent:1")
    with db.transaction() as session:
        for ticket in session.scalars(select(Ticket)):
            ticket.with_assistant = ticket.id == mine
    held = {key: rows(part(alice, f"/inbox/{key}").text)
            for key in ("mine", "unassigned", "all", "assistant", "waiting", "snoozed", "resolved")}
    assert held == {"mine": [mine], "unassigned": [free], "all": [free, mine], "assistant": [mine],
                    "waiting": [waiting], "snoozed": [snoozed], "resolved": [done]}
    assert alice.get("/inbox/nonsense").status_code == 404


def test_channel_team_tag_and_words_narrow_the_list(alice, cast):
    mail = write(cast, "Beans are stale", subject="Stale", external_id="n1")
    chat = write(cast, "Is the grinder in stock?", cast.widget, address="visitor-1", external_id="n2")
    change(chat, tickets.set_team, cast.sales, "agent:1")
    change(mail, tickets.tag, ["refund"], [], "agent:1")
    assert rows(part(alice, "/inbox/all?channel=web").text) == [chat]
    assert rows(part(alice, f"/inbox/all?team={cast.sales.id}").text) == [chat]
    assert rows(part(alice, "/inbox/all?tag=refund").text) == [mail]
    assert rows(part(alice, "/inbox/mine?q=grinder").text) == [chat], "words are looked for everywhere"
    assert rows(part(alice, f"/inbox/all?q={ANN}").text) == [mail]
    assert "Nothing found" in part(alice, "/inbox/all?q=unicorn").text


def test_load_more_goes_on_without_gap_or_repetition(alice, cast):
    made = [write(cast, f"Matter {n}", address=f"p{n}@example.org", external_id=f"m{n}",
                  at=now() - timedelta(minutes=n // 3)) for n in range(31)]
    first = part(alice, "/inbox/all").text
    assert len(rows(first)) == 25
    cursor = first.split("cursor=")[1].split('"')[0]
    second = part(alice, f"/inbox/all?cursor={cursor}").text
    assert sorted(rows(first) + rows(second)) == sorted(made)
    assert "cursor=" not in second and "<form" not in second
    assert alice.get("/inbox/all?cursor=elsewhere").status_code == 422


def test_the_number_of_queries_does_not_grow_with_the_list(alice, cast):
    def queries_for(path: str) -> int:
        seen = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(db.engine(), "before_cursor_execute", listener)
        try:
            assert alice.get(path).status_code == 200
        finally:
            event.remove(db.engine(), "before_cursor_execute", listener)
        return len(seen)

    number = write(cast, "One", external_id="q0")
    change(number, tickets.tag, ["vip"], [], "agent:1")
    few_list, few_ticket = queries_for("/inbox/all"), queries_for(f"/inbox/all/{number}")
    for n in range(20):
        other = write(cast, f"Matter {n}", address=f"p{n}@example.org", external_id=f"q{n + 1}")
        change(other, tickets.assign, cast.bob, "agent:1")
        change(other, tickets.tag, [f"tag{n}"], [], "agent:1")
        with db.transaction() as session:
            replies.note(session, tickets.lock(session, number), f"note {n}", session.get(Agent, cast.bob.id))
    assert (queries_for("/inbox/all"), queries_for(f"/inbox/all/{number}")) == (few_list, few_ticket)


def test_what_customers_write_is_text_and_never_markup(alice, cast):
    evil = '<script>alert(1)</script><img src=x onerror="x">'
    number = write(cast, evil, subject=evil, name=evil)
    page = alice.get(f"/inbox/all/{number}").text
    assert "<script>alert" not in page and "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_pages_carry_no_inline_script_or_style(alice, number):
    for path in ("/inbox/all", f"/inbox/all/{number}", "/contacts", "/contacts/1", "/account", "/search?q=parcel"):
        answer = alice.get(path)
        assert answer.status_code == 200, path
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        for forbidden in (" style=", "<style", " onclick=", "javascript:", "<script>"):
            assert forbidden not in answer.text, (path, forbidden)


def test_short_address_leads_to_the_ticket_and_a_merged_one_to_its_survivor(alice, cast, number):
    assert alice.get(f"/tickets/{number}").location == f"/inbox/all/{number}"
    other = write(cast, "Again", address=EVE, external_id="other")
    with db.transaction() as session:
        session.get(Ticket, other).merged_into_id = number
    assert alice.get(f"/inbox/all/{other}").location == f"/inbox/all/{number}"
    assert alice.get("/inbox/all/99999").status_code == 404


@pytest.mark.parametrize(("path", "form", "event_name", "attribute", "value"), [
    ("assignment", {"agent": "me"}, "TicketAssigned", "agent_id", "alice"),
    ("status", {"status": "pending"}, "StatusChanged", "status", "pending"),
    ("status", {"status": "resolved"}, "TicketResolved", "status", "resolved"),
    ("priority", {"priority": "urgent"}, "PriorityChanged", "priority", "urgent"),
    ("team", {"team": "1"}, "TeamChanged", "team_id", 1)])
def test_a_verb_changes_the_ticket_once_and_shows_it(alice, cast, number, path, form, event_name, attribute, value):
    value = cast.alice.id if value == "alice" else value
    answer = send(alice, f"/tickets/{number}/{path}", **form)
    assert answer.status_code == 200 and 'id="ticket-header"' in answer.text
    with db.reading() as session:
        assert getattr(session.get(Ticket, number), attribute) == value
    send(alice, f"/tickets/{number}/{path}", **form)
    assert events_of(number).count(event_name) == 1, "the same again does nothing"


def test_without_a_script_a_verb_goes_back_to_where_the_form_was(alice, number):
    answer = alice.post(f"/tickets/{number}/status", data={"status": "resolved", "back": "/inbox/mine"})
    assert answer.status_code == 302 and answer.location == "/inbox/mine"
    assert "Resolved." in alice.get("/inbox/mine").text
    elsewhere = alice.post(f"/tickets/{number}/status", data={"status": "open", "back": "https://evil.example/"})
    assert elsewhere.location == f"/inbox/all/{number}"


@pytest.mark.parametrize(("path", "form"), [
    ("status", {"status": "lost"}), ("priority", {"priority": "very"}), ("assignment", {"agent": "999"}),
    ("assignment", {"agent": "x"}), ("snooze", {"until": "someday"}), ("snooze", {"until": "2001-01-01T10:00"})])
def test_a_wrong_value_is_refused_in_words(alice, number, path, form):
    before = events_of(number)
    answer = send(alice, f"/tickets/{number}/{path}", **form)
    assert answer.status_code == 422 and len(answer.text) > 10 and "<" not in answer.text
    assert events_of(number) == before


def test_snooze_presets_lie_ahead_and_are_undone(alice, number):
    for choice in ("later", "tomorrow", "week"):
        assert send(alice, f"/tickets/{number}/snooze", until=choice).status_code == 200
        with db.reading() as session:
            assert session.get(Ticket, number).snoozed_until > now()
    send(alice, f"/tickets/{number}/snooze", until="")
    with db.reading() as session:
        assert session.get(Ticket, number).snoozed_until is None


def test_tags_are_added_several_at_once_offered_and_removed(alice, number):
    page = send(alice, f"/tickets/{number}/tags", add="Refund, vip").text
    assert "refund" in page and "vip" in page
    assert 'value="refund"' in alice.get("/tags").text
    assert 'value="vip" aria-label="Remove' not in send(alice, f"/tickets/{number}/tags", remove="vip").text
    with db.reading() as session:
        assert [tag.name for tag in session.get(Ticket, number).tags] == ["refund"]
        assert session.scalar(select(Tag.id).where(Tag.name == "vip")), "the label itself stays"


def test_take_over_silences_the_assistant_and_assigns(alice, cast, number):
    with db.transaction() as session:
        session.get(Ticket, number).with_assistant = True
    assert "Take over" in alice.get(f"/inbox/all/{number}").text
    assert "Take over" not in send(alice, f"/tickets/{number}/take-over").text
    with db.reading() as session:
        ticket = session.get(Ticket, number)
        assert not ticket.with_assistant and ticket.agent_id == cast.alice.id


def test_a_reply_sent_twice_with_one_client_id_is_kept_once(alice, number):
    answers = [send(alice, f"/tickets/{number}/replies", text="It left today.", client_id="c-1") for _ in range(2)]
    assert all(answer.status_code == 200 and 'data-client="c-1"' in answer.text for answer in answers)
    with db.reading() as session:
        assert len(session.scalars(select(Message).where(Message.client_id == "c-1")).all()) == 1
        assert len(session.scalars(select(Delivery)).all()) == 1


def test_send_and_resolve_is_one_step(alice, number):
    send(alice, f"/tickets/{number}/replies", text="Done.", then="resolved")
    with db.reading() as session:
        assert session.get(Ticket, number).status == "resolved"
    assert events_of(number)[-2:] == ["ReplySent", "TicketResolved"]


def test_an_empty_or_misrouted_reply_is_refused_and_nothing_is_kept(alice, number):
    assert send(alice, f"/tickets/{number}/replies", text="  ").status_code == 422
    assert send(alice, f"/tickets/{number}/replies", text="Hi", route="9:9").status_code == 422
    with db.reading() as session:
        assert session.scalar(select(Message.id).where(Message.direction == "out")) is None


def test_a_note_makes_no_delivery_and_is_marked(alice, number):
    html = send(alice, f"/tickets/{number}/notes", text="Careful with this one").text
    assert "Internal note" in html and " note" in html
    with db.reading() as session:
        assert session.scalar(select(Delivery.id)) is None


def test_files_travel_with_the_reply_and_only_real_pictures_are_shown(alice, number):
    html = alice.post(f"/tickets/{number}/replies", headers={"X-Fragment": "1"}, data={
        "text": "See here", "files": [(io.BytesIO(PNG), "label.png", "image/png"),
                                      (io.BytesIO(b"<script>1</script>"), "evil.png", "image/png")]}).text
    assert "label.png" in html and "evil.png" in html
    with db.reading() as session:
        good, bad = session.scalars(select(Message).where(Message.direction == "out")).one().attachments
    shown, kept = alice.get(f"/attachments/{good.id}"), alice.get(f"/attachments/{bad.id}")
    assert shown.mimetype == "image/png" and shown.data == PNG
    assert kept.mimetype == "application/octet-stream" and kept.headers["Content-Disposition"].startswith("attachment")
    for answer in (shown, kept):
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert alice.get("/attachments/99999").status_code == 404


def test_original_mail_is_served_for_a_frame_without_rights(alice, cast):
    number = write(cast, "Hello", html='<p>Hi <b>there</b><img src="cid:logo"></p>')
    with db.transaction() as session:
        message = session.scalars(select(Message).where(Message.ticket_id == number)).one()
        stored = files.put("logo.png", "image/png", PNG)
        session.add(Attachment(message_id=message.id, name="logo.png", content_type="image/png", cid="logo",
                               sha256=stored.sha256, size=stored.size))
    answer = alice.get(f"/messages/{message.id}/html")
    csp = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in csp and "sandbox" in csp and "script-src" not in csp
    assert "<b>there</b>" in answer.text and 'src="/attachments/' in answer.text and "cid:" not in answer.text
    assert 'src="/messages/' in alice.get(f"/inbox/all/{number}").text
    assert "<b>there</b>" not in alice.get(f"/inbox/all/{number}").text


def test_failed_and_uncertain_deliveries_can_be_sent_again(alice, number):
    send(alice, f"/tickets/{number}/replies", text="Hello")
    with db.transaction() as session:
        delivery = session.scalars(select(Delivery)).one()
        delivery.status, delivery.error = DeliveryStatus.FAILED, "550 no such mailbox"
    page = alice.get(f"/inbox/all/{number}").text
    assert "Not delivered" in page and "550 no such mailbox" in page and f"/deliveries/{delivery.id}/retry" in page
    assert "Queued" in send(alice, f"/deliveries/{delivery.id}/retry").text
    assert send(alice, f"/deliveries/{delivery.id}/retry").status_code == 422, "it is on its way already"
    with db.transaction() as session:
        session.get(Delivery, delivery.id).status = DeliveryStatus.UNCERTAIN
    assert "May not have arrived" in alice.get(f"/inbox/all/{number}").text


def test_catching_up_brings_only_what_is_new_and_what_is_watched(alice, number):
    send(alice, f"/tickets/{number}/replies", text="First answer", client_id="first")
    with db.reading() as session:
        seq = session.get(Ticket, number).seq
        sent = session.scalars(select(Message).where(Message.client_id == "first")).one()
    nothing = part(alice, f"/tickets/{number}/timeline?after={seq}").text
    assert "First answer" not in nothing.split('id="timeline"')[1]
    send(alice, f"/tickets/{number}/notes", text="A new note")
    fresh = part(alice, f"/tickets/{number}/timeline?after={seq}&watch={sent.id}").text.split('id="timeline"')[1]
    assert "A new note" in fresh and "First answer" in fresh and "Where is my parcel?" not in fresh
    assert 'id="ticket-header"' in part(alice, f"/tickets/{number}/timeline?after={seq}").text


def test_a_long_conversation_is_read_backwards_without_gap_or_repetition(alice, cast, number):
    with db.transaction() as session:
        ticket, bob = tickets.lock(session, number), session.get(Agent, cast.bob.id)
        for n in range(130):
            replies.note(session, ticket, f"note number {n}.", bob)
    page = alice.get(f"/inbox/all/{number}").text.partition('id="contact-panel"')[0]
    assert "note number 129." in page and "Where is my parcel?" not in page
    before = re.search(r"timeline\?before=(\d+)", page)[1]
    older = part(alice, f"/tickets/{number}/timeline?before={before}").text
    assert "Where is my parcel?" in older and "before=" not in older, "there is nothing before the first message"
    seen = re.findall(r"note number (\d+)\.", older.split("<p class=\"earlier")[0]) + re.findall(
        r"note number (\d+)\.", page.split('id="timeline"')[1])
    assert [int(n) for n in seen] == list(range(130))
    assert "Where is my parcel?" in alice.get(f"/inbox/all/{number}?before={before}").text, "without a script too"


def test_counts_stand_beside_the_views(alice, cast):
    for n in range(3):
        write(cast, "Hello", address=f"p{n}@example.org", external_id=f"c{n}")
    rail = part(alice, "/live/inbox/all").text.split("</aside>")[0]
    entries = {}
    for link in re.findall(r"<a .*?</a>", rail, re.S):
        words = [word.strip() for word in re.sub(r"<[^>]+>", "\n", link).split("\n") if word.strip()]
        entries[words[0]] = words[-1]
    assert entries["With the assistant"] == entries["All open"] == entries["E-mail"] == "3"
    assert entries["Mine"] == "Mine", "nothing is counted where nothing is"


def test_an_edited_message_is_fetched_again_with_its_signs_and_earlier_words(alice, number):
    with db.transaction() as session:
        ticket = tickets.lock(session, number)
        message = session.scalar(select(Message).where(Message.ticket_id == number))
        before, at = ticket.seq, now().isoformat()
        message.text = "Where is my parcel from Lima?"
        message.payload = {"edits": [{"text": "Where is my pracel?", "until": at}], "edited_at": at,
                           "reactions": {"1": {"emoji": "🎉", "at": at}, "2": {"emoji": "", "at": at}}}
        events.record(session, events.MessageEdited(message_id=message.id), ticket=ticket, actor="contact:1")
    html = part(alice, f"/tickets/{number}/timeline?after={before}").text
    assert f'id="message-{message.id}"' in html and "from Lima" in html and "pracel" in html
    assert html.count('class="reaction"') == 1 and "edited a message" in html
    assert f'id="message-{message.id}"' not in part(alice, f"/tickets/{number}/timeline?after={before + 1}").text


def test_a_message_taken_back_says_so_and_nothing_else(alice, number):
    with db.transaction() as session:
        message = session.scalar(select(Message).where(Message.ticket_id == number))
        message.text, message.payload = "", {"unsent_at": now().isoformat()}
    html = part(alice, f"/inbox/all/{number}").text
    assert "took this message back" in html and "No text" not in html


def test_the_composer_offers_further_readers_and_says_why(alice, cast):
    number = write(cast, "Hello", external_id="r1", to=("support@kopi.example", "dee@example.org"),
                   cc=("bo@example.org", "support+abc@kopi.example"))
    page = alice.get(f"/inbox/all/{number}").text
    assert 'data-add="dee@example.org, bo@example.org"' in page and "Reply to all (3)" in page
    assert 'name="cc" id="reader-cc" value=""' in page, "nobody is let in by a mail from outside"
    assert "support+abc" not in page.split('class="offers"')[1].split("</ul>")[0]
    form = {"text": "Hi", "cc": "bo@example.org", "bcc": "x@example.org"}
    asked = alice.post(f"/tickets/{number}/replies", data=form)
    assert asked.status_code == 409 and "x@example.org was not in the mail that you answer" in asked.text
    token = re.search(r'name="confirmed" value="(\w+)"', asked.text)[1]
    assert alice.post(f"/tickets/{number}/replies", data={**form, "confirmed": token}).status_code == 302
    page = alice.get(f"/inbox/all/{number}").text
    assert 'name="cc" id="reader-cc" value="bo@example.org"' in page, "whom an agent let in gets copies"
    assert "Reply to all" in page and "had a hidden copy" in page
    refused = alice.post(f"/tickets/{number}/replies", data={"text": "Hi", "cc": "nobody"})
    assert refused.status_code == 422 and "not a mail address" in refused.text
