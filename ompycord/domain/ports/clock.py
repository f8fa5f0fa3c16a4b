"""Ports of time and of new identifiers; implemented by `app/system.py`, their doubles in `testing/clock.py`."""

from typing import Protocol

from ompycord.domain.base import Millis

__all__ = ["Clock", "Ids"]


class Clock(Protocol):
    """Time, as a port so that tests control it."""

    def now_ms(self) -> Millis:
        """Wall clock, milliseconds since the epoch, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that only grow, for durations."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait at least this many seconds."""
        ...


class Ids(Protocol):
    """New identifiers."""

    def ulid(self) -> str:
        """A ULID that sorts after those made in earlier milliseconds."""
        ...

    def token(self) -> str:
        """43 url-safe random characters."""
        ...
