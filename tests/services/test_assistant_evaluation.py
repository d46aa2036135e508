"""Trials of the assistant: asked for, computed in another process, kept; files of labelled messages; fits of the
confidence that an admin takes up and gives up."""
from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid, NotFound
from helpdesk.evaluation_words import lines
from helpdesk.jobs import assistant_evaluation as jobs
from helpdesk.models import Article, AssistantEvaluation, AssistantTurn, ConfidenceFit, Message, Ticket
from helpdesk.services import articles, assistant_evaluation, confidence_fits, labelled_messages
from tests.people import ANN, customer_mail, deliver_mail

FAQ = {"How long does delivery take?": ["when will my parcel arrive", "delivery time", "how long is shipping"],
       "How do I return something?": ["can I send it back", "return policy", "give the shoes back"],
       "Which payment methods are there?": ["can I pay by card", "do you take paypal", "pay with a card"]}


@pytest.fixture
def faq(database):
    with db.transaction() as session:
        return [articles.create(session, title=title, body="So.", questions=asked).id for title, asked in FAQ.items()]


def ask() -> int:
    return db.run(lambda session: assistant_evaluation.ask(session, "agent:1").id)


def row(number) -> AssistantEvaluation:
    with db.reading() as session:
        return session.get(AssistantEvaluation, number)


def test_it_is_computed_by_another_process_and_kept(faq):
    number = ask()
    assert ask() == number                      # one at a time
    jobs.run(number)
    found = row(number)
    assert (found.state, found.error) == ("done", "") and found.finished_at
    assert found.figures["articles"] == 3 and found.figures["phrasings"] == 12 and found.figures["encoders"] == []
    assert 0 < found.figures["top1"] <= found.figures["top3"] <= 1 and len(found.figures["curve"]) == 101
    jobs.run(number)                            # a second worker finds nothing to do
    assert row(number).finished_at == found.finished_at and ask() != number


def test_a_trial_that_cannot_be_computed_says_why(database, monkeypatch):
    number = ask()
    jobs.run(number)
    assert row(number).state == "failed" and "too few" in row(number).error
    with db.transaction() as session:
        for title in ("One thing", "Another thing"):
            articles.create(session, title=title, body="So.")
    monkeypatch.setattr(jobs, "COMMAND", (jobs.sys.executable, "-c", "raise SystemExit('no room left')"))
    number = ask()
    jobs.run(number)
    assert (row(number).state, row(number).error) == ("failed", "no room left")


def test_one_that_was_lost_with_its_process_hinders_no_other(database):
    number = ask()
    with db.transaction() as session:
        session.get(AssistantEvaluation, number).created_at = now() - assistant_evaluation.LOST - timedelta(seconds=1)
    assert ask() != number


def test_only_what_customers_may_be_told_is_tried_and_translations_count_as_one(faq):
    with db.transaction() as session:
        spanish = articles.create(session, title="¿Cuánto tarda el envío?", body="Así.", locale="es-MX")
        spanish.original_id = faq[0]
        session.get(Article, faq[1]).audience = "agents"
        session.get(Article, faq[2]).published = False
    with db.reading() as session:
        told = assistant_evaluation.entries(session)
    assert [(one["id"], one["group"], one["locale"]) for one in told] == [(faq[0], faq[0], "en"),
                                                                           (spanish.id, faq[0], "es")]


@pytest.mark.parametrize("text", [
    "message,article\nwheres my parcel,how long does delivery take?\n\"send, back\",{1}\nhello there,\n",
    "wheres my parcel\thow-long-does-delivery-take\nsend, back\t{1}\nhello there\t-\n",
])
def test_a_file_of_messages_is_read_by_title_address_or_number(faq, text):
    with db.reading() as session:
        found = labelled_messages.read(session, text.replace("{1}", str(faq[1])))
    assert [(one["text"], one["right"]) for one in found] == [
        ("wheres my parcel", [faq[0]]), ("send, back", [faq[1]]), ("hello there", [])]


@pytest.mark.parametrize(("text", "says"), [("where,Shipping\nwhat,Nothing at all\n", "line 1: 'Shipping'; line 2"),
                                            ("text,article\n\n", "no message")])
def test_a_file_that_names_unknown_articles_or_nothing_is_refused(faq, text, says):
    with db.reading() as session, pytest.raises(Invalid, match=says):
        labelled_messages.read(session, text)


def test_what_is_printed_for_a_file(faq):
    figures, titles = jobs.try_now("wheres my parcel,How long does delivery take?\nanything,\n" * 12)
    said = "\n".join(lines(figures, titles, 0.03))
    assert "12 questions with an answer, 12 without one." in said and "At most  3.0% wrong" in said
    assert "From a confidence of" in said and "12 phrasings" in said


def judged(article: int, helped: bool, text: str) -> None:
    """A message that was answered with this article, and what its writer said about that."""
    with db.transaction() as session:
        ticket = session.scalar(select(Ticket.id))
        first = session.scalar(select(Message).order_by(Message.id))
        seq = session.scalar(select(Message.seq).order_by(Message.seq.desc()).limit(1)) + 1
        message = Message(ticket_id=ticket, inbox_id=first.inbox_id, identity_id=first.identity_id, seq=seq,
                          direction="in", kind="message", author_kind="contact", author_name="Ann",
                          channel="web", text=text, sent_at=now())
        session.add(message)
        session.flush()
        session.add(AssistantTurn(ticket_id=ticket, message_id=message.id, outcome="answered", article_id=article,
                                  score=0.9, helped=helped))


def test_enough_judgements_make_a_fit_that_is_used_only_when_an_admin_says_so(cast, faq, work, monkeypatch):
    deliver_mail(cast.mail, customer_mail("Good morning", sender=ANN))
    work()
    for n in range(8):
        judged(faq[0], n % 2 == 0, f"delivery how long please {n}")
        judged(faq[2], n % 2 == 1, f"is paypal possible {n}")
    number = ask()
    jobs.run(number)
    with db.reading() as session:
        assert confidence_fits.count(session) == 16 and confidence_fits.listed(session) == []
    monkeypatch.setattr(confidence_fits, "ENOUGH", 16)
    jobs.run(ask())
    with db.reading() as session:
        [fit] = confidence_fits.listed(session)
        assert fit.figures["marks"] == 16 and not fit.active and confidence_fits.in_use(session) == {}
        assert fit.figures["after"]["loss"] < fit.figures["before"]["loss"]
    db.run(confidence_fits.use, fit.id, "agent:1")
    with db.reading() as session:
        assert confidence_fits.in_use(session) == fit.coefficients == assistant_evaluation.task(session)["own"]
    db.run(confidence_fits.give_up, "agent:1")
    with db.reading() as session:
        assert confidence_fits.in_use(session) == {}
    with pytest.raises(NotFound):
        db.run(confidence_fits.use, 99, "agent:1")


def test_the_newest_fits_and_the_one_in_use_are_kept(any_database):
    for n in range(confidence_fits.KEPT + 2):
        fit = {"coefficients": {"core:regression": {"constant": n}}, "figures": {"marks": n}}
        made = db.run(lambda session, fit=fit: confidence_fits.propose(session, fit, "system").id)
        if n == 0:
            db.run(confidence_fits.use, made, "agent:1")
    with db.reading() as session:
        found = [(one.figures["marks"], one.active) for one in confidence_fits.listed(session)]
        assert session.scalar(select(ConfidenceFit.id).where(ConfidenceFit.active))
    assert found == [(6, False), (5, False), (4, False), (3, False), (2, False), (0, True)]
    assert db.run(confidence_fits.propose, {"coefficients": {}, "figures": {}}, "system") is None
