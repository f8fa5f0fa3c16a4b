"""`gateway`: what the model gateway adds to each chunk of an answer, beside a bare byte pipe in the same round.

Also what it adds to the product's memory, how far a budget is overshot in mid-stream, how long a picture of 20 MB holds
its loop up while 50 answers pass, and what 50 answers do to the product's own answers (`gateway_ack.py`). The processes
are in `model_processes.py`. Moments are of one clock of the machine.
"""

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

import psutil

from bench.gateway_ack import ack_under_streams
from bench.litellm_proxy import KEY, litellm_proxy
from bench.model_processes import STATS
from bench.rounds import Size, percentile, pins, spread

__all__ = ["gateway", "overshoot", "picture"]

SECONDS = {Size.SMALLEST: 0.4, Size.NORMAL: 4.0, Size.FULL: 20.0}
REQUEST = 60_000
"""Bytes of a request, as agents send them."""
PICTURE = 20 * 1024 * 1024
PICTURE_STREAMS = 50
LIMIT_USD = 0.25
"""More than a thousand events: one event beyond it is less than a thousandth."""
NOISE_MS = 0.02
"""What a way adds cannot be told from nothing below this."""
WAIT_S = 60.0


class Load(NamedTuple):
    """How many answers at once, and how fast each comes."""

    streams: int
    per_s: int


USUAL, HEAVY = Load(20, 50), Load(50, 100)
Round = dict[str, dict[str, float]]


def gateway(*, rounds: int, size: Size = Size.NORMAL) -> dict[str, Any]:
    """Medians over rounds in which all ways follow one another."""
    with litellm_proxy(is_wanted=size is not Size.SMALLEST) as other:
        seen = [asyncio.run(_round(SECONDS[size], USUAL, other.start)) for _ in range(rounds)]
        heavy = [asyncio.run(_round(SECONDS[size], HEAVY, None)) for _ in range(1 if size is Size.SMALLEST else rounds)]
    acks = ack_under_streams(size=size)
    pictures = [asyncio.run(picture()) for _ in range(min(rounds, 3))]
    return {
        "benchmark": "gateway",
        "streams": USUAL.streams,
        "chunks_per_s": USUAL.per_s,
        "seconds": SECONDS[size],
        "direct_p50_ms": spread([one["direct"]["p50_ms"] for one in seen]),
        **_told(seen, "gateway"),
        "added_p50_ratio": _ratio(seen, "p50_ms"),
        "pipe_added_p50_ms": spread([_added(one, "pipe", "p50_ms") for one in seen]),
        "cpu_ratio_per_chunk": _cpu_ratio(seen),
        "rss_kib_per_stream": spread([one["gateway"]["rss_kib_per_stream"] for one in seen]),
        "at_50x100": {
            **_told(heavy, "gateway"), "added_p50_ratio": _ratio(heavy, "p50_ms"),
            "cpu_ratio_per_chunk": _cpu_ratio(heavy),
        },
        "rss_mib_base": spread([_base() for _ in range(min(rounds, 3))]),
        "overshoot_percent": spread([asyncio.run(overshoot()) for _ in range(min(rounds, 3))]),
        "picture_own_lag_ms": spread([one["own_ms"] for one in pictures]),
        "picture_lag_ms": spread([one["late_ms"] for one in pictures]),
        **acks,
        "litellm": {"version": other.version, **_told(seen, "litellm")} if other.start else None,
        **({} if other.start else {"litellm_reason": other.reason}),
        **pins(),
    }  # fmt: skip


def _told(seen: Sequence[Round], way: str) -> dict[str, Any]:
    return {
        "added_p50_ms": spread([_added(one, way, "p50_ms") for one in seen]),
        "added_p99_ms": spread([_added(one, way, "p99_ms") for one in seen]),
        "cpu_us_per_chunk": spread([one[way]["cpu_us"] for one in seen]),
    }


def _added(one: Round, way: str, what: str) -> float:
    """What a way adds to a direct connection of the same round."""
    return one[way][what] - one["direct"][what]


def _ratio(seen: Sequence[Round], what: str) -> float | None:
    """What the gateway adds over what the pipe adds, medians of all rounds; None where the pipe's share is noise."""
    ours, pipe = (statistics.median(_added(one, way, what) for one in seen) for way in ("gateway", "pipe"))
    return round(max(0.0, ours) / pipe, 3) if pipe > NOISE_MS else None


def _cpu_ratio(seen: Sequence[Round]) -> dict[str, float]:
    return spread([one["gateway"]["cpu_us"] / one["pipe"]["cpu_us"] for one in seen])


