"""How patient tests are: one factor, measured, by which every bound of a wait grows.

Its counterpart is tests/conftest.py, which measures.

A bound is written as what a quiet machine needs many times over; `within` and `patient` scale it. What a test waits for
is an event or a condition: the bound only says when to give up.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Final

LOOK_S: Final = 0.01
"""Between two looks at a condition that sets no event."""
LARGEST: Final = 20.0
"""A machine that is slower than this gets failures, not hours."""
VARIABLE: Final = "TESTS_PATIENCE"
"""The factor measured when the suite started, for the workers; set by a person, the least that is used."""
_TURNS: Final = 400_000
_TURNS_S: Final = 0.030
"""What `_TURNS` take on a quiet core of a server of 2023 (an AMD EPYC at about 3 GHz, CPython 3.11)."""
_AGAIN_AFTER_S: Final = 10.0
_REMEMBERED: Final = 3
"""Measurements that count, the largest of them: load comes and goes within a test."""


def loop_s() -> float:
    """Seconds that a calibrated loop takes now: wall time, so that load counts too."""
    began = time.perf_counter()
    total = 0
    for turn in range(_TURNS):
        total += turn * turn % 7
    return time.perf_counter() - began


def slowness() -> float:
    """How many times longer the calibrated loop takes now than on a quiet machine."""
    return loop_s() / _TURNS_S


class Patience:
    """The factor from the start of the suite, and what was measured lately."""

    def __init__(
        self, *, start: float, measure: Callable[[], float] = slowness, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._start = start
        self._measure = measure
        self._now_s = now_s
        self._lately: deque[float] = deque(maxlen=_REMEMBERED)
        self._measured_at: float | None = None

    @property
    def factor(self) -> float:
        """From 1 to LARGEST."""
        return min(max(1.0, self._start, *self._lately), LARGEST)

    def refresh(self) -> None:
        """Measure again if the last measurement is old. Blocks for 30 ms and more: call it between tests."""
        now = self._now_s()
        if self._measured_at is None or now - self._measured_at >= _AGAIN_AFTER_S:
            self._measured_at = now
            self._lately.append(self._measure())


@cache
def patience() -> Patience:
    """This process's own. The first call of all processes measures; workers inherit what it found."""
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = f"{max(slowness(), slowness()):.2f}"
    return Patience(start=float(os.environ[VARIABLE]))


def patient(bound: float) -> float:
    """A bound for something that is sure to come, in whatever unit it is given."""
    return bound * patience().factor


async def until(holds: Callable[[], bool | Awaitable[bool]], *, seconds: float = 20.0) -> None:
    """Return once it holds: for rows, files and other processes, which set no event of ours. Raises TimeoutError."""
    async with within(seconds):
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(LOOK_S)  # the one place where tests look again and again


def within(seconds: float) -> asyncio.Timeout:
    """`asyncio.timeout` for something that is sure to come: `async with within(10): ...`."""
    return asyncio.timeout(patient(seconds))
