"""The doctor tells whether it can be proved that agents write by mail."""
from dataclasses import replace

import pytest

from helpdesk import db
from helpdesk.checks import agents_by_mail
from helpdesk.models import Inbox
from helpdesk.services import inboxes
from tests.agents_by_mail import MX, PASSED
from tests.people import customer_mail, deliver_mail


def found(cast, config, checked=(), **values):
    with db.transaction() as session:
        inboxes.change(session, session.get(Inbox, cast.mail.id), {"agent_replies": "yes", **values}, actor="test")
    for n, one in enumerate(checked):
        deliver_mail(cast.mail, (f"Authentication-Results: {one}\n" if one else "").encode() + customer_mail(str(n)))
    return list(agents_by_mail.findings(config))


def test_where_nothing_is_switched_on_there_is_nothing_to_say(cast, config):
    assert found(cast, config, agent_replies="no") == []


@pytest.mark.parametrize("checked, values, state, words", [
    ((), {"proof_server": ""}, "fail", "No mail server is named"), ((), {"proof": "signature"}, "ok", "DKIM"),
    ((), {"proof_server": MX}, "warn", "No mail has come"),
    ((PASSED, PASSED), {"proof_server": MX.upper()}, "ok", "the last 2 mails were checked"),
    ((PASSED, ""), {"proof_server": MX}, "warn", "1 of the last 2 mails bear no check"),
    (("mx.other.example; dmarc=pass", ""), {"proof_server": MX}, "warn", "by mx.other.example, nobody"),
    (("spf=pass smtp.mailfrom=x; dmarc=pass",), {"proof_server": "-"}, "ok", "1 mail")])
def test_what_it_says(cast, config, checked, values, state, words):
    [one] = found(cast, config, checked, **values)
    assert (one.state, words in one.says, bool(one.fix)) == (state, True, state != "ok"), one


def test_the_built_in_server_alone_proves_nothing(cast, config):
    exposed = replace(config, smtp_listen="0.0.0.0:25")
    [one] = found(cast, exposed, (PASSED,), proof_server=MX)
    assert one.state == "warn" and "checks no senders" in one.says
    [one] = found(cast, replace(exposed, smtp_relays=("10.0.0.5",)), proof_server=MX)
    assert one.state == "ok"
