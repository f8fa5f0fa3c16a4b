"""The freshness benchmark measures what it says.

Its reference is the closed form, its ages are areas, its editor the real one.
"""

import statistics

import pytest

from bench.freshness import PERIOD_S, Cell, fresh, overdue
from bench.scheduling import Latency, Shown, arrivals, closed_form, mean_age, reference
from ompycord.bot.delivery.rate_limiter import BucketLimiter
from ompycord.playground.rules.limits import LIMITS, RateRule

EVEN = RateRule(name="even", limit=1, window_s=1.0, source="")


@pytest.mark.parametrize("per_s", [5.0, 10.0, 40.0])
@pytest.mark.parametrize("rule", [EVEN, LIMITS.rates.create_message])
@pytest.mark.parametrize("latency_s", [0.05, 0.4])
def test_the_reference_is_within_three_percent_of_the_closed_form(
    per_s: float, rule: RateRule, latency_s: float
) -> None:
    events = arrivals(cards=1, per_s=per_s, length_s=3000.0, synchronous=False, seed=3)
    shown = reference(events, rule=rule, latency=Latency(latency_s, 3))
    age = mean_age(events[0], shown[0], start=0.0, end=3000.0)
    assert age == pytest.approx(closed_form(latency_s=latency_s, period_s=1.0, per_s=per_s), rel=0.03)


def test_the_age_is_that_of_the_oldest_event_that_is_not_shown() -> None:
    events = [1.0, 2.0, 5.0]
    shown = [Shown(3.0, 2), Shown(6.0, 3)]
    # From 1 to 3 it grows to 2, from 5 to 6 to 1: areas 2 and 1/2.
    assert mean_age(events, shown, start=0.0, end=10.0) == pytest.approx(0.25)
    assert mean_age(events, [], start=0.0, end=10.0) == pytest.approx(4.05)


def test_the_editor_is_as_fresh_as_the_limits_allow_and_is_never_refused() -> None:
    for cell in (Cell(1, 5.0, False, False), Cell(5, 0.5, False, True), Cell(20, 5.0, True, False)):
        result = fresh(cell, seed=3, part=0.1)
        assert result.requests > 20
        assert result.refused == 0
        assert result.ratio < 1.2, cell.name


def test_an_editor_that_bursts_is_measured_as_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """The measure can fail: the same editor without even slots."""

    def at_once(bucket_limiter: BucketLimiter) -> float:
        return 0.0

    monkeypatch.setattr(BucketLimiter, "next_at", property(at_once))
    result = fresh(Cell(1, 5.0, False, False), seed=3, part=0.1)
    assert result.refused > 0
    assert result.ratio > 1.5


def test_what_is_urgent_is_there_when_it_is_due_in_a_channel_that_is_full() -> None:
    """Most take what is left of a window, long before an even pace would serve them.

    One that finds the window used up by others' ends waits for the next: by what those gained, never by more.
    """
    over, refused = overdue(seed=3, count=30)
    assert len(over) == 30
    assert refused == 0
    assert statistics.median(over) < -PERIOD_S
    assert max(over) <= 2 * PERIOD_S
