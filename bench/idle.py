"""`idle`: how often a bot wakes and what it takes of a core while nothing happens, all jobs on.

Beside it, in the same round and on the same playground, a process of discord.py and uvicorn alone: uvicorn ticks ten
times a second whatever it serves. A wake-up is a voluntary context switch of the main thread (proc(5)). Linux only.
"""

import asyncio
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.footprint import BARE, lay_out, playground_here, running_process, token_environment
from bench.rounds import Size

__all__ = ["idle"]

SETTLE_S: Final = {Size.SMALLEST: 0.5, Size.NORMAL: 20.0, Size.FULL: 90.0}
WATCH_S: Final = {Size.SMALLEST: 1.0, Size.NORMAL: 30.0, Size.FULL: 120.0}
MOST_ROUNDS: Final = 2
"""A round lasts minutes and its counts hardly differ."""


class _Seen(NamedTuple):
    """A process over a time in which nothing was asked of it."""

    wakeups_per_s: float
    """Of the main thread."""
    all_wakeups_per_s: float
    """Of all its threads."""
    cpu_share: float


def idle(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed."""
    if not Path("/proc/self/task").exists():
        return {"benchmark": "idle", "skipped": "no /proc on this platform"}
    counted = rounds if size is Size.FULL else min(rounds, MOST_ROUNDS)
    pairs = [asyncio.run(_round(size)) for _ in range(counted)]
    bare, ours = (
        _Seen(*(statistics.median(values) for values in zip(*seen, strict=True))) for seen in zip(*pairs, strict=True)
    )
    return {
        "benchmark": "idle",
        "wakeups_over_uvicorn_per_s": round(ours.wakeups_per_s - bare.wakeups_per_s, 2),
        "cpu_share": round(ours.cpu_share, 5),
        "cpu_share_bare": round(bare.cpu_share, 5),
        "wakeups_per_s": round(ours.wakeups_per_s, 2),
        "wakeups_per_s_bare": round(bare.wakeups_per_s, 2),
        "wakeups_of_other_threads_per_s": round(ours.all_wakeups_per_s - ours.wakeups_per_s, 2),
        "watched_s": WATCH_S[size],
        "counts": "voluntary context switches of the main thread; CPU seconds of the process without its programs",
    }


async def _round(size: Size) -> tuple[_Seen, _Seen]:
    with tempfile.TemporaryDirectory(prefix="ompycord-idle-") as name:
        folder = Path(name)
        async with playground_here(folder) as (_, info):
            (folder / "bare.py").write_text(BARE)
            argv = [sys.executable, str(folder / "bare.py"), info.api, info.gateway, info.bot_token]
            async with running_process([*argv, str(folder / "bare.db")], folder, {}) as (process, _):
                bare = await _watched(process.pid, size)
            lay_out(folder)
            argv = [sys.executable, "-m", "ompycord", "up", "--port", "0", "--data-dir", str(folder / "data")]
            environ = {**token_environment(info), "OMPYCORD_DISCORD__OPS_CHANNEL": info.channels["ops"]}
            async with running_process(argv, folder, environ) as (process, _):
                ours = await _watched(process.pid, size)
    return bare, ours


async def _watched(pid: int, size: Size) -> _Seen:
    await asyncio.sleep(SETTLE_S[size])
    main, every, cpu, began = _wakeups(pid, pid), _all_wakeups(pid), _cpu_s(pid), time.monotonic()
    await asyncio.sleep(WATCH_S[size])
    took = time.monotonic() - began
    return _Seen((_wakeups(pid, pid) - main) / took, (_all_wakeups(pid) - every) / took, (_cpu_s(pid) - cpu) / took)


def _wakeups(pid: int, thread: int) -> int:
    text = Path(f"/proc/{pid}/task/{thread}/status").read_text()
    found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found is not None else 0


def _all_wakeups(pid: int) -> int:
    return sum(_wakeups(pid, int(task.name)) for task in Path(f"/proc/{pid}/task").iterdir())


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
