"""Where a benchmark ran: interpreter, machine, libraries, and whether anything else was at work.

Printed with every result.

What is measured is a ratio, but a ratio of a busy machine is not that of a quiet one.
"""

import os
import platform
import sqlite3
import statistics
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import psutil

from tests.support.patience import loop_s

__all__ = ["LIBRARIES", "environment", "is_quiet"]

LIBRARIES: Final = ("uvicorn", "h11", "httptools", "uvloop", "discord.py")
LOOPS: Final = 3
_CPUINFO: Final = Path("/proc/cpuinfo")


def environment() -> dict[str, Any]:
    """As JSON has it. Call it before the benchmark starts: it takes the load of that moment, and 0.1 s.

    `load_average` is of the last minute, so a benchmark that ended just before counts as load too. `loop_ms` is the
    median of what the calibrated loop of `tests/support/patience.py` takes. A library that is not installed is None.
    """
    load, cores = psutil.getloadavg()[0], os.cpu_count() or 1
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": f"{platform.system()} {platform.machine()}",
        "kernel": platform.release(),
        "cpu": _cpu_model(),
        "cores": cores,
        "load_average": round(load, 2),
        "quiet": is_quiet(load, cores),
        "loop_ms": round(statistics.median(loop_s() for _ in range(LOOPS)) * 1000, 1),
        "sqlite": sqlite3.sqlite_version,
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def is_quiet(load: float, cores: int) -> bool:
    """Whether other processes wanted at most half of the cores, on average over the last minute."""
    return load <= cores / 2


def _cpu_model() -> str:
    """As the kernel names it, where it does."""
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
