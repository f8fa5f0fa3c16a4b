"""The spool's files: segments of JSON lines, numbered, and places in them.

Counterpart of `spool.py`, which owns the order of writes. A segment is appended to until it is full, read to its end,
then removed. Only whole lines count: what follows the last line feed was being written when its writer died, and no
caller got an acknowledgement for it.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ompycord.files import sync_folder

__all__ = [
    "EventLine",
    "SpoolPosition",
    "add_line",
    "cut_torn_end",
    "lines_from",
    "segment_path",
    "segments",
    "torn_end",
]

_SEGMENT = re.compile(r"events-([0-9]{8})\.jsonl")


class SpoolPosition(NamedTuple):
    """A byte of a segment; places compare in the order of the line."""

    segment: int
    offset: int


class EventLine(NamedTuple):
    """One event as it waits: everything about it is fixed."""

    id: str
    """The `webhook-id`, under which every attempt is the same event."""
    run: str
    source: str
    seq: int
    body: str
    """The envelope's very text; another text under the same id would be a conflict."""

    def encode(self) -> bytes:
        """Itself and a line feed."""
        return json.dumps(self._asdict(), separators=(",", ":")).encode() + b"\n"

    @classmethod
    def decode(cls, raw: bytes) -> "EventLine | None":
        """None for what is no such line: the disk or a person damaged it."""
        try:
            value: Any = json.loads(raw)
            texts = [value[name] for name in ("id", "run", "source", "body")]
            seq = value["seq"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        if not all(isinstance(text, str) for text in texts) or not isinstance(seq, int):
            return None
        webhook_id, run, source, body = texts
        return cls(webhook_id, run, source, seq, body)


def segments(folder: Path) -> list[int]:
    """Their numbers, oldest first."""
    found = (_SEGMENT.fullmatch(file.name) for file in folder.iterdir())
    return sorted(int(match[1]) for match in found if match)


def segment_path(folder: Path, number: int) -> Path:
    """Where a segment lies."""
    return folder / f"events-{number:08}.jsonl"


def lines_from(folder: Path, place: SpoolPosition) -> Iterator[tuple[bytes, SpoolPosition]]:
    """Whole lines of one segment from a place on, each with the place after it."""
    try:
        file = segment_path(folder, place.segment).open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(place.offset)
        for raw in file:
            if not raw.endswith(b"\n"):
                return
            place = SpoolPosition(place.segment, place.offset + len(raw))
            yield raw, place


def torn_end(path: Path, whole: int) -> bytes:
    """What follows the whole lines, which end at this byte: an event whose writer died, or that a disk lost in part."""
    with path.open("rb") as file:
        file.seek(whole)
        return file.read()


def cut_torn_end(path: Path, *, keep: Callable[[int], None] = lambda whole: None) -> int:
    """Drop what follows the last line feed; the size that is left, 0 when there is no file.

    `keep` is called with that size before anything is dropped.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return 0
    with os.fdopen(descriptor, "r+b") as file:
        content_end = file.seek(0, os.SEEK_END)
        whole = content_end
        while whole:
            start = max(0, whole - 4096)
            file.seek(start)
            newline = file.read(whole - start).rfind(b"\n")
            if newline >= 0:
                whole = start + newline + 1
                break
            whole = start
        if whole != content_end:
            keep(whole)
            file.truncate(whole)
        return whole


def add_line(path: Path, line: bytes, *, size: int) -> None:
    """Append and flush to the disk, or leave the file as it was. Raises OSError."""
    is_new = not size
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(path.parent)
