"""What the gateway keeps in memory: little for each stream, and no answer that its agent does not read."""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import Generator
from typing import Any

import pytest

from ompycord.http.adopted_socket import serve_socket
from ompycord.http.server import bind
from ompycord.model_gateway.dialects import Dialect
from tests.integration.model_gateway.conftest import PATHS, Way, body_of
from tests.support.figures import print_figures
from tests.support.patience import until, within

pytestmark = pytest.mark.long
STREAMS = 50
MIB = 1024 * 1024
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"' + b"x" * 16_000 + b'"}}]}\n\n'


@pytest.fixture
def traced() -> Generator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


class Endless:
    """A provider that makes what it sends as it sends it: nothing of it waits here."""

    def __init__(self, events: int) -> None:
        self.events = events
        self.sent = 0
        self.open = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body", False):
            continue
        self.open += 1
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        for _ in range(self.events):
            await send({"type": "http.response.body", "body": EVENT, "more_body": True})
            self.sent += len(EVENT)
        while (await receive())["type"] != "http.disconnect":
            continue


async def ask(way: Way, *, tail: int = 0) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request whose answer is read by nobody but who calls this."""
    body = json.dumps(body_of(Dialect.CHAT, messages=["x" * 60_000])).encode()
    port = int(way.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=65_536)
    head = (
        f"POST {PATHS[Dialect.CHAT]} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {way.token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    return reader, writer


async def test_17_an_answer_of_50_mb_that_is_not_read_waits_at_its_provider(way: Way, traced: None) -> None:
    endless = Endless(50 * MIB // len(EVENT))
    listening = bind("127.0.0.1", 0)
    async with serve_socket(endless, listening), within(60):
        point(way, f"http://127.0.0.1:{listening.getsockname()[1]}")
        reader, writer = await ask(way)
        for _ in range(200):
            await reader.read(65_536)  # what a first request loads is loaded
        writer.close()
        await until(lambda: way.gateway.streams == 0)
        endless.sent = 0
        gc.collect()
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        reader, writer = await ask(way)
        seen = -1
        while endless.sent != seen or not endless.sent:  # until nothing more goes
            seen = endless.sent
            await asyncio.sleep(0.2)  # a window of the network that closes gives no sign
        held = (tracemalloc.get_traced_memory()[0] - before) / MIB
        stopped_at = endless.sent / MIB
        got = 0
        while got < 49 * MIB:
            got += len(await reader.read(65_536))
        peak = (tracemalloc.get_traced_memory()[1] - before) / MIB
        writer.close()
        await until(lambda: way.gateway.streams == 0)
    figures: dict[str, float] = {
        "stopped_at_mib": round(stopped_at, 1),
        "held_mib": round(held, 2),
        "peak_mib": round(peak, 2),
    }
    print_figures("17", **figures)
    assert stopped_at < 25
    assert held <= 2


async def test_17_a_stream_that_is_open_takes_64_kib_at_most(way: Way, traced: None) -> None:
    endless = Endless(1)
    listening = bind("127.0.0.1", 0)
    async with serve_socket(endless, listening), within(60):
        point(way, f"http://127.0.0.1:{listening.getsockname()[1]}")
        reader, writer = await ask(way)
        await reader.readuntil(b"content")
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        opened = [await ask(way) for _ in range(STREAMS)]
        for one, _ in opened:
            await one.readuntil(b"\n\n")
        gc.collect()
        each = (tracemalloc.get_traced_memory()[0] - before) / STREAMS / 1024
        for _, one in [*opened, (reader, writer)]:
            one.close()
        await until(lambda: way.gateway.streams == 0)
    print_figures("17", kib_per_stream=round(each, 1))
    assert each <= 64


def point(way: Way, url: str) -> None:
    """The gateway's provider is there from now on."""
    upstreams = way.gateway.upstreams
    there = tuple(one.model_copy(update={"base_url": url}) for one in upstreams.providers)
    object.__setattr__(upstreams, "providers", there)
