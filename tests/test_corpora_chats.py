"""1,000 real chat messages, of customers of many shops, airlines and hotels: the assistant raises nothing, never loops,
and every conversation ends with it or with people. Skipped where the corpora are not beside the project."""
import json
import random
from pathlib import Path

import pytest
from sqlalchemy import func, select

from helpdesk import db, paths
from helpdesk.models import AssistantTurn, Event, Message, Ticket
from helpdesk.services import articles, assistant
from tests.people import written

CHATS = Path(__file__).parent.parent.parent / "shared" / "corpora" / "conversations"
MESSAGES, LONGEST, SEED, BATCH = 1_000, 6, 5, 50


def conversations():
    """Lists of what one customer wrote after another, in an order that is always the same."""
    found = []
    for file in sorted(CHATS.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            turns = json.loads(line).get("turns", [])
            said = [turn["text"] for turn in turns
                    if turn.get("role") == "customer" and (turn.get("text") or "").strip()]
            if said:
                found.append(said[:LONGEST])
    random.Random(SEED).shuffle(found)
    return found


@pytest.mark.skipif(not CHATS.is_dir(), reason="../shared/corpora is not beside the project")
def test_a_thousand_real_messages_raise_nothing_and_never_loop(cast, caplog):
    db.run(articles.load, (paths.CONFIG / "seeds" / "articles" / "en.toml").read_text(encoding="utf-8"))
    work = [(f"visitor-{number}", text) for number, said in enumerate(conversations()) for text in said][:MESSAGES]
    assert len(work) == MESSAGES
    for start in range(0, MESSAGES, BATCH):         # one transaction for many: what is tested is the talk, not the disk
        with db.transaction() as session:
            inbox = session.merge(cast.widget)
            for n, (address, text) in enumerate(work[start:start + BATCH], start):
                message = written(session, inbox, text, address=address, external_id=f"chat-{n}")
                assistant.answer(session, message.ticket_id, message_id=message.id, channel="web")
                session.flush()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    with db.reading() as session:
        turns = session.execute(select(AssistantTurn.outcome, func.count(AssistantTurn.id)).group_by(
            AssistantTurn.outcome)).all()
        most = session.scalar(select(func.count(AssistantTurn.id)).group_by(AssistantTurn.ticket_id).order_by(
            func.count(AssistantTurn.id).desc()).limit(1))
        assert most <= assistant.TURNS + 1, "it talked for too long"
        assert sum(count for _, count in turns) >= MESSAGES / 3 and len(turns) >= 4, turns
        reasons = session.scalars(select(AssistantTurn.reason)).all()
        assert "error" not in reasons
        # Nobody is left between the two, and nobody is answered twice.
        lost = select(Ticket.id).where(Ticket.with_assistant.is_(False), Ticket.handed_over_at.is_(None))
        assert session.scalars(lost).all() == []
        said = dict(session.execute(select(Message.direction, func.count()).group_by(Message.direction)).all())
        assert said["out"] <= said["in"] == MESSAGES
        handed = session.scalar(select(func.count()).select_from(Event).where(Event.name == "HandedOver"))
        assert handed == dict(turns)["handed_over"]
