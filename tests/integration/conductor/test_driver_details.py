"""The driver when things happen at once or fail: no work is thrown away, no limit is passed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from structlog.testing import capture_logs

from ompycord.conductor import Driver
from ompycord.conductor.driver import DriverStore
from ompycord.domain import events as ev
from ompycord.domain.catalog import Limits
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Engine, RunFilter
from ompycord.domain.records import Commit, Committed, Decision, EffectRow, EffectStatus, EffectUpdate
from ompycord.domain.run import RunRecord, RunState
from ompycord.errors import Refused
from ompycord.store import SqliteStore
from tests.integration.conductor.conftest import ADA, CATALOG, MO, AppHarness
from tests.support.database_faults import faulty_writes
from tests.support.patience import until, within
from tests.support.refusals import refuses
from tests.support.settled import settled

PATIENCE_S = 20.0


class SlowJournal(DriverStore):
    """The real store, whose journal is read slowly: a step may end between the reading and the answer."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.after: Callable[[], Awaitable[object]] | None = None

    async def open_effects(self) -> list[EffectRow]:
        found = await self._store.open_effects()
        if self.after is not None:
            await self.after()
        return found

    async def run(self, run: RunId) -> RunRecord | None:
        return await self._store.run(run)

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        return await self._store.runs(which)

    async def chain(self, first: RunId) -> list[RunRecord]:
        return await self._store.chain(first)

    async def commit(self, commit: Commit) -> Committed:
        return await self._store.commit(commit)

    async def decision(self, run: RunId, kind: str, ref: str) -> Decision | None:
        return await self._store.decision(run, kind, ref)


class OneStep:
    """An engine whose step ends when the test says."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.swept = 0
        self.go = asyncio.Event()
        self.building = asyncio.Event()

    async def perform(self, order: StepOrder) -> EffectFinished:
        self.keys.append(order.key)
        if order.effect.type == "build":
            self.building.set()
            await self.go.wait()
        return EffectFinished(key=order.key, outcome="ok", facts={"claim": True})

    async def kill_strays(self, run: RunId) -> None:
        self.swept += 1
        if self.swept == 1:
            raise OSError(24, "Too many open files")


def driver_of(
    harness: AppHarness, engine: Engine, limits: Limits = CATALOG.limits, store: DriverStore | None = None
) -> Driver:
    return Driver(
        store=store or harness.store,
        history=harness.store,
        engine=engine,
        clock=harness.clock,
        ids=harness.ids,
        limits=limits,
        changed=harness.projector.wake,
    )


async def in_state(harness: AppHarness, run: str, state: RunState) -> None:
    """The run's row says so; bounded."""

    async def holds() -> bool:
        record = await harness.store.run(RunId(run))
        return record is not None and record.state is state

    await until(holds)


async def test_a_step_that_ends_while_the_journal_is_read_is_not_taken_for_cut_short(harness: AppHarness) -> None:
    run = await harness.submit()
    store, engine = SlowJournal(harness.store), OneStep()
    driver = driver_of(harness, engine, store=store)

    async def is_collecting() -> bool:
        return "collect:1" in {row.key for row in await harness.store.open_effects()}

    async def let_it_end() -> None:
        if engine.building.is_set() and not engine.go.is_set():
            engine.go.set()
            await until(is_collecting)

    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(driver.run())
        await engine.building.wait()
        store.after = let_it_end
        driver.wake()
        await in_state(harness, run.id, RunState.COMPLETE)
        driver.wake()
        await settled(harness.store)
        task.cancel()
    assert engine.keys == ["prepare:1", "build:1", "collect:1", "checks:1", "publish:1", "cleanup:1"]


async def test_a_result_that_the_database_refuses_is_kept_until_it_takes_it(harness: AppHarness) -> None:
    run = await harness.submit()
    engine = OneStep()
    engine.go.set()
    async with (
        within(PATIENCE_S),
        faulty_writes(harness.store, "INSERT ON events WHEN NEW.type = 'effect.finished'") as ends,
        asyncio.TaskGroup() as group,
    ):
        ends.refuse(2)
        task = group.create_task(driver_of(harness, engine).run())
        await in_state(harness, run.id, RunState.COMPLETE)
        task.cancel()
    assert ends.refusals == 0
    assert engine.keys.count("build:1") == engine.keys.count("prepare:1") == 1


async def test_a_halt_that_fails_is_tried_again_and_ends_nothing_else(harness: AppHarness) -> None:
    run = await harness.submit()
    engine = OneStep()
    driver = driver_of(harness, engine)

    async def is_halted() -> bool:
        return engine.swept >= 2 and not await harness.store.open_effects()

    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(driver.run())
        await engine.building.wait()
        await harness.areas.runs.stop(await harness.areas.record(RunId(run.id)), ADA)
        driver.wake()
        await until(is_halted)
        task.cancel()


async def stopped_at_work(harness: AppHarness, runs: Sequence[str]) -> None:
    """The agents of these runs have begun, and were stopped by a person."""
    engine = Paused()

    async def is_halted() -> bool:
        return not await harness.store.open_effects()

    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        driver = driver_of(harness, engine, CATALOG.limits.model_copy(update={"parallel_runs": len(runs)}))
        task = group.create_task(driver.run())
        await until(lambda: sum(order.effect.type == "build" for order in engine.orders) == len(runs))
        for run in runs:
            await harness.areas.runs.stop(await harness.areas.record(RunId(run)), ADA)
        driver.wake()
        await until(is_halted)
        task.cancel()


