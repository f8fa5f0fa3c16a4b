"""Splits a stream of server-sent events, wherever its bytes were cut. Pure.

https://html.spec.whatwg.org/multipage/server-sent-events.html: lines end with CRLF, LF or CR; a byte-order mark may
stand at the beginning; lines of comments begin with a colon; several lines of data are one text.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

__all__ = ["ServerEvent", "ServerEvents"]

_END: Final = re.compile(rb"\r\n|\n|\r")
_MARK: Final = b"\xef\xbb\xbf"
_MOST: Final = 33_554_432
"""Bytes of one event that are kept; a longer one is left out, and what it tells is not known."""


class ServerEvent(NamedTuple):
    """One event."""

    name: str
    """Empty where it has none."""
    data: bytes


class ServerEvents:
    """One stream. `feed` gives the events that are whole by then."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._ended_by_cr = False
        self._is_first = True
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """The events that end in this chunk; consume it before the next call."""
        for line in self._lines(chunk):
            if line:
                self._on_line(line)
                continue
            if self._data and self._size <= _MOST:
                yield ServerEvent(self._name, b"\n".join(self._data))
            self._name, self._data, self._size = "", [], 0

    def _lines(self, chunk: bytes) -> list[bytes]:
        if self._ended_by_cr and chunk:
            chunk = chunk[1:] if chunk[:1] == b"\n" else chunk
            self._ended_by_cr = False
        if not chunk:
            return []
        self._ended_by_cr = chunk[-1:] == b"\r"
        if b"\n" not in chunk and b"\r" not in chunk:
            self._keep(chunk)
            return []
        *lines, rest = _END.split(b"".join((*self._pieces, chunk)))
        self._pieces = [rest] if rest else []
        if self._is_first and lines:
            self._is_first = False
            lines[0] = lines[0].removeprefix(_MARK)
        return lines

    def _keep(self, chunk: bytes) -> None:
        if sum(map(len, self._pieces[-1:])) + self._size > _MOST:
            self._size += len(chunk)  # it is left out whole
            return
        self._pieces.append(chunk)

    def _on_line(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._size += len(value)
            if self._size <= _MOST:
                self._data.append(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
