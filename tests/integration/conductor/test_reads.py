"""What a person's click reads: its run and its snapshot once, by whoever found them.

A run that moved since is read again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from ompycord.conductor import Transitions
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.folds.fold import RunFold
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord, RunState
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AppHarness


class CountingStore:
    """The real store, which counts reads of rows and folds."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.reads: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def run(self, run: RunId) -> RunRecord | None:
        self.reads.append("run")
        return await self._store.run(run)

    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]:
        self.reads.append("folds")
        return await self._store.folds(runs)


@pytest.fixture
def counted(store: SqliteStore) -> CountingStore:
    return CountingStore(store)


@pytest.fixture
def counting(counted: CountingStore, tmp_path: Path) -> AppHarness:
    return AppHarness(cast("SqliteStore", counted), tmp_path, FakeClock())


async def projected(harness: AppHarness) -> None:
    while await harness.projector.project_some():
        pass


async def test_a_decision_reads_its_run_and_its_snapshot_once(counting: AppHarness, counted: CountingStore) -> None:
    run = RunId((await counting.submit()).id)
    await counting.areas.recorder.observe(run, ev.ApprovalRequested(approval="a1", title="Push"))
    await projected(counting)
    counted.reads.clear()
    loaded = await counting.areas.load(run)
    assert (await counting.areas.approvals.approve(loaded, "a1", ADA)).fresh
    assert (await counting.areas.budgets.raise_budget(loaded, 2.0, ADA)).fresh
    assert counted.reads == ["run"]  # the snapshot was published


async def test_a_move_reads_its_run_once(counting: AppHarness, counted: CountingStore) -> None:
    run = RunId((await counting.submit()).id)
    counted.reads.clear()
    assert (await counting.areas.runs.stop(await counting.areas.record(run), ADA)).fresh
    assert (await counting.areas.runs.cancel(await counting.areas.record(run), ADA)).fresh
    assert counted.reads == ["run", "run"]
    assert (await counting.areas.record(run)).state is RunState.CANCELLED


async def test_a_run_that_moved_since_it_was_found_is_read_again(harness: AppHarness) -> None:
    early = await harness.submit()
    await harness.areas.runs.stop(await harness.areas.record(early.id), ADA)
    await harness.areas.runs.cancel(early, ADA)  # it was queued when it was found
    assert (await harness.areas.record(early.id)).state is RunState.CANCELLED


async def test_only_the_stored_row_decides_that_nothing_happens(harness: AppHarness) -> None:
    early = await harness.submit()
    await harness.areas.runs.stop(early, ADA)
    transitions = Transitions(store=harness.store, clock=harness.clock, ids=harness.ids)
    resumed = ev.RunResumed(by="Ada")
    _, outcome = await transitions.decide(RunId(early.id), resumed, kind=SourceKind.PERSON, known=early)
    assert outcome.is_change  # a queued run cannot be resumed; the stored one waits
    assert (await harness.areas.record(early.id)).state is not RunState.SUSPENDED
