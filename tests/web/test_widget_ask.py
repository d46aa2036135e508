"""What must be answered before a chat is demanded by the server, in every language, and without scripts too."""
import json
import tomllib
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import clock, db, paths
from helpdesk.models import BusinessHours, Contact, ContactAttribute, Inbox, SlaPolicy, Ticket
from helpdesk.services import chat_questions, inbox_forms, inboxes, widget_words
from tests.web.test_widget import Browser

FIELDS = "Order number | text | required\nSize | list | S, M, L\nSeats | number\nDelivered on | date\n" \
         "I have read the terms | checkbox | required\nCall me at | phone"


@pytest.fixture
def ann(app):
    return Browser(app)


@pytest.fixture
def silent(cast):
    with db.transaction() as session:
        session.get(Inbox, cast.widget.id).assistant = False


def change(cast, **values):
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, cast.widget.id), values, "system")


def facts():
    with db.reading() as session:
        return {one.key: one.value for one in session.scalars(select(ContactAttribute))}


def tickets():
    with db.reading() as session:
        return session.scalars(select(Ticket).order_by(Ticket.id)).all()


def test_the_first_message_is_refused_until_what_must_be_answered_is(ann, cast, silent):
    change(cast, ask_name="optional", ask_email="required", ask_topic="required", ask_topics="Delivery\nReturns")
    answer = ann.says("Where is it?")
    assert answer.status_code == 422 and answer.get_json()["error"] == "Please answer first: email, topic."
    assert ann.sends("a.txt", b"words").status_code == 422 and not tickets()
    ann.post("contact", email="ann@example.com")
    assert ann.says("Where is it?", topic="Nonsense").status_code == 422
    assert ann.says("Where is it?", topic="Delivery").status_code == 200
    assert ann.says("Hello?").status_code == 200, "once is enough"
    ann.post("end")
    assert ann.says("Something else").status_code == 422, "a new conversation has a topic of its own"
    assert ann.says("Something else", topic="Returns").status_code == 200
    assert [one.subject for one in tickets()] == ["Delivery: Where is it?", "Returns: Something else"]


def test_the_socket_is_as_strict(app, ann, cast, silent):
    from helpdesk.realtime import WIDGET, socketio
    change(cast, ask_email="required")
    line = socketio.test_client(app, namespace=WIDGET, auth={"inbox": "shop", "token": ann.token})
    answer = line.emit("message", {"client_id": "message-1", "text": "Hi"}, namespace=WIDGET, callback=True)
    assert (answer["ok"], answer["status"]) == (False, 422) and not tickets()


def test_questions_of_ones_own_are_asked_checked_and_kept_as_facts(ann, cast, silent):
    change(cast, ask_fields=FIELDS)
    asked = {one["field"]: one for one in ann.post("session").get_json()["state"]["ask"]}
    assert [one["kind"] for one in asked.values()] == ["text", "list", "number", "date", "checkbox", "phone"]
    assert asked["Size"]["options"] == ["S", "M", "L"] and asked["Order number"]["required"]
    for wrong in ({"Size": "XXL"}, {"Seats": "many"}, {"Delivered on": "soon"}, {"Call me at": "12"}, ["x"],
                  {"Order number": 7}):
        assert ann.post("contact", fields=wrong).status_code == 422, wrong
    assert ann.says("Hi").status_code == 422 and not facts()
    ann.post("contact", fields={"Order number": "K-1", "I have read the terms": "", "Not asked": "x"})
    assert "I have read the terms" in ann.says("Hi").get_json()["error"]
    state = ann.post("contact", fields={"I have read the terms": "yes", "Size": "M", "Seats": "2,5",
                                        "Delivered on": "2026-12-24", "Call me at": "+49 170 1111 0001"}).get_json()
    assert state["state"]["ask"] == []
    assert facts() == {"Order number": "K-1", "I have read the terms": True, "Size": "M", "Seats": 2.5,
                       "Delivered on": "2026-12-24", "Call me at": "+4917011110001"}
    assert ann.says("Hi").status_code == 200


def test_where_it_is_asked_only_when_nobody_is_there(ann, cast, silent):
    change(cast, ask_email="required", ask_when="closed")
    assert ann.says("You are open all day").status_code == 200
    with db.transaction() as session:
        today = clock.now().date()
        hours = BusinessHours(name="On holiday", time_zone="UTC", week={}, holidays=[
            (today + timedelta(days=n)).isoformat() for n in range(-1, 3)])
        session.add(hours)
        session.flush()
        session.scalar(select(SlaPolicy).order_by(SlaPolicy.position, SlaPolicy.id).limit(1)).hours_id = hours.id
    ann.post("end")
    assert ann.says("Are you there?").status_code == 422
    ann.post("contact", email="ann@example.com")
    assert ann.says("Are you there?").status_code == 200


