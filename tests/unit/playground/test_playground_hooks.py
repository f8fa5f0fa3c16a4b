"""The forge's webhooks: signed, in their order, each tried three times, and every try is a line of the drawer."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from ompycord.http.forge_signature import verify_for_forge
from ompycord.playground.forge.hook_sender import HookReceiver, HookSender
from ompycord.playground.world.clock import ShiftedClock
from tests.support.patience import within

URL, SECRET = "http://127.0.0.1:1/hooks/playground", "a secret of the forge"


class Receiver:
    """Answers with these statuses, one after the other; the last one stays."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[tuple[bytes, Mapping[str, str]]] = []
        self.waited: list[float] = []

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        assert url == URL
        self.got.append((body, headers))
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    @property
    def numbers(self) -> list[int]:
        return [json.loads(body)["n"] for body, _ in self.got]


@asynccontextmanager
async def delivering(receiver: Receiver, *, is_named: bool = True) -> AsyncGenerator[HookSender]:
    """Until a last event, of the name `end`, has come."""
    ended, count = asyncio.Event(), iter(range(1, 100))

    async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        if headers["X-GitHub-Event"] == "end":
            ended.set()
            return 202
        return await receiver.post(url, body, headers)

    sender = HookSender(clock=ShiftedClock(), number=lambda: next(count), send=post, sleep=receiver.sleep)
    named = HookReceiver(url=URL, secret=SECRET)
    sender.receiver = named if is_named else None
    async with within(20), asyncio.TaskGroup() as group:
        running = group.create_task(sender.run())
        yield sender
        sender.receiver = named
        sender.add("end", {})
        await ended.wait()
        running.cancel()


async def test_a_delivery_is_signed_as_the_sidecar_wants_it_and_has_an_id_that_stays() -> None:
    receiver = Receiver(0, 503, 202)
    async with delivering(receiver) as sender:
        sender.add("issues", {"action": "labeled", "n": 1})
    (body, first), *others = receiver.got
    assert len(others) == 2
    assert receiver.waited == [1.0, 5.0]
    assert first["X-GitHub-Event"] == "issues"
    assert {headers["X-GitHub-Delivery"] for _, headers in receiver.got} == {first["X-GitHub-Delivery"]}
    assert verify_for_forge(SECRET.encode(), signature=first["X-Hub-Signature-256"].encode(), body=body)
    assert not verify_for_forge(SECRET.encode(), signature=first["X-Hub-Signature-256"].encode(), body=body + b" ")
    lines = sender.lines_after(0)[:3]
    assert [(one["method"], one["route"], one["status"]) for one in lines] == [
        ("HOOK", "issues.labeled", 0), ("HOOK", "issues.labeled", 503), ("HOOK", "issues.labeled", 202),
    ]  # fmt: skip
    assert [one["problems"] for one in lines] == [
        ["try 1 of 3: the sidecar does not answer; tried again in 1 s"],
        ["try 2 of 3: the sidecar answered 503; tried again in 5 s"],
        [],
    ]
    assert sender.lines_after(2)[0]["n"] == 3


async def test_three_tries_are_all_and_the_next_one_follows_in_its_order() -> None:
    receiver = Receiver(0, 0, 0, 202)
    async with delivering(receiver) as sender:
        for number in (1, 2):
            sender.add("status", {"n": number})
    assert receiver.numbers == [1, 1, 1, 2]
    assert sender.lines_after(0)[2]["problems"] == ["try 3 of 3: the sidecar does not answer; it is not tried again"]


async def test_what_is_refused_is_not_tried_again() -> None:
    receiver = Receiver(401)
    async with delivering(receiver) as sender:
        sender.add("status", {"n": 1})
    assert receiver.numbers == [1]


async def test_without_a_receiver_nothing_waits() -> None:
    receiver = Receiver(202)
    async with delivering(receiver, is_named=False) as sender:
        sender.add("status", {"n": 1})
    assert receiver.got == []