async def test_no_more_agents_work_at_once_than_the_limit(harness: AppHarness) -> None:
    runs = [(await harness.submit(person)).id for person in (ADA, MO, ADA)]
    limits = CATALOG.limits.model_copy(update={"parallel_runs": 1})
    engine = OneStep()
    await stopped_at_work(harness, runs)
    for run in runs:  # all three wait for their agents, as after three clicks on Resume
        await harness.areas.runs.resume(await harness.areas.load(RunId(run)), ADA)
    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        driver = driver_of(harness, engine, limits)
        task = group.create_task(driver.run())
        await engine.building.wait()
        driver.wake()
        await settled(harness.store)
        assert [(await harness.areas.record(run)).state for run in runs] == [RunState.BUILDING] * 3
        assert sum(key.startswith("build") for key in engine.keys) == 1
        engine.go.set()
        for run in runs:
            await in_state(harness, run, RunState.COMPLETE)
        task.cancel()


async def test_a_cancel_that_comes_too_late_is_refused_and_no_fact(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.submit()
        stale = await harness.store.run(RunId(run.id))
        await harness.ended(run.id)
    assert stale is not None
    with refuses("has ended already"):
        await harness.areas.runs.cancel(await harness.areas.record(RunId(run.id)), ADA)
    assert not [e for e in await harness.store.events_of(RunId(run.id)) if isinstance(e.body, ev.RunCancelled)]


async def test_publish_again_is_refused_in_its_own_words_while_it_is_done(harness: AppHarness) -> None:
    async with harness.running():
        run = await harness.submit()
        await harness.ended(run.id)
    loaded = await harness.areas.load(RunId(run.id))
    assert loaded.snapshot is not None
    publishes = loaded.snapshot.model_copy(update={"publishes_again": True})
    with refuses("is being published already"):
        await harness.areas.runs.resume(replace(loaded, snapshot=publishes), ADA)
    with refuses("is not waiting to be resumed"):
        await harness.areas.runs.resume(loaded, ADA)


async def test_limits_hold_for_runs_that_are_begun_at_once_and_again(crowded: AppHarness) -> None:
    """`crowded` allows two open runs a person."""
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(_submitted(crowded)) for _ in range(5)]
    begun = [task.result() for task in tries if task.result() is not None]
    assert len(begun) == crowded.catalog.limits.open_per_person


async def _submitted(harness: AppHarness) -> str | None:
    try:
        return (await harness.submit(MO)).id
    except Refused:
        return None


async def test_an_event_that_the_database_refuses_makes_the_agent_wait_and_ends_nothing(harness: AppHarness) -> None:
    harness.agent.script = [ev.Message(text="half an hour of work")]
    async with (
        faulty_writes(harness.store, "INSERT ON events WHEN NEW.type = 'message'") as messages,
        harness.running(),
    ):
        messages.refuse(2)
        run = await harness.submit()
        snapshot = await harness.ended(run.id)
    assert (messages.seen, messages.refusals) == (3, 0)
    assert len(harness.agent.jobs) == 1
    assert snapshot.last_words == "half an hour of work"


class Paused:
    """An engine whose agent ends when the test says, whatever became of its run meanwhile."""

    def __init__(self) -> None:
        self.orders: list[StepOrder] = []
        self.building = asyncio.Event()
        self.go = asyncio.Event()

    async def perform(self, order: StepOrder) -> EffectFinished:
        self.orders.append(order)
        if order.effect.type == "build" and not self.go.is_set():
            self.building.set()
            await self.go.wait()
        return EffectFinished(key=order.key, outcome="ok", facts={"claim": True, "changed": 1})

    async def kill_strays(self, run: RunId) -> None:
        """Nothing was started."""


async def test_a_result_of_an_older_lease_is_dropped_and_the_step_is_done_under_the_new_one(
    harness: AppHarness,
) -> None:
    run = await harness.submit()
    engine = Paused()
    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        task = group.create_task(driver_of(harness, engine).run())
        await engine.building.wait()
        first = engine.orders[-1]
        # Another machine takes the step over: it starts it again under the next lease.
        taken = EffectUpdate(run=RunId(run.id), key=first.key, status=EffectStatus.STARTED, at=harness.clock.now_ms())
        await harness.store.commit(Commit(writes=(taken,)))
        record = await harness.store.run(RunId(run.id))
        assert record is not None
        assert record.lease_epoch == first.lease_epoch + 1
        with capture_logs() as lines:
            engine.go.set()
            await in_state(harness, run.id, RunState.COMPLETE)
        task.cancel()
    stale = [(line["run"], line["effect"], line["log_level"]) for line in lines if line["event"] == "effect.stale"]
    assert stale == [(run.id, "build:1", "warning")], "a result that is thrown away is said once, and which"
    ends = [e.body.key for e in await harness.store.events_of(RunId(run.id)) if isinstance(e.body, EffectFinished)]
    assert len(ends) == len(set(ends))
    assert [order.key for order in engine.orders if order.effect.type == "build"] == ["build:1", "build:2"]
    leases = [order.lease_epoch for order in engine.orders]
    assert leases == sorted(leases)
