"""The event bus for live views: bounded, the newest change wins; what must be delivered is in the outbox, not here.

A subscriber learns *that* a run changed, never how: it renders from the store. So a slow one loses nothing but time.
"""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from ompycord.domain.ids import RunId

__all__ = ["Bus", "Subscription"]


class Subscription:
    """Runs that changed since they were last taken. Bounded by the number of runs: each run is listed once."""

    def __init__(self) -> None:
        self._dirty: dict[RunId, None] = {}
        self._event = asyncio.Event()

    def mark(self, runs: Iterable[RunId]) -> None:
        """Mark these runs as changed."""
        self._dirty.update(dict.fromkeys(runs))
        if self._dirty:
            self._event.set()

    def wake(self) -> None:
        """Wake the subscriber although no run changed."""
        self._event.set()

    async def take(self, timeout: float) -> list[RunId]:
        """The runs that changed, oldest first; empty after `timeout` seconds or a bare wake."""
        try:
            async with asyncio.timeout(timeout):
                await self._event.wait()
        except TimeoutError:
            return []
        self._event.clear()
        taken, self._dirty = list(self._dirty), {}
        return taken

    async def take_of(self, run: RunId, timeout: float) -> None:
        """Wait until this run changed, or for `timeout` seconds; changes of other runs are dropped."""
        try:
            async with asyncio.timeout(timeout):
                while run not in self._dirty:
                    self._dirty.clear()
                    self._event.clear()
                    await self._event.wait()
        except TimeoutError:
            return
        del self._dirty[run]


class Bus:
    """One publisher (the projector), any number of subscribers, none of whom it waits for."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    @contextmanager
    def subscribe(self) -> Generator[Subscription]:
        """Subscribe to changes until the block ends."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def publish(self, runs: Iterable[RunId]) -> None:
        """Publish that these runs changed."""
        changed = list(runs)
        for subscription in self._subscriptions:
            subscription.mark(changed)
