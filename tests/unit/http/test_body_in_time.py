"""A body has its time from the moment when its first part is asked for; the client's end may come whenever it does."""

import asyncio
from collections.abc import Iterable

from starlette.types import Message

from ompycord.http.sending import BodyInTime
from tests.support.patience import within

LONG_S, NOW_S = 3600.0, 0.0
FIRST: Message = {"type": "http.request", "body": b"half", "more_body": True}
LAST: Message = {"type": "http.request", "body": b"half", "more_body": False}
GONE: Message = {"type": "http.disconnect"}


class Client:
    """Each part arrives some turns of the loop after it was asked for; after them nothing ever does."""

    def __init__(self, parts: Iterable[Message]) -> None:
        self._parts = list(parts)

    async def receive(self) -> Message:
        if not self._parts:
            await asyncio.Event().wait()
        for _ in range(3):
            await asyncio.sleep(0)
        return self._parts.pop(0)


async def test_parts_that_have_to_be_waited_for_are_received() -> None:
    receive = BodyInTime(Client([FIRST, LAST, GONE]).receive, LONG_S)
    async with within(10):
        assert [await receive() for _ in range(3)] == [FIRST, LAST, GONE]
    assert not receive.is_late


async def test_half_a_body_is_late_and_its_client_gone_whoever_asks_again() -> None:
    receive = BodyInTime(Client([]).receive, NOW_S)
    async with within(10):
        assert [await receive() for _ in range(2)] == [GONE, GONE]
    assert receive.is_late


async def test_after_a_whole_body_the_clients_end_is_waited_for_without_a_deadline() -> None:
    receive = BodyInTime(Client([LAST]).receive, LONG_S)
    async with within(10), asyncio.TaskGroup() as group:
        assert await receive() == LAST
        receive._due = 0.001  # pyright: ignore[reportPrivateUsage]  # all of its time has passed
        waiting = group.create_task(receive())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()
    assert not receive.is_late
