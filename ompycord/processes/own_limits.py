"""What the kernel lets this process do: its limits and how it is scheduled, watched and put back.

A program of the same user may change these of another program (prlimit(2), sched_setaffinity(2)). Confinement keeps a
run's programs from it from level *files* on; whoever else does it is undone here as far as the kernel allows, and said.
"""

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

__all__ = ["OwnLimits"]

_PROBE_S: Final = 10.0
_NAMES: Final = ("FSIZE", "CPU", "NOFILE", "AS", "DATA", "STACK", "NPROC", "MEMLOCK", "SIGPENDING", "MSGQUEUE")
_PRIORITY_CALLS: Final = {"x86_64": (252, 251), "aarch64": (31, 30), "riscv64": (31, 30)}
"""Numbers of ioprio_get(2) and ioprio_set(2), for which Python has no function."""
_THREAD: Final = 1
"""IOPRIO_WHO_PROCESS (ioprio_set(2)): one thread."""


class _Scheduling(NamedTuple):
    """Of one thread."""

    policy: int
    nice: int
    processors: frozenset[int]
    io_priority: int | None


class OwnLimits:
    """As they are when this is made; later ones that are lower are put back."""

    def __init__(self, *, report: Callable[[Sequence[str], Sequence[str]], object], probe_s: float = _PROBE_S) -> None:
        """`report` is told what was put back and what could not be, each time that this changes."""
        self._report = report
        self._probe_s = probe_s
        self._limits = _limits()
        self._scheduling: _Scheduling | None = _scheduling(0) if sys.platform == "linux" else None
        self.lowered: tuple[str, ...] = ()
        """What is lower than it was and could not be put back, such as `NOFILE`."""

    async def run(self) -> None:
        """Looks every few seconds until cancelled."""
        while True:
            await asyncio.sleep(self._probe_s)
            self.probe()

    def probe(self) -> None:
        """Compares once. Takes well under a millisecond."""
        restored, lowered = self._probe_limits()
        if self._scheduling is not None:
            for thread in _threads():
                _put_back(thread, self._scheduling, restored, lowered)
        now = tuple(dict.fromkeys(lowered))
        if restored or now != self.lowered:
            self.lowered = now
            self._report(tuple(dict.fromkeys(restored)), now)

    def _probe_limits(self) -> tuple[list[str], list[str]]:
        restored: list[str] = []
        lowered: list[str] = []
        if sys.platform == "win32":
            return restored, lowered
        import resource

        for name, (soft, hard) in self._limits.items():
            number = getattr(resource, f"RLIMIT_{name}")
            now, highest = resource.getrlimit(number)
            if not _is_lower(now, soft):  # a hard limit that is lower takes nothing by itself
                continue
            with suppress(OSError, ValueError):
                resource.setrlimit(number, (highest if _is_lower(highest, soft) else soft, highest))
            with suppress(OSError, ValueError):  # only root raises a hard limit
                resource.setrlimit(number, (soft, hard))
            (lowered if _is_lower(resource.getrlimit(number)[0], soft) else restored).append(name)
        return restored, lowered


def _is_lower(now: int, before: int) -> bool:
    """RLIM_INFINITY is -1 in Python."""
    return now not in {before, -1} and (before == -1 or now < before)


def _limits() -> dict[str, tuple[int, int]]:
    if sys.platform == "win32":
        return {}
    import resource

    known = [name for name in _NAMES if hasattr(resource, f"RLIMIT_{name}")]
    return {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in known}


def _threads() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc/self/task")]  # noqa: PTH208  # names alone, every few seconds
    except OSError:
        return [0]


def _scheduling(thread: int) -> _Scheduling:
    return _Scheduling(
        policy=os.sched_getscheduler(thread),
        nice=os.getpriority(os.PRIO_PROCESS, thread),
        processors=frozenset(os.sched_getaffinity(thread)),
        io_priority=_io_priority(thread),
    )


def _put_back(thread: int, before: _Scheduling, restored: list[str], lowered: list[str]) -> None:
    try:
        now = _scheduling(thread)
        for name in _lower(now, before):
            with suppress(OSError):
                _SETTERS[name](thread, before)
        still = _lower(_scheduling(thread), before)
    except OSError:  # the thread has ended
        return
    restored += [name for name in _lower(now, before) if name not in still]
    lowered += still


def _lower(now: _Scheduling, before: _Scheduling) -> list[str]:
    """What of it is worse than it was."""
    found = {
        "scheduling policy": now.policy != before.policy,
        "priority": now.nice > before.nice,
        "processors": not now.processors >= before.processors,
        # Without one of its own a thread has the one that goes with its priority.
        "I/O priority": now.nice == before.nice and now.io_priority != before.io_priority,
    }
    return [name for name, is_worse in found.items() if is_worse]


def _set_policy(thread: int, before: _Scheduling) -> None:
    os.sched_setscheduler(thread, before.policy, os.sched_getparam(thread))


def _set_nice(thread: int, before: _Scheduling) -> None:
    os.setpriority(os.PRIO_PROCESS, thread, before.nice)


def _set_processors(thread: int, before: _Scheduling) -> None:
    os.sched_setaffinity(thread, before.processors)


def _set_io_priority(thread: int, before: _Scheduling) -> None:
    if before.io_priority is not None:
        _call(1, thread, before.io_priority)


_SETTERS: Final[dict[str, Callable[[int, _Scheduling], None]]] = {
    "scheduling policy": _set_policy,
    "priority": _set_nice,
    "processors": _set_processors,
    "I/O priority": _set_io_priority,
}


def _io_priority(thread: int) -> int | None:
    return _call(0, thread)


def _call(which: int, thread: int, *more: int) -> int | None:
    numbers = _PRIORITY_CALLS.get(os.uname().machine)
    if numbers is None:
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(libc.syscall(numbers[which], _THREAD, thread, *more))
    return None if result < 0 else result
