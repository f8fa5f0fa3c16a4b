"""Snowflakes, Discord's ids: made from the clock, read back into a time."""

from ompycord.playground.world.clock import Clock

EPOCH_MS = 1_420_070_400_000
"""The first second of 2015 (Discord, API reference, "Snowflakes")."""


class Snowflakes:
    """Makes ids that only grow, also within one millisecond and over a restart."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        made = (int(self._clock.now() * 1000) - EPOCH_MS) << 22
        self._last = max(made, self._last + 1)
        return str(self._last)


def made_at(snowflake: str) -> float:
    """When the id was made, in seconds since 1970."""
    return ((int(snowflake) >> 22) + EPOCH_MS) / 1000
