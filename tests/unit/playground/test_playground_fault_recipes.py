"""What a fault button's seed means, and what a refusal says in the drawer."""

from collections.abc import Callable

import pytest

from ompycord.playground.faults.recipes import KINDS, Cut, Fill, Kill, Kind, recipe
from ompycord.playground.rest.wire import problems
from ompycord.playground.rules.limits import LIMITS
from ompycord.playground.rules.ratelimit import RateLimiter

SEEDS = range(1, 400)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_does_the_same_and_others_do_something_else(kind: Kind) -> None:
    assert [recipe(kind, seed) for seed in SEEDS] == [recipe(kind, seed) for seed in SEEDS]
    assert len({str(recipe(kind, seed)) for seed in SEEDS}) > 10


def test_what_a_seed_draws_is_bounded_and_reaches_every_case() -> None:
    kills = [found for seed in SEEDS if isinstance(found := recipe("kill", seed), Kill)]
    cuts = [found for seed in SEEDS if isinstance(found := recipe("cut", seed), Cut)]
    fills = [found for seed in SEEDS if isinstance(found := recipe("fill", seed), Fill)]
    assert {(kill.request, kill.is_before) for kill in kills} == {(n, b) for n in range(1, 7) for b in (False, True)}
    assert {cut.outage_s for cut in cuts} == {3, 4, 5, 6, 7, 8}
    assert {cut.losses for cut in cuts} == {2, 3, 4, 5}
    assert {round(1 / cut.probability) for cut in cuts} == {2, 3, 4, 5}
    assert {cut.is_before for cut in cuts} == {False, True}
    assert {fill.room for fill in fills} == {n * 1024 for n in range(17)}
    words: tuple[Callable[[], str], ...] = (kills[0].__str__, cuts[0].__str__, fills[0].__str__)
    assert all(told() for told in words)


def test_a_refusal_is_told_field_by_field() -> None:
    errors = {
        "embeds": {"0": {"title": {"_errors": [{"code": "X", "message": "Must be 256 or fewer in length."}]}}},
        "_errors": [{"code": "Y", "message": "Empty."}],
    }
    body = {"message": "Invalid Form Body", "code": 50035, "errors": errors}
    assert problems(body) == [
        "Invalid Form Body (50035)",
        "embeds.0.title: Must be 256 or fewer in length.",
        "body: Empty.",
    ]
    assert problems({"message": "401: Unauthorized", "code": 0}) == ["401: Unauthorized"]
    assert problems(None) == []


def test_open_buckets_are_told_the_emptiest_first_and_without_tokens() -> None:
    limiter = RateLimiter(LIMITS.rates)
    for _ in range(4):
        limiter.take(LIMITS.rates.create_message, "77", 100.0)
    limiter.take(LIMITS.rates.webhook, "5:secret-token", 103.0)
    found = limiter.open_windows(103.5)
    assert [(item.rule, item.of, item.remaining, item.limit) for item in found] == [
        ("create-message", "77", 1, 5),
        ("webhook", "5", 4, 5),
        ("global", "", 49, 50),
    ]
    assert found[0].reset_s == 1.5
    assert "secret-token" not in str(found)
    assert [item.rule for item in limiter.open_windows(104.9)] == ["create-message", "webhook"]
    assert limiter.open_windows(200.0) == []
