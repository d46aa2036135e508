"""Approved templates, from the platform's list to the customer's phone, against the simulated Cloud API."""
import secrets
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select, update

from channels.simulators import MetaSimulator
from channels.simulators._server import serve
from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.jobs import templates as fetching
from helpdesk.models import Delivery, Inbox, Message, MessageTemplate, Ticket
from helpdesk.services import files, inboxes, replies, routes, templates, tickets
from tests.people import written

ANN = "+4917011110001"


def listed(name="order_ready", language="en", status="APPROVED",
           body="Hello {{1}}, your order {{2}} is ready.", **more):
    return {"id": secrets.token_hex(4), "name": name, "language": language, "status": status, "category": "UTILITY",
            "components": [{"type": "BODY", "text": body, "example": {"body_text": [["Ann", "4512"]]}},
                           {"type": "FOOTER", "text": "Kopi & Co"}], **more}


@pytest.fixture
def meta():
    simulator = MetaSimulator("s", whatsapp={"phone_number_id": "4711", "access_token": "t"})
    simulator.whatsapp.templates = [listed(), listed(language="id", body="Halo {{1}}, pesanan {{2}} siap."),
                                    listed("sale", status="PAUSED", body="Sale!")]
    simulator.at, stop = serve(simulator)
    yield simulator
    stop()


@pytest.fixture
def whatsapp(any_cast, meta) -> Inbox:
    with db.transaction() as session:
        return inboxes.create(session, "whatsapp", "Number", {
            "phone_number_id": "4711", "access_token": "t", "app_secret": "s", "verify_token": "v",
            "business_account_id": meta.whatsapp.business_account, "api_base": meta.at}, assistant=False)


@pytest.fixture
def fetched(whatsapp, work):
    with db.transaction() as session:
        templates.refresh(session, session.get(Inbox, whatsapp.id))
    work()


@pytest.fixture
def ticket(whatsapp, fetched) -> int:
    """Ann wrote two days ago: free replies are closed."""
    long_ago = now() - timedelta(days=2)
    message = db.run(written, whatsapp, "Is it ready?", address=ANN, at=long_ago)
    with db.transaction() as session:
        session.execute(update(Message).values(sent_at=long_ago))
    return message.ticket_id


def all_of(inbox) -> list[MessageTemplate]:
    with db.reading() as session:
        return templates.listed(session, inbox.id)


def send(cast, number, values, name="order_ready", language="en", file=None):
    with db.transaction() as session:
        ticket = tickets.lock(session, number)
        template = session.scalar(select(MessageTemplate).where(MessageTemplate.name == name,
                                                                MessageTemplate.language == language))
        route = routes.routes(session, ticket)[0]
        return templates.send(session, ticket, route, template, values, agent=cast.alice, file=file).id


def test_the_list_is_a_copy_of_the_platforms(whatsapp, fetched, meta, work):
    found = all_of(whatsapp)
    assert [(one.name, one.language, one.usable) for one in found] == [
        ("order_ready", "en", True), ("order_ready", "id", True), ("sale", "en", False)]
    assert found[0].examples == [["body:1", "Ann"], ["body:2", "4512"]]
    meta.whatsapp.templates = [listed(body="Ready, {{1}}!")]
    with db.transaction() as session:
        templates.refresh(session, session.get(Inbox, whatsapp.id))
    work()
    [only] = all_of(whatsapp)
    assert only.body == "Ready, {{1}}!" and only.id == found[0].id


def test_a_list_that_cannot_be_had_is_said_and_loses_nothing(whatsapp, fetched, meta, work):
    meta.whatsapp.token = "another"
    with db.transaction() as session:
        templates.refresh(session, session.get(Inbox, whatsapp.id))
    work()
    assert len(all_of(whatsapp)) == 3
    with db.reading() as session:
        assert "token" in templates.fetched(session, whatsapp).value["error"]


def test_it_is_fetched_once_a_day(whatsapp, work):
    fetching.fetch_due()
    work()
    with db.reading() as session:
        first = templates.fetched(session, whatsapp).updated_at
    fetching.fetch_due()
    assert work() == 0
    with db.transaction() as session:
        templates.fetched(session, whatsapp).updated_at = now() - timedelta(days=2)
    fetching.fetch_due()
    assert work() > 0
    with db.reading() as session:
        assert templates.fetched(session, whatsapp).updated_at >= first


