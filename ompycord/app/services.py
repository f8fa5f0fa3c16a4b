"""What runs as long as the process does, in one list.

The list has how each service runs, stops taking work, ends, and what it answers to /readyz.
docs/contracts/processes.md, *Order of start and end*: `compose.py` makes the list in the order of start, `Ends` orders
the end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from ompycord.errors import StartError
from ompycord.telemetry import get_logger

__all__ = ["SETTLE_S", "Ends", "Readiness", "RunningServices", "Service", "probes_of"]

DRAIN_S: Final = 20.0
"""docs/contracts/processes.md, *Order of start and end*: agents get 20 s, the compose file gives 40 s."""
SETTLE_S: Final = 5.0

log = get_logger(__name__)


class Ends(IntEnum):
    """Which services end together: first what brings work in, last what keeps the record.

    Of one kind the last started ends first.
    """

    SIDECAR = 1
    BOT = 2
    WORK = 3
    RECORD = 4


@dataclass(frozen=True, slots=True)
class Readiness:
    """One line of /readyz: its name there, and the probe, which may take a second and raises nothing."""

    name: str
    probe: Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One task of the process. Where a field is None, there is nothing to do."""

    name: str
    run: Callable[[], Coroutine[Any, Any, None]]
    """Returns or is cancelled. A StartError that it raises ends the process with that error."""
    ends: Ends
    drain: Callable[[], None] | None = None
    """Stops taking new work. All are drained before the first one ends."""
    settle: Callable[[], Awaitable[None]] | None = None
    """Returns when the work that was taken in is done; abandoned after `bound_s`."""
    stop: Callable[[], Awaitable[None]] | None = None
    """Asks `run` to return by itself; None: it is cancelled."""
    bound_s: float = DRAIN_S
    """Seconds for each of settling and ending; then it is cancelled and abandoned."""
    ready: Readiness | None = None


def probes_of(services: Sequence[Service]) -> dict[str, Callable[[], Awaitable[bool]]]:
    """The probes of /readyz, by their names there."""
    return {service.ready.name: service.ready.probe for service in services if service.ready is not None}


class RunningServices:
    """The services in a task group, started in the order of the list."""

    def __init__(self, group: asyncio.TaskGroup, *, failed: Callable[[], None]) -> None:
        """`failed` is called once a service has raised a StartError: it asks for the end of the process."""
        self._group = group
        self._failed = failed
        self._started: list[tuple[Service, asyncio.Task[None]]] = []
        self.failure: StartError | None = None
        """What ended the process from inside: Discord closed the connection permanently."""

    def start(self, *services: Service) -> None:
        """Start all; each waits by itself for what it needs."""
        for service in services:
            self._started.append((service, self._group.create_task(self._run(service), name=service.name)))

    async def end(self) -> None:
        """Drain all, then end one after the other; each end is bounded, so that the whole is."""
        for service, _ in self._started:
            if service.drain is not None:
                service.drain()
        last_first = [*reversed(self._started)]
        last_first.sort(key=lambda one: one[0].ends)
        for service, task in last_first:
            await self._end(service, task)

    async def _run(self, service: Service) -> None:
        try:
            await service.run()
        except StartError as error:
            self.failure = error
            self._failed()

    async def _end(self, service: Service, task: asyncio.Task[None]) -> None:
        if service.settle is not None:
            try:
                async with asyncio.timeout(service.bound_s):
                    await service.settle()
            except TimeoutError:
                log.warning("up.unsettled", task=service.name, after_s=service.bound_s)
        if service.stop is None:
            task.cancel()
        else:
            await service.stop()
        _, late = await asyncio.wait([task], timeout=service.bound_s)
        if late:
            log.warning("up.late", task=service.name, after_s=service.bound_s)
            task.cancel()
