"""The token bucket that rates of keys and failures of addresses share."""

import pytest

from ompycord.http.token_bucket import BUCKETS, Rates, TokenBucket
from tests.unit.http.test_keys import Clock


def test_a_bucket_starts_full_and_is_empty_after_its_burst() -> None:
    bucket = TokenBucket(per_s=2, burst=4, now_s=10)
    waits: list[float] = []
    for _ in range(5):
        waits.append(bucket.wait_s(1, now_s=10))
        bucket.take(1, now_s=10)
    assert waits == [0, 0, 0, 0, 0.5]


def test_asking_takes_nothing() -> None:
    bucket = TokenBucket(per_s=1, burst=2, now_s=0)
    assert [bucket.wait_s(2, now_s=0) for _ in range(3)] == [0, 0, 0]


def test_tokens_come_back_with_time_and_never_exceed_the_burst() -> None:
    bucket = TokenBucket(per_s=2, burst=4, now_s=0)
    bucket.take(4, now_s=0)
    assert bucket.wait_s(3, now_s=0.5) == pytest.approx(1.0)
    assert bucket.wait_s(3, now_s=1.5) == 0
    bucket.take(1, now_s=3600)
    assert bucket.wait_s(4, now_s=3600) == pytest.approx(0.5)


def test_taking_from_an_empty_bucket_leaves_no_debt() -> None:
    bucket = TokenBucket(per_s=1, burst=1, now_s=0)
    for _ in range(100):
        bucket.take(1, now_s=0)
    assert bucket.wait_s(1, now_s=0) == pytest.approx(1.0)


def test_more_than_the_burst_waits_for_a_full_bucket_and_empties_it() -> None:
    rates = Rates(clock=(clock := Clock()), per_s=10, burst=10)
    assert rates.wait_s("a", 1) == 0
    assert rates.wait_s("a", 500) == pytest.approx(0.1)
    clock.seconds += 0.1
    assert rates.wait_s("a", 500) == 0
    assert rates.wait_s("a", 500) == pytest.approx(1.0)


def test_keys_whose_bucket_is_full_again_are_forgotten() -> None:
    rates = Rates(clock=(clock := Clock()), per_s=1, burst=10)
    for n in range(BUCKETS - 1):
        assert rates.wait_s(f"key{n}", 1) == 0
    assert rates.wait_s("busy", 10) == 0
    clock.seconds += 2
    assert rates.wait_s("another", 1) == 0
    assert rates.keys == 2
    assert rates.wait_s("busy", 3) == pytest.approx(1.0)
