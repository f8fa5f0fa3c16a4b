"""Log lines wait in a bounded queue for a thread that writes them: no caller waits for a pipe or a disk.

A standard error that nobody reads takes 64 KiB, then a write to it lasts for ever, and with it would the event loop,
its watchdog and its signals. Counterpart of `logs.py`, which formats the lines.
"""

import logging
import os
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Final, TextIO

__all__ = ["MOST_LINES", "DescriptorHandler", "QueuedHandler"]

MOST_LINES: Final = 10_000
MOST_CHARACTERS: Final = 8 * 1024 * 1024
"""What may wait; further lines are dropped and counted, which the log says once it is read again."""
FLUSH_S: Final = 2.0
"""Seconds for which an end waits for what is not written yet."""


class DescriptorHandler(logging.Handler):
    """Writes to a stream's descriptor: a write through the stream itself, stuck at the exit, would hold its lock."""

    def __init__(self, stream: TextIO) -> None:
        """A stream without a descriptor, as tests have it, is written to itself."""
        super().__init__()
        self._stream = stream
        try:
            self._descriptor: int | None = stream.fileno()
        except (OSError, ValueError):
            self._descriptor = None

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record) + "\n"
        if self._descriptor is None:
            self._stream.write(text)
            return
        rest = memoryview(text.encode("utf-8", "backslashreplace"))
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:  # whoever read it is gone: there is nobody to tell
            return


class QueuedHandler(logging.Handler):
    """Formats in the caller's thread, hands over, and never waits. `inner` writes, in a thread of its own."""

    def __init__(self, inner: logging.Handler, *, most_lines: int = MOST_LINES) -> None:
        super().__init__()
        self._inner = inner
        self._most_lines = most_lines
        self._lines: deque[str] = deque()
        self._characters = 0
        self._dropped = 0
        self._is_writing = False
        self._is_ended = False
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        with self._changed:
            if len(self._lines) >= self._most_lines or self._characters + len(line) > MOST_CHARACTERS:
                self._dropped += 1
                return
            self._lines.append(line)
            self._characters += len(line)
            if self._thread is None and not self._is_ended:
                self._thread = threading.Thread(target=self._write, name="log", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all is written, at most `FLUSH_S`."""
        until = time.monotonic() + FLUSH_S
        with self._changed:
            while self._thread is not None and (self._lines or self._dropped or self._is_writing):
                left = until - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return

    def close(self) -> None:
        """Write what is left, for at most `FLUSH_S`, and end the thread."""
        self.flush()
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()
        super().close()

    def _write(self) -> None:
        while (line := self._next()) is not None:
            record = logging.makeLogRecord({"msg": line})
            with suppress(Exception):  # a log that cannot be written is no reason to end, and nowhere to say so
                self._inner.emit(record)

    def _next(self) -> str | None:
        """The next line; what was dropped is said before the first one that is taken after it. None at the end."""
        with self._changed:
            self._is_writing = False
            self._changed.notify_all()
            while not self._lines and not self._dropped:
                if self._is_ended:
                    self._inner.close()
                    return None
                self._changed.wait()
            self._is_writing = True
            if self._dropped and len(self._lines) < self._most_lines:
                dropped, self._dropped = self._dropped, 0
                return self.format(_dropped(dropped))
            line = self._lines.popleft()
            self._characters -= len(line)
            return line


def _dropped(count: int) -> logging.LogRecord:
    words = f"log.dropped: {count} lines were dropped here, since nothing took them"
    return logging.LogRecord("ompycord.telemetry", logging.WARNING, "", 0, words, None, None)
