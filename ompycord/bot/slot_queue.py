"""What a queued run's card shows of the other runs: its place, and which runs hold the slots.

Used by `message_renderer.py`.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from ompycord.conductor import Slots, Snapshots
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, RunFilter, RunRecords
from ompycord.domain.run import FINAL, RunKind, RunState
from ompycord.render.cards.headlines import headline_of
from ompycord.render.render_context import RenderContext, SlotHolder
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["NO_QUEUE", "QUEUE_S", "QueueNow", "SlotQueue"]

QUEUE_S: Final = 1.0
"""Seconds for which places in the queue are known: a run that joins it is asked for at once, the others move up."""
_QUEUED: Final = 200
"""Runs in the queue whose place is known."""
_WORKING: Final = frozenset(RunState) - FINAL - {RunState.QUEUED, RunState.SUSPENDED}
_LIVE: Final = 100
"""Runs at work that are named at most."""


class QueueNow(NamedTuple):
    """The queue at one moment."""

    read_at: float
    places: Mapping[RunId, int]
    holders: tuple[SlotHolder, ...]
    """The runs that hold the slots, oldest first; empty where one is free."""


NO_QUEUE: Final = QueueNow(float("-inf"), {}, ())


class SlotQueue:
    """Reads the queue once for all cards that are rendered in the same moment."""

    def __init__(
        self,
        *,
        store: RunRecords,
        snapshots: Snapshots,
        clock: Clock,
        catalog: Catalog,
        redact: Redact,
        slots: Slots | None,
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._clock = clock
        self._catalog = catalog
        self._redact = redact
        self._slots = slots
        self._now = NO_QUEUE

    async def with_run(self, run: RunId) -> QueueNow:
        """The queue with this run in it. Raises StorageError."""
        now = self._clock.monotonic_s()
        if run not in self._now.places or now - self._now.read_at >= QUEUE_S:
            queued = await self._store.runs(RunFilter(states=frozenset({RunState.QUEUED}), limit=_QUEUED))
            hosted = sorted((r.created_at, r.id) for r in queued if r.kind is RunKind.HOSTED)
            places = {RunId(id_): place for place, (_, id_) in enumerate(hosted, start=1)}
            self._now = QueueNow(now, places, await self._holders())
        return self._now

    async def _holders(self) -> tuple[SlotHolder, ...]:
        if self._slots is None:
            return ()
        found = await self._store.runs(RunFilter(is_open=True, kind=RunKind.HOSTED, states=_WORKING, limit=_LIVE))
        runs = [RunId(one.id) for one in found if not self._slots.is_waiting(RunId(one.id))]
        if len(runs) < self._catalog.limits.parallel_runs:
            return ()
        sanitizer = Sanitizer(self._redact)
        folds = await self._snapshots.folded_of(sorted(runs))
        return tuple(
            SlotHolder(
                title=one.snapshot.title, word=headline_of(one.snapshot, RenderContext(), sanitizer).word.lower()
            )
            for one in folds.values()
        )
