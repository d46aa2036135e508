"""Thousands of damaged mails through the real child processes: each is read or refused with a reason, no child dies,
and none takes long. `python -m tests.drill.mail` sends 100,000 of them through the whole way in."""
import time

import pytest

from channels._mail_pool import Pool
from channels.base import Inbound, Receipt, Unreadable
from tests.mutate_mail import DAMAGES, mutants, own_seeds

MAILS, PARTS, SEED = 3_000, 6, 20250602      # in parts, so that the time limit of a test has room


@pytest.fixture(scope="module")
def pool():
    pool = Pool(children=1, mails_per_child=10_000)
    yield pool
    pool.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_mails_are_read_or_refused_and_no_child_dies(pool, part):
    longest, read = 0.0, 0
    for raw in mutants(MAILS // PARTS, SEED + part, own_seeds()):
        begin = time.monotonic()
        try:
            items = pool.parse(raw)
            assert items and all(isinstance(item, Inbound | Receipt) for item in items)
            read += 1
        except Unreadable as error:
            assert "could not be read" not in str(error), raw       # a surprise, which the child survived
        longest = max(longest, time.monotonic() - begin)
    assert pool.lost == 0
    assert longest < 10
    assert read > MAILS // PARTS // 2


def test_the_same_seed_gives_the_same_mails_and_every_damage_does_some():
    assert list(mutants(50, 1, own_seeds())) == list(mutants(50, 1, own_seeds()))
    import random
    mails = own_seeds()
    for damage in DAMAGES:
        assert any(damage(bytearray(raw), random.Random(n), mails) != raw for n, raw in enumerate(mails))
