"""What sites tell: bounded, what a page says apart from what a server signed, and going where the person goes."""
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from channels._orders import order
from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Contact, ContactAttribute, Identity, PageView, ShopOrder, Visitor
from helpdesk.services import (
    attribute_names,
    attributes,
    contact_merges,
    contact_unmerges,
    identities,
    inboxes,
    page_views,
    shop_orders,
    site_data,
    visitors,
)
from tests.people import ANN, written

pytest_plugins = ["tests.desk"]


def browser(session, cast) -> tuple[Visitor, Contact]:
    visitor, _ = visitors.start(session, cast.widget)
    return visitor, visitors.contact_of(session, visitor)


def facts(session, contact):
    return {one.key: (one.value, one.signed) for one in site_data.attributes(session, contact)}


def tell(session, cast, visitor, given, **fields):
    attributes.tell(session, cast.widget, visitor.identity_id, attributes.checked(given), **fields)


def test_a_page_tells_changes_and_takes_back(any_cast):
    with db.transaction() as session:
        visitor, contact = browser(session, any_cast)
        tell(session, any_cast, visitor, {"plan": "gold", "seats": 3, "trial": False, "ratio": 0.5})
        tell(session, any_cast, visitor, {"plan": "silver", "seats": None})
        assert facts(session, contact) == {"plan": ("silver", False), "trial": (False, False), "ratio": (0.5, False)}


def test_a_page_cannot_change_what_was_signed(any_cast):
    with db.transaction() as session:
        visitor, contact = browser(session, any_cast)
        tell(session, any_cast, visitor, {"plan": "free"})
        tell(session, any_cast, visitor, {"plan": "gold"}, signed=True)
        tell(session, any_cast, visitor, {"plan": "platinum"})
        tell(session, any_cast, visitor, {"plan": None})
        assert facts(session, contact) == {"plan": ("gold", True)}
        tell(session, any_cast, visitor, {"plan": None}, signed=True)
        assert facts(session, contact) == {}


@pytest.mark.parametrize("given", [
    {"__proto__": 1}, {"": 1}, {" x": 1}, {"a" * 61: 1}, {"x": "y" * 501}, {"x": {"y": 1}}, {"x": [1]}, {"x": 1e16},
    {"x": float("nan")}, {f"k{n}": n for n in range(41)}, [], "plan", None, {"<b>": 1}, {1: 1}])
def test_what_is_no_fact_is_refused_whole(given):
    with pytest.raises(Invalid):
        attributes.checked(given)


def test_facts_do_not_pile_up(any_cast):
    with db.transaction() as session:
        visitor, contact = browser(session, any_cast)
        tell(session, any_cast, visitor, {f"a{n}": n for n in range(40)})
        with pytest.raises(Invalid, match="At most 40"):
            tell(session, any_cast, visitor, {"one more": 1})
        tell(session, any_cast, visitor, {"a0": None, "one more": 1})
        assert len(facts(session, contact)) == 40


def test_an_inbox_names_orders_and_hides_facts(cast):
    with db.transaction() as session:
        visitor, contact = browser(session, cast)
        names = {"attribute_names": "seats = Users\nplan=\n-secret"}
        inboxes.change(session, session.merge(cast.widget), names, "system")
        tell(session, cast, visitor, {"plan": "gold", "a_thing": 1, "secret": 7, "seats": 3})
        assert [one.label for one in site_data.attributes(session, contact)] == ["Users", "Plan", "A thing"]
    assert attribute_names.read("\n = \n-\n").named == {}


@pytest.mark.parametrize(("url", "kept"), [
    ("https://shop.example/a/b?utm_source=x&token=SECRET&product=7#frag",
     "https://shop.example/a/b?utm_source=x&product=7"),
    ("https://ann:pw@shop.example:8443?session=1", "https://shop.example:8443/"),
    ("http://[::1", ""), ("javascript:alert(1)", ""), ("file:///etc/passwd", ""), ("/only/a/path", ""), ("", ""),
    ("https://shop.example:99999/", "")])