def test_a_template_passes_where_free_words_do_not(any_cast, ticket, meta, work):
    with db.transaction() as session, pytest.raises(Invalid, match="24 hours"):
        route = routes.routes(session, tickets.lock(session, ticket))[0]
        replies.send(session, tickets.lock(session, ticket), "Yes!", agent=any_cast.alice, route=route)
    message_id = send(any_cast, ticket, {"body:1": "Ann", "body:2": "4512"})
    work()
    [shown] = [one for one in meta.conversation(ANN) if one["from_business"]]
    assert shown["text"] == "Hello Ann, your order 4512 is ready.\n\nKopi & Co"
    with db.reading() as session:
        assert session.get(Message, message_id).text == shown["text"]
        assert session.scalar(select(Delivery.status)) in ("sent", "delivered")
        assert session.get(Ticket, ticket).waiting_since is None


def test_named_places_a_heading_and_a_button_are_filled(any_cast, ticket, meta, whatsapp, work):
    meta.whatsapp.templates = [{
        "id": "1", "name": "parcel", "language": "en", "status": "APPROVED", "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Parcel {{number}}", "example": {
                "header_text_named_params": [{"param_name": "number", "example": "7"}]}},
            {"type": "BODY", "text": "Dear {{who}}", "example": {
                "body_text_named_params": [{"param_name": "who", "example": "Ann"}]}}]}]
    with db.transaction() as session:
        templates.refresh(session, session.get(Inbox, whatsapp.id))
    work()
    send(any_cast, ticket, {"header:number": "4512", "body:who": "Ann"}, "parcel")
    work()
    assert meta.conversation(ANN)[-1]["text"] == "Parcel 4512\n\nDear Ann"


def with_heading(heading: dict, *buttons: dict) -> dict:
    return listed("card", components=[heading, {"type": "BODY", "text": "Look, {{1}}!"},
                                      *([{"type": "BUTTONS", "buttons": list(buttons)}] if buttons else [])])


@pytest.fixture
def has(whatsapp, meta, work):
    def fetch(*found: dict) -> None:
        meta.whatsapp.templates = list(found)
        with db.transaction() as session:
            templates.refresh(session, session.get(Inbox, whatsapp.id))
        work()
    return fetch


@pytest.mark.parametrize(("kind", "name", "content_type"), [
    ("image", "cup.png", "image/png"), ("video", "cup.mp4", "video/mp4"), ("document", "bill.pdf", "application/pdf")])
def test_a_heading_that_is_a_file_is_chosen_by_the_agent(any_cast, ticket, meta, has, work, kind, name, content_type):
    has(with_heading({"type": "HEADER", "format": kind.upper(), "example": {"header_handle": ["https://x"]}}))
    [one] = all_of(inbox_of(ticket))
    assert one.usable and one.examples == [[f"file:{kind}", ""], ["body:1", ""]]
    send(any_cast, ticket, {"body:1": "Ann"}, "card", file=files.put(name, content_type, b"the bytes"))
    work()
    shown = meta.conversation(ANN)[-1]
    assert shown["text"] == "Look, Ann!"
    assert [(one["name"], one["content"]) for one in shown["files"]] == [(name, b"the bytes")]


@pytest.mark.parametrize(("file", "words"), [
    (None, "Choose a file"), (("cup.gif", "image/gif", b"x"), "JPEG or PNG"),
    (("cup.png", "image/png", b"x" * 5_000_001), "at most 5 MB")])
def test_a_file_that_does_not_fit_is_refused_before(any_cast, ticket, has, file, words):
    has(with_heading({"type": "HEADER", "format": "IMAGE"}))
    with pytest.raises(Invalid, match=words):
        send(any_cast, ticket, {"body:1": "Ann"}, "card", file=file and files.put(*file))


