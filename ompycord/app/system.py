"""The real clock and real ids; counterparts of `testing.FakeClock` and `testing.SequentialIds`."""

import asyncio
import ctypes
import gc
import os
import secrets
import sys
import time
from collections.abc import Iterator

from ompycord.domain.ids import new_ulid

__all__ = ["SystemClock", "SystemIds", "dump_no_memory", "keep_few_heaps", "settle_collector", "settle_process"]

YOUNGEST = 20_000
"""New containers before the collector runs (CPython: 700)."""
ULIDS = 128
"""For so many ids are random bytes asked for at once."""
LATER_S = 1.0
M_ARENA_MAX, HEAPS = -8, 1
"""malloc.h's name for how many heaps there may be."""


def settle_process() -> None:
    """Once all is wired, settle the collector and free memory.

    Memory is freed again LATER_S seconds later, when the work of the start has ended. Call it from a coroutine or a
    callback: raises RuntimeError where no event loop runs.
    """
    asyncio.get_running_loop().call_later(LATER_S, give_back)
    settle_collector()


def settle_collector() -> None:
    """Exempt objects that live as long as the process from collection. Needs no event loop.

    CPython's youngest generation is full after two events; scanning it cost an acknowledgement a tenth of its time
    (bench webhook).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, *gc.get_threshold()[1:])
    give_back()


def keep_few_heaps() -> None:
    """Limit glibc's heaps; call it before any thread is started.

    glibc gives each thread a heap of its own, up to eight a core, and each keeps the memory that it freed. Python's
    lock lets one thread allocate at a time anyway (bench footprint: 1 MiB).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(M_ARENA_MAX, HEAPS)


def dump_no_memory() -> None:
    """Have a crash of this process, and of what it starts, leave no image of its memory, which holds secrets.

    A limit of 0 would not do it: where the kernel hands images to a program, it asks nothing but whether the limit is 1
    (core(5), *Piping core dumps to a program*; do_coredump in the kernel's fs/coredump.c).
    """
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    least = 1 if hard == resource.RLIM_INFINITY else min(1, hard)
    resource.setrlimit(resource.RLIMIT_CORE, (least, least))


def give_back() -> None:
    """Return free memory to the system, where the C library can do that (glibc).

    The memory that building models and reading modules took is not needed again (bench footprint).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


class SystemClock:
    """Satisfies `domain.ports.Clock`."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SystemIds:
    """Satisfies `domain.ports.Ids`."""

    def __init__(self) -> None:
        self._entropy: Iterator[bytes] = iter(())

    def ulid(self) -> str:
        entropy = next(self._entropy, b"")
        if not entropy:
            # Many at once: each call of the system gives the interpreter's lock away in the middle of a request.
            many = os.urandom(10 * ULIDS)
            self._entropy = iter([many[at : at + 10] for at in range(0, len(many), 10)])
            entropy = next(self._entropy)
        return new_ulid(now_ms=time.time_ns() // 1_000_000, entropy=entropy)

    def token(self) -> str:
        return secrets.token_urlsafe(32)
