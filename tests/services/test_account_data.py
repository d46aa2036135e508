"""Who wants to hear what we hold of a person."""
import pytest

from helpdesk.services.account_data import asks_for_account_data
from helpdesk.services.phrases import LANGUAGES
from tests import sentences


@pytest.mark.parametrize("code", LANGUAGES)
def test_account_data_is_told_from_questions_about_accounts(code):
    assert [t for t in sentences.lines(code, "account") if not asks_for_account_data(t)] == []
    assert [t for t in sentences.lines(code, "account_not", "asks", "asks_not", "polite", "angry")
            if asks_for_account_data(t)] == []
