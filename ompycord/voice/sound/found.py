"""What is found of a recording in its bytes."""

from typing import Final, NamedTuple

__all__ = ["LONGEST_MS", "FoundSound", "milliseconds"]

LONGEST_MS: Final = 2**53
"""A length that a file claims is cut here; any limit is shorter."""


class FoundSound(NamedTuple):
    """A length, as the file has it; what lies about that is bounded by its size alone."""

    duration_ms: int
    is_silent: bool = False
    """Whether nothing can be heard in it, as far as that can be seen without decoding."""


def milliseconds(units: int, per_second: int) -> int:
    """A length that is counted in units, rounded up."""
    return min(-(-units * 1000 // per_second), LONGEST_MS)
