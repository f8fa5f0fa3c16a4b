"""A person's terminal for a program under test: typed into, read, with a size of its own."""

import asyncio
import fcntl
import os
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.patience import within

PATIENCE_S = 40.0
_POLL_S = 0.2


class Terminal:
    """Starts a program with this terminal as its own; `close` when done."""

    def __init__(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], rows: int = 30, columns: int = 90
    ) -> None:
        self._ours, theirs = os.openpty()
        self.theirs = os.dup(theirs)
        self.resize(rows, columns)
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(
            list(argv), cwd=cwd, env=dict(env), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self.screen = ""

    def resize(self, rows: int, columns: int) -> None:
        """What the window manager does."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    async def read_until(self, wanted: str, patience_s: float = PATIENCE_S) -> None:
        """Until the program has printed this; AssertionError when it ends without, or when the time is over."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._ours, ready.set)
        try:
            async with within(patience_s):
                while wanted not in self.screen:
                    is_over = self.process.poll() is not None
                    printed = self._read()
                    self.screen += printed
                    if is_over and not printed:
                        break
                    loop.call_later(_POLL_S, ready.set)  # no event tells the end of a program of subprocess
                    await ready.wait()
                    ready.clear()
        except TimeoutError:
            pass
        finally:
            loop.remove_reader(self._ours)
        assert wanted in self.screen, f"{wanted!r} was not printed:\n{self.screen}"

    def _read(self) -> str:
        """What is there now; "" for nothing."""
        try:
            return os.read(self._ours, 65_536).decode(errors="replace")
        except BlockingIOError:
            return ""

    async def ended(self) -> int:
        """The exit code."""
        async with within(PATIENCE_S):
            return await asyncio.to_thread(self.process.wait)

    @property
    def modes(self) -> list[object]:
        """How the terminal is set now."""
        return termios.tcgetattr(self.theirs)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)
        os.close(self.theirs)
