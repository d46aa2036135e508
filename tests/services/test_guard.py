"""What is asked before an answer leaves, and what is not."""
import pytest
from sqlalchemy import select

from helpdesk import db
from helpdesk.models import Identity, Participant, Ticket
from helpdesk.services import guard, identities, note_marks, recipients, replies, routes, tickets
from helpdesk.services.recipients import Others
from tests.people import ANN, EVE, written

DEE, BO, NEW = "dee@example.org", "bo@example.org", "ned@elsewhere.example"


class Desk:
    """One ticket by mail; every verb is a transaction of its own."""

    def __init__(self, cast):
        self.cast, self.count = cast, 0
        self.number = self.mail("Where is it?", to=("support@kopi.example", DEE), cc=(BO,))

    def mail(self, text, address=ANN, **fields):
        self.count += 1
        with db.transaction() as session:
            message = written(session, self.cast.mail, text, address=address, name=fields.pop("name", "Ann Lee"),
                              external_id=f"<{self.count}@x>", replies_to=["<1@x>"] if self.count > 1 else [], **fields)
            return message.ticket_id

    def asked(self, text="It left today.", to="", cc="", bcc="", seen=None, confirmed="", way="email"):
        """(kinds of doubts, the whole refusal); ((), None) when it may go."""
        with db.transaction() as session:
            ticket = tickets.lock(session, self.number)
            route = next(one for one in routes.routes(session, ticket) if one.inbox.channel == way)
            try:
                guard.check(session, ticket, route, Others(to, cc, bcc), text, seen=seen, confirmed=confirmed)
            except guard.Unconfirmed as refused:
                return tuple((doubt.kind, doubt.about) for doubt in refused.doubts), refused
            return (), None

    def doubts(self, *args, **fields):
        return self.asked(*args, **fields)[0]

    def sends(self, cc="", bcc=""):
        with db.transaction() as session:
            replies.send(session, tickets.lock(session, self.number), "Hi", agent=session.merge(self.cast.alice),
                         others=Others("", cc, bcc))

    def seq(self):
        with db.reading() as session:
            return session.get(Ticket, self.number).seq

    def takes_part(self, address, role):
        with db.transaction() as session:
            who = identities.mentioned(session, "email", address, "")
            session.merge(Participant(ticket_id=self.number, identity_id=who.id, role=role))


@pytest.fixture
def desk(any_cast):
    return Desk(any_cast)


def test_whoever_stands_in_the_mail_that_is_answered_is_nothing_to_ask_about(desk):
    assert desk.doubts() == () and desk.doubts(to=DEE, cc=BO) == () and desk.doubts(cc=BO.upper()) == ()


def test_somebody_new_is_asked_about_once_with_what_is_strange(desk):
    kinds, refused = desk.asked(cc=f"{BO}, {NEW}")
    assert kinds == (("new", NEW),)
    assert "was not in the mail that you answer" in str(refused) and "Nobody at elsewhere.example" in str(refused)
    assert refused.readers == [("to", f"Ann Lee, {ANN}"), ("cc", BO), ("cc", NEW)]
    desk.sends(cc=NEW)
    assert desk.doubts(cc=NEW) == (), "they are known from now on"


def test_a_colleague_of_ours_and_a_domain_that_everybody_uses_are_told_apart(desk):
    assert desk.doubts(cc="carol@kopi.example") == ()
    assert "Nobody at" not in str(desk.asked(cc="ned@gmail.com")[1])
    assert "Nobody at" not in str(desk.asked(cc="new@example.org")[1]), "Dee is of that domain"


def test_somebody_outside_among_colleagues_is_named_as_that(any_cast):
    desk = Desk(any_cast)
    with db.transaction() as session:
        identity = session.scalar(select(Identity).where(Identity.value == ANN))
        identity.value = "ann@kopi.example"
    refused = str(desk.asked(cc=f"{NEW}, carol@kopi.example")[1])
    assert "is outside, and all other readers are of kopi.example" in refused


def test_whom_the_customer_left_out_is_asked_about_again(desk):
    desk.sends(cc=BO)
    assert desk.doubts(cc=BO) == ()
    desk.mail("Between us", to=("support@kopi.example", DEE))
    kinds, refused = desk.asked(cc=f"{BO}, {DEE}")
    assert kinds == (("left_out", BO),) and "not of Ann Lee’s last mail" in str(refused)
    desk.sends(cc=BO)
    assert desk.doubts(cc=BO) == (), "that was meant"


@pytest.mark.parametrize("role", ["unverified", "third", "bcc"])
def test_whoever_is_no_part_of_the_conversation_is_asked_about(desk, role):
    desk.takes_part(EVE, role)
    assert desk.doubts(cc=EVE) == (("outsider", EVE),)
    assert (desk.doubts(bcc=EVE) == ()) is (role == "bcc")


def test_whom_an_agent_let_in_is_nothing_to_ask_about(desk):
    desk.takes_part(EVE, "cc")
    assert desk.doubts(cc=EVE) == ()


def test_many_readers_are_counted(desk):
    some = ", ".join(f"p{n}@kopi.example" for n in range(9))
    assert desk.doubts(cc=some) == ()
    assert desk.doubts(cc=some, to=DEE) == (("many", "11"),)


