"""The processes of `gateway.py`: a provider without a mind, and what stands between it and who reads.

The provider writes events at a rate, with the moment of each in it. Between are a bare byte pipe, or the model gateway
with its store. Each says on its first line where it listens.
"""

import asyncio
import contextlib
import gc
import importlib
import json
import os
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
from starlette.types import Receive, Scope, Send

from ompycord.domain.ids import RunId
from ompycord.domain.repository import AgentSpec

__all__ = ["EVENT_TOKENS", "PRICE_OUTPUT", "STATS"]

STATS = "/bench/stats"
"""Where the gateway's process tells what it saw since it was asked last."""
PADDING = "x" * 60
EVENT_TOKENS = len(PADDING) // 4
PRICE_OUTPUT = 15
BEAT_S = 0.005
PRODUCT = ("bot.bot", "conductor", "store", "http.server", "webhook.mount", "workspaces.service", "engines", "agents")
"""Parts of the product that do without the model gateway, with the libraries that they load."""


def _announce(port: int, **more: Any) -> None:
    print(json.dumps({"port": port, **more}), flush=True)


async def _provider(seconds: float, per_s: float) -> None:
    open_now = 0

    async def events(writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(max(1, round(seconds * per_s))):
            await asyncio.sleep(max(0.0, began + number / per_s - loop.time()))
            delta = {"type": "text_delta", "text": PADDING, "at": time.monotonic_ns()}
            content = json.dumps({"type": "content_block_delta", "delta": delta}).replace('"at": ', '"at":')
            writer.write(f"event: content_block_delta\ndata: {content}\n\n".encode())
            await writer.drain()
        end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
        writer.write(f'data: {json.dumps(end)}\n\ndata: {{"type": "message_stop"}}\n\n'.encode())
        await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
        except asyncio.IncompleteReadError:  # who connected only looked whether someone listens
            writer.close()
            return
        if head.startswith(b"get"):
            body = json.dumps({"open": open_now}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
            writer.close()
            return
        left = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        while left:
            left -= len(await reader.read(min(left, 65_536)))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        open_now += 1
        try:
            with contextlib.suppress(OSError):
                await events(writer)
        finally:
            open_now -= 1
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


class _Limit:
    run_tokens: int | None = None

    def __init__(self, usd: float | None) -> None:
        self._usd = usd

    async def budget_usd(self, run: RunId) -> float | None:
        return self._usd

    async def used_up(self, run: RunId, spent_usd: float, *, usd: float | None, tokens: int | None) -> None:
        return


class _Beat:
    """How late the loop was for a heartbeat, and the longest that it worked in one go, in CPU time of its thread.

    On a machine that others use the first is the machine's; the second is the loop's own.
    """

    def __init__(self) -> None:
        self.late_ms = self.own_ms = 0.0

    async def run(self) -> None:
        self._watch_callbacks()
        while True:
            due = time.monotonic_ns() + round(BEAT_S * 1e9)
            await asyncio.sleep(BEAT_S)
            self.late_ms = max(self.late_ms, (time.monotonic_ns() - due) / 1e6)

    def _watch_callbacks(self) -> None:
        handle: Any = asyncio.Handle
        perform = handle._run  # noqa: SLF001  # asyncio offers no other place that sees each callback

        def timed(one: Any) -> None:
            began = time.thread_time_ns()
            perform(one)
            self.own_ms = max(self.own_ms, (time.thread_time_ns() - began) / 1e6)

        handle._run = timed  # noqa: SLF001  # as above

    def take(self) -> dict[str, float]:
        """What was seen since the last time."""
        seen = {"late_ms": round(self.late_ms, 2), "own_ms": round(self.own_ms, 2)}
        self.late_ms = self.own_ms = 0.0
        return seen


async def _gateway(port: int, limit_usd: float | None) -> None:
    from ompycord.app.system import SystemClock, SystemIds
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

    async def nothing(*_: Any) -> None:
        return

    clock, ids, beat = SystemClock(), SystemIds(), _Beat()
    prices = TokenPrices(input=Decimal(3), output=Decimal(PRICE_OUTPUT))
    with tempfile.TemporaryDirectory() as folder:
        async with open_store(Path(folder) / "ompycord.db", clock=clock, ids=ids, readers=2) as store:
            run = RunId((await People(CountingIds()).submit(store)).id)
            spec = ProviderSpec(
                name="here", kind="compatible", base_url=f"http://127.0.0.1:{port}",
                dialects=(Dialect.ANTHROPIC, Dialect.CHAT),
            )  # fmt: skip
            upstreams = Upstreams(providers=(spec,), keys={}, clock=clock)
            made = ModelGateway(
                upstreams=upstreams, prices=Prices(own={("here", "m"): prices}, listed=lambda kind, model: None)
            )
            token, text = RunToken.mint(run)
            spending = RunSpending(
                run=run, ledger=store, limits=_Limit(limit_usd), record=nothing, wake=lambda: None, clock=clock, ids=ids
            )
            models = RunModels(token=token, spec=AgentSpec(name="a", kind="command"), spending=spending)

            async def stats(scope: Scope, receive: Receive, send: Send) -> None:
                seen = {**beat.take(), "spent_usd": float(spending.account.spent_usd), "streams": made.streams}
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": json.dumps(seen).encode()})

            listening = bind("127.0.0.1", 0)
            async with asyncio.TaskGroup() as group, serve_socket(made.served_to(models, stats), listening):
                group.create_task(made.run())
                group.create_task(beat.run())
                _announce(listening.getsockname()[1], token=text)
                await asyncio.Event().wait()


def _uss_mib() -> float:
    gc.collect()
    return psutil.Process().memory_full_info().uss / 1024**2


async def _base() -> None:
    """What the gateway adds to the product at rest: its code, its list of prices, its session."""
    for name in ("aiohttp", "httpx2", "mcp.types", *(f"ompycord.{one}" for one in PRODUCT)):
        importlib.import_module(name)
    before = _uss_mib()
    from ompycord.app.system import SystemClock
    from ompycord.model_gateway.gateway import ModelGateway
    from ompycord.model_gateway.listed_prices import listed_prices, load_list
    from ompycord.model_gateway.price import Prices
    from ompycord.model_gateway.provider_options import ProviderSpec
    from ompycord.model_gateway.upstreams import Upstreams

    spec = ProviderSpec(name="here", kind="anthropic")
    upstreams = Upstreams(providers=(spec,), keys={}, clock=SystemClock())
    made = ModelGateway(upstreams=upstreams, prices=Prices(own={}, listed=listed_prices, load=load_list))
    async with asyncio.TaskGroup() as group:
        service = group.create_task(made.run())
        await asyncio.sleep(0.5)  # it loads its list in a thread
        await asyncio.to_thread(listed_prices, "anthropic", "claude-sonnet-4-5")
        _announce(0, base_mib=_uss_mib() - before)
        service.cancel()


def main(which: str, *numbers: str) -> None:
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    values = [float(one) for one in numbers]
    match which:
        case "provider":
            asyncio.run(_provider(*values))
        case "pipe":
            asyncio.run(_pipe(int(values[0])))
        case "gateway":
            asyncio.run(_gateway(int(values[0]), values[1] if len(values) > 1 else None))
        case _:
            asyncio.run(_base())


if __name__ == "__main__":
    main(*sys.argv[1:])
