"""Which articles the world may read, and at which addresses."""
import pytest

from helpdesk import db
from helpdesk.errors import Invalid
from helpdesk.models import Article
from helpdesk.services import articles, help_centre, help_urls

FORM = {"on": True, "titles": {"en": "Help"}, "welcomes": {}, "accent": "#102030", "locale": "en", "robots": True,
        "shop_url": "https://kopi.example", "actor": "agent:1"}
PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def article(database):
    return db.run(articles.create, title="Where is my order?", body="Look at the link.")


def url(article):
    with db.reading() as session:
        return help_urls.article_url(session, session.get(Article, article.id))


def test_a_public_article_has_an_address(article):
    assert url(article) == "http://127.0.0.1:5999/help/en/where-is-my-order"


@pytest.mark.parametrize("hidden", [{"published": False}, {"audience": "agents"}, {"about_account": True}])
def test_one_that_is_not_for_the_world_has_none(article, hidden):
    with db.transaction() as session:
        for name, value in hidden.items():
            setattr(session.get(Article, article.id), name, value)
    assert url(article) == ""
    with db.reading() as session:
        assert not session.query(Article).filter(help_urls.PUBLIC).all()


def test_without_a_help_centre_there_is_none_either(article):
    db.run(help_centre.save, **{**FORM, "on": False})
    assert url(article) == ""
    with db.reading() as session:
        assert help_urls.home_url(session, "en") == ""


def test_what_was_chosen_is_kept_and_the_logo_with_it(database):
    db.run(help_centre.save, **FORM, logo=PIXEL)
    db.run(help_centre.save, **{**FORM, "titles": {"en": "Answers", "xx": "no such language"}})
    with db.reading() as session:
        look = help_centre.look(session)
        assert (look.title("en"), look.title("id"), look.accent) == ("Answers", "Kopi & Co", "#102030")
        assert look.logo and help_centre.logo(session) == ("image/png", PIXEL)


@pytest.mark.parametrize(("wrong", "says"), [
    ({"accent": "red"}, "colour"), ({"shop_url": "javascript:alert(1)"}, "https"), ({"logo": b"<svg>"}, "PNG"),
    ({"logo": PIXEL + b"\0" * 200_000}, "200 KB"), ({"titles": {"en": "x" * 81}}, "80"),
    ({"locale": "xx"}, "language")])
def test_what_cannot_be_is_refused_with_the_reason(database, wrong, says):
    with pytest.raises(Invalid, match=says):
        db.run(help_centre.save, **{**FORM, **wrong})
