"""`gateway`: what the model gateway adds to each chunk of an answer, beside a bare byte pipe in the same round.

Three processes: a provider without a mind that writes events at a rate, with the moment of each in it; what is between,
a pipe or the gateway with its store; and this one, which reads. Moments are of one clock of the machine.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil

from bench.rounds import Size, percentile, pins, spread
from ompycord.app.system import SystemClock, SystemIds
from ompycord.domain.ids import RunId
from ompycord.domain.repository import AgentSpec
from ompycord.http.adopted_socket import serve_socket
from ompycord.http.run_token import RunToken
from ompycord.http.server import bind
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.gateway import ModelGateway, RunModels
from ompycord.model_gateway.price import Prices, TokenPrices
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.model_gateway.spending import RunSpending
from ompycord.model_gateway.upstreams import Upstreams
from ompycord.store import open_store
from tests.integration.store.world import CountingIds, People

__all__ = ["gateway"]

STREAMS, PER_S = 20, 50
SECONDS = {Size.SMALLEST: 0.4, Size.NORMAL: 4.0, Size.FULL: 20.0}
REQUEST = 60_000
"""Bytes of a request, as agents send them."""
PADDING = "x" * 60
PRICES = TokenPrices(input=Decimal(3), output=Decimal(15))
WAIT_S = 60.0


def gateway(*, rounds: int, size: Size = Size.NORMAL) -> dict[str, Any]:
    """Medians over rounds in which all three ways follow one another."""
    seen = [asyncio.run(_round(SECONDS[size])) for _ in range(rounds)]
    return {
        "benchmark": "gateway",
        "streams": STREAMS,
        "chunks_per_s": PER_S,
        "seconds": SECONDS[size],
        "direct_p50_ms": spread([one["direct"]["p50_ms"] for one in seen]),
        "added_p50_ms": spread([_added(one, "gateway", "p50_ms") for one in seen]),
        "added_p99_ms": spread([_added(one, "gateway", "p99_ms") for one in seen]),
        "pipe_added_p50_ms": spread([_added(one, "pipe", "p50_ms") for one in seen]),
        "added_p50_ratio": spread([_added(one, "gateway", "p50_ms") / _added(one, "pipe", "p50_ms") for one in seen]),
        "cpu_us_per_chunk": spread([one["gateway"]["cpu_us"] for one in seen]),
        "cpu_ratio_per_chunk": spread([one["gateway"]["cpu_us"] / one["pipe"]["cpu_us"] for one in seen]),
        "rss_kib_per_stream": spread([one["gateway"]["rss_kib_per_stream"] for one in seen]),
        **pins(),
    }


def _added(one: dict[str, dict[str, float]], way: str, what: str) -> float:
    """What a way adds to a direct connection; at least a microsecond, so that it can be a divisor."""
    return max(0.001, one[way][what] - one["direct"][what])


async def _round(seconds: float) -> dict[str, dict[str, float]]:
    with _process("provider", str(seconds)) as (provider, _):
        found: dict[str, dict[str, float]] = {"direct": await _read(provider["port"], "", None, seconds)}
        for way in ("pipe", "gateway"):
            with _process(way, str(provider["port"])) as (middle, process):
                found[way] = await _read(middle["port"], middle.get("token", ""), process, seconds)
    return found


@contextlib.contextmanager
def _process(*arguments: str) -> Generator[tuple[dict[str, Any], psutil.Process]]:
    """One of the processes, and what it said of itself."""
    command = (sys.executable, "-m", "bench.gateway", *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline()), psutil.Process(process.pid)
        finally:
            process.terminate()


async def _read(port: int, token: str, middle: psutil.Process | None, seconds: float) -> dict[str, float]:
    before = None if middle is None else (middle.cpu_times(), middle.memory_info().rss)
    peak = 0
    async with asyncio.timeout(seconds + WAIT_S), asyncio.TaskGroup() as group:
        readers = [group.create_task(_stream(port, token)) for _ in range(STREAMS)]
        await asyncio.sleep(seconds / 2)
        peak = 0 if middle is None else middle.memory_info().rss
    late = [moment for reader in readers for moment in reader.result()]
    found = {"p50_ms": percentile(late, 0.5), "p99_ms": percentile(late, 0.99), "chunks": float(len(late))}
    if middle is not None and before is not None:
        now = middle.cpu_times()
        used = now.user + now.system - before[0].user - before[0].system
        found["cpu_us"] = max(0.001, used * 1e6 / len(late))
        found["rss_kib_per_stream"] = max(0, peak - before[1]) / 1024 / STREAMS
    return found


async def _stream(port: int, token: str) -> list[float]:
    """Milliseconds that each chunk of one answer was on its way."""
    body = json.dumps({"model": "m", "stream": True, "messages": ["x" * REQUEST]}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {token}\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    late: list[float] = []
    while (line := await reader.readline()) and b"message_stop" not in line:
        if b'"at":' in line:
            sent = int(line.partition(b'"at":')[2].partition(b"}")[0])
            late.append((time.monotonic_ns() - sent) / 1e6)
    writer.close()
    return late


def _announce(port: int, **more: Any) -> None:
    print(json.dumps({"port": port, **more}), flush=True)


async def _provider(seconds: float) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        began = asyncio.get_running_loop().time()
        for number in range(max(1, round(seconds * PER_S))):
            await asyncio.sleep(max(0.0, began + number / PER_S - asyncio.get_running_loop().time()))
            delta = {"type": "text_delta", "text": PADDING, "at": time.monotonic_ns()}
            content = json.dumps({"type": "content_block_delta", "delta": delta}).replace('"at": ', '"at":')
            writer.write(f"event: content_block_delta\ndata: {content}\n\n".encode())
            await writer.drain()
        end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
        writer.write(f'data: {json.dumps(end)}\n\ndata: {{"type": "message_stop"}}\n\n'.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    _announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _pipe(port: int) -> None:
    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while part := await source.read(65_536):
                target.write(part)
                await target.drain()
        target.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as group:
            group.create_task(copy(reader, back))
            group.create_task(copy(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    _announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


class _NoLimit:
    run_tokens: int | None = None

    async def budget_usd(self, run: RunId) -> float | None:
        return None

    async def used_up(self, run: RunId, spent_usd: float, *, tokens: int | None) -> None:
        return


async def _gateway(port: int) -> None:
    async def nothing(*_: Any) -> None:
        return

    clock, ids = SystemClock(), SystemIds()
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "ompycord.db", clock=clock, ids=ids, readers=2) as store:
            run = RunId((await People(CountingIds()).submit(store)).id)
            spec = ProviderSpec(
                name="here", kind="compatible", base_url=f"http://127.0.0.1:{port}", dialects=(Dialect.ANTHROPIC,)
            )
            upstreams = Upstreams(providers=(spec,), keys={}, clock=clock)
            made = ModelGateway(
                upstreams=upstreams, prices=Prices(own={("here", "m"): PRICES}, listed=lambda kind, model: None)
            )
            token, text = RunToken.mint(run)
            spending = RunSpending(
                run=run, ledger=store, limits=_NoLimit(), record=nothing, wake=lambda: None, clock=clock, ids=ids
            )
            models = RunModels(token=token, spec=AgentSpec(name="a", kind="command"), spending=spending)
            listening = bind("127.0.0.1", 0)
            async with asyncio.TaskGroup() as group, serve_socket(made.served_to(models, nothing), listening):
                group.create_task(made.run())
                _announce(listening.getsockname()[1], token=text)
                await asyncio.Event().wait()


if __name__ == "__main__":
    which, argument = sys.argv[1:]
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    if which == "provider":
        asyncio.run(_provider(float(argument)))
    asyncio.run(_pipe(int(argument)) if which == "pipe" else _gateway(int(argument)))
