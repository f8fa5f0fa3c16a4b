"""From bytes to bounded lines to one reader; its counterpart is the pump in `launcher.py`. All is bounded."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator

from ompycord.processes.spec import Line, Stream

__all__ = ["LineQueue", "LineSplitter"]

_LINE_OVERHEAD = 64
"""What a line costs beyond its text, so that a flood of empty lines is bounded too."""
_TAIL_BYTES = 4_194_304
"""Above what pipes and their readers can hold: taken beyond the limit once the program ended."""


class LineSplitter:
    """Cuts a stream of bytes into lines of at most `limit` bytes; the rest of a line is dropped as it comes.

    Of a longer line that a terminal would have written over (by a carriage return), the latest part is kept.
    """

    def __init__(self, *, stream: Stream, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._waiting = bytearray()
        self._return_at = -1
        """Where the last carriage return stands in what is held."""
        self._is_over = False

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that `chunk` completes. Linear; exhaust it before the next call."""
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            if self._waiting or self._is_over or end - start > self._limit:
                self._hold(chunk, start, end)
                yield self._line()
            else:  # whole in this chunk, as nearly all lines are
                yield Line(self._stream, _text(chunk[start:end]))
            start = end + 1
        self._hold(chunk, start, len(chunk))

    def finish(self) -> Iterator[Line]:
        """The last line where no newline ended it."""
        if self._waiting or self._is_over:
            yield self._line()

    def _hold(self, chunk: bytes, start: int, end: int) -> None:
        part = chunk[start:end]
        if len(self._waiting) + len(part) > self._limit:
            self._is_over = True
            overwritten = part.rfind(b"\r", 0, -1)
            if overwritten >= 0:
                self._waiting.clear()
                part = part[overwritten + 1 :]
            elif self._return_at >= 0:
                del self._waiting[: self._return_at + 1]
            self._return_at = -1
        part = part[: self._limit - len(self._waiting)]
        if (at := part.rfind(b"\r")) >= 0:
            self._return_at = len(self._waiting) + at
        self._waiting += part

    def _line(self) -> Line:
        raw = bytes(self._waiting)
        if self._is_over:
            text = raw.decode("utf-8", "replace").rstrip("\ufffd")  # the limit may have halved the last character
        else:
            text = _text(raw)
        line = Line(stream=self._stream, text=text, was_cut=self._is_over)
        self._waiting.clear()
        self._return_at = -1
        self._is_over = False
        return line


class LineQueue:
    """Lines of all streams of one program for one reader, in order of arrival.

    While the program runs a full queue makes `put` wait for the reader; until lines were asked for, the oldest are
    dropped instead. Once the program ended (`release`) the little that is left in its pipes is taken at once. So
    nothing waits forever for a reader that does not read.
    """

    def __init__(self, *, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._lines: deque[Line] = deque()
        self._size = 0
        self._is_open = True
        self._has_reader = False
        self._is_released = False
        self._is_discarding = False
        self._has_line = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    @property
    def is_waiting_for_reader(self) -> bool:
        """Whether a `put` would wait."""
        return not self._has_room.is_set()

    @property
    def has_line(self) -> bool:
        """Whether a line waits for the reader."""
        return bool(self._lines)

    async def put(self, line: Line) -> None:
        """Adds a line, once there is room. The program's wall clock bounds the wait, for it ends in `release`."""
        await self._has_room.wait()
        self.add(line)

    def add(self, line: Line) -> None:
        """Adds a line at once."""
        if self._is_discarding or (self._is_released and self._size > self._limit + _TAIL_BYTES):
            return
        self._lines.append(line)
        self._size += _cost(line)
        while not self._has_reader and not self._is_released and self._size > self._limit and len(self._lines) > 1:
            self._size -= _cost(self._lines.popleft())
        if self._has_reader and not self._is_released and self._size >= self._limit:
            self._has_room.clear()
        self._has_line.set()

    def release(self) -> None:
        """Ends all waiting for room: the program has ended."""
        self._is_released = True
        self._has_room.set()

    def close(self) -> None:
        """Ends the lines; those that are held can still be read."""
        self._is_open = False
        self._has_line.set()

    def lines(self) -> AsyncGenerator[Line]:
        """Each line once, until the streams end. For one reader.

        One that stops early gives up the rest, until another one asks.
        """
        self._has_reader = True
        self._is_discarding = False
        return self._read()

    async def _read(self) -> AsyncGenerator[Line]:
        try:
            while True:
                while self._lines:
                    line = self._lines.popleft()
                    self._size -= _cost(line)
                    if self._size < self._limit:
                        self._has_room.set()
                    yield line
                if not self._is_open:
                    return
                self._has_line.clear()
                await self._has_line.wait()
        finally:
            self._is_discarding = True
            self._lines.clear()
            self._has_room.set()


def _text(raw: bytes) -> str:
    return raw.removesuffix(b"\r").decode("utf-8", "replace")


def _cost(line: Line) -> int:
    return len(line.text) + _LINE_OVERHEAD
