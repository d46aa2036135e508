"""How the console says by which ways somebody is reached, who will read it, and what became of it."""
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Attachment, Delivery, Event, Identity, Inbox, Message, Ticket
from helpdesk.services import continuity, identities, inboxes, outbox, replies, routes, tickets
from tests.people import ANN, written

PHONE = "+6281234567890"


@pytest.fixture
def alice(sign_in, cast):
    return sign_in(cast.alice)


@pytest.fixture
def phone(cast):
    return db.run(inboxes.create, "whatsapp", "Shop number", {
        "phone_number_id": "4711", "access_token": "t", "app_secret": "s", "verify_token": "v"})


def write(inbox, text="Where is it?", **fields) -> int:
    return db.run(written, inbox, text, **{"name": "Ann Lee", **fields}).ticket_id


def page(alice, number) -> str:
    return alice.get(f"/inbox/all/{number}").text


def strip(html: str) -> str:
    """What stands beside the chosen way, as text."""
    part = html.split("data-strip>")[1].split("<details")[0].split("</div>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def audience(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html.split("data-audience>")[1].split("</p>")[0]).strip()


def chosen(html: str) -> str:
    return re.search(r"<option[^>]* selected[^>]*>([^<]*)", html)[1]


def known(number, kind, value, how="token"):
    with db.transaction() as session:
        identities.verify(session, session.get(Ticket, number).contact, kind, value, how=how)


def of(number):
    with db.reading() as session:
        return session.get(Ticket, number)


def test_where_they_wrote_just_now_is_proposed_and_says_why(alice, cast, phone):
    number = write(phone, address=PHONE)
    known(number, "email", ANN)
    html = page(alice, number)
    assert chosen(html).startswith("WhatsApp: Shop number")
    assert "They wrote there last, just now, verified." in strip(html) and "Free replies until" in strip(html)
    assert audience(html) == f"Read by Ann Lee, {PHONE}"
    assert "They never wrote from there, verified." in html


def test_what_they_want_comes_first_unless_they_are_writing_elsewhere_just_now(alice, cast, phone):
    number = write(phone, address=PHONE)
    known(number, "email", ANN)
    alice.post(f"/contacts/{of(number).contact_id}/preference", data={"channel": "email"})
    assert chosen(page(alice, number)).startswith("WhatsApp")
    with db.transaction() as session:
        session.query(Message).update({"sent_at": now() - timedelta(hours=2)})
    html = page(alice, number)
    assert chosen(html).startswith("E-mail") and "This is what they want" in strip(html)
    with db.transaction() as session:
        ticket = tickets.lock(session, number)
        machine = routes.default(session, ticket, "system")
        assert machine.inbox.channel == "whatsapp", "machines answer where they were asked"


def test_a_closed_window_offers_the_next_way_and_the_template(alice, cast, phone):
    number = write(phone, address=PHONE)
    known(number, "email", ANN)
    with db.transaction() as session:
        session.query(Message).update({"sent_at": now() - timedelta(hours=25)})
    html = page(alice, number)
    assert chosen(html).startswith("E-mail")
    assert "WhatsApp only allows free replies within 24 hours" in strip(html) and "Choose a template" in strip(html)
    assert re.search(r'<option[^>]*data-templates="[^"]*"[^>]*>WhatsApp[^<]*\(closed\)', html)
    refused = alice.post(f"/tickets/{number}/replies", data={"text": "Hi", "route": f"{phone.id}:1"})
    assert refused.status_code == 422 and "24 hours" in refused.text


def test_an_address_that_sends_mail_back_is_not_proposed_while_another_way_is_open(alice, cast, phone):
    number = write(cast.mail, address=ANN)
    known(number, "phone", PHONE)
    write(phone, address=PHONE)
    with db.transaction() as session:
        session.scalar(select(Identity).where(Identity.value == ANN)).failing_since = now()
        session.get(Ticket, number).reply_identity_id = session.scalar(
            select(Identity.id).where(Identity.value == ANN))
        session.get(Ticket, number).reply_inbox_id = cast.mail.id
    html = page(alice, number)
    assert chosen(html).startswith("WhatsApp")
    assert "Messages to this address have come back." in html and "(doubtful)" in html


def test_a_chat_says_what_becomes_of_an_answer_that_nobody_sees(alice, cast):
    number = write(cast.widget, address="browser")
    assert "it waits in the chat; they left no mail address." in strip(page(alice, number))
    assert audience(page(alice, number)) == "Read by Ann Lee"
    alice.post(f"/tickets/{number}/replies", data={"text": "Here it is"})
    assert "Waiting in the chat; they left no mail address" in page(alice, number)
    with db.transaction() as session:
        identities.claim(session, session.get(Ticket, number).contact, "email", ANN)
        session.get(Inbox, cast.widget.id).mail_after_seconds = 300
    html = page(alice, number)
    assert f"Waiting in the chat; goes to {ANN} by mail if not seen within 5 m" in html
    with db.transaction() as session:
        session.get(Inbox, cast.widget.id).mail_unseen = False
    html = page(alice, number)
    assert "Waiting in the chat</p>" in html and "If they are gone, it waits in the chat." in strip(html)
    with db.transaction() as session:
        session.get(Inbox, cast.widget.id).mail_unseen = True
    db.run(continuity.mail_unseen, number)
    assert "Waiting in the chat; mailed, too" in page(alice, number)
    with db.transaction() as session:
        delivery = session.scalar(select(Delivery).where(Delivery.mail_id == ""))
        outbox.mark(session, delivery, "read")
    assert "Waiting in the chat" not in page(alice, number)


@pytest.mark.parametrize(("status", "words"), [
    ("queued", "Queued"), ("sending", "Sending …"), ("sent", "Sent"), ("delivered", "Delivered"), ("read", "Read"),
    ("failed", "Not delivered"), ("uncertain", "May not have arrived")])
def test_each_state_has_words_and_only_what_was_accepted_is_called_sent(alice, cast, status, words):
    number = write(cast.mail)
    said = alice.post(f"/tickets/{number}/replies", data={"text": "Here"}, follow_redirects=True).text
    assert "On its way." in said and "Sent." not in said
    with db.transaction() as session:
        session.scalar(select(Delivery)).status = status
    html = page(alice, number)
    assert words in html.split('class="delivery')[1].split("</p>")[0].split("</form>")[0]
    assert (">Sent" in html.replace("</svg>", ">")) is (status == "sent")


def test_an_answer_that_is_doubted_is_kept_with_its_files_until_it_is_confirmed(alice, cast):
    number = write(cast.mail, to=("support@kopi.example",))
    form = {"text": "Here it is", "cc": "ned@elsewhere.example", "then": "resolved", "client_id": "c" * 12}
    asked = alice.post(f"/tickets/{number}/replies", data={**form, "files": (io.BytesIO(b"%PDF-1"), "a.pdf")},
                       content_type="multipart/form-data")
    assert asked.status_code == 409 and "Nobody at elsewhere.example took part here so far" in asked.text
    assert "Here it is" in asked.text and "a.pdf" in asked.text
    with db.reading() as session:
        assert session.scalar(select(Delivery)) is None, "nothing left"
        assert session.scalar(select(Event).where(Event.name == "ParticipantJoined")) is None
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    kept = re.search(r'name="kept" value="([^"]*)"', asked.text)[1].replace("&#34;", '"').replace("&quot;", '"')
    hidden.pop("csrf_token", None)
    sent = alice.post(f"/tickets/{number}/replies", data={**form, **hidden, "kept": kept})
    assert sent.status_code == 302 and of(number).status == "resolved"
    with db.reading() as session:
        assert session.scalar(select(Attachment.name)) == "a.pdf"
        assert {one.address for one in session.scalars(select(Delivery))} == {ANN, "ned@elsewhere.example"}
    again = alice.post(f"/tickets/{number}/replies", data=form)
    assert again.status_code == 302, "the same answer twice is one, and asks nothing"


def test_a_script_gets_only_the_part_and_other_readers_are_asked_about_anew(alice, cast):
    number = write(cast.mail, to=("support@kopi.example",))
    form = {"text": "Hi", "cc": "ned@elsewhere.example"}
    asked = alice.post(f"/tickets/{number}/replies", data=form, headers={"X-Fragment": "1"})
    assert asked.status_code == 409 and asked.text.lstrip().startswith("<div") and "<html" not in asked.text
    token = re.search(r'data-token="(\w+)"', asked.text)[1]
    other = alice.post(f"/tickets/{number}/replies", data={**form, "cc": "eve@third.example", "confirmed": token})
    assert other.status_code == 409


@pytest.mark.parametrize("word", ["", "x", "[]", '["a","b",1,"' + "0" * 64 + '","guess"]', "{}", "[1,2,3,4,5]"])
def test_a_file_that_was_not_uploaded_here_cannot_be_named(alice, cast, word):
    number = write(cast.mail)
    refused = alice.post(f"/tickets/{number}/replies", data={"text": "Hi", "kept": word})
    assert refused.status_code == 422 and "Attach it again" in refused.text


def test_another_agents_kept_file_is_not_mine(alice, sign_in, cast):
    number = write(cast.mail, to=("support@kopi.example",))
    form = {"text": "Hi", "cc": "ned@elsewhere.example"}
    asked = sign_in(cast.bob).post(f"/tickets/{number}/replies", data={**form, "files": (io.BytesIO(b"x"), "a.pdf")},
                                   content_type="multipart/form-data")
    kept = re.search(r'name="kept" value="([^"]*)"', asked.text)[1].replace("&#34;", '"')
    assert alice.post(f"/tickets/{number}/replies", data={"text": "Hi", "kept": kept}).status_code == 422


def test_a_change_of_channel_is_told_above_the_ticket_and_split_off_with_one_click(alice, cast, phone):
    number = write(cast.mail, external_id="<1@x>")
    known(number, "phone", PHONE)
    write(phone, "And here?", address=PHONE, external_id="w1")
    html = page(alice, number)
    banner = html.split("switch-banner")[1].split("</div>\n")[0]
    assert "went on by WhatsApp" in banner and "before, it was e-mail" in banner
    assert "Verified by a signed token of your site" in banner or "Verified by WhatsApp" in banner
    assert "switch-banner" in alice.get(f"/tickets/{number}/timeline?after=0", headers={"X-Fragment": "1"}).text
    accepted = alice.post(f"/tickets/{number}/switch", headers={"X-Fragment": "1"})
    assert accepted.status_code == 200 and "switch-banner" not in accepted.text
    assert alice.post(f"/tickets/{number}/switch").status_code == 422
    assert "it is the same matter" in page(alice, number)


def test_the_banner_splits_with_one_click(alice, cast, phone):
    number = write(cast.mail, external_id="<1@x>")
    known(number, "phone", PHONE)
    write(phone, "Another thing", address=PHONE, external_id="w1")
    message = re.search(r'name="message" value="(\d+)"', page(alice, number).split("switch-banner")[1])[1]
    split = alice.post(f"/tickets/{number}/split", data={"message": message}, headers={"X-Fragment": "1"})
    new = int(split.headers["HX-Redirect"].rpartition("/")[2])
    html = page(alice, number)
    assert "switch-banner" not in html and "Another thing" not in html.split('id="timeline"')[1].split("</ol>")[0]
    assert f'action="/tickets/{new}/merge"' in html and f'name="into" value="{number}"' in html
    assert alice.post(f"/tickets/{new}/merge", data={"into": number}).status_code == 302
    html = page(alice, number)
    assert "Another thing" in html.split('id="timeline"')[1] and f'action="/tickets/{new}/merge"' not in html


def test_ways_and_banner_cost_the_ticket_page_no_more_statements_the_more_there_is(alice, cast, phone):
    def asked_for(number) -> int:
        count = []
        def note(*_):
            count.append(1)
        with db.reading() as session:
            engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        try:
            assert alice.get(f"/inbox/all/{number}", headers={"X-Fragment": "1"}).status_code == 200
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(count)

    number = write(cast.widget, address="browser")
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, number), "One", agent=session.merge(cast.alice))
    few = asked_for(number)
    with db.transaction() as session:
        for n in range(5):
            replies.send(session, tickets.lock(session, number), f"{n}", agent=session.merge(cast.alice))
    assert asked_for(number) == few
