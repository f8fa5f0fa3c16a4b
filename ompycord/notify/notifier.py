"""Every destination's worker, woken together; what `app` starts and ends."""

import asyncio
from collections.abc import Mapping, Sequence

from ompycord.conductor import Bus
from ompycord.domain.ids import Destination
from ompycord.notify.attempt import DeliveryTarget
from ompycord.notify.worker import DestinationWorker

__all__ = ["Notifier"]

QUIET_S = 3600.0
"""Seconds of one wait for the bus; nothing depends on it."""


class Notifier:
    """Runs as one task for the life of the process."""

    def __init__(self, *, workers: Sequence[DestinationWorker], bus: Bus) -> None:
        self._workers = tuple(workers)
        self._bus = bus
        self._ending = asyncio.Event()

    @property
    def targets(self) -> Mapping[Destination, DeliveryTarget]:
        """Where it sends to, by name."""
        return {worker.target.destination: worker.target for worker in self._workers}

    def wake(self) -> None:
        """Wake the workers after a change that no event announces: an operator asked for another try."""
        for worker in self._workers:
            worker.wake()

    def drain(self) -> None:
        """Start no further try; `run` returns when those in progress have ended."""
        self._ending.set()
        for worker in self._workers:
            worker.drain()

    async def run(self) -> None:
        """Send until drained or cancelled."""
        async with asyncio.TaskGroup() as group:
            listener = group.create_task(self._listen())
            for worker in self._workers:
                group.create_task(worker.run())
            await self._ending.wait()
            listener.cancel()

    async def _listen(self) -> None:
        """Wake the workers: deliveries are stored with a projection, and each projection is announced."""
        with self._bus.subscribe() as changes:
            while True:
                if await changes.take(QUIET_S):
                    self.wake()
