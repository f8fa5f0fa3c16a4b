"""Deadlines of equal length under one timer; counterpart of `pipeline.py`, whose bodies must arrive in time.

`asyncio.timeout` makes a timer for each request, which costs as much as checking its signature (bench webhook).
"""

import asyncio
from collections import deque
from types import TracebackType

__all__ = ["Deadlines"]


class _Wait:
    """One block under a deadline."""

    __slots__ = ("_deadlines", "due", "is_late", "is_over", "task")

    def __init__(self, deadlines: "Deadlines") -> None:
        self._deadlines = deadlines
        self.due = 0.0
        self.task: asyncio.Task[object] | None = None
        self.is_over = False
        self.is_late = False

    def __enter__(self) -> None:
        self.task = asyncio.current_task()
        self._deadlines.begin(self)

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self.is_over = True
        if self.is_late and self.task is not None and self.task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise TimeoutError


class Deadlines:
    """`with deadlines.each():` raises TimeoutError in the block's task after `seconds`, at most `seconds` / 10 late."""

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._waits: deque[_Wait] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Blocks that are remembered: those that run, and at most a few that have ended."""
        return len(self._waits)

    def each(self) -> _Wait:
        """A block of its own."""
        return _Wait(self)

    def begin(self, wait: _Wait) -> None:
        """Start the deadline of a block. Blocks end in any order, their deadlines come in the order of their start."""
        while self._waits and self._waits[0].is_over:
            self._waits.popleft()
        loop = asyncio.get_running_loop()
        wait.due = loop.time() + self._seconds
        self._waits.append(wait)
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._check)

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._waits and (self._waits[0].is_over or self._waits[0].due <= now):
            wait = self._waits.popleft()
            if not wait.is_over and wait.task is not None:
                wait.is_late = True
                wait.task.cancel()
        # Not at the very next deadline: under load that would be a timer for each request again.
        pause = self._seconds / 10
        self._timer = loop.call_at(max(self._waits[0].due, now + pause), self._check) if self._waits else None
