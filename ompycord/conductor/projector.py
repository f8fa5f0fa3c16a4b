"""The projector, stage 2 of ingestion: it folds the log's new events and stores what follows from them.

It reads the log by cursor, folds, commits folds, deliveries and cursor, then publishes. It is one idempotent task:
after a crash before its commit it reads the same events again, after a crash behind it there is nothing to do.
Observations never move a hosted run; that is `transitions.py`, whose events come here already decided.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ompycord.conductor.bus import Alarm, Bus
from ompycord.conductor.deliveries import CARD_WAIT_MS, Notifications, deliveries, first_deliveries
from ompycord.conductor.guardian.recent_events import RecentEvents
from ompycord.conductor.snapshots import Snapshots, readable_folds
from ompycord.domain.base import Millis
from ompycord.domain.catalog import RunChannels
from ompycord.domain.deliveries import Delivery
from ompycord.domain.events import RunEvent, RunStarted, RunStateChanged
from ompycord.domain.folds.fold import RunFold
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, Commits, DumpedFold, Folds, Projection, RunsById
from ompycord.domain.records import OutboxRow
from ompycord.domain.run import FINAL, RunKind, RunRecord, RunState
from ompycord.errors import StorageError
from ompycord.telemetry import get_logger
from ompycord.telemetry.run_counts import COUNTED, RunCounts

__all__ = ["CURSOR", "Projector", "ProjectorStore"]

CURSOR = "projector"
BATCH = 1000
MIN_INTERVAL_S = 0.1
"""Seconds between batches: the first event after a quiet moment is projected at once, a stream ten times a second.

A run's fold is then written once for all events of that time. Edits in Discord are slower by far: about one a second
and channel.
"""
TURN_S = 0.0005
"""Seconds of work on the loop before others get a turn: acknowledgements wait behind it (bench webhook, p99)."""
RUNS_KEPT = 256
"""Folds kept in memory between batches, those of the runs with the latest events."""
NO_NOTIFICATIONS = Notifications()
RETRY_S = 0.5

log = get_logger(__name__)


STATE_TYPES = frozenset({"run.finished", "run.failed", "run.cancelled", "run.state", "check.started", "check.finished"})
"""The only events that move an external run whose state is not a suspension (`domain/folds/merge.py`)."""


class ProjectorStore(Projection, Folds, RunsById, Protocol):
    """The projector's own reading and writing, the folds that it left, and rows of runs."""


@dataclass(slots=True, eq=False)
class _Followed:
    """A run between two batches. What the events did to it counts only once the batch is committed."""

    record: RunRecord
    fold: RunFold
    state: RunState
    ended_at: Millis | None
    channel: str | None = None
    is_new: bool = True
    """Whether first deliveries are still pending, as far as this process knows."""
    has_ended: bool = False
    """Whether the events of this batch ended it."""


