"""Events that wait for the projector: new ones are refused while there are too many; counterpart of `EventBacklog`."""

from collections.abc import Callable

from ompycord.domain.ports import Clock, EventBacklog
from ompycord.http.problems import Problem

__all__ = ["Backlog"]

RETRY_S = 2.0
AGE_S = 1.0
"""Seconds for which a count of waiting events is used while there is room; while there is none, a tenth of it."""


class Backlog:
    """How many events wait, read at most once a second and counted between. One for all routes that accept events."""

    def __init__(self, *, store: EventBacklog, clock: Clock, limit: int, wake: Callable[[], None]) -> None:
        """`wake` is called after every append that stored something: it wakes the projector."""
        self._store = store
        self._clock = clock
        self._limit = limit
        self._wake = wake
        self._count = 0
        self._counted_at: float | None = None

    async def require_room(self) -> None:
        """Raises Problem `backlog` (429)."""
        now = self._clock.monotonic_s()
        is_full = self._count >= self._limit
        if self._counted_at is None or now - self._counted_at >= (AGE_S / 10 if is_full else AGE_S):
            self._counted_at = now
            self._count = await self._store.backlog()
            is_full = self._count >= self._limit
        if is_full:
            raise Problem("backlog", retry_after_s=RETRY_S)

    def stored(self, count: int) -> None:
        """Count events that were stored."""
        if count:
            self._count += count
            self._wake()
