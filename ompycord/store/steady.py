"""Time that passes only while the store is open, and never leaps: what is old by it is forgotten.

The wall clock can be ten days ahead for some seconds (a virtual machine that wakes, a wrong time server), and whatever
is forgotten then is forgotten for good: a signed request would be taken twice. By this time it is kept too long at
worst, by as long as no process ran.
"""

import sqlite3

from ompycord.domain.base import Millis
from ompycord.domain.ports import Clock
from ompycord.store.statements import load

__all__ = ["SteadyTime", "keep_steady", "read_steady"]

_SQL = load("steady")
_STEADY = _SQL.one("steady")
_PUT_STEADY = _SQL.one("put_steady")


class SteadyTime:
    """Milliseconds; they begin with the wall clock of the database's first day, and drift away from it."""

    def __init__(self, clock: Clock, *, base: Millis) -> None:
        self._clock = clock
        self._base = base
        self._opened_s = clock.monotonic_s()

    def now_ms(self) -> Millis:
        """The time now."""
        return self._base + round((self._clock.monotonic_s() - self._opened_s) * 1000)


def read_steady(raw: sqlite3.Connection, *, now: Millis) -> Millis:
    """Where the time stopped when the database was closed or left; `now` in one that is new."""
    return raw.execute(_STEADY, (now,)).fetchone()[0]


def keep_steady(raw: sqlite3.Connection, now: Millis) -> None:
    """Note where it is."""
    raw.execute(_PUT_STEADY, (now,))
