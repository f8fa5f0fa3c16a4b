"""Watches the event loop from a thread: one that is blocked for too long dumps its stacks and ends the process.

A blocked loop answers no one and can end nothing in order; what starts it again (systemd, compose) finds the database
whole.
"""

import asyncio
import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

__all__ = ["BLOCKED_S", "DEFECT", "Watchdog"]

BLOCKED_S = 30.0
HEARTBEAT_S = 7.5
DUMP_S = 5.0
"""Seconds for writing the stacks."""
DEFECT = 70
"""The exit code: a defect of ours."""


class Watchdog:
    """`run` sends heartbeats on the loop; a daemon thread counts those that are missing."""

    def __init__(
        self,
        *,
        blocked_s: float = BLOCKED_S,
        interval_s: float = HEARTBEAT_S,
        end: Callable[[int], object] = os._exit,
        stream: TextIO | None = None,
    ) -> None:
        """Stacks go to `stream` (stderr), which must have a file descriptor."""
        self._missed_heartbeats = max(2, round(blocked_s / interval_s))
        self._interval_s = interval_s
        self._end = end
        self._stream = stream
        self._heartbeats = 0
        self._over = threading.Event()
        self.lag_s = 0.0
        """How late the last heartbeat was."""

    async def run(self) -> None:
        """Send heartbeats until cancelled."""
        thread = threading.Thread(target=self._observe, name="watchdog", daemon=True)
        thread.start()
        try:
            while True:
                due = time.monotonic() + self._interval_s / 2
                await asyncio.sleep(self._interval_s / 2)
                self.lag_s = max(0.0, time.monotonic() - due)
                self._heartbeats += 1
        finally:
            self._over.set()

    def _observe(self) -> None:
        """Counts checks, not seconds: a process that was stopped (Ctrl+Z, a suspended laptop) misses both alike."""
        seen, missed_heartbeats = -1, 0
        while not self._over.wait(self._interval_s):
            missed_heartbeats = missed_heartbeats + 1 if self._heartbeats == seen else 0
            seen = self._heartbeats
            if missed_heartbeats >= self._missed_heartbeats:
                self._give_up(missed_heartbeats)
                return

    def _give_up(self, missed_heartbeats: int) -> None:
        """Say why, then end: also where standard error takes nothing any more, which blocks whoever writes to it."""
        words = threading.Thread(target=self._dump, args=(missed_heartbeats,), name="stacks", daemon=True)
        words.start()
        words.join(DUMP_S)
        self._end(DEFECT)

    def _dump(self, missed_heartbeats: int) -> None:
        stream = self._stream or sys.stderr
        stream.write(
            f"ompycord: the event loop was blocked for {missed_heartbeats * self._interval_s:.0f} s; its stacks "
            "follow.\n"
        )
        stream.flush()
        faulthandler.dump_traceback(file=stream, all_threads=True)