def test_an_address_keeps_no_secret(url, kept):
    assert page_views.address(url, ["product"]) == kept


def test_only_the_last_pages_are_kept_and_the_same_one_once(any_cast, wall):
    with db.transaction() as session:
        visitor, contact = browser(session, any_cast)
        at = wall.at.timestamp() * 1000
        seen = [{"url": f"https://shop.example/{n}", "title": f"Page {n}", "at": at - 100_000 + n * 1000}
                for n in range(60)]
        page_views.record(session, any_cast.widget, visitor, seen[:40])
        page_views.record(session, any_cast.widget, visitor, [*seen[40:], {**seen[59], "title": "Again", "at": at}])
        found = site_data.pages(session, contact, 100)
        assert len(found) == page_views.KEPT and found[0].title == "Again" and found[0].seen_at == wall.at
        assert [page.url.rpartition("/")[2] for page in found] == [str(n) for n in range(59, 9, -1)]


def test_a_wrong_clock_a_strange_list_and_a_no(cast, wall):
    with db.transaction() as session:
        visitor, contact = browser(session, cast)
        page_views.record(session, cast.widget, visitor, [{"url": "https://a.example", "at": 9e15}, {"url": 7},
                                                          {"url": "https://b.example", "at": 5, "title": ["x"]}])
        assert [(p.url, p.seen_at) for p in site_data.pages(session, contact)] == [
            ("https://a.example/", wall.at), ("https://b.example/", wall.at - timedelta(days=1))]
        for wrong in ({}, "x", [1], None):
            with pytest.raises(Invalid):
                page_views.record(session, cast.widget, visitor, wrong)
        inbox = session.merge(cast.widget)
        inboxes.change(session, inbox, {"pages": "no"}, "system")
        page_views.record(session, inbox, visitor, [{"url": "https://c.example"}])
        assert len(site_data.pages(session, contact)) == 2


def test_what_was_told_follows_the_person_when_records_are_joined(any_cast):
    with db.transaction() as session:
        visitor, anonymous = browser(session, any_cast)
        other, known = browser(session, any_cast)
        tell(session, any_cast, visitor, {"plan": "free", "cart": 2})
        page_views.record(session, any_cast.widget, visitor, [{"url": "https://shop.example/cart"}])
        tell(session, any_cast, other, {"plan": "gold"}, signed=True)
        identities.merge_into(session, anonymous, known, why="test")
        session.flush()
        assert facts(session, known) == {"plan": ("gold", True), "cart": (2, False)}
        assert [page.url for page in site_data.pages(session, known)] == ["https://shop.example/cart"]
        assert not site_data.attributes(session, anonymous) and not site_data.pages(session, anonymous)
        contact_unmerges.unmerge(session, anonymous.id, "system")
        assert facts(session, known) == {"plan": ("gold", True)} and not site_data.pages(session, known)
        assert facts(session, anonymous) == {"plan": ("free", False), "cart": (2, False)}
        assert [page.url for page in site_data.pages(session, anonymous)] == ["https://shop.example/cart"]


def orders(session, cast, *given):
    for one in given:
        shop_orders.receive(session, cast.widget, None, order(one))


