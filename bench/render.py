"""`render`: how long the event loop stands still for one card, over ordinary, hostile and far too large snapshots."""

import gc
import time
from typing import Any

from bench.rounds import Size, percentile
from ompycord.app.system import settle_collector
from ompycord.render.cards.actions import ACTIONS
from ompycord.render.cards.card import render
from ompycord.render.sanitizer import forget_lines
from ompycord.text import Redactor
from tests.support.snapshots import sample

__all__ = ["render_time"]

EACH = {Size.SMALLEST: 5, Size.NORMAL: 400, Size.FULL: 1600}
"""Snapshots of each fullness."""
FULLNESS = {"ordinary": 0.05, "half": 0.5, "full": 1.0}
"""Shares of sections that hold more than a card can show, all of it hostile text."""
SECRETS = [f"a-secret-of-the-benchmark-{number:04d}" for number in range(20)]


def _sign(action: str, ref: str) -> str:
    return f"v1:{action}:{ref}:00000000:0000000000000000"


def render_time(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed. `rounds` is the seed's, `size` how many snapshots are taken."""
    redact = Redactor(SECRETS).redact
    kinds: dict[str, list[tuple[float, float]]] = {}
    cold: list[float] = []
    thresholds = gc.get_threshold()
    settle_collector()
    try:
        for name, fullness in FULLNESS.items():
            kinds[name] = [_one(seed, fullness, redact) for seed in _seeds(rounds, EACH[size])]
            cold += [_one(seed, fullness, redact, cold=True)[0] for seed in _seeds(rounds, EACH[size])]
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
    every = [pair for pairs in kinds.values() for pair in pairs]
    return {
        "benchmark": "render",
        "render_p99_ms": _p99([cpu for cpu, _ in every]),
        "wall_p99_ms": _p99([wall for _, wall in every]),
        "cold_p99_ms": _p99(cold),
        "cards": len(every),
        "p99_ms": {name: _p99([cpu for cpu, _ in pairs]) for name, pairs in kinds.items()},
        "median_ms": {name: round(percentile([cpu for cpu, _ in pairs], 0.5), 2) for name, pairs in kinds.items()},
        "counts": "the thread's CPU time, redaction included; each snapshot once; cold: no line of it was shown before",
    }


def _seeds(rounds: int, count: int) -> range:
    first = rounds * 1_000_000
    return range(first, first + count)


def _one(seed: int, fullness: float, redact: Any, *, cold: bool = False) -> tuple[float, float]:
    """CPU and wall clock of one render, in milliseconds."""
    if cold:
        forget_lines()
    snapshot, render_context, _, _ = sample(seed, fullness)
    wall, cpu = time.perf_counter(), time.thread_time()
    render(snapshot, render_context, actions=ACTIONS, sign=_sign, redact=redact)
    return (time.thread_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000


def _p99(values: list[float]) -> float:
    return round(percentile(values, 0.99), 2)
