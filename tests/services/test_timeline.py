"""What agents see, and what a customer may see of it."""
import pytest

from helpdesk import db
from helpdesk.models import Ticket
from helpdesk.services import identities, replies, tickets, timeline
from tests.people import ANN, written


@pytest.fixture
def joined(any_cast):
    """A chat that went on with a mail's ticket, because the site's token proved who it is: (ticket id, identity id)."""
    with db.transaction() as session:
        mail = written(session, any_cast.mail, "My secret order")
        ticket = tickets.lock(session, mail.ticket_id)
        replies.send(session, ticket, "By mail", agent=session.merge(any_cast.alice))
        replies.note(session, ticket, "A difficult customer", session.merge(any_cast.alice))
        visitor = identities.resolve(session, "visitor", "browser", how="platform")
        identities.verify(session, visitor.contact, "email", ANN, how="token")
        ticket.contact_id = visitor.contact_id
        session.flush()
        chat = written(session, any_cast.widget, "It is me again", address="browser", external_id="c1")
        assert chat.ticket_id == mail.ticket_id, "one matter"
        replies.send(session, ticket, "In the chat", agent=session.merge(any_cast.alice))
        return mail.ticket_id, chat.identity_id


def test_a_chat_that_joins_a_matter_does_not_open_the_mails_from_before(joined):
    with db.reading() as session:
        ticket = session.get(Ticket, joined[0])
        assert [m.text for m in timeline.public_items(session, ticket, reader=joined[1])] == [
            "It is me again", "In the chat"]
        assert timeline.public_items(session, ticket, reader=10**6) == [], "who never wrote here sees nothing"


def test_a_customer_never_sees_notes_or_events(joined):
    with db.reading() as session:
        found = timeline.public_items(session, session.get(Ticket, joined[0]))
        assert [m.text for m in found] == ["My secret order", "By mail", "It is me again", "In the chat"]


def test_agents_see_everything_once_in_order_page_by_page(joined):
    with db.reading() as session:
        ticket = session.get(Ticket, joined[0])
        whole = timeline.items(session, ticket)
        said = [i for i in whole if isinstance(i, timeline.Said)]
        assert [i.seq for i in whole] == sorted({i.seq for i in whole}) and len(said) < len(whole), "events too"
        assert said[2].text == "A difficult customer"
        last = timeline.items(session, ticket, limit=2)
        assert last == whole[-2:] and timeline.items(session, ticket, before=last[0].seq) == whole[:-2]
        assert timeline.items(session, ticket, after=whole[0].seq) == whole[1:]
