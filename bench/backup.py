"""`backup`: a whole backup over what nobody can do without, and what it costs those who write meanwhile.

The bare side is `VACUUM INTO` and Zstandard of the same database, in the same round. A backup also looks at every page
and reference of the copy, hashes everything twice, and flushes it. Commits are timed in the store's own process, while
the backup runs in a thread as the keeper runs it, and for as long without one.
"""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import zstandard

from bench.filled import fill
from bench.rounds import Size, spread
from ompycord.app.backups.copies import StoreCopies
from ompycord.app.system import SystemClock, SystemIds
from ompycord.backup.create import make_backup
from ompycord.backup.place import BackupPlace
from ompycord.domain.records import Board
from ompycord.store import SqliteStore, open_store

__all__ = ["backup"]

STORED: Final = {Size.SMALLEST: (20, 50), Size.NORMAL: (400, 500), Size.FULL: (1000, 1000)}
"""(runs, events of each)."""
EVERY_S: Final = 0.01
"""Seconds between two commits that are timed."""
MIB: Final = 1024 * 1024
_ROW: Final = Board(channel="1", message="1", posted_at=1)
"""What each timed commit writes: one row, the same each time."""


def backup(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed."""
    return asyncio.run(_measure(rounds, size))


async def _measure(rounds: int, size: Size) -> dict[str, Any]:
    runs, each = STORED[size]
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as name:
        folder = Path(name)
        database = folder / "data" / "ompycord.db"
        await fill(database, runs=runs, each=each)
        async with open_store(database, clock=SystemClock(), ids=SystemIds(), readers=1) as store:
            pairs: list[tuple[float, float]] = []
            commits: list[tuple[float, float]] = []
            for number in range(rounds + 1):
                bare = await asyncio.to_thread(_bare, database, folder / f"bare-{number}")
                ours, worst = await _with_commits(store, partial(_ours, folder, number))
                _, quiet = await _with_commits(store, partial(asyncio.sleep, ours))
                pairs.append((ours, bare))
                commits.append((worst, quiet))
    counted = pairs[1:] if len(pairs) > 1 else pairs
    ratios = spread([ours / bare for ours, bare in counted])
    return {
        "benchmark": "backup",
        "backup_ratio": ratios["median"],
        "worst_commit_ms_ratio": round(statistics.median(worst / quiet for worst, quiet in commits[1:]), 3),
        "spread": ratios,
        "backup_s": spread([ours for ours, _ in counted]),
        "worst_commit_ms": spread([worst for worst, _ in commits[1:]]),
        "worst_commit_ms_quiet": spread([quiet for _, quiet in commits[1:]]),
        "events": runs * each,
        "counts": "wall time; commits of one row every 10 ms, with synchronous=FULL",
    }


def _bare(database: Path, target: Path) -> float:
    """Seconds for a copy of one moment, compressed with the same level."""
    began = time.perf_counter()
    copy = target.with_suffix(".db")
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as raw:
        raw.execute("VACUUM INTO ?", (str(copy),))
    with copy.open("rb") as plain, target.with_suffix(".zst").open("wb") as packed:
        zstandard.ZstdCompressor(level=3, write_checksum=True).copy_stream(plain, packed, read_size=MIB)
    took = time.perf_counter() - began
    copy.unlink()
    target.with_suffix(".zst").unlink()
    return took


async def _ours(folder: Path, number: int) -> None:
    place = BackupPlace(folder / f"backups-{number}")
    work = partial(
        make_backup,
        folder / "data",
        place,
        copies=StoreCopies(),
        now=SystemClock().now_ms(),
        version="bench",
        with_secrets=False,
    )
    await asyncio.to_thread(work)


async def _with_commits(store: SqliteStore, work: Callable[[], Awaitable[None]]) -> tuple[float, float]:
    """Seconds that the work took, and milliseconds of the slowest commit meanwhile."""
    worst = 0.0
    is_over = False

    async def write() -> None:
        nonlocal worst
        while not is_over:
            began = time.perf_counter()
            await store.save_board(_ROW)
            worst = max(worst, (time.perf_counter() - began) * 1000)
            await asyncio.sleep(EVERY_S)

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        began = time.perf_counter()
        await work()
        took = time.perf_counter() - began
        is_over = True
    return took, worst
