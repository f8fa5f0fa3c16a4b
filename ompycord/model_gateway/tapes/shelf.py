"""Where tapes lie: `artifacts/tapes/<run>.tape` of the data folder, for some days."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.model_gateway.tapes.options import TapeOptions
from ompycord.model_gateway.tapes.tape import TapeCut, TapedRequest, TapeFull, TapeHead, line_of, whole_bytes

__all__ = ["TapeShelf", "tape_file"]

_MIB: Final = 1024 * 1024
_DAY_MS: Final = 86_400_000


def tape_file(data: Path, run: RunId) -> Path:
    """A run's tape, there or not."""
    return data / "artifacts" / "tapes" / f"{run}.tape"


class TapeShelf:
    """Adds to tapes, and removes old ones."""

    def __init__(self, data: Path, options: TapeOptions) -> None:
        self._data = data
        self.options = options
        self._full: set[RunId] = set()
        self._known: set[RunId] = set()
        """Tapes that this process has looked at."""
        self._adding = asyncio.Lock()

    async def add(self, run: RunId, *entries: TapeHead | TapedRequest) -> None:
        """Add to the run's tape; a head only where it has none. Raises OSError."""
        async with self._adding:
            await asyncio.to_thread(self._add, run, entries)

    def _add(self, run: RunId, entries: tuple[TapeHead | TapedRequest, ...]) -> None:
        if run in self._full:
            return
        file = tape_file(self._data, run)
        if run not in self._known:
            _repair_tail(file)
            self._known.add(run)
        size = file.stat().st_size if file.exists() else 0
        lines = [line_of(one) for one in entries if not (size and isinstance(one, TapeHead))]
        if size + sum(map(len, lines)) > self.options.max_mib * _MIB:
            self._full.add(run)
            lines = [*(line_of(one) for one in entries if not size and isinstance(one, TapeHead)), line_of(TapeFull())]
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as opened:
            opened.write(b"".join(lines))

    async def prune(self, now: Millis) -> None:
        """Remove the tapes whose days are over. Raises OSError."""
        await asyncio.to_thread(self._prune, now)

    def _prune(self, now: Millis) -> None:
        oldest_s = (now - self.options.days * _DAY_MS) / 1000
        for file in (self._data / "artifacts" / "tapes").glob("*.tape"):
            with contextlib.suppress(FileNotFoundError):
                if file.stat().st_mtime < oldest_s:
                    file.unlink()


def _repair_tail(file: Path) -> None:
    """Put a mark in the place of a last line that a crash cut off: nothing that is added behind it could be read."""
    if not file.exists():
        return
    whole = whole_bytes(file)
    if whole == file.stat().st_size:
        return
    if not whole:  # its head: the tape begins again
        file.unlink()
        return
    with file.open("r+b") as opened:
        opened.seek(whole)
        opened.write(line_of(TapeCut()))  # before what is left of the line goes: a crash here is found again
        opened.truncate()
