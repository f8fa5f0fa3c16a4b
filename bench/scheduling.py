"""What can be known of a perfect editor: when each card would be shown, and the closed form it is held against.

Counterpart of `freshness.py`, which plays the same arrivals to the real one. Times are in seconds.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ompycord.playground.rules.limits import RateRule

__all__ = ["Latency", "Shown", "arrivals", "closed_form", "mean_age", "reference"]


class Shown(NamedTuple):
    """From `at` on, the first `upto` events of a card are visible."""

    at: float
    upto: int


class Latency:
    """Seconds from a request to its answer: the mean, a third more or less, seeded.

    Asked for the same message at the same moment it says the same, so that two editors meet the same weather.
    """

    def __init__(self, mean_s: float, seed: int) -> None:
        self._mean_s = mean_s
        self._seed = seed

    def of(self, message: str, at: float) -> float:
        roll = random.Random(f"{self._seed}-{message}-{int(at * 4)}")
        return self._mean_s * roll.uniform(2 / 3, 4 / 3)


def arrivals(*, cards: int, per_s: float, length_s: float, synchronous: bool, seed: int) -> list[list[float]]:
    """Poisson moments for each card, or the same moments for all."""
    rolls = [random.Random(f"{seed}-{0 if synchronous else card}") for card in range(cards)]
    return [_poisson(roll, per_s, length_s) for roll in rolls]


def _poisson(roll: random.Random, per_s: float, length_s: float) -> list[float]:
    result: list[float] = []
    at = roll.expovariate(per_s)
    while at < length_s:
        result.append(at)
        at += roll.expovariate(per_s)
    return result


def closed_form(*, latency_s: float, period_s: float, per_s: float) -> float:
    """S* = L + T/2 − 1/m + e^(−mL)/(m²T): the mean age of the oldest unshown event of one card, Poisson.

    For mT ≥ 5 and L < T.
    """
    mt2 = per_s * per_s * period_s
    return latency_s + period_s / 2 - 1 / per_s + math.exp(-per_s * latency_s) / mt2


def reference(
    cards: Sequence[Sequence[float]], *, rule: RateRule, latency: Latency, first: int = 0
) -> list[list[Shown]]:
    """One bucket's cards under a perfect editor, which knows the bucket's window to the instant and loses none of it.

    Slots are even over what is left of a window, the oldest change goes first, rendered as it leaves, without any
    delay. `first` is the number of the first card.
    """
    shown: list[list[Shown]] = [[] for _ in cards]
    seen = [0] * len(cards)
    free_at, resets_at, left = 0.0, 0.0, 0
    while True:
        waiting = [(card[seen[index]], index) for index, card in enumerate(cards) if seen[index] < len(card)]
        if not waiting:
            return shown
        leaves = max(free_at, min(waiting)[0])
        index = min(waiting)[1]
        seen[index] = bisect_right(cards[index], leaves)
        took = latency.of(str(first + index), leaves)
        shown[index].append(Shown(leaves + took, seen[index]))
        if leaves >= resets_at:
            resets_at, left = leaves + rule.window_s, rule.limit
        left -= 1
        free_at = leaves + max((resets_at - leaves) / (left + 1), took)


def mean_age(events: Sequence[float], shown: Sequence[Shown], *, start: float, end: float) -> float:
    """The age of the oldest event that is not shown, 0 while all are, as a mean over the time from `start` to `end`."""
    area, at, upto = 0.0, 0.0, 0
    for step in (*shown, Shown(end, len(events))):
        until = min(step.at, end)
        if upto < len(events):
            begins = max(events[upto], at, start)
            if begins < until:
                area += _triangle(until - events[upto]) - _triangle(begins - events[upto])
        at, upto = until, max(upto, step.upto)
    return area / (end - start)


def _triangle(side: float) -> float:
    return side * side / 2
