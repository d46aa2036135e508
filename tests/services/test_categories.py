"""The shelves of the help centre."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Article, Category
from helpdesk.services import articles, categories
from helpdesk.services.categories import Name


def order():
    with db.reading() as session:
        return [categories.title(one) for one in categories.listed(session)]


def test_they_are_made_named_moved_and_deleted_without_losing_articles(database):
    names = {"en": Name("Orders"), "es": Name("Pedidos", "Todo"), "id": Name("")}
    first = db.run(categories.create, names, actor="system")
    second = db.run(categories.create, {"en": Name("Orders")}, icon="box", actor="system")
    with db.transaction() as session:
        article = articles.create(session, title="A", body="b", category_id=first.id).id
        categories.move(session, categories.by_id(session, second.id), True, "system")
    assert order() == ["Orders", "Orders"]
    with db.transaction() as session:
        one, other = session.scalars(select(Category).order_by(Category.position))
        assert (one.id, one.names[0].slug, other.names[0].slug) == (second.id, "orders-2", "orders")
        assert categories.title(other, "es-MX") == "Pedidos" and categories.title(other, "hi") == "Orders"
        assert categories.counts(session) == {first.id: 1}
        categories.change(session, other, {"en": Name("Your order", slug="My Order")}, icon="truck", actor="system")
        assert [(name.locale, name.slug) for name in other.names] == [("en", "my-order")]
        assert categories.delete(session, other, "system") == 1
        assert session.get(Article, article).category_id is None
    assert order() == ["Orders"]


@pytest.mark.parametrize("names", [{}, {"en": Name(" ")}, {"en": Name("x" * 121)}, {"klingon!": Name("x")},
                                   {"en": Name("", "described")}])
def test_what_makes_no_category_is_refused(database, names):
    with pytest.raises(Invalid):
        db.run(categories.create, names, actor="system")
