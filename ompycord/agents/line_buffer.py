"""Turns an agent's plain lines into messages, few and in order among its events.

Its counterpart is `drive.py`, which reads them.
"""

import asyncio
import re
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from ompycord.domain.events import EventBody, Message
from ompycord.domain.ports import Emit
from ompycord.text import clean, cut, cut_head
from ompycord.text.limits import DIALECT_MESSAGE

__all__ = ["LineBuffer", "legible"]

PAUSE_S: Final = 1.0
"""With `_RAW` at most four messages of plain lines a second; cards are edited less often."""

_HEADING: Final = 40
"""Room for the line that counts what was left out."""
_LINE: Final = DIALECT_MESSAGE - _HEADING
_CAPACITY: Final = 2 * _LINE
_RAW: Final = 16 * _CAPACITY
"""Characters of lines as they came that are kept for a pause: colours and the like are no text."""
_RAW_LINE: Final = 4 * _LINE
"""Characters of a line that is kept as it came; a longer one is cleaned at once."""
_RAW_LINES: Final = 50
"""Of so many lines the last ones with something in them are found."""
_TOGETHER: Final = 100
"""Events that are stored together at most."""

# Colours and cursor moves: ECMA-48 control sequences, operating system commands and other strings, two-byte escapes;
# each also where its end is missing. Linear: none of them reads past the next escape.
_TERMINAL: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
)
_KEPT: Final = 5


def legible(line: str) -> str:
    """A line of a program as its terminal would show it at last: without colours, cursor moves and controls.

    What stands before a carriage return was written over.
    """
    return clean(_TERMINAL.sub("", line).rstrip("\r").rpartition("\r")[2]).rstrip()


class LineBuffer:
    """Collects plain lines for `PAUSE_S`, then emits them as messages of at most 2,000 characters.

    A burst keeps its newest lines: the others of one pause are counted, the end is never lost. Lines are cleaned when
    they are emitted, so that those left out cost nothing.
    """

    def __init__(self, *, emit: Emit, pause_s: float = PAUSE_S) -> None:
        self._emit = emit
        self._pause_s = pause_s
        self._waiting: deque[str] = deque()
        self._size = 0
        self._left_out = 0
        self._events: list[EventBody] = []
        self._has_lines = asyncio.Event()
        self._closed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._latest: deque[str] = deque(maxlen=_RAW_LINES)

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last plain lines with something in them, to explain an exit code."""
        found: list[str] = []
        for line in reversed(self._latest):
            if len(found) < _KEPT and (text := _shown(line)).strip():
                found.append(text)
        return tuple(reversed(found))

    @property
    def last_line(self) -> str:
        """The last of them; empty where there was none."""
        return next(iter(self.last_lines[-1:]), "")

    def add(self, line: str) -> None:
        """A line that is no event. Of one that is longer than 2,000 characters the middle is left out."""
        if len(line) > _RAW_LINE:
            line = _shown(line)
        if line and not line.isspace():
            self._latest.append(line)
        elif not self._waiting:
            return
        self._waiting.append(line)
        self._size += len(line) + 1
        while self._size > _RAW and len(self._waiting) > 1:
            self._size -= len(self._waiting.popleft()) + 1
            self._left_out += 1
        if not self._has_lines.is_set():
            self._has_lines.set()

    def put(self, body: EventBody) -> None:
        """An event of the agent, after the lines that came before it. It is stored by `store`, or sooner."""
        self._events += self._messages()
        self._events.append(body)

    @property
    def is_full(self) -> bool:
        """Whether so many events wait that they should be stored before more are read."""
        return len(self._events) >= _TOGETHER

    async def store(self) -> None:
        """Emits the events that were put, in one go. Plain lines wait on for their pause."""
        if self._events:
            async with self._one_at_a_time:
                await self._emit_all()

    async def emit(self, body: EventBody) -> None:
        """An event of the agent, stored at once."""
        self.put(body)
        await self.store()

    async def flush_periodically(self) -> None:
        """Emits what was collected, pause by pause, until `close`; emits the rest before it returns."""
        while not self._closed.is_set():
            await self._has_lines.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s):
                    await self._closed.wait()
            await self.flush()
        await self.flush()  # what came while the last message was stored

    async def flush(self) -> None:
        """Emits what is collected now."""
        async with self._one_at_a_time:
            self._events += self._messages()
            await self._emit_all()

    def close(self) -> None:
        """Ends the lines."""
        self._closed.set()
        self._has_lines.set()

    async def _emit_all(self) -> None:
        events, self._events = self._events, []
        if events:
            await self._emit(*events)

    def _messages(self) -> list[Message]:
        """The plain lines that wait, as messages; none of them waits afterwards."""
        self._has_lines.clear()
        if not self._waiting:
            return []
        lines = deque(_shown(line) for line in self._waiting)
        while lines and not lines[0].strip():
            lines.popleft()
        size = sum(len(line) + 1 for line in lines)
        while size > _CAPACITY + 2:
            size -= len(lines.popleft()) + 1
            self._left_out += 1
        messages = _packed(lines)
        if messages and self._left_out:
            word = "line" if self._left_out == 1 else "lines"
            messages[0] = f"({self._left_out:,} earlier {word} left out)\n{messages[0]}"
        self._waiting.clear()
        self._size = self._left_out = 0
        return [Message(text=text) for text in messages]


def _shown(line: str) -> str:
    """What people see of a line."""
    text = legible(line)
    return text if len(text) <= _LINE else cut(text, _LINE // 2, "") + cut_head(text, _LINE - _LINE // 2)


def _packed(lines: Iterable[str]) -> list[str]:
    """Messages of whole lines, each of at most `_LINE` characters."""
    messages: list[str] = []
    for line in lines:
        if messages and len(messages[-1]) + 1 + len(line) <= _LINE:
            messages[-1] += "\n" + line
        else:
            messages.append(line)
    return [text for message in messages if (text := message.strip("\n"))]