def test_a_map_and_a_code_to_copy_are_filled_in(any_cast, ticket, meta, has, work):
    has(with_heading({"type": "HEADER", "format": "LOCATION"},
                     {"type": "QUICK_REPLY", "text": "Thanks"},
                     {"type": "COPY_CODE", "text": "Copy", "example": "RAIN25"}))
    where = {"location:latitude": "-6.2", "location:longitude": "106.8", "location:name": "Kopi & Co",
             "location:address": "Jalan Sabang 9"}
    assert all_of(inbox_of(ticket))[0].examples[-1] == ["coupon:1", "RAIN25"]
    with pytest.raises(Invalid, match="degrees"):
        send(any_cast, ticket, {**where, "location:latitude": "97", "body:1": "Ann", "coupon:1": "DRY"}, "card")
    send(any_cast, ticket, {**where, "body:1": "Ann", "coupon:1": "DRY25"}, "card")
    work()
    assert meta.conversation(ANN)[-1]["text"] == "Kopi & Co, Jalan Sabang 9\n\nLook, Ann!"
    assert meta.whatsapp.sent_templates[-1]["components"] == [
        {"type": "header", "parameters": [{"type": "location", "location": {
            "latitude": "-6.2", "longitude": "106.8", "name": "Kopi & Co", "address": "Jalan Sabang 9"}}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Ann"}]},
        {"type": "button", "sub_type": "copy_code", "index": "1",
         "parameters": [{"type": "coupon_code", "coupon_code": "DRY25"}]}]


@pytest.mark.parametrize(("values", "words"), [
    ({"body:1": "Ann"}, "is empty"), ({"body:1": "Ann", "body:2": " "}, "is empty"),
    ({"body:1": "A\nnn", "body:2": "1"}, "one line"), ({"body:1": "A" * 1025, "body:2": "1"}, "1024")])
def test_what_the_platform_would_refuse_is_said_before(any_cast, ticket, values, words):
    with pytest.raises(Invalid, match=words):
        send(any_cast, ticket, values)


def test_a_paused_template_is_not_sent(any_cast, ticket):
    with pytest.raises(Invalid, match="paused"):
        send(any_cast, ticket, {}, "sale")


def test_one_that_was_paused_meanwhile_fails_in_words(any_cast, ticket, meta, work):
    meta.whatsapp.templates[0]["status"] = "PAUSED"
    send(any_cast, ticket, {"body:1": "Ann", "body:2": "4512"})
    work()
    with db.reading() as session:
        delivery = session.scalar(select(Delivery))
        assert delivery.status == "failed" and "paused" in delivery.error


def test_the_platform_tells_of_changes(whatsapp):
    from channels.base import Request, TemplatesChanged
    body = (b'{"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": '
            b'"message_template_status_update", "value": {"event": "APPROVED"}}]}]}')
    assert inboxes.open_channel(whatsapp).read(Request("POST", {}, {}, body)) == [TemplatesChanged()]


class TestPages:
    @pytest.fixture
    def alice(self, sign_in, any_cast):
        return sign_in(any_cast.alice)

    @pytest.fixture
    def app(self, any_cast, config):
        from helpdesk.app import create_app
        return create_app(config)

    def key(self, number) -> str:
        with db.reading() as session:
            return routes.routes(session, session.get(Ticket, number))[0].key

    def test_the_composer_leads_to_them(self, alice, ticket):
        html = alice.get(f"/inbox/all/{ticket}").text
        assert f"/tickets/{ticket}/templates?route={self.key(ticket)}" in html and "Choose a template" in html

    def test_an_agent_sends_one(self, alice, ticket, meta, work):
        key = self.key(ticket)
        page = alice.get(f"/tickets/{ticket}/templates", query_string={"route": key}).text
        assert page.count("<details") == 2 and "sale" not in page
        number = all_of(inbox_of(ticket))[0].id
        refused = alice.post(f"/tickets/{ticket}/templates", data={"route": key, "template": number, "body:1": "Ann"})
        assert refused.status_code == 422 and "is empty" in refused.text and 'value="Ann"' in refused.text
        done = alice.post(f"/tickets/{ticket}/templates", data={
            "route": key, "template": number, "body:1": "Ann", "body:2": "4512"})
        assert done.status_code == 302
        work()
        assert "4512" in meta.conversation(ANN)[-1]["text"]

    def test_an_agent_sends_one_with_a_picture(self, alice, ticket, meta, has, work):
        has(with_heading({"type": "HEADER", "format": "IMAGE"}))
        page = alice.get(f"/tickets/{ticket}/templates", query_string={"route": self.key(ticket)}).text
        assert 'accept="image/jpeg,image/png"' in page and "multipart/form-data" in page
        alice.post(f"/tickets/{ticket}/templates", content_type="multipart/form-data", data={
            "route": self.key(ticket), "template": all_of(inbox_of(ticket))[0].id, "body:1": "Ann",
            "file": (BytesIO(b"\x89PNG"), "cup.png", "image/png")})
        work()
        assert [one["name"] for one in meta.conversation(ANN)[-1]["files"]] == ["cup.png"]
        assert "cup.png" in alice.get(f"/inbox/all/{ticket}").text

    def test_a_route_without_templates_has_no_page(self, alice, any_cast):
        number = db.run(written, any_cast.mail, "Hello").ticket_id
        assert alice.get(f"/tickets/{number}/templates?route={self.key(number)}").status_code == 404

    def test_admins_see_the_list_and_fetch_it(self, sign_in, any_cast, whatsapp, work):
        ada = sign_in(any_cast.ada)
        where = f"/settings/inboxes/{whatsapp.id}/templates"
        assert "Not fetched yet" in ada.get(where).text
        assert ada.post(where).status_code == 302
        work()
        html = ada.get(where).text
        assert "order_ready" in html and "Paused" in html
        assert sign_in(any_cast.alice).get(where).status_code == 403


def inbox_of(number) -> Inbox:
    with db.reading() as session:
        return session.get(Inbox, session.get(Ticket, number).reply_inbox_id)
