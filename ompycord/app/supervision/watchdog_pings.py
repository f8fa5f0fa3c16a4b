"""Signs of life for systemd: each is sent only after the event loop ran and the database's writer answered.

A blocked loop, a writer that died, a disk that confirms nothing: no sign goes out, and systemd starts the service
again. A disk that is full is no reason: a restart would free nothing, so *no* is an answer too.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from ompycord.app.supervision.notify_socket import NotifySocket
from ompycord.domain.ports import Clock

__all__ = ["WatchdogPings", "starting"]

_OFTEN: Final = 3
"""Signs within the time after which none would be too late."""
EXTEND_S: Final = 30.0
EXTENDED_EVERY_S: Final = 10.0


class WatchdogPings:
    """Runs as one task for the life of the process, where systemd wants signs of life."""

    def __init__(self, *, manager: NotifySocket, answers: Callable[[], Awaitable[object]], clock: Clock) -> None:
        """`answers` returns once the work that it asks for was done, with whatever outcome."""
        self._manager = manager
        self._answers = answers
        self._clock = clock

    async def run(self) -> None:
        """Send until cancelled; returns at once where no one waits for it."""
        if self._manager.watchdog_s is None:
            return
        while True:
            await self.ping_once()
            await self._clock.sleep(self._manager.watchdog_s / _OFTEN)

    async def ping_once(self) -> None:
        """Send a sign after the next answer."""
        await self._answers()
        self._manager.works()


@asynccontextmanager
async def starting(manager: NotifySocket, clock: Clock) -> AsyncGenerator[None]:
    """Ask for more time for the start until it is ready: bringing a large database up to date takes minutes.

    The process that stands still asks no more, and is ended as any that does not start.
    """
    if not manager.is_there:
        yield
        return
    async with asyncio.TaskGroup() as group:
        extending = group.create_task(_extend(manager, clock))
        try:
            yield
        finally:
            extending.cancel()


async def _extend(manager: NotifySocket, clock: Clock) -> None:
    while not manager.is_ready:
        manager.starting("Starting: opening the database.", more_s=EXTEND_S)
        await clock.sleep(EXTENDED_EVERY_S)
