"""`webhook`: what an acknowledgement that means it costs, against a handler that only reads the body."""

import importlib.util
import os
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from bench.generator import Load, Unexpected
from bench.open_loop import OpenRound, measured, open_round
from bench.product import EVENT_LIMITS, LIMITS
from bench.requests import Sender
from bench.rounds import Size, cores, pins, spread, stack
from bench.serving import Served, serving

__all__ = ["pinned", "webhook"]

T = TypeVar("T")

CONNECTIONS = 64
EACH = 50
"""Events in a batch."""
OPEN_S = 1.5
"""Seconds for which each rate is offered in the open loop, at the normal size."""
TIMES = {Size.SMALLEST: 0.04, Size.NORMAL: 1.0, Size.FULL: 4.0}
"""So many times the requests of a round."""
VOID_LIMIT = 3
REQUESTS = {"h11": 5000, "httptools": 7000, "uvloop": 9000}
"""In one closed round: most of a second of the product's work.

So that the projector's pace (0.2 s) weighs little in it.
"""


class _Pair(NamedTuple):
    """The bare handler and the product on one stack."""

    hello: Served
    durable: Served


class _Closed(NamedTuple):
    """One closed round: work a second, and the server's CPU for each piece of it."""

    per_s: float
    cpu_us: float


def webhook(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed. `size` is how many requests a round has."""
    times = TIMES[size]
    result: dict[str, Any] = {"benchmark": "webhook", "connections": CONNECTIONS, "synchronous": "FULL", **pins()}
    result["configured"] = {"rate_per_s": LIMITS.rate_per_s, "burst": LIMITS.burst, "backlog": EVENT_LIMITS.backlog}
    result |= _on_stack("h11", rounds, times)
    for name in ("httptools", "uvloop"):
        missing = [one for one in {name, "httptools"} if importlib.util.find_spec(one) is None]
        if missing:
            key = f"durable_ack_ratio_{name}"
            result |= {key: None, f"{key}_reason": f"not installed: {missing}"}
        else:
            result |= _on_stack(name, rounds, times)
    if result["durable_ack_ratio_httptools"] is not None:
        h11, own = result["server_cpu_us"]["durable"], result["server_cpu_us_httptools"]["durable"]
        result["cpu_httptools_over_h11"] = round(own["median"] / h11["median"], 3)
    return result


def _on_stack(name: str, rounds: int, times: float) -> dict[str, Any]:
    server_core, generator_core = cores()
    with (
        pinned(generator_core),
        tempfile.TemporaryDirectory(prefix="ompycord-bench-") as folder,
        ExitStack() as exits,
    ):
        hello = exits.enter_context(serving("hello", stack=name, core=server_core, folder=Path(folder)))
        durable = exits.enter_context(serving("durable", stack=name, core=server_core, folder=Path(folder)))
        pair = _Pair(hello, durable)
        return _h11(pair, rounds, times) if name == "h11" else _closed_only(pair, name, rounds, times)


@contextmanager
def pinned(core: int) -> Generator[None]:
    """This process on one core, and afterwards where it was: the next benchmark is measured as if it ran alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _h11(pair: _Pair, rounds: int, times: float) -> dict[str, Any]:
    void: list[str] = []
    closed = _rounds(lambda number: _round(pair, "h11", number, times), rounds, void)
    durable_per_s = spread([durable.per_s for _, durable, _ in closed])

    def opened(number: int) -> OpenRound:
        return open_round(
            pair.hello,
            pair.durable,
            connections=CONNECTIONS,
            tag=f"open-{number}",
            closed_per_s=durable_per_s["median"],
            seconds=OPEN_S * times,
        )

    open_ = _rounds(opened, rounds, void)
    ratio = spread([durable.per_s / hello.per_s for hello, durable, _ in closed])
    batch = spread([batch.per_s / hello.per_s for hello, _, batch in closed])
    cpu = spread([durable.cpu_us / hello.cpu_us for hello, durable, _ in closed])
    return {
        "stack_h11": stack("h11"),
        "durable_ack_ratio_h11": ratio["median"],
        "batch_ratio": batch["median"],
        "server_cpu_ratio": cpu["median"],
        **measured(open_),
        "spread_h11": {
            "durable_ack_ratio_h11": ratio,
            "batch_ratio": batch,
            "server_cpu_ratio": cpu,
        },
        "hello_per_s_h11": spread([hello.per_s for hello, _, _ in closed]),
        "durable_per_s_h11": durable_per_s,
        "batch_events_per_s_h11": spread([batch.per_s for _, _, batch in closed]),
        "server_cpu_us": {
            name: spread([row[index].cpu_us for row in closed])
            for index, name in enumerate(("hello", "durable", "batch"))
        },
        "events_per_batch": EACH,
        "void_rounds": void,
    }


def _closed_only(pair: _Pair, name: str, rounds: int, times: float) -> dict[str, Any]:
    void: list[str] = []
    closed = _rounds(lambda number: _round(pair, name, number, times), rounds, void)
    ratio = spread([durable.per_s / hello.per_s for hello, durable, _ in closed])
    return {
        f"stack_{name}": stack(name),
        f"durable_ack_ratio_{name}": ratio["median"],
        f"spread_{name}": {f"durable_ack_ratio_{name}": ratio},
        f"hello_per_s_{name}": spread([hello.per_s for hello, _, _ in closed]),
        f"durable_per_s_{name}": spread([durable.per_s for _, durable, _ in closed]),
        f"server_cpu_us_{name}": {
            which: spread([row[index].cpu_us for row in closed]) for index, which in enumerate(("hello", "durable"))
        },
        f"void_rounds_{name}": void,
    }


def _rounds(one: Callable[[int], T], rounds: int, void: list[str]) -> list[T]:
    """The first warms up and does not count; a void one is repeated, at most three times in all."""
    result: list[T] = []
    number = 0
    while len(result) <= rounds:
        number += 1
        try:
            result.append(one(number))
        except Unexpected as error:
            void.append(str(error))
            if len(void) > VOID_LIMIT:
                raise
    return result[1:]


def _round(pair: _Pair, name: str, number: int, times: float) -> tuple[_Closed, _Closed, _Closed]:
    count = round(REQUESTS[name] * times)
    singles = Sender(runs=CONNECTIONS, tag=f"{name}-{number}")
    bare, stored = singles.events(count), singles.events(count)
    batches = Sender(runs=CONNECTIONS, tag=f"{name}-batch-{number}").batches(count // 30, each=EACH)
    hello = _closed(pair.hello, bare, len(bare))
    durable = _closed(pair.durable, stored, len(stored))
    batch = _closed(pair.durable, batches, len(batches) * EACH) if name == "h11" else durable
    return hello, durable, batch


def _closed(server: Served, requests: list[bytes], events: int) -> _Closed:
    """From the first byte sent until the backlog is empty."""
    with closing(Load(server.port, connections=CONNECTIONS)) as load:
        before = server.mark()
        start = time.monotonic()
        load.closed_loop(requests)
        after = server.settled()
    return _Closed(events / (after.at - start), (after.cpu_s - before.cpu_s) / events * 1e6)
