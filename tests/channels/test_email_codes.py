"""What a refusal means."""
import pytest

from channels._mail_codes import Blame, blame, marks_address


@pytest.mark.parametrize("words, expected", [
    ("550 5.1.1 <a@example.net>: Recipient address rejected: User unknown", Blame.ADDRESS),
    ("550-5.1.1 The email account that you tried to reach does not exist.", Blame.ADDRESS),
    ("the mail server refuses this address: 550 no", Blame.ADDRESS), ("550 No such user here", Blame.ADDRESS),
    ("5.2.1 mailbox disabled, not accepting messages", Blame.ADDRESS), ("550 5.1.10 RESOLVER.ADR.RecipNotFound",
                                                                         Blame.ADDRESS),
    ("5.1.2 Host unknown (Name server: host not found)", Blame.DOMAIN), ("550 5.4.4 unrouteable mail domain",
                                                                        Blame.DOMAIN),
    ("452 4.2.2 The email account that you tried to reach is over quota", Blame.FULL),
    ("552 5.2.2 mailbox full", Blame.FULL), ("552 5.3.4 Message size exceeds fixed limit", Blame.SIZE),
    ("552 message too large", Blame.SIZE), ("554 5.7.1 Message rejected as spam", Blame.POLICY),
    ("550 5.7.26 unauthenticated mail: DMARC", Blame.POLICY), ("550 5.7.509 Access denied", Blame.POLICY),
    ("554 blocked using a block list", Blame.POLICY), ("the mail server refuses this address: 550 5.7.1 denied",
                                                       Blame.POLICY),
    ("554 transaction failed", Blame.OTHER), ("", Blame.OTHER), ("Delayed: 4.4.1 connection timed out", Blame.OTHER),
    ("sent to 192.5.1.1 in vain", Blame.OTHER)])
def test_the_fault_is_found_by_code_and_words(words, expected):
    assert blame(words) == expected
    assert marks_address(words) is (expected in (Blame.ADDRESS, Blame.DOMAIN))