@pytest.mark.parametrize(("line", "part"), [
    ("Size | list", "things to choose"), ("Size | text | S, M", "things to choose"), ("Size | colour", "none of"),
    ("email", "cannot be asked"), ("_x", "cannot be asked"), ("A\na | text", "words of its own"),
    ("\n".join(f"Q{n}" for n in range(11)), "At most 10")])
def test_a_question_that_cannot_be_asked_is_refused_in_the_form(line, part):
    assert part in chat_questions.problem(line)
    assert part in inbox_forms.values(inboxes.kind("web"), {"ask_fields": line}, stored={})[1]["ask_fields"]


# Languages

def test_every_text_for_customers_is_there_in_all_six_languages():
    assert widget_words.locales() == ["ar", "en", "es", "hi", "id", "pt-BR"]
    english = json.loads((paths.CONFIG / "widget" / "en.json").read_text(encoding="utf-8"))
    for locale in widget_words.locales():
        words = json.loads((paths.CONFIG / "widget" / f"{locale}.json").read_text(encoding="utf-8"))
        assert words.keys() == english.keys() and all(one.strip() for one in words.values()), locale
    for name, said in tomllib.loads((paths.CONFIG / "texts.toml").read_text(encoding="utf-8")).items():
        assert sorted(said) == widget_words.locales(), f"[{name}] of config/texts.toml"


@pytest.mark.parametrize(("path", "header", "locale"), [
    ("?locale=pt-PT", "es", "pt-BR"), ("", "ar-EG,ar;q=0.9", "ar"), ("?locale=xx", "hi", "hi"), ("", "xx", "en")])
def test_the_frame_speaks_the_visitors_language(client, path, header, locale):
    answer = client.get(f"/widget/shop/frame{path}", headers={"Accept-Language": header})
    assert f'lang="{locale}" dir="{"rtl" if locale == "ar" else "ltr"}"' in answer.text
    config = json.loads(answer.text.split('id="config">')[1].split("</script>")[0])
    assert config["words"]["send"] == widget_words._all()[locale]["send"]
    other = client.get("/widget/shop/words/id").get_json()
    assert other["locale"] == "id" and other["words"]["write"] == "Tulis pesan…"


def test_an_inbox_says_it_in_its_own_words(client, cast):
    change(cast, greeting="Hello there", texts="es greeting = ¡Buenas!\nes title = Café\npt-BR hint = Diga = tudo")

    def words(locale):
        return client.get(f"/widget/shop/words/{locale}").get_json()["words"]
    assert (words("en")["greeting"], words("es")["greeting"]) == ("Hello there", "¡Buenas!")
    assert words("es")["title"] == "Café"
    assert words("pt-BR")["hint"] == "Diga = tudo" and words("en")["title"] != "Café"


@pytest.mark.parametrize("text", ["greeting = x", "xx greeting = y", "es nothing = z"])
def test_own_words_that_fit_nowhere_are_refused(text):
    assert inbox_forms.values(inboxes.kind("web"), {"texts": text}, stored={})[1]["texts"]


# Without scripts

def plain(client, **fields):
    return client.post("/widget/shop/write?locale=en", data={"email": "eve@example.org", "text": "Help me", **fields})


def test_without_scripts_a_form_makes_a_ticket_that_goes_on_by_mail(client, cast, work):
    page = client.get("/widget/shop/write?locale=ar")
    assert 'dir="rtl"' in page.text and "script" not in page.headers["Content-Security-Policy"]
    assert not page.headers.get("Set-Cookie") and "/widget/shop/write" in client.get("/widget/shop/frame").text
    answer = plain(client, name="Eve")
    assert answer.status_code == 200 and "We answer to eve@example.org." in answer.text
    work()
    ticket, = tickets()
    with db.reading() as session:
        contact = session.get(Contact, ticket.contact_id)
        assert (contact.claims or {}).get("email") == "eve@example.org" or "eve@example.org" in {
            one.value for one in contact.identities}
    assert not ticket.with_assistant, "nobody would see what it answers"


def test_the_plain_form_demands_what_must_be_answered_and_keeps_what_was_typed(client, cast, silent):
    change(cast, ask_name="required", ask_fields="Order number | text | required\nSize | list | S, M")
    answer = plain(client)
    assert answer.status_code == 422 and "Please answer first: name, Order number." in answer.text
    assert "Help me</textarea>" in answer.text and not tickets()
    assert plain(client, email="nonsense", name="Eve").status_code == 422
    assert plain(client, name="Eve", **{"own-0": "K-7", "own-1": "M"}).status_code == 200
    assert facts() == {"Order number": "K-7", "Size": "M"}


def test_a_machine_that_fills_in_every_field_writes_to_nobody(client, cast, silent):
    assert plain(client, website="https://spam.example").status_code == 200
    assert not tickets()


def test_one_address_writes_only_so_often(client, cast, silent):
    assert [plain(client).status_code for _ in range(11)][-1] == 429
