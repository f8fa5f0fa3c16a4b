"""The event bus for live pictures: bounded, newest wins; what must be delivered is the outbox, not this.

A subscriber hears *that* a run changed, never how: it renders from the store. So a slow one loses nothing but time.
"""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager

from ompycord.domain.ids import RunId

__all__ = ["Bus", "Subscription"]


class Subscription:
    """Runs that changed since they were last taken. Bounded by the number of runs: a run stands in it once."""

    def __init__(self) -> None:
        self._dirty: dict[RunId, None] = {}
        self._event = asyncio.Event()

    def mark(self, runs: Iterable[RunId]) -> None:
        """These changed."""
        self._dirty.update(dict.fromkeys(runs))
        if self._dirty:
            self._event.set()

    def wake(self) -> None:
        """Look again even though no run changed."""
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
        """Wait until this run changed, or for `timeout` seconds; changes of other runs are let go."""
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
        """Hear of changes until the block is left."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def publish(self, runs: Iterable[RunId]) -> None:
        """These runs changed."""
        changed = list(runs)
        for subscription in self._subscriptions:
            subscription.mark(changed)
