"""An app of one's own at the API channel: docs/channels.md's samples as they stand there, against the running site."""
import base64
import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from http.server import ThreadingHTTPServer
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select

from channels import _standard_webhooks as signatures
from channels.base import SendError
from channels.simulators import serve
from helpdesk import db
from helpdesk.clock import now
from helpdesk.models import Attachment, Delivery, Message, RawInbound, ShopOrder, Ticket
from helpdesk.services import files, identities, inboxes, replies, routes, site_data, tickets
from tests.test_docs import sample

SECRET = "whsec_" + base64.b64encode(b"a secret of the test, 32 bytes..").decode()
HEADING = "## API (your own app)"


@pytest.fixture
def kiosk(app):
    """(the inbox, its webhook's address on a real port)."""
    url, stop = serve(app)
    with db.transaction() as session:
        inbox = inboxes.create(session, "api", "Kiosk", {"account_id": "kiosk", "url": "http://127.0.0.1:1",
                                                         "webhook_secret": SECRET}, key="kiosk", assistant=False)
    yield inbox, f"{url}/webhooks/api/kiosk"
    stop()


@pytest.fixture
def own_app(kiosk, monkeypatch):
    """The sample in Python, running; the helpdesk knows its address."""
    inbox, webhook = kiosk
    monkeypatch.setenv("WEBHOOK_ADDRESS", webhook)
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    names = {"__name__": "sample"}
    exec(sample("channels.md", "python", HEADING), names)
    names["App"].log_message = lambda *_: None
    server = ThreadingHTTPServer(("127.0.0.1", 0), names["App"])
    Thread(target=server.serve_forever, daemon=True).start()
    with db.transaction() as session:
        inboxes.change(session, session.merge(inbox), {"url": f"http://127.0.0.1:{server.server_port}"}, actor="test")
    yield names
    server.shutdown()
    server.server_close()


def said(number="m-1", **more) -> dict:
    return {"type": "message", "id": number, "user": {"id": "user-7", "name": "Ann"}, "text": "Hello!", **more}


def messages() -> list[Message]:
    with db.reading() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def test_the_sample_in_a_shell_is_taken(kiosk, work):
    if not all(map(shutil.which, ("sh", "curl", "openssl", "od"))):
        pytest.skip("sh, curl, openssl and od are needed")
    for secret, code in ((SECRET, 0), (SECRET.replace("Y", "Z", 1), 22)):
        done = subprocess.run(["sh", "-c", sample("channels.md", "sh", HEADING)], capture_output=True, text=True,
                              timeout=60, env={"PATH": os.environ["PATH"], "WEBHOOK_ADDRESS": kiosk[1],
                                               "WEBHOOK_SECRET": secret})
        assert done.returncode == code, done.stderr + done.stdout
    work()
    [message] = messages()
    assert (message.text, message.external_id, message.channel) == ("Where is my order?", "m-1", "api")


def test_the_sample_in_python_holds_a_conversation(own_app, work):
    own_app["tell"]("call-1", said())
    own_app["tell"]("call-1", said())
    own_app["tell"]("call-2", said())           # another call, the same message
    work()
    [message] = messages()
    with db.transaction() as session:
        replies.send(session, tickets.lock(session, message.ticket_id), "On its way.", by="agent")
    work()
    [(number, shown)] = own_app["shown"].items()
    assert shown == ("user-7", "On its way.")
    own_app["tell"]("call-3", {"type": "receipt", "id": number, "status": "read"})
    work()
    with db.reading() as session:
        [delivery] = session.scalars(select(Delivery))
        assert delivery.status == "read" and number.startswith(f"{delivery.id}-")


def test_a_call_that_is_not_the_apps_is_refused_on_both_sides(own_app, kiosk, work):
    body = b'{"type": "test"}'
    headers = {"webhook-id": "c", "webhook-timestamp": "1", "webhook-signature": own_app["signature"]("c", "1", body)}
    assert not own_app["is_helpdesk"](headers, body)
    own_app["KEY"] = b"another secret"
    with pytest.raises(HTTPError, match="403"):
        own_app["tell"]("call-1", said())
    with db.reading() as session:
        assert not session.scalars(select(RawInbound)).all()
        inbox = inboxes.by_key(session, "kiosk")
    [step] = inboxes.open_channel(inbox).steps(kiosk[1])
    with pytest.raises(SendError, match="refuses our calls"):
        step.check()


def test_the_account_is_tried_with_a_call(own_app, kiosk):
    with db.reading() as session:
        channel = inboxes.open_channel(inboxes.by_key(session, "kiosk"))
    assert "takes our signature" in channel.test()


