"""Every message has its own author, wherever it is shown: a colleague in copy never speaks as the customer."""
import json
import re
import zipfile

from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Agent, Identity, Inbox, Message, Ticket
from helpdesk.services import inboxes, person_export, recipients, replies, routes, tickets
from tests.people import browser_of, customer_mail, deliver_mail
from tests.services.smtp_sink import Sink
from tests.web.test_widget import Browser

ANN, BO = "ann@example.com", "bo@example.net"


def test_a_colleague_in_copy_speaks_as_himself_everywhere(app, cast, work, tmp_path):
    sink = Sink()
    with db.transaction() as session:
        session.get(Inbox, cast.widget.id).assistant = session.get(Inbox, cast.mail.id).assistant = False
        inboxes.change(session, session.get(Inbox, cast.mail.id), {"smtp_port": str(sink.port)}, actor="test")
    ann = Browser(app)
    ann.says("My kettle leaks")
    ann.post("contact", email=ANN, name="Ann Lee")
    with db.transaction() as session:
        number = session.scalar(select(Message.ticket_id).where(Message.text == "My kettle leaks"))
        ticket = tickets.lock(session, number)
        way = next(r for r in routes.routes(session, ticket) if r.can.subject)
        replies.send(session, ticket, "Who bought it?", agent=session.get(Agent, cast.alice.id), route=way,
                     others=recipients.Others(cc=BO))
    work()
    mail = next(one for one in sink.parsed() if BO in str(one["Cc"]))
    for sender, name, text in ((ANN, "Ann Lee", "I did"), (BO, "Bo Brown", "No, it was me")):
        deliver_mail(cast.mail, customer_mail(text, sender=sender, name=name, reply_to=str(mail["Message-ID"])))
        work()

    with db.reading() as session:
        ticket = session.get(Ticket, number)
        said = {m.text.strip(): m for m in session.scalars(select(Message).where(Message.ticket_id == number))}
        bo = session.scalar(select(Identity).where(Identity.value == BO))
        assert said["No, it was me"].author_id == bo.contact_id != ticket.contact_id
        assert said["No, it was me"].kind == "message" and said["I did"].kind == "message"
        assert session.get(Identity, ticket.reply_identity_id).value == ANN, "the customer is still the one to answer"
        contact_id = ticket.contact_id

    page = browser_of(app, cast.alice).get(f"/inbox/all/{number}").text
    bubble = re.search(rf'id="message-{said["No, it was me"].id}".*?</li>', page, re.S)[0]
    assert "Bo Brown" in bubble and "Ann Lee" not in bubble

    shown = {one["text"].strip(): one for one in ann.sees()["items"]}
    assert (shown["No, it was me"]["from"], shown["No, it was me"]["name"]) == ("other", "Bo Brown")
    assert shown["I did"]["from"] == shown["My kettle leaks"]["from"] == "me"

    with db.reading() as session:
        person_export.write(session, contact_id, tmp_path / "ann.zip", True)
    with zipfile.ZipFile(tmp_path / "ann.zip") as archive:
        mine = {one["text"].strip(): one["author_name"] for one in json.loads(archive.read("messages.json"))}
    assert mine.get("No, it was me", "Bo Brown") == "Bo Brown" and mine["I did"] == "Ann Lee"
    sink.shutdown()
    sink.server_close()
