"""Watches external runs: silent for a day means SUSPENDED(lost), in our lane; any later word of theirs lifts it.

CONTRACTS, *External runs*. Hosted runs need no watch: their processes have clocks of their own.
"""

import structlog

from ompycord.conductor.conductor import Conductor
from ompycord.domain.events import RunStateChanged
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.ports import Clock, RunFilter, Store
from ompycord.domain.run import RunKind, RunState, SuspendReason
from ompycord.errors import StorageError

__all__ = ["LOST_MS", "Watch"]

LOST_MS = 24 * 3600 * 1000
LOOK_S = 60.0

log = structlog.get_logger(__name__)


class Watch:
    """Runs as one task for the life of the process."""

    def __init__(self, *, store: Store, conductor: Conductor, clock: Clock) -> None:
        self._store = store
        self._conductor = conductor
        self._clock = clock

    async def run(self) -> None:
        """Look once a minute until cancelled."""
        while True:
            try:
                await self.look()
            except StorageError as error:
                log.warning("watch.waits", cause=str(error))
            await self._clock.sleep(LOOK_S)

    async def look(self) -> int:
        """Suspend what has been silent too long; how many those were."""
        lost = 0
        # What was projected since is not silent: no need to read its fold (bench recovery).
        silent = RunFilter(
            is_open=True,
            kind=RunKind.EXTERNAL,
            states=frozenset(RunState) - {RunState.SUSPENDED},
            updated_before=self._clock.now_ms() - LOST_MS + 1,
            limit=1000,
        )
        for record in await self._store.runs(silent):
            run = RunId(record.id)
            folded = (await self._store.folds([run])).get(run)
            if folded is None or not folded.lanes:
                continue
            snapshot = folded.snapshot()
            if self._clock.now_ms() - snapshot.last_event_at < LOST_MS:
                continue
            body = RunStateChanged(
                state=RunState.SUSPENDED,
                previous=snapshot.state,
                cause="silence",
                reason=SuspendReason.LOST,
                message="Nothing was heard of it for a day.",
                lanes={source: lane.last_seq for source, lane in folded.lanes.items() if source != OMPYCORD},
            )
            await self._conductor.record(run, body)
            log.info("run.state", run=run, cause="silence", **{"from": snapshot.state, "to": RunState.SUSPENDED})
            lost += 1
        return lost
