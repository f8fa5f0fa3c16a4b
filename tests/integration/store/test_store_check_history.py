"""What is kept of checks: how they ended on bases, as many as fit, and which tests passed only when run again."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ompycord.domain.events import CheckFinished, FailedTest
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import CheckRun
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, SequentialIds
from tests.support.new_store import new_store

RUNS = [RunId(new_ulid(now_ms=0, entropy=bytes([number] * 10))) for number in range(3)]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    clock = FakeClock()
    async with new_store(tmp_path / "ompycord.db", clock=clock, ids=SequentialIds(clock)) as opened:
        yield opened


def ran(name: str) -> CheckRun:
    finished = CheckFinished(check="unit", status="failed", passed=1, failed=1, failing=(name,))
    error = FailedTest(test=name, error="no")
    return CheckRun(finished=finished, errors=(error,), tests={name: "failed", "b": "passed"}, canary="passed")


async def test_a_baseline_comes_out_as_it_went_in_and_the_last_word_holds(store: SqliteStore) -> None:
    assert await store.baseline("k") is None
    await store.keep_baseline("k", ran("a"), at=1)
    assert await store.baseline("k") == ran("a")
    await store.keep_baseline("k", ran("c"), at=2)
    assert await store.baseline("k") == ran("c")


async def test_of_many_baselines_the_oldest_goes(store: SqliteStore) -> None:
    for number in range(203):
        await store.keep_baseline(f"k{number}", ran("a"), at=number)
    kept = [number for number in range(203) if await store.baseline(f"k{number}") is not None]
    assert kept == list(range(3, 203))


async def test_a_test_is_counted_once_for_each_run_in_its_repository_and_check(store: SqliteStore) -> None:
    for run, tests in ((RUNS[0], ("a", "b")), (RUNS[0], ("a",)), (RUNS[1], ("a",))):
        await store.keep_unstable(run, "shop", "unit", tests, at=1)
    await store.keep_unstable(RUNS[2], "other", "unit", ("a",), at=1)
    await store.keep_unstable(RUNS[2], "shop", "lint", ("a",), at=1)
    await store.keep_unstable(RUNS[2], "shop", "unit", (), at=1)
    assert await store.unstable("shop", "unit", ("a", "b", "c")) == {"a": 2, "b": 1}
    assert await store.unstable("shop", "unit", ()) == {}
