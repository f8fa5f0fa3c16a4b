"""What people say to an agent while it runs, read from the log; counterpart of `conductor.py`, which writes it there."""

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager

from ompycord.conductor.bus import Bus, Subscription
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Heard, Store

__all__ = ["Inboxes", "LogInbox"]

LOOK_S = 30.0
"""Looks again without being told, against a mark that was missed."""


class LogInbox:
    """Satisfies `domain.ports.Inbox`. Our own lane alone: an agent cannot write there, so it never hears itself."""

    def __init__(self, *, store: Store, subscription: Subscription, run: RunId, after: int) -> None:
        self._store = store
        self._subscription = subscription
        self._run = run
        self._after = after
        self._waiting: deque[Heard] = deque()

    async def next(self) -> Heard:
        """See the port."""
        while not self._waiting:
            for position, body in await self._store.heard(self._run, after=self._after):
                self._after = position
                self._waiting.append(body)
            if not self._waiting:
                await self._subscription.take_of(self._run, LOOK_S)
        return self._waiting.popleft()


class Inboxes:
    """Opens a run's inbox for as long as its agent runs."""

    def __init__(self, *, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus

    async def heard(self, run: RunId) -> list[tuple[int, Heard]]:
        """All that was said so far, with positions: what an agent that starts anew must be told."""
        return await self._store.heard(run, after=0)

    @contextmanager
    def open(self, run: RunId, *, after: int) -> Generator[LogInbox]:
        """What was said after this position of the log."""
        with self._bus.subscribe() as subscription:
            yield LogInbox(store=self._store, subscription=subscription, run=run, after=after)
