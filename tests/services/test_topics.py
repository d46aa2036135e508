"""Topics that people handle: found whatever the spelling, never inside another word."""
import pytest

from helpdesk import db
from helpdesk.errors import Invalid, NotFound
from helpdesk.models import Event, SensitiveTopic, Team
from helpdesk.services import topics
from helpdesk.services.words import words
from tests import sentences


def hit(listed, text):
    found = topics.match(SensitiveTopic(name="T", words=listed), words(text))
    return found and (found.line, found.said)


@pytest.mark.parametrize("listed, text, said", [
    ("lawyer", "I will call my LAWYER!", "lawyer"), ("lawyer", "my lawer says so", "lawer"),
    ("lawyer", "my lawyers say so", "lawyers"),
    ("legal action", "we take Legal  Action now", "legal action"),
    ("acción legal", "tomare accion legal", "accion legal"),
    ("chargeback", "I want a charegback", "charegback"), ("injur*", "she was injured badly", "injured"),
    ("वकील", "मैं वकील से बात करूँगा", "वकील"), ("sue you", "I'll sue you", "sue you"),
    ("unauthorised", "an unauthorzied payment", "unauthorzied")])
def test_found(listed, text, said):
    assert hit(listed, text) == (listed, said)


@pytest.mark.parametrize("listed, text", [
    ("sue", "there is an issue"), ("sue you", "did you pursue you"), ("terluka", "kemasannya terbuka"),
    ("press", "the dress is nice"), ("court", "a short cord")])
def test_not_found_in_other_words(listed, text):
    assert hit(listed, text) is None


EXAMPLES = {
    "legal": ["my lawyer will contact you", "saya akan bawa ke jalur hukum", "voy a hablar con mi abogado",
              "vou no procon", "मैं उपभोक्ता फोरम जाऊँगा", "consumer court jaunga"],
    "health": ["my son got sick from it", "saya kena reaksi alergi", "me quemé con la cafetera",
               "passei mal depois do café", "मशीन से करंट लगा", "pine ke baad tabiyat kharab ho gayi"],
    "fraud": ["I will do a chargeback", "kartu saya dicuri", "no reconozco este cobro, es un cargo no reconocido",
              "meu cartão foi clonado, cartão clonado", "मेरा कार्ड चोरी हो गया", "ye payment maine nahi kharida"],
    "privacy": ["I make a GDPR request", "tolong hapus data saya", "quiero borrar mis datos", "pela LGPD quero saber",
                "मेरा डेटा हटा दो", "mera data delete karo"],
    "press": ["I am a journalist at the Post", "saya wartawan", "soy periodista de El Día", "sou jornalista da Folha",
              "मैं पत्रकार हूँ", "main patrakar hoon"]}


@pytest.mark.parametrize("key", EXAMPLES)
def test_each_starter_is_found_in_every_language_and_in_no_everyday_message(key):
    starter = next(one for one in topics.starters() if one.key == key)
    assert [text for text in EXAMPLES[key] if hit(starter.words, text) is None] == []
    everyday = [line for code in sentences.LANGUAGES for line in sentences.lines(code, "asks", "account_not", "polite")]
    assert [text for text in everyday if hit(starter.words, text)] == []


def test_they_are_kept_switched_off_and_forgotten(cast):
    with db.transaction() as session:
        legal = topics.add_starter(session, "legal", "agent:1")
        assert topics.add_starter(session, "legal", "agent:1").id == legal.id, "not twice"
        own = topics.save(session, None, name=" Big  orders ", listed="wholesale\n\n bulk order \nwholesale",
                          team_id=cast.sales.id, active=True, actor="agent:1")
        assert (own.name, own.words) == ("Big orders", "wholesale\nbulk order")
        assert topics.find(session, "do you do WHOLESALE?").topic.id == own.id
        topics.save(session, own.id, name="Big orders", listed="wholesale", team_id=None, active=False, actor="agent:1")
        assert topics.find(session, "wholesale") is None
        topics.remove(session, own.id, "agent:1")
        assert [one.name for one in topics.topics(session)] == ["Legal threats"]
        with pytest.raises(NotFound):
            topics.remove(session, own.id, "agent:1")
        changes = session.query(Event).filter_by(name="SettingsChanged").order_by(Event.id)
        whats = [event.data["what"] for event in changes]
        assert whats[-4:] == ["topic Legal threats", "topic Big orders", "topic Big orders", "topic Big orders"]


@pytest.mark.parametrize("fields", [{"name": " "}, {"listed": "\n"}, {"listed": "?!"}, {"listed": "where is"},
                                    {"team_id": 999}, {"listed": "x" * 101}, {"name": "x" * 101}])
def test_what_makes_no_sense_is_refused(cast, fields):
    with db.transaction() as session, pytest.raises(Invalid):
        topics.save(session, None, **{"name": "T", "listed": "lawyer", "team_id": None, "active": True,
                                      "actor": "agent:1", **fields})


def test_a_team_that_goes_leaves_its_topic(cast):
    with db.transaction() as session:
        team = Team(name="Law")
        session.add(team)
        session.flush()
        topic = topics.save(session, None, name="Law", listed="lawyer", team_id=team.id, active=True, actor="agent:1")
        session.delete(team)
        session.flush()
        session.refresh(topic)
        assert topic.team_id is None
