"""Finding tickets by number, people and words."""
import pytest

from helpdesk import db
from helpdesk.models import Message, Ticket
from helpdesk.services import search
from tests.people import written


@pytest.fixture
def found(any_cast):
    """found(query) → the texts of the tickets that fit; a few are there."""
    texts = {"Grüße aus Köln": "koeln", "Đơn hàng của tôi chưa đến, làm ơn giúp": "viet",
             "Where is my parcel 100%?": "parcel", "Ou est mon colis déjà payé": "fr", "Привет, где посылка": "ru",
             "注文した商品が届きません": "ja"}
    with db.transaction() as session:
        for text, name in texts.items():
            written(session, any_cast.mail, text, external_id=f"<{name}>", address=f"{name}@example.com",
                    name=name.title(), subject=f"Subject_{name}")

    def names(query):
        with db.reading() as session:
            rows = session.scalars(search.ticket_ids(query)).all()
            return sorted(session.get(Ticket, number).contact.name.lower() for number in rows)
    return names


@pytest.mark.parametrize(("query", "who"), [
    ("parcel", ["parcel"]), ("PARCEL where", ["parcel"]), ("parc", ["parcel"]), ("deja paye", ["fr"]),
    ("déjà", ["fr"]), ("grusse", []), ("gruße", ["koeln"]), ("Köln", ["koeln"]), ("koln", ["koeln"]),
    ("giúp", ["viet"]), ("làm ơn", ["viet"]), ("привет", ["ru"]), ("ПОСЫЛКА", ["ru"]), ("koeln@example.com", ["koeln"]),
    ("Viet", ["viet"]), ("subject_fr", ["fr"]), ("100%", ["parcel"]), ("parcel nonsense", [])])
def test_words_people_and_subjects_are_found_whatever_case_and_accents(found, query, who):
    assert found(query) == who


def test_signs_that_mean_something_to_a_database_mean_nothing_here(found):
    for query in ("'", '"', "%", "_", "\\", "a & | ! :* <-> b", "(((", '"unclosed', "NEAR(", "a*", "--", "; DROP TABLE",
                  "²", "⑴ ½ ŉ", "\0", "a\0b", "\ud83d", "x" * 5_000, "# 12", "#²", "999999999", "9" * 40):
        found(query)
    assert found("%") == [] and len(found("_")) == 6, "they stand for themselves"


def test_a_number_leads_to_its_ticket(found):
    with db.reading() as session:
        number = session.scalars(search.ticket_ids("parcel")).one()
    assert found(f"#{number}") == found(str(number)) == ["parcel"]


def test_what_was_changed_or_taken_away_is_not_found_any_more(found):
    with db.transaction() as session:
        number = session.scalars(search.ticket_ids("colis")).one()
        message = session.query(Message).filter_by(ticket_id=number).one()
        message.text = "redacted"
    assert found("colis") == [] and found("redacted") == ["fr"]
