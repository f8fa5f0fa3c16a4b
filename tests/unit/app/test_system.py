"""What the process settles once it is wired: the collector without any loop, free memory now and once more later."""

import asyncio
import gc
from collections.abc import Generator

import pytest

from bench.virtual import run_virtually
from ompycord.app import system


@pytest.fixture(autouse=True)
def collector() -> Generator[None]:
    """The collector of the tests is as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


@pytest.fixture
def given_back(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When free memory was given back, on the running loop's time; -1 where none runs."""
    moments: list[float] = []

    def note() -> None:
        try:
            moments.append(asyncio.get_running_loop().time())
        except RuntimeError:
            moments.append(-1)

    monkeypatch.setattr(system, "give_back", note)
    return moments


def test_the_collector_settles_where_no_loop_runs(given_back: list[float]) -> None:
    system.settle_collector()
    assert gc.get_threshold()[0] == system.YOUNGEST
    assert gc.get_freeze_count() > 0
    assert given_back == [-1]


def test_a_settled_process_gives_memory_back_at_once_and_once_more_later(given_back: list[float]) -> None:
    async def wired() -> None:
        system.settle_process()
        assert gc.get_freeze_count() > 0
        await asyncio.sleep(10 * system.LATER_S)  # in virtual time

    run_virtually(wired())
    assert given_back == pytest.approx([0.0, system.LATER_S])


def test_a_process_without_a_loop_is_refused_before_anything_is_settled(given_back: list[float]) -> None:
    gc.unfreeze()
    with pytest.raises(RuntimeError, match="no running event loop"):
        system.settle_process()
    assert gc.get_freeze_count() == 0
    assert given_back == []
