"""Snapshots: a change is folded once, whoever and however many look; nothing is shown that is not on disk."""

import asyncio
from collections.abc import Sequence

import pytest

from ompycord.conductor import Bus, Projector, Snapshots
from ompycord.domain import events as ev
from ompycord.domain.catalog import RunChannels
from ompycord.domain.folds.fold import RunFold
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.errors import StorageError
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import AppHarness
from tests.integration.conductor.test_external_runs import post
from tests.support.database_faults import faulty_writes
from tests.support.patience import patient, within

PATIENCE_S = 10.0
SUBSCRIBERS = 8


class CountingStore:
    """The real store, which counts how often folds are read from it."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.loads: list[RunId] = []

    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]:
        self.loads += runs
        return await self._store.folds(runs)


def projector_of(store: SqliteStore, snapshots: Snapshots, bus: Bus) -> Projector:
    return Projector(
        store=store,
        snapshots=snapshots,
        bus=bus,
        clock=FakeClock(),
        channels=RunChannels(home="7"),
    )


@pytest.fixture
def counted(store: SqliteStore) -> CountingStore:
    return CountingStore(store)


async def test_one_change_is_folded_once_for_all_subscribers(
    harness: AppHarness, counted: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folds: list[bytes | str] = []
    load = RunFold.load

    def counting_load(text: str | bytes) -> RunFold:
        folds.append(text)
        return load(text)

    bus, snapshots = Bus(), Snapshots(store=counted)
    projector = projector_of(harness.store, snapshots, bus)
    run = await post(harness, ev.RunStarted(title="Nightly"), seq=1)
    await projector.project_some()
    seen: list[StatusSnapshot | None] = []
    ready = asyncio.Semaphore(0)

    async def subscriber() -> None:
        with bus.subscribe() as changes:
            ready.release()
            (changed,) = await changes.take(patient(PATIENCE_S))
            seen.append(await snapshots.of(changed))

    async with within(PATIENCE_S), asyncio.TaskGroup() as group:
        for _ in range(SUBSCRIBERS):
            group.create_task(subscriber())
        for _ in range(SUBSCRIBERS):
            await ready.acquire()
        await post(harness, ev.UsageUpdated(input=7), seq=2)
        await projector.project_some()
        monkeypatch.setattr(RunFold, "load", staticmethod(counting_load))  # from here on: what the subscribers cause
    assert counted.loads == []
    assert len(folds) == 1
    assert len(seen) == SUBSCRIBERS
    assert len({id(snapshot) for snapshot in seen}) == 1
    assert seen[0] is not None
    assert seen[0].usage.input == 7
    assert (await snapshots.load(await harness.areas.record(run))).snapshot is seen[0]


async def test_the_next_change_is_another_snapshot(harness: AppHarness, counted: CountingStore) -> None:
    snapshots = Snapshots(store=counted)
    projector = projector_of(harness.store, snapshots, Bus())
    run = await post(harness, ev.RunStarted(title="Nightly"), seq=1)
    assert await snapshots.of(run) is None  # nothing is projected yet
    await projector.project_some()
    first = await snapshots.folded(run)
    await post(harness, ev.UsageUpdated(input=7), seq=2)
    await projector.project_some()
    second = await snapshots.folded(run)
    assert first is not None
    assert second is not None
    assert second.position > first.position
    assert (first.snapshot.usage.input, second.snapshot.usage.input) == (0, 7)
    assert list(second.last_seqs.values()) == [2]
    stored = (await harness.store.folds([run]))[run]
    assert (second.snapshot, second.position) == (stored.snapshot(), stored.position)


async def test_what_is_not_committed_is_not_shown(harness: AppHarness) -> None:
    snapshots = Snapshots(store=harness.store)
    projector = projector_of(harness.store, snapshots, Bus())
    run = await post(harness, ev.RunStarted(title="Nightly"), seq=1)
    await projector.project_some()
    before = await snapshots.of(run)
    await post(harness, ev.UsageUpdated(input=7), seq=2)
    async with faulty_writes(harness.store, "INSERT ON cursors") as projections:
        projections.refuse(1)
        with pytest.raises(StorageError):
            await projector.project_some()
    assert before is not None
    assert await snapshots.of(run) is before
    await projector.project_some()
    after = await snapshots.of(run)
    assert after is not None
    assert after.usage.input == 7


async def test_a_run_that_was_let_go_is_read_from_the_store(harness: AppHarness, counted: CountingStore) -> None:
    snapshots = Snapshots(store=counted, kept=2)
    projector = projector_of(harness.store, snapshots, Bus())
    runs = [await post(harness, ev.RunStarted(title=name), seq=1, name=name) for name in ("one", "two", "three")]
    await projector.project_some()
    found = await snapshots.folded_of([*reversed(runs), RunId("0" * 26)])
    assert [folded.snapshot.title for folded in found.values()] == ["three", "two", "one"]
    assert counted.loads == [runs[0], RunId("0" * 26)]