async def _round(seconds: float, load: Load, litellm: Any) -> Round:
    with process("provider", seconds, load.per_s) as (provider, _):
        port = provider["port"]
        found: Round = {"direct": await _read(port, "", None, seconds, load)}
        for way in ("pipe", "gateway"):
            with process(way, port) as (middle, its_process):
                found[way] = await _read(middle["port"], middle.get("token", ""), its_process, seconds, load)
        if litellm is not None:
            with litellm(port) as (other, its_process):
                found["litellm"] = await _read(other, KEY, its_process, seconds, load)
    return found


@contextlib.contextmanager
def process(*arguments: object) -> Generator[tuple[dict[str, Any], psutil.Process]]:
    """One of the processes, and what it said of itself."""
    command = (sys.executable, "-m", "bench.model_processes", *map(str, arguments))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        try:
            yield json.loads(started.stdout.readline()), psutil.Process(started.pid)
        finally:
            started.terminate()


async def _read(port: int, token: str, middle: psutil.Process | None, seconds: float, load: Load) -> dict[str, float]:
    before = None if middle is None else (middle.cpu_times(), middle.memory_info().rss)
    peak = 0
    async with asyncio.timeout(seconds + WAIT_S), asyncio.TaskGroup() as group:
        readers = [group.create_task(_stream(port, token)) for _ in range(load.streams)]
        await asyncio.sleep(seconds / 2)
        peak = 0 if middle is None else middle.memory_info().rss
    late = [moment for reader in readers for moment in reader.result()]
    found = {"p50_ms": percentile(late, 0.5), "p99_ms": percentile(late, 0.99), "chunks": float(len(late))}
    if middle is not None and before is not None:
        now = middle.cpu_times()
        used = now.user + now.system - before[0].user - before[0].system
        found["cpu_us"] = max(0.001, used * 1e6 / len(late))
        found["rss_kib_per_stream"] = max(0, peak - before[1]) / 1024 / load.streams
    return found


async def _stream(port: int, token: str) -> list[float]:
    """Milliseconds that each chunk of one answer was on its way."""
    reader, writer = await _asked(port, token, "x" * REQUEST)
    late: list[float] = []
    while (line := await reader.readline()) and b"message_stop" not in line:
        if b'"at":' in line:
            sent = int(line.partition(b'"at":')[2].partition(b"}")[0])
            late.append((time.monotonic_ns() - sent) / 1e6)
    writer.close()
    return late


async def _asked(
    port: int, token: str, text: str, path: str = "/v1/messages"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    message = {"role": "user", "content": text}
    body = json.dumps({"model": "m", "stream": True, "max_tokens": 100_000, "messages": [message]}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {token}\r\ncontent-type: application/json\r\n"
    writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    return reader, writer


async def _stats(port: int) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {STATS} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".encode())
    said = await reader.read()
    writer.close()
    return json.loads(said.partition(b"{")[1] + said.partition(b"{")[2].rpartition(b"}")[0] + b"}")


async def picture(seconds: float = 3.0) -> dict[str, float]:
    """How long the gateway's loop is held up while 50 answers pass and a request of 20 MB comes in.

    The chat dialect, and a request that does not ask for its usage: its body is changed on the way.
    """
    with process("provider", seconds, 20) as (provider, _), process("gateway", provider["port"], 1000) as (middle, _):
        port, token = middle["port"], middle["token"]
        async with asyncio.timeout(WAIT_S + seconds), asyncio.TaskGroup() as group:
            readers = [group.create_task(_stream(port, token)) for _ in range(PICTURE_STREAMS)]
            await asyncio.sleep(seconds / 3)
            await _stats(port)  # what opening them took is not what is looked for
            reader, writer = await _asked(port, token, "A" * PICTURE, "/v1/chat/completions")
            await writer.drain()
            assert b" 200 " in await reader.readline()
            seen = await _stats(port)
            writer.close()
    return {"own_ms": seen["own_ms"], "late_ms": seen["late_ms"], "chunks": sum(len(one.result()) for one in readers)}


async def overshoot(per_s: float = 2000) -> float:
    """How much more than its limit one answer of so many events a second cost that is ended in its midst, in percent.

    What the provider sends while the gateway waits for the processor is spent too.
    """
    seconds = 60_000 / per_s
    with (
        process("provider", seconds, per_s) as (provider, _),
        process("gateway", provider["port"], LIMIT_USD) as (middle, _),
    ):
        async with asyncio.timeout(WAIT_S):
            reader, writer = await _asked(middle["port"], middle["token"], "Hello.")
            said = await reader.read()
            writer.close()
            assert b"of this run is reached" in said, said[-300:]
            while (seen := await _stats(middle["port"]))["streams"]:  # noqa: ASYNC110  # of another process
                await asyncio.sleep(0.01)  # between two looks
    return (seen["spent_usd"] / LIMIT_USD - 1) * 100


def _base() -> float:
    with process("base") as (said, _):
        return said["base_mib"]
