"""Rounds and what is said of them: median, quartiles, ratios of neighbours; counterpart of every benchmark here."""

import os
import statistics
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import uvicorn

__all__ = ["Size", "cores", "percentile", "spread", "stack"]


class Size(StrEnum):
    """How much work a benchmark does in a round."""

    SMALLEST = "smallest"
    """The least that has a result: shows that the benchmark starts and ends, and says nothing about the product."""
    NORMAL = "normal"
    """What the numbers of `docs/explanation/performance.md` were seen with."""
    FULL = "full"
    """Longer rounds, or more of them."""


def cores() -> tuple[int, int]:
    """The server's core and the generator's: different ones, or the same where there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median and quartiles, rounded for reading; one value is all three. Raises StatisticsError for none."""
    several = values if len(values) != 1 else [*values, *values]  # Python 3.13 does this itself
    low, middle, high = statistics.quantiles(several, n=4, method="inclusive")
    return {"median": round(middle, 4), "q1": round(low, 4), "q3": round(high, 4), "rounds": len(values)}


def percentile(values: Sequence[float], part: float) -> float:
    """The nearest-rank percentile; `part` of 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def stack(name: str) -> str:
    """What lies between the socket and the handler."""
    if name == "uvloop":
        return f"uvicorn {uvicorn.__version__}, httptools, uvloop"
    return f"uvicorn {uvicorn.__version__}, {name} with the sidecar's deadlines, asyncio"


def pins() -> dict[str, Any]:
    server, generator = cores()
    return {"server_core": server, "generator_core": generator, "cores": os.cpu_count()}