def test_a_new_inboxs_form_offers_a_secret_and_says_where_to_post(cast, sign_in, kiosk):
    browser = sign_in(cast.ada)
    page = browser.get("/settings/inboxes/new/api").text
    offered = re.search(r"whsec_[A-Za-z0-9+/=]{44}", page.replace("&#43;", "+"))[0]
    given = {"name": "Forum", "account_id": "forum", "url": "https://forum.example/hook", "webhook_secret": offered}
    refused = browser.post("/settings/inboxes/new/api", data={**given, "url": "http://forum.example"})
    assert refused.status_code == 422 and "An address with https" in refused.text
    saved = browser.post("/settings/inboxes/new/api", data=given, follow_redirects=True)
    assert saved.status_code == 200 and "/webhooks/api/" in saved.text and offered not in saved.text


def test_the_same_id_in_two_apps_is_two_people(own_app, work, cast):
    with db.transaction() as session:
        other = inboxes.create(session, "api", "Forum", {"account_id": "forum", "url": "http://127.0.0.1:1",
                                                         "webhook_secret": SECRET}, key="forum", assistant=False)
    own_app["tell"]("call-1", said())
    own_app["WEBHOOK"] = own_app["WEBHOOK"].replace("/kiosk", "/forum")
    own_app["tell"]("call-1", said())
    work()
    one, two = messages()
    with db.reading() as session:
        tickets_of = [session.get(Ticket, message.ticket_id) for message in (one, two)]
        assert tickets_of[0].contact_id != tickets_of[1].contact_id
        [route] = [r for r in routes.routes(session, tickets_of[1])]
        assert route.inbox.id == other.id


@pytest.mark.parametrize("vouched", [True, False])
def test_whose_story_goes_on_here_is_the_apps_word_only_where_it_vouches(own_app, kiosk, work, vouched):
    with db.transaction() as session:
        inboxes.change(session, session.merge(kiosk[0]), {"vouched": "yes" if vouched else "no"}, actor="test")
    own_app["tell"]("call-1", said())
    work()
    [message] = messages()
    with db.reading() as session:
        identity = session.get(Ticket, message.ticket_id).contact.identities[0]
        assert (identity.kind, identity.scope, identity.verified) == ("api", "kiosk", vouched)


def test_the_window_of_an_inbox_counts_for_people_and_machines(own_app, kiosk, work):
    own_app["tell"]("call-1", said())
    work()
    [message] = messages()
    with db.transaction() as session:
        session.get(Message, message.id).sent_at = now() - timedelta(hours=30)
    for hours, is_open in (("", True), ("48", True), ("24", False), ("0", True)):
        with db.transaction() as session:
            inboxes.change(session, session.merge(kiosk[0]), {"reply_hours": hours}, actor="test")
        with db.reading() as session:
            ticket = session.get(Ticket, message.ticket_id)
            for by in ("agent", "assistant", "system"):
                assert [r.open for r in routes.routes(session, ticket, by)] == [is_open], (hours, by)


def test_a_file_of_an_answer_given_in_the_app_itself_is_kept(own_app, work):
    own_app["tell"]("call-1", {"type": "echo", "id": "m-9", "user": {"id": "user-7"}, "text": "See this", "files": [
        {"name": "plan.txt", "content": base64.b64encode(b"the plan").decode()}]})
    work()
    with db.reading() as session:
        [file] = session.scalars(select(Attachment))
        assert (file.name, file.content_type, files.content(file.sha256)) == ("plan.txt", "text/plain", b"the plan")


def test_what_is_too_large_is_told_so(own_app):
    with pytest.raises(HTTPError, match="413"):
        own_app["tell"]("call-1", said(text="x" * 15_000_001))


def test_the_sample_of_an_order_is_kept_once_and_found_by_whoever_it_belongs_to(kiosk, work):
    """docs/channels.md, "Orders", posted as it stands there; signed, twice, and beside one that is none."""
    inbox, webhook = kiosk
    event = json.loads(sample("channels.md", "json", "### Orders"))
    body = json.dumps({"events": [event, {"type": "order", "order": {"number": 7, "total": "much"}}]}).encode()

    def post(number):
        headers = signatures.headers([SECRET], number, body) | {"Content-Type": "application/json"}
        return urlopen(Request(webhook, data=body, headers=headers)).status
    assert [post("call-1"), post("call-1"), post("call-2")] == [200] * 3
    work()
    with db.transaction() as session:
        [order] = session.scalars(select(ShopOrder)).all()
        assert (order.number, order.status, order.total, order.inbox_id) == ("1001", "shipped", "49.90", inbox.id)
        contact = identities.resolve(session, "email", "ann@example.com").contact
        session.flush()
        assert [one.proved for one in site_data.orders(session, contact)] == [False]
        contact.external_id = "7"
        session.flush()
        assert [one.proved for one in site_data.orders(session, contact)] == [True]
    with pytest.raises(HTTPError), urlopen(Request(webhook, data=body, headers={"webhook-id": "x"})):
        pass
