"""When a failed delivery is tried again, and when it is given up; pure.

Counterpart: `worker.py`, which has the clock. The first pause is 5 s, each further one three times as long, up to 6
hours, for three days.
"""

from ompycord.domain.base import Millis

__all__ = ["FIRST_S", "LEAST_TRIES", "LIFE_MS", "LONGEST_S", "next_try"]

FIRST_S = 5.0
GROWTH = 3.0
LONGEST_S = 6 * 3600.0
LIFE_MS = 3 * 24 * 3600 * 1000
"""How long a delivery is tried, counted from when it was first due."""
LEAST_TRIES = 3
"""The least number of tries, however old a delivery is.

Ompycord itself may have been down, or an earlier delivery of its run held it back.
"""
SPREAD = 0.2
"""The part of a pause that is random, so that deliveries which failed together are not all tried at once."""


def next_try(
    *, attempts: int, since: Millis, now: Millis, chance: float, longest_s: float = LONGEST_S
) -> Millis | None:
    """When to try again after `attempts` tries, 1 or more; None: never, it is a dead letter.

    `since` is when it was first to be tried, `chance` from 0 to 1 (without 1). The last try is made when its life ends.
    """
    end = since + LIFE_MS
    if attempts >= LEAST_TRIES and now >= end:
        return None
    base = min(FIRST_S * GROWTH ** min(attempts - 1, 20), longest_s / (1 + SPREAD))
    then = now + round(base * (1 + SPREAD * chance) * 1000)
    return then if now >= end else min(then, end)
