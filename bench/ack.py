"""`ack`: how much of Discord's three seconds a submitted form takes until it is kept and answered, on a busy day.

Three processes: the product as `up` starts it, its playground, and this one, which fills in forms and saturates the
webhook. Times are the playground's own: from the interaction's dispatch to the callback.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, nullcontext
from pathlib import Path
from typing import Any

from bench.generator import Load, Unexpected
from bench.product import SECRET
from bench.requests import Sender
from bench.rounds import Size, percentile
from ompycord.playground.client import Modal
from ompycord.text.limits import INTERACTION_ANSWER_S
from tests.support.playground_person import NotAnsweredError, Person
from tests.support.product import Product, running_product

__all__ = ["SUBMITS", "ack", "measured", "moment_s", "stalling"]

SUBMITS = {Size.SMALLEST: 5, Size.NORMAL: 300, Size.FULL: 1200}
PER_S = 10.0
CONNECTIONS = 16
AT_ONCE = 2000
"""Requests that are signed in one go."""
STALL_MS, EVERY = 200, 5
DISCORD_EPOCH_MS = 1_420_070_400_000
WAIT_S = 60.0
SEEN = (b"202", b"429")
"""A saturated key is refused most of the time; both answers cost the product work."""


def moment_s(snowflake: str) -> float:
    """When the playground made this id: seconds since 1970, to the millisecond."""
    return ((int(snowflake) >> 22) + DISCORD_EPOCH_MS) / 1000


@asynccontextmanager
async def _flooded(product: Product) -> AsyncGenerator[list[int]]:
    """The webhook under more than it takes, from a thread, until the block is left; the requests answered so far."""
    stop, answered = threading.Event(), [0]
    port = int(product.sidecar.rsplit(":", 1)[1])

    def flood() -> None:
        sender = Sender(runs=CONNECTIONS, tag="flood")
        with closing(Load(port, connections=CONNECTIONS, answers=SEEN)) as load:
            while not stop.is_set():
                requests = sender.events(AT_ONCE)
                for first in range(0, len(requests), 100):
                    if not stop.is_set():
                        load.closed_loop(requests[first : first + 100])
                        answered[0] += 100

    working = asyncio.get_running_loop().run_in_executor(None, flood)
    try:
        yield answered
    finally:
        stop.set()
        await asyncio.wait([working], timeout=WAIT_S)
        if working.done() and isinstance(working.exception(), Unexpected):
            raise AssertionError("the webhook gave an answer that no load explains") from working.exception()


class _Callbacks:
    """Reads the playground's wire log, which keeps 500 requests, often enough to miss none."""

    def __init__(self, product: Product) -> None:
        self._playground = product.playground
        self._last = 0
        self.took_s: dict[str, float] = {}
        """By interaction."""

    async def read(self) -> None:
        for entry in await self._playground.wire(after=self._last):
            self._last = entry["n"]
            parts = entry["path"].split("/")
            if parts[-1] == "callback" and entry["status"] < 400:
                self.took_s[parts[2]] = entry["at"] - moment_s(parts[2])


async def _open_forms(person: Person, count: int) -> list[Modal]:
    forms: list[Modal] = []
    while len(forms) < count:
        shown = await person.command("omp new", "tasks")
        assert shown.modal is not None
        forms.append(shown.modal)
    return forms


async def _submits(product: Product, count: int, *, is_flooded: bool) -> tuple[list[float], int]:
    """Seconds of each, and how many were not answered in time."""
    person, seen = product.playground.ada, _Callbacks(product)
    forms = await _open_forms(person, count)
    missed, ids = 0, list[str]()
    async with _flooded(product) if is_flooded else nullcontext():
        for number, form in enumerate(forms):
            sent = await person.send_form(form, {"What should be done?": f"Task {number}: mend the cart's total."})
            ids.append(sent.id)
            await asyncio.sleep(1 / PER_S)
            await seen.read()
            try:
                await person.wait_answer(sent, timeout=WAIT_S)
            except NotAnsweredError:
                missed += 1
    await seen.read()
    return [seen.took_s.get(each, INTERACTION_ANSWER_S) for each in ids], missed


Around = Callable[[Product], AbstractAsyncContextManager[object]]


async def measured(
    *,
    submits: int,
    wrapper: tuple[str, ...] | None = None,
    config: str = "",
    around: Around | None = None,
    is_flooded: bool = True,
) -> tuple[list[float], int]:
    """Seconds of each form, and how many missed Discord's three; `around` is what goes on meanwhile."""
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as folder:
        async with running_product(Path(folder), config=config, environ={"OMP_WEBHOOK_SECRET": SECRET}) as product:
            if (
                wrapper is not None
            ):  # the playground, which is the clock, outlives this: its own disk is not the one that stalls
                await product.kill()
                await product.start(wrapper=wrapper)
            async with nullcontext() if around is None else around(product):
                return await _submits(product, submits, is_flooded=is_flooded)


def stalling(log: Path) -> tuple[str, ...] | None:
    """The product under a disk whose every fifth sync takes 200 ms longer; None where nobody may do that."""
    if not shutil.which("strace"):
        return None
    if subprocess.run(["strace", "-o", str(log), "true"], check=False, timeout=10).returncode != 0:
        return None
    stall = f"inject=fsync,fdatasync:delay_exit={STALL_MS * 1000}:when={EVERY}+{EVERY}"
    trace = ("-e", "trace=fsync,fdatasync", "-e", stall, "-e", "signal=none")
    # -D: the product keeps its own process id, so that signals reach it and not its tracer.
    return ("strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", str(log), *trace, sys.executable, "-m", "ompycord")


def ack(*, rounds: int, size: Size) -> dict[str, Any]:
    """The object that is printed. `size` is how many forms are submitted."""
    submits = SUBMITS[size]
    plain, missed = asyncio.run(measured(submits=submits))
    with tempfile.TemporaryDirectory(prefix="ompycord-bench-") as folder:
        log = Path(folder) / "strace.log"
        wrapper = stalling(log)
        stalled, late = asyncio.run(measured(submits=submits, wrapper=wrapper)) if wrapper else ([], 0)
        stalls = log.read_text(errors="replace").count("DELAYED") if wrapper else 0
    result: dict[str, Any] = {
        "benchmark": "ack",
        "ack_p99_of_deadline": _p99(plain),
        "ack_p99_of_deadline_stalled": _p99(stalled) if wrapper else None,
        "submits": submits,
        "missed": missed,
        "missed_stalled": late,
        "median_ms": round(percentile(plain, 0.5) * 1000, 1),
        "median_stalled_ms": round(percentile(stalled, 0.5) * 1000, 1) if wrapper else None,
        "stalls": stalls,
        "deadline_s": INTERACTION_ANSWER_S,
    }
    return result if wrapper else {**result, "ack_p99_of_deadline_stalled_reason": "strace may not trace here"}


def _p99(seconds: list[float]) -> float:
    return round(percentile(seconds, 0.99) / INTERACTION_ANSWER_S, 4)
