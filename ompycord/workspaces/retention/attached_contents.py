"""The contents of attached files, counted and removed; counterpart of `workspaces/artifacts.py`, which writes them.

The lock is that of the writer: a content that is attached again at this moment is young by then, and stays.
"""

import asyncio
import os
import shutil
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId, is_ulid

__all__ = ["AttachedContents", "ContentSum"]

_SHA256: Final = 64
_HEX: Final = frozenset("0123456789abcdef")


class ContentSum(NamedTuple):
    """How many contents, and how large they are together."""

    files: int
    size: int


class AttachedContents:
    """Of one folder."""

    def __init__(self, folder: Path, lock: threading.Lock) -> None:
        self._folder = folder
        self._lock = lock

    async def marked_runs(self) -> list[RunId]:
        """The runs that attached something. Raises OSError."""
        return await asyncio.to_thread(lambda: [RunId(one.name) for one in self._marks()])

    async def unmark(self, runs: Sequence[RunId]) -> None:
        """Forget what these attached; its contents stay until they are removed. Raises OSError."""
        await asyncio.to_thread(self._unmark, runs)

    async def contents(self) -> ContentSum:
        """All of them. Raises OSError."""
        return await asyncio.to_thread(lambda: _sum(self._contents()))

    async def remove_unnamed(
        self, named: Collection[str], *, before: Millis, without: Collection[RunId], only_counts: bool
    ) -> ContentSum:
        """Remove contents that are older, that nothing in `named` is, and that no run but those of `without` marks.

        Raises OSError.
        """
        return await asyncio.to_thread(self._remove_unnamed, named, before, without, only_counts)

    def _unmark(self, runs: Sequence[RunId]) -> None:
        for run in runs:
            shutil.rmtree(self._folder / "of" / run)

    def _remove_unnamed(
        self, named: Collection[str], before: Millis, without: Collection[RunId], only_counts: bool
    ) -> ContentSum:
        leaving = set(without)
        marked = {mark.name for run in self._marks() if run.name not in leaving for mark in run.iterdir()}
        files = size = 0
        for content in self._contents():
            if content.name in named or content.name in marked:
                continue
            with self._lock:
                found = _stat(content)
                if found is None or found.st_mtime_ns // 1_000_000 >= before:
                    continue
                if not only_counts:
                    content.unlink(missing_ok=True)
            files, size = files + 1, size + found.st_size
        return ContentSum(files, size)

    def _marks(self) -> Iterator[Path]:
        of = self._folder / "of"
        if of.is_dir():
            yield from (one for one in of.iterdir() if is_ulid(one.name) and one.is_dir())

    def _contents(self) -> Iterator[Path]:
        for folder in self._folder.glob("??"):
            if set(folder.name) <= _HEX and folder.is_dir():
                for one in folder.iterdir():
                    if len(one.name) == _SHA256 and set(one.name) <= _HEX and one.is_file():
                        yield one


def _sum(contents: Iterator[Path]) -> ContentSum:
    sizes = [found.st_size for one in contents if (found := _stat(one)) is not None]
    return ContentSum(len(sizes), sum(sizes))


def _stat(content: Path) -> os.stat_result | None:
    """None where another one removed it meanwhile, as whoever writes archives anew does."""
    try:
        return content.stat()
    except FileNotFoundError:
        return None
