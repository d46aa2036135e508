"""Places in texts, and what fills them."""
from datetime import timedelta

import pytest

from helpdesk import db
from helpdesk.clock import now
from helpdesk.errors import Invalid
from helpdesk.models import Agent, Ticket
from helpdesk.services import variables
from tests.people import written


@pytest.fixture
def fill(cast):
    """fill(text, name=…) → the text for a ticket of somebody with this name."""
    def run(text, name="Ann Lee"):
        with db.transaction() as session:
            message = written(session, cast.mail, "Hello", subject="Order 12", name="Ann Lee")
            ticket = session.get(Ticket, message.ticket_id)
            ticket.contact.name = name
            return variables.fill(session, ticket, session.get(Agent, cast.alice.id), text)
    return run


def test_each_variable_has_a_source_and_words():
    assert set(variables.NAMES) == set(variables._SOURCES)


def test_places_are_filled(fill):
    found = fill("Hi {{contact.first_name}} ({{ contact.name }}), {{ticket.subject}}: {{agent.name}} of {{ company }} "
                 "by {{inbox.name}}")
    assert found.text == "Hi Ann (Ann Lee), Order 12: Alice of Kopi & Co by Support mail" and not found.problems


@pytest.mark.parametrize("name, first", [("Ms. Ann Lee", "Ann"), ("Ann", "Ann"), ("", ""), ("ann@example.com", ""),
                                         ("Dr Prof Lee", "Lee")])
def test_first_names(name, first):
    assert variables.first_name(name) == first


def test_dates_are_written_as_the_customer_writes_them(fill):
    tomorrow = now() + timedelta(days=1)
    assert str(tomorrow.year) in fill("{{ date.tomorrow }}").text and not fill("{{ date.today }}").problems


def test_what_is_empty_takes_its_default_or_is_a_problem(fill):
    assert fill('Hi {{ contact.first_name | default("there") }}!', name="").text == "Hi there!"
    assert fill("Hi {{contact.first_name|default('there')}}!").text == "Hi Ann!"
    [problem] = fill("Hi {{ contact.first_name }} {{ contact.first_name }}!", name="").problems
    assert "first name is not known" in problem


@pytest.mark.parametrize("text", ["{{ contact.mail }}", "{{ 1 + 1 }}", "{{ agent.name.upper() }}", "{{}}",
                                  "{{ agent.name | upper }}", "{{ contact.__class__ }}", "{{ agent.name|default(x) }}"])
def test_nothing_else_can_be_said_in_a_place(fill, text):
    assert fill(text).problems and fill(text).text == text
    assert variables.unknown(text)


def test_a_value_is_no_place_itself_and_code_stays(fill):
    assert fill("{{ contact.name }}", name="{{ agent.name }}").text == "agent.name }}"
    for code in ("Write `{{ user.name }}` there", "```\n{{ x }}\n{{ y.z() }}\n```"):
        assert fill(code).text == code and not fill(code).problems


def test_nothing_is_sent_with_an_open_place(cast):
    with db.transaction() as session:
        ticket = session.get(Ticket, written(session, cast.mail, "Hello", name="").ticket_id)
        agent = session.get(Agent, cast.alice.id)
        with pytest.raises(Invalid, match="Not sent: There is no {{ x }}"):
            variables.filled(session, ticket, agent, "{{ x }}")
