"""Tokens, signatures, passwords and stored secrets."""
import pytest

from helpdesk import security

KEY, OTHER = b"k" * 32, b"o" * 32


def test_only_the_whole_signature_of_these_very_words_counts():
    good = security.sign(KEY, "a", "b")
    assert len(good) == security.SIGNATURE and security.signed(KEY, good, "a", "b")
    for bad in ("", good[:1], good[:-1], good + "A", good.swapcase(), "é", "\ud83d"):
        assert not security.signed(KEY, bad, "a", "b"), bad
    assert not security.signed(KEY, good, "ab") and not security.signed(OTHER, good, "a", "b")


def test_tokens_are_long_unlike_each_other_and_hashed_whatever_is_sent():
    assert len({security.token() for _ in range(1_000)}) == 1_000
    assert min(len(security.token()) for _ in range(100)) >= 43
    assert len({security.token_hash(value) for value in ("", "a", "é", "\ud83d", "x" * 100_000)}) == 5


def test_a_stored_secret_opens_with_its_key_at_its_place_only():
    sealed = security.encrypt(KEY, "hush é", "inbox:secrets:1")
    assert "hush" not in sealed and sealed != security.encrypt(KEY, "hush é", "inbox:secrets:1")
    assert security.decrypt(KEY, sealed, "inbox:secrets:1") == "hush é"
    for key, place, text in ((OTHER, "inbox:secrets:1", sealed), (KEY, "inbox:secrets:2", sealed),
                             (KEY, "inbox:secrets:1", sealed[:-8]), (KEY, "inbox:secrets:1", "v1:AAAA")):
        with pytest.raises(ValueError):
            security.decrypt(key, text, place)


def test_a_password_fits_its_own_hash_and_nothing_fits_none():
    stored = security.hash_password("a long enough password")
    assert security.password_matches(stored, "a long enough password")
    for hashed, given in ((stored, "another"), (stored, ""), ("", ""), ("", "x"), ("no hash", "x")):
        assert not security.password_matches(hashed, given)