def test_a_confirmation_is_of_exactly_these_readers_doubts_and_words(desk):
    token = desk.asked(cc=NEW)[1].token
    assert desk.doubts(cc=NEW, confirmed=token) == ()
    assert desk.doubts(cc=NEW, text="It left  today.\r\n", confirmed=token) != ()
    assert desk.doubts(cc=f"{NEW}, {BO}", confirmed=token) == (("new", NEW),)
    assert desk.doubts(bcc=NEW, confirmed=token) == (("new", NEW),)
    assert desk.doubts(cc=f"{NEW}, x@third.example", confirmed=token) == (("new", NEW), ("new", "x@third.example"))
    desk.mail("Please keep Bo out", to=("support@kopi.example",))
    assert ("left_out", BO) in desk.doubts(cc=f"{NEW}, {BO}", confirmed=token)


def test_who_came_in_after_the_readers_were_chosen_is_told(desk):
    seen = desk.seq()
    assert desk.doubts(seen=seen) == ()
    desk.mail("My boss reads along", to=("support@kopi.example", DEE), cc=(BO, "boss@example.org"))
    kinds, refused = desk.asked(seen=seen)
    assert kinds == (("changed", "boss@example.org"),) and "Ann Lee wrote meanwhile" in str(refused)
    assert desk.doubts(seen=desk.seq()) == () and desk.doubts(seen=seen, cc="boss@example.org") == ()
    with db.transaction() as session:
        ticket = tickets.lock(session, desk.number)
        recipients.join(session, ticket, identities.mentioned(session, "email", EVE, ""), "cc", "agent:2")
    assert ("changed", EVE) in desk.doubts(seen=seen, cc="boss@example.org")


def test_our_own_addresses_are_no_readers_who_came_in(desk):
    seen = desk.seq()
    desk.mail("Hello?", to=("support+abc@kopi.example", "Support@kopi.example"))
    assert desk.doubts(seen=seen) == ()


def test_an_address_that_was_only_typed_in_is_asked_about_until_something_went_there(any_cast):
    desk = Desk(any_cast)
    with db.transaction() as session:
        chat = written(session, any_cast.widget, "Hi", address="browser", external_id="chat")
        identities.claim(session, session.get(Ticket, chat.ticket_id).contact, "email", "typed@example.net")
        owned = written(session, any_cast.widget, "Hi", address="browser2", external_id="chat2")
        identities.claim(session, session.get(Ticket, owned.ticket_id).contact, "email", ANN)
        desk.number, other = chat.ticket_id, owned.ticket_id
    assert desk.doubts() == (("unproved", "typed@example.net"),) and desk.doubts(way="web") == ()
    with db.transaction() as session:
        ticket = tickets.lock(session, desk.number)
        mail = next(one for one in routes.routes(session, ticket) if one.inbox.channel == "email")
        replies.send(session, ticket, "Hi", agent=session.merge(any_cast.alice), route=mail)
    assert desk.doubts() == ()
    desk.number = other
    with db.transaction() as session:       # proved to be Ann's, who wrote from there: not to be this browser's
        owner = session.scalar(select(Identity).where(Identity.value == ANN))
        owner.trust = "verified"
        session.add(Participant(ticket_id=other, identity_id=owner.id, role="unverified"))
    kinds, refused = desk.asked()
    assert kinds == (("unproved", ANN),) and "on record as Ann Lee's" in str(refused)


def test_what_was_meant_for_colleagues_is_noticed(desk):
    assert desk.doubts("@Bob can you look?") == (("mention", "Bob"),)
    assert desk.doubts("Internal: he is always late") == (("mark", "Internal: he is always late"),)
    with db.transaction() as session:
        ticket = tickets.lock(session, desk.number)
        replies.note(session, ticket, "He returned three parcels last year, be careful.\n"
                                      "Where is it? I asked twice now.", session.merge(desk.cast.alice))
        replies.send(session, ticket, "Did you say: Where is it? I asked twice now.",
                     agent=session.merge(desk.cast.alice))
    assert desk.doubts("Hello Ann,\nhe returned three parcels  last year, be careful.")[0][0] == "note"
    assert desk.doubts("Where is it? I asked twice now.") == (), "that was said in public, too"


@pytest.mark.parametrize("text", [
    "Internal: x", "[internal] x", "(Interno) x", "> internal: x", "FYI team, she called", "Hello\n\nnota interna x",
    "Só interno - x", "INTERNAL: x", "catatan internal x", "टीम के लिए x", "ملاحظة داخلية x",
    "Note to self x", "*Team:* x"])
def test_the_beginnings_of_notes_in_all_languages(text):
    assert note_marks.mark(text)


@pytest.mark.parametrize("text", [
    "Your internal number is 7", "Internal medicine is next door", "Teams: we have two", "Notes: none", "",
    "Internally: no", "Dear Ann\nit is\non its way\ninternal: no", "Tim wrote to you", "Equipo nuevo: llega hoy",
    "Note that it is late"])
def test_what_only_looks_like_one(text):
    assert note_marks.mark(text) == ""


@pytest.mark.parametrize(("text", "name"), [
    ("@bob look", "Bob"), ("@Bob Smith, look", "Bob Smith"), ("Hi\n@BOB: x", "Bob"), ("mail bob@example.com", ""),
    ("@bobby look", ""), ("Write to @bob", ""), ("@ bob", "")])
def test_a_colleague_who_is_spoken_to(text, name):
    assert note_marks.mention(text, ["Bob", "Bob Smith", ""]) == name


def test_a_chat_has_no_readers_to_ask_about_but_words(any_cast):
    desk = Desk(any_cast)
    with db.transaction() as session:
        desk.number = written(session, any_cast.widget, "Hi", address="browser", external_id="chat").ticket_id
    assert desk.doubts(way="web") == () and desk.doubts("internal: x", way="web")[0][0] == "mark"
