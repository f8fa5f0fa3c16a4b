"""The list of what runs: all drain before the first ends, each kind in its turn.

And nothing holds the end up for ever.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from ompycord.app.services import Ends, Readiness, RunningServices, Service, probes_of
from ompycord.errors import GatewayFatal
from tests.support.patience import within


class Record:
    """Services that write down what happens to them."""

    def __init__(self) -> None:
        self.happened: list[str] = []

    def run(self, name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def run() -> None:
            self.happened.append(f"{name} runs")
            try:
                await asyncio.Event().wait()
            finally:
                self.happened.append(f"{name} ended")

        return run

    def service(self, name: str, ends: Ends, **more: Any) -> Service:
        return Service(name=name, run=self.run(name), ends=ends, **more)

    def note(self, words: str) -> Callable[[], None]:
        return lambda: self.happened.append(words)


async def test_all_drain_first_then_each_kind_ends_with_the_last_started_first() -> None:
    record = Record()

    async def settle() -> None:
        record.happened.append("log settled")

    async with within(10), asyncio.TaskGroup() as group:
        running = RunningServices(group, failed=lambda: None)
        running.start(
            record.service("log", Ends.RECORD, settle=settle),
            record.service("driver", Ends.WORK, drain=record.note("driver drained")),
            record.service("keys", Ends.WORK),
            record.service("bot", Ends.BOT),
            record.service("sidecar", Ends.SIDECAR, drain=record.note("sidecar drained")),
        )
        await asyncio.sleep(0)
        running.start(record.service("late", Ends.WORK))
        await asyncio.sleep(0)
        await running.end()
    names = ["log", "driver", "keys", "bot", "sidecar", "late"]
    assert record.happened[: len(names)] == [f"{name} runs" for name in names]
    assert record.happened[len(names) :] == [
        "driver drained", "sidecar drained", "sidecar ended", "bot ended", "late ended", "keys ended", "driver ended",
        "log settled", "log ended",
    ]  # fmt: skip
    assert running.failure is None


async def test_one_that_ends_by_itself_is_asked_and_not_cancelled() -> None:
    asked, was_cancelled = asyncio.Event(), False

    async def run() -> None:
        nonlocal was_cancelled
        try:
            await asked.wait()
        except asyncio.CancelledError:
            was_cancelled = True
            raise

    async def stop() -> None:
        asked.set()

    async with within(10), asyncio.TaskGroup() as group:
        running = RunningServices(group, failed=lambda: None)
        running.start(Service(name="bot", run=run, ends=Ends.BOT, stop=stop))
        await running.end()
    assert not was_cancelled


@pytest.mark.parametrize("part", ["settle", "stop"])
async def test_one_that_does_not_come_to_its_end_is_left_after_its_bound(part: str) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    async def nothing() -> None:
        return None

    late = {"settle": never} if part == "settle" else {"stop": nothing}
    record = Record()
    async with within(10), asyncio.TaskGroup() as group:
        running = RunningServices(group, failed=lambda: None)
        running.start(record.service("first", Ends.WORK), record.service("stuck", Ends.WORK, bound_s=0.01, **late))
        await asyncio.sleep(0)
        await running.end()
    assert record.happened == ["first runs", "stuck runs", "stuck ended", "first ended"] or part == "stop"
    assert {"first ended", "stuck ended"} <= set(record.happened)


async def test_what_ends_the_process_from_inside_is_kept_and_asks_for_the_end() -> None:
    async def fails() -> None:
        raise GatewayFatal("Discord closed the connection: 4004.")

    failed = asyncio.Event()
    record = Record()
    async with within(10), asyncio.TaskGroup() as group:
        running = RunningServices(group, failed=failed.set)
        running.start(record.service("other", Ends.WORK), Service(name="bot", run=fails, ends=Ends.BOT))
        await failed.wait()
        await running.end()
    assert isinstance(running.failure, GatewayFatal)
    assert record.happened == ["other runs", "other ended"]


async def test_readiness_is_asked_by_its_own_name() -> None:
    async def yes() -> bool:
        return True

    record = Record()
    services = [record.service("projector", Ends.RECORD, ready=Readiness("worker", yes)), record.service("b", Ends.BOT)]
    assert {name: await probe() for name, probe in probes_of(services).items()} == {"worker": True}