def test_an_order_is_known_by_its_number_and_old_news_changes_nothing(any_cast, wall):
    with db.transaction() as session:
        contact = written(session, any_cast.mail, "Where is it?").ticket_id and session.scalar(
            select(Contact).join(Identity).where(Identity.value == ANN))
        at = wall.at
        new = {"number": 1001, "customer": {"email": "Ann@Example.com"}, "status": "shipped", "total": "49.90",
               "currency": "eur", "items": [{"name": "Mug", "quantity": 2}], "url": "https://shop.example/o/1001",
               "placed_at": (at - timedelta(days=2)).isoformat(), "at": at.isoformat()}
        orders(session, any_cast, new, new, {**new, "status": "paid", "at": (at - timedelta(hours=1)).isoformat()})
        [found] = site_data.orders(session, contact)
        assert (found.number, found.status, found.total, found.currency) == ("1001", "shipped", "49.90", "EUR")
        assert found.items == [{"name": "Mug", "quantity": "2"}] and found.placed_at == at - timedelta(days=2)
        assert not found.proved, "a From is nobody's word"
        identities.verify(session, contact, "email", ANN, how="code")
        assert site_data.orders(session, contact)[0].proved
        assert session.scalar(select(func.count()).select_from(ShopOrder)) == 1


def test_orders_are_found_by_the_shops_number_over_joined_records(any_cast):
    with db.transaction() as session:
        (_, first), (_, second), (_, stranger) = (browser(session, any_cast) for _ in range(3))
        first.external_id, second.external_id = "7", "8"
        orders(session, any_cast, {"number": "a", "customer": {"id": 7}}, {"number": "b", "customer": {"id": "8"}},
               {"number": "c"})
        assert [one.number for one in site_data.orders(session, first)] == ["a"]
        contact_merges.merge_into(session, first, second, why="test", insist=True)
        assert {(one.number, one.proved) for one in site_data.orders(session, second)} == {("a", True), ("b", True)}
        assert site_data.orders(session, stranger) == []


@pytest.mark.parametrize("given", [
    {}, {"number": ""}, {"number": "n" * 101}, {"number": 1, "total": "many"}, {"number": 1, "total": "NaN"},
    {"number": 1, "currency": "euro"}, {"number": 1, "url": "javascript:alert(1)"}, {"number": 1, "items": "mug"},
    {"number": 1, "customer": "ann"}, {"number": 1, "total": True}, {"number": 1, "items": [{"quantity": 1}]}, []])
def test_what_is_no_order_is_refused(given):
    with pytest.raises((KeyError, TypeError, ValueError)):
        order(given)


def test_a_person_is_forgotten_but_not_the_one_whose_address_they_named(any_cast):
    with db.transaction() as session:
        visitor, contact = browser(session, any_cast)
        contact.external_id = "7"
        tell(session, any_cast, visitor, {"plan": "gold"})
        page_views.record(session, any_cast.widget, visitor, [{"url": "https://shop.example"}])
        identities.claim(session, contact, "email", ANN)
        orders(session, any_cast, {"number": "own", "customer": {"id": "7"}},
               {"number": "anns", "customer": {"email": ANN}})
        site_data.forget(session, contact)
        assert [one.number for one in site_data.orders(session, contact)] == ["anns"]
        assert not site_data.attributes(session, contact) and not site_data.pages(session, contact)


def test_old_things_are_forgotten_class_by_class(any_cast, wall):
    with db.transaction() as session:
        visitor, contact = browser(session, any_cast)
        tell(session, any_cast, visitor, {"plan": "gold"})
        page_views.record(session, any_cast.widget, visitor, [{"url": "https://shop.example"}])
        orders(session, any_cast, {"number": "1"})
        assert site_data.forget_old(session, pages=now()) == 0
        assert site_data.forget_old(session, pages=now() + timedelta(seconds=1)) == 1
        assert session.scalar(select(func.count()).select_from(ContactAttribute)) == 1
        later = now() + timedelta(seconds=1)
        assert site_data.forget_old(session, attributes=later, orders=later) == 2
        assert session.scalar(select(func.count()).select_from(PageView)) == 0


def test_each_is_one_statement(any_cast):
    with db.transaction() as session:
        _, contact = browser(session, any_cast)
    asked = []
    engine = db.engine()
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with db.reading() as session:
        for read in (site_data.attributes, site_data.pages, site_data.orders):
            asked.clear()
            read(session, contact)
            assert len([one for one in asked if one.startswith(("SELECT", "WITH"))]) == len(asked) == 1
