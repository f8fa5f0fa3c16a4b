"""Shares with what is known of them: the interval of Wilson, which holds for few observations and for none; pure."""

from math import sqrt
from typing import Final, NamedTuple

__all__ = ["FEWEST", "Share", "share_of"]

FEWEST: Final = 20
"""Observations under which nothing is claimed."""
_Z: Final = 1.959963984540054
"""Of the normal distribution, for 95 %."""


class Share(NamedTuple):
    """A share of observations, with bounds between which it lies in 95 of 100 cases."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether there are enough observations to say anything."""
        return self.of >= FEWEST


def share_of(hits: int, of: int) -> Share:
    """The share and its interval (Wilson, 1927)."""
    if not of:
        return Share(0, 0, 0.0, 1.0)
    part, square = hits / of, _Z * _Z
    middle = (part + square / (2 * of)) / (1 + square / of)
    reach = _Z * sqrt(part * (1 - part) / of + square / (4 * of * of)) / (1 + square / of)
    return Share(hits, of, max(middle - reach, 0.0), min(middle + reach, 1.0))