class _Turn:
    """Lets others have the loop once `TURN_S` of work is done."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()

    async def give(self) -> None:
        if self._loop.time() - self._since >= TURN_S:
            await asyncio.sleep(TURN_S / 2)
            self._since = self._loop.time()


class Projector:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        store: ProjectorStore,
        snapshots: Snapshots,
        bus: Bus,
        clock: Clock,
        channels: RunChannels,
        notifications: Notifications = NO_NOTIFICATIONS,
        recent: RecentEvents | None = None,
        counts: RunCounts | None = None,
        commits: Commits | None = None,
    ) -> None:
        """`channels` decides in which channel a run is shown; `notifications` what webhooks get.

        `commits` are what this process stores: without it each second is a round.

        `recent` gets what was committed, for the guardian, and so do `counts`, for the metrics.
        """
        self._recent = recent
        self._counts = counts
        self._store = store
        self._snapshots = snapshots
        self._clock = clock
        self._bus = bus
        self._channels = channels
        self._notifications = notifications
        self._alarm = Alarm(commits)
        self._position = 0
        self._caught_up = asyncio.Event()
        self._is_waiting = False
        self._followed: OrderedDict[RunId, _Followed] = OrderedDict()

    @property
    def position(self) -> int:
        """The last position that is folded and committed."""
        return self._position

    def wake(self) -> None:
        """Notify the projector that something was stored."""
        self._caught_up.clear()
        self._alarm.wake()

    async def settled(self) -> None:
        """Return when everything stored so far has been projected."""
        await self._caught_up.wait()

    async def run(self) -> None:
        """Project until cancelled. A database that refuses for a while is tried again; nothing is skipped."""
        self._position = await self._store.cursor(CURSOR)
        with self._alarm.noting():
            await self._follow_log()

    async def _follow_log(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._alarm.begin()
            began = loop.time()
            if not await self._catch_up():
                await asyncio.sleep(RETRY_S)
                continue
            if not self._alarm.is_woken:
                self._caught_up.set()
            await self._alarm.wait()
            await asyncio.sleep(max(0.0, began + MIN_INTERVAL_S - loop.time()))

    async def _catch_up(self) -> bool:
        """Take in all there is; False when the database refuses, which is logged once however long it lasts."""
        try:
            while await self.project_some() == BATCH:
                pass
        except StorageError as error:
            if not self._is_waiting:
                log.warning("projector.waits", cause=str(error))
            self._is_waiting = True
            return False
        if self._is_waiting:
            log.info("projector.goes_on", position=self._position)
        self._is_waiting = False
        return True

    async def project_some(self) -> int:
        """One batch; the number of events taken in."""
        events = await self._store.events_after(self._position, limit=BATCH)
        if not events:
            return 0
        by_run: dict[RunId, list[RunEvent]] = {}
        for event in events:
            by_run.setdefault(event.run, []).append(event)
        upto = events[-1].position
        try:
            followed = await self._follow(by_run)
            outbox: list[OutboxRow] = []
            notifications: list[Delivery] = []
            turn = _Turn()
            for run in followed:
                new = by_run[run]
                await self._take(followed[run], new, turn)
                outbox += self._deliveries(followed[run], new)
                await turn.give()
                notifications += await self._notify(followed[run], new, turn)
            states = {
                run: (one.state, one.ended_at) for run, one in followed.items() if one.record.kind is RunKind.EXTERNAL
            }
            folds: list[DumpedFold] = []
            for one in followed.values():
                folds.append(DumpedFold.of(one.fold))
                await turn.give()
            await self._store.project(
                CURSOR, upto=upto, folds=folds, states=states, outbox=outbox, notifications=notifications
            )
        except BaseException:
            self._followed.clear()  # what is on disk decides what has happened
            raise
        self._count(followed, by_run)
        for one in followed.values():
            one.is_new = False
        while len(self._followed) > RUNS_KEPT:
            self._followed.popitem(last=False)
        self._position = upto
        self._snapshots.publish(folds)
        if self._recent is not None:
            self._recent.publish(by_run)
        self._bus.publish(by_run)
        return len(events)

    async def _follow(self, by_run: Mapping[RunId, Sequence[RunEvent]]) -> dict[RunId, _Followed]:
        """The runs of a batch, in its order: those at hand, the others from the store.

        Without those that ended long ago and whose file cannot be read: what came for them stays in the log, and is
        folded with the rest once the file is back.
        """
        missing = [run for run in by_run if run not in self._followed]
        if missing:
            folds, unreadable = await readable_folds(self._store, missing)
            records = await self._store.runs_by_id(missing)
            for run in (one for one in missing if one not in unreadable):
                record = records.get(run)
                if record is None:
                    raise StorageError(f"event {by_run[run][0].position} belongs to no run")
                self._followed[run] = _Followed(record, folds[run], record.state, record.ended_at, record.channel)
        followed = [run for run in by_run if run in self._followed]
        for run in followed:
            self._followed.move_to_end(run)
        return {run: self._followed[run] for run in followed}

    async def _take(self, one: _Followed, events: Sequence[RunEvent], turn: "_Turn") -> None:
        moves = one.is_new or one.state is RunState.SUSPENDED  # which any later event lifts
        was_over, one.has_ended = one.ended_at is not None, False
        for event in events:
            await turn.give()
            one.fold.add(event)
            moves = moves or event.body.type in STATE_TYPES
            one.has_ended = one.has_ended or (isinstance(event.body, RunStateChanged) and event.body.state in FINAL)
        if moves and one.record.kind is RunKind.EXTERNAL:
            snapshot = one.fold.snapshot()
            one.state, one.ended_at = snapshot.state, snapshot.ended_at
            one.has_ended = one.ended_at is not None and not was_over

    def _count(self, followed: Mapping[RunId, _Followed], by_run: Mapping[RunId, Sequence[RunEvent]]) -> None:
        if self._counts is None:
            return
        for run, one in followed.items():
            if one.has_ended or any(event.body.type in COUNTED for event in by_run[run]):
                self._counts.take(one.fold, by_run[run], created_at=one.record.created_at, has_ended=one.has_ended)

    def _channel_of(self, one: _Followed, events: Sequence[RunEvent]) -> str | None:
        """The key's channel, else that of the repository which the run has named, else the home channel."""
        if one.channel is None and (one.is_new or any(isinstance(event.body, RunStarted) for event in events)):
            record = one.record
            if record.repository is None:
                record = record.model_copy(update={"repository": one.fold.snapshot().repository})
            one.channel = self._channels.channel_of(record)
        return one.channel

    async def _notify(self, one: _Followed, events: Sequence[RunEvent], turn: "_Turn") -> list[Delivery]:
        """Queue these facts for webhooks, in their order."""

        def repository() -> str | None:
            return one.record.repository or one.fold.snapshot().repository

        made: list[Delivery] = []
        now = self._clock.now_ms()
        for event in events:
            made += self._notifications.deliveries(event, repository=repository, at=now)
            await turn.give()
        return made

    def _deliveries(self, one: _Followed, events: Sequence[RunEvent]) -> list[OutboxRow]:
        """Deliveries of these facts. The first event of an external run requires channel summary, thread and card."""
        record = one.record
        run = RunId(record.id)
        channel = self._channel_of(one, events)
        now = self._clock.now_ms()  # not the sender's: our timers and our memory of what was sent are by our own clock
        rows: list[OutboxRow] = []
        if one.is_new and record.kind is RunKind.EXTERNAL and channel is not None:
            rows += first_deliveries(run, channel=channel, at=record.created_at, wait_ms=CARD_WAIT_MS)
        for event in events:
            rows += deliveries(run, event.body, kind=record.kind, channel=channel, at=now)
        return rows
