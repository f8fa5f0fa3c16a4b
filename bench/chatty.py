"""`chatty`: what an event of a hosted run's agent costs the product, at 200 a second.

The product as `up` starts it, its playground, and an agent that tells of its tools at an even pace. `chatty_cpu_ratio`
is the CPU of the product's process for an event, from the first to the last, over that of a bare probe in the same
round: a process that reads the same agent's lines, parses them as JSON and inserts them into SQLite, one transaction
for what was read at once.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from bench.journey import make_repository
from bench.rounds import Size, spread
from tests.support.product import Product, running_product

__all__ = ["chatty"]

PER_S = 200
SECONDS = {Size.SMALLEST: 0.5, Size.NORMAL: 10.0, Size.FULL: 30.0}
LOOK_S = 0.01
WAIT_S = 120.0
AGENT = """\
import json, sys, time
seconds, per_s = float(sys.argv[1]), int(sys.argv[2])
open("first", "w").close()
began, told = time.monotonic(), 0
while told < seconds * per_s:
    call = str(told // 2)
    named = {"tool": "read", "call": call}
    if told % 2:
        event = {"type": "tool.finished", "data": {**named, "ok": True}}
    else:
        event = {"type": "tool.started", "data": {**named, "title": "file " + call}}
    print("@ompycord " + json.dumps(event), flush=True)
    told += 1
    time.sleep(max(0.0, began + told / per_s - time.monotonic()))
open("last", "w").close()
time.sleep(1)
"""
BARE = """\
import json, os, resource, sqlite3, subprocess, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA journal_mode=WAL")
database.execute("CREATE TABLE events (position INTEGER PRIMARY KEY, body TEXT)")
agent = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, cwd=os.path.dirname(sys.argv[1]))
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
rest, count, before = b"", 0, used()
while read := os.read(agent.stdout.fileno(), 65536):
    *lines, rest = (rest + read).split(b"\\n")
    rows = [(json.dumps(json.loads(line.partition(b" ")[2])),) for line in lines]
    database.execute("BEGIN")
    database.executemany("INSERT INTO events (body) VALUES (?)", rows)
    database.execute("COMMIT")
    count += len(rows)
print((used() - before) / count)
"""
CONFIG = """\
repositories: {{small: {{path: {repository}, checks: [{{name: passes, command: ['true']}}]}}}}
agents: {{chatty: {{kind: command, command: {command}, sandbox: {{minimum: none}}}}}}
"""


def chatty(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed."""
    found = asyncio.run(_measured(rounds, SECONDS[size]))
    ratio = spread([product / bare for bare, product in found])
    return {
        "benchmark": "chatty",
        "chatty_cpu_ratio": ratio["median"],
        "cpu_ms_per_event": spread([product * 1000 for _, product in found])["median"],
        "bare_cpu_ms_per_event": spread([bare * 1000 for bare, _ in found])["median"],
        "events_per_s": PER_S,
        "events": round(PER_S * SECONDS[size]),
        "spread": {"chatty_cpu_ratio": ratio},
    }


async def _measured(rounds: int, seconds: float) -> list[tuple[float, float]]:
    """CPU seconds an event: of the bare probe and of the product. The first round warms up and does not count."""
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as name:
        folder = Path(name)
        repository = make_repository(folder / "small", 10)
        command = [sys.executable, "-c", AGENT, str(seconds), str(PER_S)]
        config = CONFIG.format(repository=repository, command=json.dumps(command))
        found: list[tuple[float, float]] = []
        async with running_product(folder, config=config) as product:
            for number in range(rounds + 1):
                bare = await asyncio.to_thread(_bare, folder / f"bare{number}", command)
                found.append((bare, await _run(product, round(seconds * PER_S))))
    return found[1:]


def _bare(folder: Path, command: list[str]) -> float:
    folder.mkdir()
    (folder / "bare.py").write_text(BARE)
    told = subprocess.run(
        [sys.executable, str(folder / "bare.py"), str(folder / "bare.db"), *command],
        check=True,
        capture_output=True,
        timeout=WAIT_S,
    )
    return float(told.stdout)


async def _run(product: Product, events: int) -> float:
    """CPU seconds of the product's own process for each event of one run."""
    process, ada = psutil.Process(product.pid), product.playground.ada
    known = set(product.data.glob("workspaces/*/clone/first"))
    await ada.command("omp new", prompt="Tell of your tools.", repository="small", agent="chatty")
    clone = (await _there(product, "first", known)).parent
    before = _cpu_s(process)
    await _there(product, "last", set(), clone=clone)
    after = _cpu_s(process)
    run = clone.parent.name
    await ada.wait_message(lambda message: f"{run[-6:].lower()} · result" in message.text, WAIT_S)
    return (after - before) / events


async def _there(product: Product, name: str, known: set[Path], *, clone: Path | None = None) -> Path:
    """Return the agent's mark once it is there. Raises TimeoutError."""
    async with asyncio.timeout(WAIT_S):
        while True:
            found = {clone / name} if clone is not None else set(product.data.glob(f"workspaces/*/clone/{name}"))
            for mark in found - known:
                if mark.exists():
                    return mark
            await asyncio.sleep(LOOK_S)


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system
