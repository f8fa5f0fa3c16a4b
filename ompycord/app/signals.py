"""Signals: the first SIGTERM or SIGINT asks for an orderly end, the second forces it (exit 130)."""

import asyncio
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

__all__ = ["FORCED", "Stop"]

FORCED = 130
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """The order to end, for which the process waits. uvicorn and discord.py install no handlers of their own."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._was_requested = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._was_requested or self._event.is_set()

    def ask(self) -> None:
        """Ask for an orderly end from inside the process."""
        self._event.set()

    async def wait(self) -> None:
        """Wait until the end was asked for."""
        await self._event.wait()

    def attach(self) -> None:
        """Tell the running loop: whoever waits on it hears of a signal, also of one that came before it ran."""
        self._loop = asyncio.get_running_loop()
        if self._was_requested:
            self._event.set()

    @contextmanager
    def installed(self) -> Generator[None]:
        """Listen while the block runs, with a loop or before there is one; then restore the earlier handlers."""

        def handle(number: int, frame: FrameType | None) -> None:
            if (
                self._was_requested
            ):  # even when the loop is stuck; programs that we started die with us, the database is safe
                os._exit(FORCED)
            self._was_requested = True
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._event.set)

        before = {number: signal.signal(number, handle) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
