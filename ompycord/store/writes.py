"""The writes of a commit: each record has a feature's function that applies it; counterpart of `domain.records.Commit`.

A feature with a new kind of write adds a record, and a `Write` in its own file of `features/`.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from ompycord.domain.base import Millis
from ompycord.domain.records import Commit, Committed

__all__ = ["Apply", "PreparedCommit", "Write", "WriteRegistry", "apply_commit", "each"]

R = TypeVar("R")

Apply = Callable[[sqlite3.Connection, Millis], Sequence[int]]
"""Apply all records of one kind at a moment, in the commit's transaction; the positions that they got, for events."""
Earlier = Callable[[sqlite3.Connection, Sequence[R]], Committed | None]
"""The earlier record because of which the commit changes nothing; None where the record is new.

Reads before anything is written.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write(Generic[R]):
    """How one kind of record is written."""

    record: type[R]
    prepare: Callable[[Sequence[R]], Apply]
    """Called in the caller's task, before the commit joins a batch.

    What can fail because of the records alone fails there.
    """
    earlier: Earlier[R] | None = None
    weight: int = 0
    """How many rows one record adds to its batch, beside the one that every commit counts for."""


def each(apply: Callable[[sqlite3.Connection, R, Millis], None]) -> Callable[[Sequence[R]], Apply]:
    """`prepare` of a write whose records are applied one by one and have no positions."""

    def prepare(records: Sequence[R]) -> Apply:
        def apply_all(raw: sqlite3.Connection, now: Millis) -> Sequence[int]:
            for record in records:
                apply(raw, record, now)
            return ()

        return apply_all

    return prepare


class PreparedCommit(NamedTuple):
    """A commit, ready for its transaction."""

    earlier: tuple[Callable[[sqlite3.Connection], Committed | None], ...]
    apply: tuple[Apply, ...]
    weight: int


class WriteRegistry:
    """Every kind of record that a commit may hold. Their order is the one in which a commit applies them."""

    def __init__(self, *writes: Write[Any]) -> None:
        """Raises ValueError where two writes are for one record."""
        self._writes = {write.record: write for write in writes}
        if len(self._writes) != len(writes):
            names = sorted(write.record.__name__ for write in writes)
            raise ValueError(f"Two writes are for one record, of {', '.join(names)}.")

    @property
    def records(self) -> tuple[type[Any], ...]:
        """The records that are known, in the order of their application."""
        return tuple(self._writes)

    def prepare(self, commit: Commit) -> PreparedCommit:
        """Sort a commit's records by kind, keeping their order within one.

        Raises TypeError for a record that no feature writes, ValueError for one that cannot be stored.
        """
        found: dict[type[Any], list[Any]] = {record: [] for record in self._writes}
        for record in commit.writes:
            kind = type(record)
            if kind not in found:
                raise TypeError(f"No feature of the store writes a {kind.__name__}.")
            found[kind].append(record)
        present = [(write, found[write.record]) for write in self._writes.values() if found[write.record]]
        return PreparedCommit(
            earlier=tuple(_reader(write.earlier, records) for write, records in present if write.earlier is not None),
            apply=tuple(write.prepare(records) for write, records in present),
            weight=1 + sum(write.weight * len(records) for write, records in present),
        )


def apply_commit(raw: sqlite3.Connection, commit: PreparedCommit, *, now: Millis) -> Committed:
    """Apply a commit, or return what was stored first. Raises what a write raises; the caller rolls back."""
    before = [found for read in commit.earlier if (found := read(raw)) is not None]
    if before:  # the caller needs a decision that was made earlier
        return next((found for found in before if found.earlier is not None), before[0])
    positions = tuple(position for apply in commit.apply for position in apply(raw, now))
    return Committed(positions=positions)


def _reader(earlier: Earlier[Any], records: Sequence[Any]) -> Callable[[sqlite3.Connection], Committed | None]:
    return lambda raw: earlier(raw, records)
