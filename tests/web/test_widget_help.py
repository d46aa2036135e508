"""The help centre inside the chat: what the frame is told when somebody looks for an answer there."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import ArticleFeedback, ArticleView, Category, CategoryName, HelpSearch, Visitor
from helpdesk.services import articles, help_centre
from helpdesk.web import help_views

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
SECRET = "zanzibar"


@pytest.fixture
def texts(cast):
    with db.transaction() as session:
        shelf = Category(key="delivery")
        session.add(shelf)
        session.flush()
        session.add(CategoryName(category_id=shelf.id, locale="en", name="Delivery", slug="delivery"))
        public = articles.create(session, title="How long does delivery take?", body="Two to **four** days.")
        staff = articles.create(session, title=f"Delivery to {SECRET}", body=f"Only agents read {SECRET}.")
        public.category_id = staff.category_id = shelf.id
        staff.audience = "agents"
        return {"public": public.id, "staff": staff.id, "shelf": shelf.id}


def ask(client, path, token="", **arguments):
    headers = BROWSER | ({"Authorization": f"Bearer {token}"} if token else {})
    return client.get(f"/widget/shop/help{path}", query_string={"locale": "en-GB", **arguments}, headers=headers)


def rows(model):
    help_views.flush()
    with db.reading() as session:
        return list(session.scalars(select(model)))


def test_the_panel_begins_with_what_is_read_most_and_the_categories(client, texts):
    home = ask(client, "").json
    assert (home["locale"], [one["name"] for one in home["shelves"]]) == ("en", ["Delivery"])
    assert home["popular"] == [{"id": texts["public"], "title": "How long does delivery take?"}]
    assert ask(client, f"/shelves/{texts['shelf']}").json["articles"] == home["popular"]


def test_a_known_visitor_reads_and_judges_and_both_are_kept(client, texts):
    token = client.post("/widget/shop/session", json={}).json["token"]
    found = ask(client, "/search", q="how long is delivry", keep="1").json
    shown = ask(client, f"/articles/{texts['public']}", token, s=found["mark"]).json
    assert "<strong>four</strong>" in shown["html"] and shown["url"].endswith("/help/en/how-long-does-delivery-take")
    for _ in range(2):
        client.post(f"/widget/shop/help/articles/{texts['public']}/judge", json={"helped": False},
                    headers={"Authorization": f"Bearer {token}"})
    with db.reading() as session:
        visitor = session.scalar(select(Visitor.id))
    assert [(one.place, one.visitor_id) for one in rows(ArticleView)] == [("widget", visitor)]
    assert [(one.helped, one.place, one.visitor_id) for one in rows(ArticleFeedback)] == [(False, "widget", visitor)]
    assert [(one.place, one.found, one.opened_id) for one in rows(HelpSearch)] == [("widget", 1, texts["public"])]


def test_what_is_only_being_typed_is_not_kept(client, texts):
    assert ask(client, "/search", q="deliv").json["articles"][0]["id"] == texts["public"]
    assert not rows(HelpSearch)


def test_nothing_that_is_not_public_is_told(client, texts):
    for path, arguments in (("", {}), (f"/shelves/{texts['shelf']}", {}), ("/search", {"q": SECRET})):
        assert SECRET not in ask(client, path, **arguments).text
    assert ask(client, f"/articles/{texts['staff']}").status_code == 404
    assert client.post(f"/widget/shop/help/articles/{texts['staff']}/judge", json={"helped": True}).status_code == 404
    assert SECRET not in client.get("/widget/shop/frame").text


def test_without_a_help_centre_the_chat_has_none_either(client, texts):
    assert client.get("/widget/shop/frame").text.count("widget-help") == 2
    db.run(help_centre.save, on=False, titles={}, welcomes={}, accent="#102030", locale="", robots=True, shop_url="",
           actor="agent:1")
    assert "widget-help" not in client.get("/widget/shop/frame").text
    assert ask(client, "").status_code == ask(client, f"/articles/{texts['public']}").status_code == 404


def test_another_sites_script_judges_nothing(client, texts):
    answer = client.post(f"/widget/shop/help/articles/{texts['public']}/judge", json={"helped": True},
                         headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403 and not rows(ArticleFeedback)
