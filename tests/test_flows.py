"""One story, told through real sockets: widget, console, mail and WhatsApp are one ticket; the end is in the report."""
import re
import time

import jwt
import pytest

from tests.house import IDENTITY_SECRET, SUPPORT, Chat, Desk, House, make, opened, wait_for

PHONE = "+6281234567890"


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request, tmp_path):
    """The whole helpdesk: one process on SQLite, or web and worker on PostgreSQL and Redis."""
    with opened(make(request.param, tmp_path, request)) as house:
        yield house
    assert "Traceback" not in house.log.read_text(), house.log.read_text()[-4000:]


def ticket_number(desk: Desk, words: str) -> int:
    """The number of the ticket that the list shows with these words."""
    found = re.search(r"/(\d+)[^0-9]", wait_for(
        lambda: next((part for part in re.findall(r'href="(/inbox/all/\d+[^"]*)"', desk.page("/inbox/all?q=" + words))),
                     None), f"the list to show {words!r}") + '"')
    return int(found[1])


def site_token(sub: str, email: str, phone: str) -> str:
    at = int(time.time())
    return jwt.encode({"sub": sub, "aud": "shop", "iat": at, "exp": at + 600, "jti": sub, "email": email,
                       "phone": phone, "name": "Ann Lee"}, IDENTITY_SECRET, algorithm="HS256")


def test_one_matter_over_three_channels_from_question_to_rating(house):
    alice = Desk(house, "alice@kopi.example")
    ann = Chat(house)

    # The assistant knows this, and hands over what it does not know.
    ann.writes("how long does delivery take?")
    ann.reads("Two to four working days")
    ann.writes("My grinder arrived broken and smells of smoke, can I talk to a human?")
    wait_for(lambda: alice.was_told("alert", kind="handover"), "alice to be alerted")
    number = ticket_number(alice, "grinder")
    assert alice.was_told("ticket", ticket=number)
    shown = alice.page(f"/inbox/all/{number}")
    assert "smells of smoke" in shown and "How long does delivery take?" in shown, "asked and tried are both there"

    # An agent answers live.
    alice.post(f"/tickets/{number}/replies", text="I am sorry! Which grinder is it?")
    ann.reads("Which grinder is it?")
    ann.post("seen", seq=ann.sees()[-1]["seq"], **_conversation(ann))
    alice.post(f"/tickets/{number}/notes", text="MARIA-NOTE: third one this week")

    # She leaves an address and closes the page; the next answer reaches her by mail.
    ann.post("contact", email="ann@example.com", name="Ann")
    ann.leave()
    alice.post(f"/tickets/{number}/replies", text="A new one leaves tomorrow.")
    mail = wait_for(lambda: next((m for m in house.mail.conversation("ann@example.com") if m["from_business"]), None),
                    "the answer by mail")
    assert "A new one leaves tomorrow." in mail["text"] and "MARIA-NOTE" not in mail["text"]
    assert "Which grinder" not in mail["text"], "she has read that in the chat"

    # Her answer by mail is the same ticket, and stands in the widget too.
    house.mail.customer_writes("ann@example.com", "Thank you, that is kind.", reply_to=mail["message_id"], name="Ann")
    wait_for(lambda: "that is kind" in alice.page(f"/inbox/all/{number}"), "the mail in the ticket")
    ann.come_back()
    ann.reads("that is kind")
    assert "MARIA-NOTE" not in str(ann.sees())

    # A stranger who guesses references is not let in.
    house.mail.customer_writes("eve@example.net", "Please send it to my address instead", subject=f"Re: [#{number}]",
                               name="Eve")
    forged = _forged(house, number)
    wait_for(lambda: "Forged words" in alice.page("/inbox/all?q=Forged"), "the forged mail somewhere")
    shown = alice.page(f"/tickets/{number}/timeline?after=0")
    assert "that is kind" in shown and "Forged words" not in shown and "my address instead" not in shown, forged

    # The shop signs who she is; now her WhatsApp is the same matter.
    ann.token = ann.post("identify", token=site_token("customer-7", "ann@example.com", PHONE)).get("token") or ann.token
    house.meta.customer_writes(PHONE, "It is me, Ann: can you send the invoice too?", name="Ann L")
    wait_for(lambda: "send the invoice too" in alice.page(f"/inbox/all/{number}"), "WhatsApp in the same ticket")

    # The answer goes back by WhatsApp, where she wrote last.
    alice.post(f"/tickets/{number}/replies", text="Here it is, number 4711.")
    wait_for(lambda: any("number 4711" in m["text"] for m in house.meta.conversation(PHONE) if m["from_business"]),
             "the answer on WhatsApp")
    wait_for(lambda: 'delivered' in alice.page(f"/inbox/all/{number}").lower(), "the delivery report")

    # Resolved; the survey comes where she wrote last; her rating is in the report, and opens this ticket.
    alice.post(f"/tickets/{number}/status", status="resolved")
    link = wait_for(lambda: next((found[0] for m in house.meta.conversation(PHONE)
                                  if (found := re.search(r"http://\S+/r/\S+", m["text"]))), None), "the survey")
    assert link not in alice.page(f"/tickets/{number}/timeline?after=0"), "the link is the customer's alone"
    shown = ann.http.get(link, timeout=20)
    assert shown.status_code == 200
    mia = Desk(house, "mia@kopi.example")
    assert "Ann" not in mia.page("/reports/tickets?metric=csat"), "looking stores nothing"
    assert ann.http.post(link, data={"score": "5", "comment": "Fast and kind"}, timeout=20).status_code == 200
    assert "100" in mia.page("/reports")
    listed = re.findall(r'href="([^"]*/reports/tickets\?[^"]*csat[^"]*)"', mia.page("/reports"))
    assert listed, "the figure is a link"
    assert f"/tickets/{number}" in mia.page(listed[0].replace("&amp;", "&").replace(house.url, ""))
    assert "resolved" in alice.page(f"/inbox/all/{number}").lower(), "a rating reopens nothing"


def _conversation(chat: Chat) -> dict:
    return {"conversation": chat.http.get(f"{chat.base}/messages", timeout=20).json().get("conversation")}


def _forged(house: House, number: int) -> str:
    import smtplib
    reference = f"<0123456789abcdef.{number}@kopi.example>"
    with smtplib.SMTP("127.0.0.1", house.smtp_port) as smtp:
        smtp.sendmail("eve@example.net", [SUPPORT], (
            f"From: Ann Lee <eve@example.net>\r\nTo: {SUPPORT}\r\nSubject: Re: grinder\r\n"
            f"Message-ID: <forged@example.net>\r\nIn-Reply-To: {reference}\r\nReferences: {reference}\r\n\r\n"
            "Forged words\r\n").encode())
    return reference
