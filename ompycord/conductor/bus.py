"""The event bus for live views, and the alarm of a loop: bounded; what must be delivered is in the outbox, not here.

A subscriber learns *that* a run changed, never how: it renders from the store. So a slow one loses nothing but time.
"""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, contextmanager, nullcontext

from ompycord.domain.ids import RunId
from ompycord.domain.ports import Commits

__all__ = ["SELDOM_S", "SOON_S", "Alarm", "Bus", "Subscription"]

SOON_S = 1.0
"""Seconds between two rounds of a loop where something was stored since the first began: most of it is announced."""
SELDOM_S = 15.0
"""Seconds between two rounds while nothing is stored: for what another program wrote."""


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


class Alarm:
    """When a loop goes on: at once when it is woken, soon after anything was stored, and seldom while nothing is.

    A notice is never needed for the truth: what a loop does, it reads from the store.
    """

    def __init__(self, commits: Commits | None) -> None:
        """Without `commits` anything may have been stored at any time."""
        self._commits = commits
        self._alarm = asyncio.Event()
        self._began = 0.0
        self._is_stored = True
        self.is_woken = False
        """Whether somebody said since `begin` that there is work."""

    def noting(self) -> AbstractContextManager[None]:
        """The block in which commits are noted."""
        return nullcontext() if self._commits is None else self._commits.watched_by(self)

    def wake(self) -> None:
        """Go on at once."""
        self.is_woken = True
        self._alarm.set()

    def stored(self) -> None:
        """See `Watcher`: go on soon."""
        if not self._is_stored:
            self._is_stored = True
            self._alarm.set()

    def begin(self) -> None:
        """Another round begins: what is said or stored from now on is for the next one."""
        self.is_woken, self._is_stored = False, self._commits is None
        self._began = asyncio.get_running_loop().time()

    async def wait(self, seldom_s: float = SELDOM_S) -> None:
        """Return when it is time for the next round; at most `seldom_s` seconds after this one began."""
        loop = asyncio.get_running_loop()
        while not self.is_woken:
            at = self._began + (min(SOON_S, seldom_s) if self._is_stored else seldom_s)
            if loop.time() >= at:
                return
            self._alarm.clear()
            try:
                async with asyncio.timeout_at(at):
                    await self._alarm.wait()
            except TimeoutError:
                return
