"""Our side of `tools_program.py`: one call after the other to a confined program, and its end."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from ompycord.agents.line_buffer import legible
from ompycord.dialects.frames import Frame, boolean, count, one_line, parse_frame, string, write_frame
from ompycord.processes import Bounds, Line, RunningProcess, Stream

__all__ = ["BOUNDS", "ToolOutput", "ToolProgram"]

BOUNDS: Final = Bounds(line_bytes=1_048_576, output_bytes=68_719_476_736)
_STDERR_LINES: Final = 5
_WAITING: Final = 8
"""Steps of a tool that wait to be stored; beyond them the next ones are left out."""

Progress = Callable[[str], Awaitable[None]]


class ToolOutput(NamedTuple):
    """What a tool gave."""

    ok: bool
    text: str
    """For the model."""
    detail: str | None = None
    """In few words, for people."""
    path: str | None = None
    """The file that it changed."""
    added: int = 0
    removed: int = 0
    is_new: bool = False


class ToolProgram:
    """The tools of one start of the agent."""

    def __init__(self, process: RunningProcess) -> None:
        self._process = process
        self._id = ""
        """The call that waits for its answer; empty: none does."""
        self._frames: asyncio.Queue[Frame] = asyncio.Queue(maxsize=_WAITING + 1)
        self._last_lines: deque[str] = deque(maxlen=_STDERR_LINES)
        self.is_ready = False
        """Whether it was executed at all."""

    @property
    def last_lines(self) -> tuple[str, ...]:
        """What it wrote last to its standard error."""
        return tuple(self._last_lines)

    async def read(self) -> None:
        """Take its lines until the last one."""
        async for line in self._process.lines():
            self._on_line(line)

    async def call(self, id_: str, tool: str, arguments: Frame, progress: Progress) -> ToolOutput:
        """The answer to one call; one at a time. Waits for ever where the program has ended: its reader knows."""
        self._frames = asyncio.Queue(maxsize=_WAITING + 1)
        self._id = id_
        self._process.works_in_silence(working=True)
        try:
            await self._process.write(write_frame({"id": id_, "tool": tool, "arguments": arguments}))
            while "progress" in (frame := await self._frames.get()):
                await progress(one_line(string(frame, "progress")))
            return _answer_of(frame)
        finally:
            self._id = ""
            self._process.works_in_silence(working=False)

    def _on_line(self, line: Line) -> None:
        if line.stream is not Stream.STDOUT:
            if text := legible(line.text[-4096:]).strip():
                self._last_lines.append(one_line(text))
            return
        frame = parse_frame(line.text)
        if frame is None:
            return
        self.is_ready = True
        if not self._id or string(frame, "id") != self._id:
            return
        if "progress" not in frame:
            self._id = ""  # one answer; there is always room for it
            self._frames.put_nowait(frame)
        elif self._frames.qsize() < _WAITING:
            self._frames.put_nowait(frame)


def _answer_of(frame: Frame) -> ToolOutput:
    return ToolOutput(
        ok=boolean(frame, "ok"),
        text=string(frame, "text"),
        detail=one_line(string(frame, "detail")) or None,
        path=string(frame, "path") or None,
        added=count(frame, "added"),
        removed=count(frame, "removed"),
        is_new=boolean(frame, "is_new"),
    )
