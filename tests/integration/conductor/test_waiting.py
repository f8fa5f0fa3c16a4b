"""Waiting until something is true of a run: at once, by a notice, by looking again, and no longer than asked for."""

import asyncio
from collections.abc import Callable

import pytest

from ompycord.conductor import waiting
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from tests.integration.conductor.conftest import PATIENCE_S, AppHarness
from tests.support.patience import until, within
from tests.support.settled import settled

NEVER_S = 3600.0
SOON_S = 0.01


class Wait:
    """One wait over the harness's snapshots, and what it looked at."""

    def __init__(self, harness: AppHarness) -> None:
        self.harness = harness
        self.answer: str | None = None
        self.is_ending = False
        self.looked: list[StatusSnapshot | None] = []

    def _found(self, snapshot: StatusSnapshot | None) -> str | None:
        self.looked.append(snapshot)
        return self.answer

    async def ended(self, run: RunId, *, wait_s: float = 60.0) -> str | None:
        async with within(PATIENCE_S):
            return await waiting.wait_for(
                self._found,
                run,
                wait_s=wait_s,
                is_ending=lambda: self.is_ending,
                snapshots=self.harness.snapshots,
                bus=self.harness.bus,
                clock=self.harness.clock,
            )

    async def after(self, run: RunId, change: Callable[[], None]) -> str | None:
        """What it ends with once it waits and this change is made."""
        async with asyncio.TaskGroup() as group:
            waits = group.create_task(self.ended(run))
            await until(lambda: bool(self.looked))
            change()
        return waits.result()


@pytest.fixture
def wait(harness: AppHarness) -> Wait:
    return Wait(harness)


@pytest.fixture
async def run(harness: AppHarness) -> RunId:
    return RunId((await harness.submit()).id)


async def test_what_is_true_already_is_returned_even_where_nothing_may_be_waited_for(wait: Wait, run: RunId) -> None:
    wait.answer = "yes"
    assert await wait.ended(run, wait_s=0.0) == "yes"
    wait.is_ending = True
    assert await wait.ended(run) == "yes"


async def test_a_notice_ends_a_wait_without_looking_again_by_the_clock(
    wait: Wait, run: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "POLL_S", NEVER_S)

    def change() -> None:
        wait.answer = "yes"
        wait.harness.bus.publish([run])

    assert await wait.after(run, change) == "yes"


async def test_what_no_notice_announced_is_found_all_the_same(
    wait: Wait, run: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "POLL_S", SOON_S)

    def change() -> None:
        wait.answer = "yes"

    assert await wait.after(run, change) == "yes"


async def test_a_wait_is_over_after_its_time_by_the_clock(
    wait: Wait, run: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "POLL_S", SOON_S)
    assert await wait.after(run, lambda: wait.harness.clock.advance(60)) is None
    assert await wait.ended(run, wait_s=0.0) is None


async def test_the_end_of_the_process_ends_a_wait(wait: Wait, run: RunId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "POLL_S", SOON_S)

    def change() -> None:
        wait.is_ending = True

    assert await wait.after(run, change) is None


async def test_changes_of_other_runs_cost_no_look(wait: Wait, run: RunId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "POLL_S", NEVER_S)
    other = RunId((await wait.harness.submit()).id)

    async with asyncio.TaskGroup() as group:
        waits = group.create_task(wait.ended(run))
        await until(lambda: bool(wait.looked))
        wait.harness.bus.publish([other])
        await settled(wait.harness.store)
        assert len(wait.looked) == 1
        wait.answer = "yes"
        wait.harness.bus.publish([run])
    assert waits.result() == "yes"


async def test_it_looks_at_the_runs_snapshot(wait: Wait, run: RunId) -> None:
    async with wait.harness.running():
        await wait.harness.until(run, lambda snapshot: True)
        await wait.ended(run, wait_s=0.0)
    (seen,) = wait.looked
    assert seen is not None
    assert seen.run == run
