"""The driver: starts waiting runs in turn and carries out effects, each journalled as intent, start and end.

Counterpart: `domain/lifecycle.py`, which decides; `Engine`, which performs. One effect of a run at a time; a stop goes
first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

from ompycord.conductor.budgeting.fair_queue import FairQueue
from ompycord.conductor.bus import SELDOM_S, Alarm
from ompycord.conductor.inbox import has_unread
from ompycord.conductor.run_access import RunStore
from ompycord.conductor.slots import SlotKeeper, Slots
from ompycord.conductor.transitions import Transitions
from ompycord.domain.authority import SourceKind
from ompycord.domain.catalog import Limits
from ompycord.domain.effects import StepOrder, StopAgent
from ompycord.domain.events import EffectFinished, EventBody, RunDequeued
from ompycord.domain.folds.follow_up import waits_for
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, Commits, Engine, Ids, Journal, RunChains, RunFilter, RunHistory
from ompycord.domain.records import Commit, EffectRow, EffectStatus, EffectUpdate
from ompycord.domain.results import BuildResult, facts_of
from ompycord.domain.run import FailureClass, RunKind, RunRecord, RunState
from ompycord.domain.stages import CLEAN_UP, HALT, agent_names, heavy_names, repeatable_names
from ompycord.errors import OmpycordError, Refused, StaleResult, StorageError
from ompycord.render.refusals import Audience, refusal_words
from ompycord.telemetry import get_logger

__all__ = ["Driver", "DriverStore"]

QUEUED_S = 5.0
"""Seconds between two looks while a run waits: room on a disk and a new month are announced by nothing."""
RETRY_S = 0.5
REPEATABLE = repeatable_names()
HEAVY = heavy_names()
AGENTS = agent_names()
WITHOUT_SLOT = frozenset({RunState.QUEUED, RunState.AWAITING_APPROVAL, RunState.SUSPENDED})
MAX_ATTEMPTS = 3
OPEN_RUNS = 10_000
"""More than the limits of any number of people and servers add up to."""
HALT_S = 30.0
"""Seconds; more than stopping a program takes: TERM, 10 s, then KILL."""

log = get_logger(__name__)


async def _open() -> None:
    return


async def _always(record: RunRecord) -> bool:
    return True


def _nothing() -> None:
    return


async def _no_one(run: RunId) -> None:
    return


class DriverStore(RunStore, RunChains, Journal, Protocol):
    """Rows of runs, what is decided about them, and the effects that have no end yet."""


@dataclass(slots=True)
class _Running:
    """What runs now: one task a run, and the runs that are being stopped."""

    tasks: dict[RunId, asyncio.Task[None]] = field(default_factory=dict[RunId, asyncio.Task[None]])
    halting: set[RunId] = field(default_factory=set[RunId])

    def holds(self, run: RunId) -> bool:
        """Whether this run has a task."""
        return run in self.tasks or run in self.halting


class Driver:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        store: DriverStore,
        history: RunHistory,
        engine: Engine,
        clock: Clock,
        ids: Ids,
        limits: Limits,
        changed: Callable[[], None],
        resumes: Callable[[RunRecord], bool] = lambda record: False,
        closed: Callable[[], Awaitable[str | None]] = _open,
        slots: Slots | None = None,
        slot_keeper: SlotKeeper | None = None,
        agent_comes: Callable[[], None] = _nothing,
        agent_was_cut: Callable[[RunId], Awaitable[None]] = _no_one,
        has_budget: Callable[[RunRecord], Awaitable[bool]] = _always,
        commits: Commits | None = None,
    ) -> None:
        """`commits` are what this process stores: without it each second is a round.

        `changed` is called after every commit of the driver: it wakes the projector.

        `agent_comes` is called when a run's work begins or continues: what its agent will ask for can be made ready.
        `agent_was_cut` records that a crash of ours left a start of its agent without an end.
        `resumes` reports whether a run's agent can continue in its session, `closed` why no waiting run may start now.
        `has_budget` reports whether the budgets of a waiting run let it begin.
        Without a `slot_keeper`, which runs beside the driver, no run gives its slot back.
        """
        self._store = store
        self._history = history
        self._engine = engine
        self._clock = clock
        self._limits = limits
        self._changed = changed
        self._resumes = resumes
        self._closed = closed
        self._agent_comes = agent_comes
        self._agent_was_cut = agent_was_cut
        self._has_budget = has_budget
        self._queue = FairQueue()
        self._transitions = Transitions(store=store, clock=clock, ids=ids)
        self._alarm = Alarm(commits)
        self._has_queued = False
        self._running = _Running()
        self._draining = False
        self._slots = slots or Slots(limits, clock)
        self._slots.wake = self.wake
        self._slot_keeper = slot_keeper

    def wake(self) -> None:
        """Notify the driver that a decision was stored: there may be work."""
        self._alarm.wake()

    def drain(self) -> None:
        """Start nothing new."""
        self._draining = True

    async def run(self) -> None:
        """Recover, then work until cancelled; cancellation stops what runs and keeps its journal lines open."""
        with self._alarm.noting():
            async with asyncio.TaskGroup() as group:
                await self._work(group)

    async def _work(self, group: asyncio.TaskGroup) -> None:
        if self._slot_keeper is not None:
            group.create_task(self._slot_keeper.run(), name="slots")
        is_recovered = False
        while True:
            self._alarm.begin()
            try:
                if not is_recovered:
                    await self._recover()
                    is_recovered = True
                await self._check(group)
            except StorageError as error:
                log.warning("driver.waits", cause=str(error))
                await asyncio.sleep(RETRY_S)
                continue
            await self._alarm.wait(QUEUED_S if self._has_queued else SELDOM_S)

    # -- recovery

    async def _recover(self) -> None:
        """After a crash, kill what an earlier process left running before its step is judged (see `_check`)."""
        for row in await self._store.open_effects():
            if row.status is EffectStatus.STARTED:
                log.info("effect.interrupted", run=row.run, effect=row.key)
                await self._engine.kill_strays(row.run)

    # -- the turn of waiting runs, and of effects

    async def _check(self, group: asyncio.TaskGroup) -> None:
        if self._draining:
            return
        await self._dequeue()
        # Read before the journal: a step that ends in between is still open in what was read. Its end wakes us again.
        busy = set(self._running.tasks) | self._running.halting
        for row in await self._store.open_effects():
            if isinstance(row.effect, StopAgent):
                if row.run not in self._running.halting:
                    self._running.halting.add(row.run)
                    group.create_task(self._halt(row), name=f"{row.run}:{row.key}")
            elif row.run not in busy and not self._running.holds(row.run) and self._has_room(row):
                self._slots.started(row.run)
                if row.effect.type in HEAVY:
                    self._agent_comes()
                task = group.create_task(self._perform(row), name=f"{row.run}:{row.key}")
                self._running.tasks[row.run] = task
        self._slots.grant()

    def _has_room(self, row: EffectRow) -> bool:
        """Whether another run may start. Resumed and interrupted runs do not wait for their turn; their agents do.

        A run that waits for a person makes room; one that was answered takes it before any other.
        """
        slots = self._slots
        return row.effect.type not in HEAVY or slots.busy + slots.reserved < self._limits.parallel_runs

    async def _dequeue(self) -> None:
        """Start waiting runs in the order of `FairQueue`, without those whose budgets are used up.

        A follow-up has no turn while another run of its chain is open.
        """
        waiting, working, free = await self._ready()
        while waiting and free > 0:
            # `working` counts runs that wait for answers, too: their people have them running all the same
            record = self._queue.next_of(waiting, working)
            waiting.remove(record)
            working.append(record)
            free -= 1
            await self._transitions.decide(RunId(record.id), RunDequeued(), kind=SourceKind.OMPYCORD)
            self._queue.started(record, waiting)
            self._changed()

    async def ready(self) -> Sequence[RunRecord]:
        """Waiting runs for which a slot is free, and that nothing keeps from it. Raises StorageError."""
        if self._draining:
            return ()
        waiting, _, free = await self._ready()
        return waiting[: max(free, 0)]

    async def _ready(self) -> tuple[list[RunRecord], list[RunRecord], int]:
        """Runs that may begin, those at work, and how many slots are free."""
        hosted = await self._store.runs(RunFilter(is_open=True, kind=RunKind.HOSTED, limit=OPEN_RUNS))
        working = [record for record in hosted if record.state not in WITHOUT_SLOT]
        queued = [r for r in hosted if r.state is RunState.QUEUED and waits_for(r, hosted) is None]
        self._has_queued = bool(queued)
        at_work = sum(not self._slots.is_waiting(RunId(record.id)) for record in working)
        free = self._limits.parallel_runs - at_work - self._slots.reserved
        if free <= 0:  # each commit has us look: what keeps a run from a slot matters once there is one
            return [], working, free
        waiting = await self._left([r for r in queued if await self._has_budget(r)])
        if waiting and await self._closed() is not None:
            waiting = []
        return waiting, working, free

    async def _left(self, records: Sequence[RunRecord]) -> list[RunRecord]:
        """Those without anything left to do for the runs before them: one that has ended may still be cleaned up.

        Its session is kept only then, and its clone, where the follow-up's will be, is removed.
        """
        if all(record.chain is None for record in records):
            return [*records]
        open_ = {row.run for row in await self._store.open_effects()}
        return [record for record in records if record.chain is None or not await self._is_behind(record, open_)]

    async def _is_behind(self, record: RunRecord, open_: AbstractSet[RunId]) -> bool:
        chain = await self._store.chain(RunId(record.first))
        return any(one.id in open_ for one in chain if one.id != record.id)

    # -- one effect

    async def _perform(self, row: EffectRow) -> None:
        """Perform one effect whose intent is on disk: mark it started, do it, commit its end and what follows.

        A line that was started before and did not end is done again where that is harmless, else reported as
        interrupted.
        """
        try:
            began = row.status is EffectStatus.STARTED
            if began and (row.effect.type not in REPEATABLE or row.attempts >= MAX_ATTEMPTS):
                await self._finish(row, await self._interrupted(row))
                return
            await self._journal(row, EffectStatus.STARTED)
            record = await self._store.run(row.run)
            finished = await self._do(row, record)
            await self._finish_surely(row, finished, epoch=record.lease_epoch if record else None)
        except StaleResult as error:
            log.warning("effect.stale", run=row.run, effect=row.key, cause=str(error))
        except StorageError as error:
            # The journal's line stays open; the next check (or the next start) does the step again.
            log.warning("effect.not_recorded", run=row.run, effect=row.key, cause=str(error))
            await asyncio.sleep(RETRY_S)
        finally:
            self._running.tasks.pop(row.run, None)
            self._slots.ended(row.run)
            self.wake()

    async def _interrupted(self, row: EffectRow) -> EffectFinished:
        """Record that a crash interrupted the step. An agent whose session is kept can continue in it."""
        finished = EffectFinished(key=row.key, outcome="interrupted")
        if row.effect.type in AGENTS:
            await self._agent_was_cut(row.run)
        record = await self._store.run(row.run) if row.effect.type in AGENTS else None
        if record is None or not self._resumes(record) or await self._history.session(row.run) is None:
            return finished
        return finished.model_copy(update={"facts": facts_of(BuildResult(session=True))})

    async def _do(self, row: EffectRow, record: RunRecord | None) -> EffectFinished:
        if record is None or record.task is None:
            return EffectFinished(
                key=row.key, outcome="failed", failure=FailureClass.INTERNAL, message="Its task is gone."
            )
        order = StepOrder(
            run=row.run,
            key=row.key,
            effect=row.effect,
            task=record.task,
            attempt=row.attempts + 1,
            lease_epoch=record.lease_epoch,
        )
        try:
            return await self._engine.perform(order)
        except StorageError:
            raise
        except OmpycordError as error:
            words = refusal_words(error, Audience.DISCORD) if isinstance(error, Refused) else str(error)
            return EffectFinished(key=row.key, outcome="failed", failure=FailureClass.ENV, message=words[:500])
        except Exception as error:
            log.exception("effect.failed", run=row.run, effect=row.key)
            return EffectFinished(
                key=row.key,
                outcome="failed",
                failure=FailureClass.INTERNAL,
                message=(
                    f"An error of Ompycord itself ({type(error).__name__}); the log has it under "
                    f"{row.run[-6:].lower()}."
                ),
            )

    async def _finish_surely(self, row: EffectRow, finished: EffectFinished, *, epoch: int | None) -> None:
        """Store a step's result, which is only in memory until then: a database that refuses is asked again.

        `epoch` is the lease under which it was done. Raises StaleResult where the run has been started again since.
        """
        while True:
            try:
                await self._finish(row, finished, epoch=epoch)
            except StorageError as error:
                log.warning("effect.not_recorded", run=row.run, effect=row.key, cause=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _finish(self, row: EffectRow, finished: EffectFinished, *, epoch: int | None = None) -> None:
        update = EffectUpdate(
            run=row.run,
            key=row.key,
            status=EffectStatus.DONE,
            at=self._clock.now_ms(),
            outcome=finished.outcome,
            epoch=epoch,
        )

        async def ended(record: RunRecord) -> EventBody:
            """Judge whether a message came too late for an agent that ended; asked on each try.

            See `Messages.send_message`.
            """
            if row.effect.type not in AGENTS or finished.outcome != "ok":
                return finished
            if not await has_unread(self._history, row.run):
                return finished
            result = BuildResult.model_validate({**finished.facts, "unheard": True})
            return finished.model_copy(update={"facts": facts_of(result)})

        await self._transitions.decide(row.run, ended, kind=SourceKind.OMPYCORD, journal=update)
        self._changed()

    async def _halt(self, row: EffectRow) -> None:
        """Stop what runs for this run, through cancellation; its own journal line is closed as stopped."""
        try:
            task = self._running.tasks.get(row.run)
            if task is not None:
                task.cancel()
                await asyncio.wait([task], timeout=HALT_S)
            await self._engine.kill_strays(row.run)
            now = self._clock.now_ms()
            updates = [EffectUpdate(run=row.run, key=row.key, status=EffectStatus.DONE, at=now, outcome="ok")]
            for other in await self._store.open_effects():
                stale = other.run == row.run and other.effect.type not in {HALT, CLEAN_UP}
                if stale and other.effect.iteration <= row.effect.iteration:
                    updates.append(
                        EffectUpdate(run=row.run, key=other.key, status=EffectStatus.DONE, at=now, outcome="stopped")
                    )
            await self._store.commit(Commit(writes=(*updates,)))
        except StorageError as error:
            log.warning("effect.not_recorded", run=row.run, effect=row.key, cause=str(error))
            await asyncio.sleep(RETRY_S)
        except Exception:  # a top edge: its line stays open, so it is tried again, and other runs continue
            log.exception("effect.failed", run=row.run, effect=row.key)
            await asyncio.sleep(RETRY_S)
        finally:
            self._running.halting.discard(row.run)
            self.wake()

    async def _journal(self, row: EffectRow, status: EffectStatus) -> None:
        update = EffectUpdate(run=row.run, key=row.key, status=status, at=self._clock.now_ms())
        await self._store.commit(Commit(writes=(update,)))
