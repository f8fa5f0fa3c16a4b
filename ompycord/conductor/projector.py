"""The projector: stage 2 of ingestion. Reads the log by cursor, folds, commits folds, deliveries and cursor, then publishes.

One task, idempotent: a crash before its commit reads the same events again, a crash after it finds nothing to do.
Observations never move a hosted run; that is `decide.py`, whose events come here already decided.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from ompycord.conductor.bus import Bus
from ompycord.conductor.deliveries import CARD_WAIT_MS, deliveries, first_deliveries
from ompycord.domain.events import RunEvent
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Store
from ompycord.domain.records import OutboxRow
from ompycord.domain.run import RunKind, RunRecord, RunState
from ompycord.errors import StorageError

__all__ = ["CURSOR", "Projector"]

CURSOR = "projector"
BATCH = 500
IDLE_S = 5.0
"""Without an alarm it looks by itself so often: an alarm may be lost in a crash, an event may not."""
RETRY_S = 0.5

log = structlog.get_logger(__name__)


class Projector:
    """Runs as one task for the life of the process."""

    def __init__(self, *, store: Store, bus: Bus, route: Callable[[RunRecord], str | None]) -> None:
        """`route` says in which channel a run is shown, None where there is none."""
        self._store = store
        self._bus = bus
        self._route = route
        self._alarm = asyncio.Event()
        self._position = 0
        self._caught_up = asyncio.Event()

    @property
    def position(self) -> int:
        """The last position that is folded and committed."""
        return self._position

    def wake(self) -> None:
        """Something was stored."""
        self._caught_up.clear()
        self._alarm.set()

    async def settled(self) -> None:
        """Return when everything stored so far has been projected."""
        await self._caught_up.wait()

    async def run(self) -> None:
        """Project until cancelled. A database that refuses for a while is tried again; nothing is skipped."""
        self._position = await self._store.cursor(CURSOR)
        while True:
            try:
                while await self.project_some():
                    pass
            except StorageError as error:
                log.warning("projector.waits", cause=str(error))
                await asyncio.sleep(RETRY_S)
                continue
            self._caught_up.set()
            try:
                async with asyncio.timeout(IDLE_S):
                    await self._alarm.wait()
            except TimeoutError:
                pass
            self._alarm.clear()

    async def project_some(self) -> int:
        """One batch; the number of events taken in."""
        events = await self._store.events_after(self._position, limit=BATCH)
        if not events:
            return 0
        by_run: dict[RunId, list[RunEvent]] = {}
        for event in events:
            by_run.setdefault(event.run, []).append(event)
        folds = await self._store.folds(list(by_run))
        outbox: list[OutboxRow] = []
        states: dict[RunId, tuple[RunState, int | None]] = {}
        for run, new in by_run.items():
            record = await self._store.run(run)
            if record is None:
                raise StorageError(f"event {new[0].position} belongs to no run")
            for event in new:
                folds[run].add(event)
            outbox += self._owed(record, new)
            if record.kind is RunKind.EXTERNAL:
                snapshot = folds[run].snapshot()
                states[run] = (snapshot.state, snapshot.ended_at)
        upto = events[-1].position
        await self._store.project(CURSOR, upto=upto, folds=list(folds.values()), states=states, outbox=outbox)
        self._position = upto
        self._bus.publish(by_run)
        return len(events)

    def _owed(self, record: RunRecord, events: Sequence[RunEvent]) -> list[OutboxRow]:
        """Deliveries of these facts. An external run's first event owes mirror, thread and card."""
        run = RunId(record.id)
        channel = record.channel or self._route(record)
        rows: list[OutboxRow] = []
        if record.kind is RunKind.EXTERNAL and channel is not None:
            at = record.created_at
            rows += first_deliveries(run, channel=channel, at=at, wait_ms=CARD_WAIT_MS)
        for event in events:
            rows += deliveries(run, event.body, kind=record.kind, channel=channel, at=event.at)
        return rows
