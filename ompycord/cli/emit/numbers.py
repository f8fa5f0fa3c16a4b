"""The next number for each run's events; counterpart of `lines.py`, from which lost memory is read again.

The numbers belong to this spool: its events carry a `source` of its own, so that two machines with one key never
collide.
"""

import json
import secrets
from pathlib import Path
from typing import Any, Self

from ompycord.cli.emit.lines import EventLine, SpoolPosition, lines_from, segments
from ompycord.files import replace_file

__all__ = ["Numbers"]

MOST_RUNS = 5_000
"""Remembered before all begin again under a new source: the file is written at every append."""


class Numbers:
    """`lanes.json`: the last number of each run, and up to which place of the spool that is true."""

    def __init__(self, path: Path, *, source: str, place: SpoolPosition, last: dict[str, int]) -> None:
        self._path = path
        self.source = source
        self._place = place
        self._last = last

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What is remembered, caught up with lines whose writer died before it was; a new source when nothing is."""
        path = folder / "lanes.json"
        numbers = cls._read(path)
        if numbers is None:
            return cls(path, source=_new_source(), place=_end(folder), last={})
        numbers.catch_up(folder)
        return numbers

    @classmethod
    def _read(cls, path: Path) -> Self | None:
        try:
            value: dict[str, Any] = json.loads(path.read_bytes())
            place = SpoolPosition(int(value["segment"]), int(value["offset"]))
            last = {str(run): int(seq) for run, seq in value["last"].items()}
            return cls(path, source=str(value["source"]), place=place, last=last)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def catch_up(self, folder: Path) -> None:
        """Read what was written after the remembered place."""
        before = self._place
        for segment in [number for number in segments(folder) if number >= self._place.segment]:
            start = self._place if segment == self._place.segment else SpoolPosition(segment, 0)
            for raw, end in lines_from(folder, start):
                line = EventLine.decode(raw)
                if line is not None:
                    self.took(line, end)
                self._place = end
        if self._place != before:
            self.save()

    def next(self, run: str) -> int:
        """The number for the next event of this run. May begin a new source: ask for it before `source`."""
        if run not in self._last and len(self._last) >= MOST_RUNS:
            self.source = _new_source()
            self._last = {}
        return self._last.get(run, 0) + 1

    def took(self, line: EventLine, end: SpoolPosition) -> None:
        """A line is on disk up to `end`."""
        if line.source == self.source:
            self._last[line.run] = max(line.seq, self._last.get(line.run, 0))
        self._place = end

    def save(self, *, durable: bool = False) -> None:
        """`durable` before a segment may vanish from which it could be read again. Raises OSError."""
        value = {
            "source": self.source,
            "segment": self._place.segment,
            "offset": self._place.offset,
            "last": self._last,
        }
        replace_file(self._path, json.dumps(value, separators=(",", ":")), is_durable=durable)


def _new_source() -> str:
    return f"emit-{secrets.token_hex(4)}"


def _end(folder: Path) -> SpoolPosition:
    """Behind everything that is there."""
    last = max(segments(folder), default=1)
    place = SpoolPosition(last, 0)
    for _, after in lines_from(folder, place):
        place = after
    return place
