"""Calls of a plug-in whose caller gives up before their end."""

import asyncio
import threading

import pytest

from ompycord.plugins.calls import PluginCalls, PluginFailed
from ompycord.testing import FakeClock
from tests.support.patience import until, within


class Caught:
    """Takes its end for nothing, until it is let go."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.let_go = threading.Event()

    async def act(self) -> str:
        self.began.set()
        try:
            await asyncio.to_thread(self.let_go.wait)
        except asyncio.CancelledError:
            await asyncio.to_thread(self.let_go.wait)
        return "late"


async def answer() -> str:
    return "here"


async def test_what_goes_on_after_its_caller_was_cancelled_is_not_called_beside_itself() -> None:
    calls, caught = PluginCalls("a plug-in", clock=FakeClock()), Caught()
    async with within(10), asyncio.TaskGroup() as group:
        calling = group.create_task(calls.call(caught.act, within_s=60))
        await until(caught.began.is_set)
        calling.cancel()
        await asyncio.wait([calling])
        with pytest.raises(PluginFailed, match="has not ended an earlier call"):
            await calls.call(answer, within_s=60)
        caught.let_go.set()

        async def is_answered() -> bool:
            try:
                return await calls.call(answer, within_s=60) == "here"
            except PluginFailed:
                return False

        await until(is_answered)
        await calls.close(answer)


async def test_calls_go_on_beside_each_other_and_the_end_of_one_is_not_that_of_another() -> None:
    clock = FakeClock()
    calls, caught = PluginCalls("a plug-in", clock=clock), Caught()
    async with within(10), asyncio.TaskGroup() as group:
        calling = group.create_task(calls.call(caught.act, within_s=60))
        await until(caught.began.is_set)
        assert await calls.call(answer, within_s=60) == "here"
        caught.let_go.set()
        assert await calling == "late"
        await calls.close(answer)
