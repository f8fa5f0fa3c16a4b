"""What an acknowledgement takes when senders do not wait for one another; counterpart of the closed rounds.

First the capacity is measured: what is answered in a second when more is offered than can be. Then 30, 60 and 90 % of
it are offered, and 100 and 300 a second, the rates of a team. Latencies count from the due time of each request, and
stand beside what COMMIT took in the same seconds: a disk that stalls is not the product's work.
"""

import time
from contextlib import closing
from typing import Any, NamedTuple

from bench.generator import Load
from bench.requests import Sender
from bench.rounds import percentile, spread
from bench.serving import Served

__all__ = ["Level", "OpenRound", "measured", "open_round"]

SHARES = (30, 60, 90)
"""Percent of the capacity."""
RATES = (100, 300)
"""A second."""
OFFERED = 2.0
"""So many times the closed loop's rate is offered to find the capacity."""


class Level(NamedTuple):
    """What one offered rate did to the server."""

    p99_ms: float
    commit_p99_ms: float
    utilisation: float
    """Of the server's core."""
    cpu_us: float
    """Of the server, for each request."""


class OpenRound(NamedTuple):
    """One round."""

    capacity_per_s: float
    shares: dict[int, Level]
    rates: dict[int, tuple[Level, Level]]
    """The bare handler and the product."""


def open_round(
    hello: Served, durable: Served, *, connections: int, tag: str, closed_per_s: float, seconds: float
) -> OpenRound:
    """Measure the capacity, then each share and rate for so many seconds."""
    sender = Sender(runs=connections, tag=tag)

    def level(server: Served, per_s: float) -> Level:
        return _level(server, sender.events(max(2, round(per_s * seconds))), connections, per_s)

    capacity = _capacity(durable, sender.events(max(2, round(closed_per_s * seconds))), connections, closed_per_s)
    return OpenRound(
        capacity,
        {share: level(durable, capacity * share / 100) for share in SHARES},
        {rate: (level(hello, rate), level(durable, rate)) for rate in RATES},
    )


def measured(rounds: list[OpenRound]) -> dict[str, Any]:
    """What is printed of all rounds."""
    over_commit = spread([one.shares[60].p99_ms / one.shares[60].commit_p99_ms for one in rounds])
    over_hello = {
        rate: spread([one.rates[rate][1].cpu_us / one.rates[rate][0].cpu_us for one in rounds]) for rate in RATES
    }
    return {
        "open_loop_capacity_per_s": spread([one.capacity_per_s for one in rounds]),
        "p99_over_commit_at_60": over_commit["median"],
        **{f"cpu_over_hello_at_{rate}": found["median"] for rate, found in over_hello.items()},
        "spread_open_loop": {
            "p99_over_commit_at_60": over_commit,
            **{f"cpu_over_hello_at_{rate}": found for rate, found in over_hello.items()},
        },
        **{f"at_{share}": _described([one.shares[share] for one in rounds]) for share in SHARES},
        **{f"at_{rate}_per_s": _described([one.rates[rate][1] for one in rounds]) for rate in RATES},
    }


def _described(levels: list[Level]) -> dict[str, dict[str, float]]:
    return {name: spread([getattr(level, name) for level in levels]) for name in Level._fields}


def _capacity(server: Served, requests: list[bytes], connections: int, closed_per_s: float) -> float:
    with closing(Load(server.port, connections=connections)) as load:
        start = time.perf_counter()
        load.open_loop(requests, per_s=closed_per_s * OFFERED)
        took_s = time.perf_counter() - start
    server.settled()
    return len(requests) / took_s


def _level(server: Served, requests: list[bytes], connections: int, per_s: float) -> Level:
    with closing(Load(server.port, connections=connections)) as load:
        before = server.mark()
        latencies = load.open_loop(requests, per_s=per_s)
        after = server.settled()
    cpu_s = after.cpu_s - before.cpu_s
    return Level(
        p99_ms=percentile(latencies, 0.99) * 1000,
        commit_p99_ms=percentile(after.commits_s, 0.99) * 1000 if after.commits_s else 0.0,
        utilisation=cpu_s / (after.at - before.at),
        cpu_us=cpu_s / len(requests) * 1e6,
    )
