"""Waiting until something is true of a run, for agents that pause until a person has decided.

Counterpart: `bus.py`, which announces changes. What a hosted agent waits for comes from `inbox/` instead: it is
handed out once, from the log.
"""

from collections.abc import Callable
from typing import TypeVar

from ompycord.conductor.bus import Bus
from ompycord.conductor.snapshots import Snapshots
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock

__all__ = ["wait_for"]

POLL_S = 1.0
"""Seconds between two reads without a notice: no bus announces the end of our own process."""

V = TypeVar("V")


async def wait_for(
    found: Callable[[StatusSnapshot | None], V | None],
    run: RunId,
    *,
    wait_s: float,
    is_ending: Callable[[], bool],
    snapshots: Snapshots,
    bus: Bus,
    clock: Clock,
) -> V | None:
    """The first result that `found` returns for the run's snapshot other than None.

    None after `wait_s` seconds, or once this process is ending. Raises StorageError.
    """
    until = clock.monotonic_s() + wait_s
    with bus.subscribe() as changes:
        while True:
            value = found(await snapshots.of(run))
            left = 0.0 if is_ending() else until - clock.monotonic_s()
            if value is not None or left <= 0:
                return value
            await changes.take_of(run, min(left, POLL_S))
