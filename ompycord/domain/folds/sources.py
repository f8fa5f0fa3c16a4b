"""Reads values over all sources of a run, in the one order that they have; counterpart of `source_state.py`."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from ompycord.domain.folds.source_state import SourceState, Stamped
from ompycord.domain.ids import Source

__all__ = ["Placed", "SourceStates", "in_order", "newest", "newest_by_name", "scalar"]

V = TypeVar("V")
SourceStates = Mapping[Source, SourceState]


class Placed(NamedTuple):
    """The place of a value among all sources. (source, seq) is unique.

    Sorts as docs/contracts/events.md, *Order*.
    """

    at: int
    source: Source
    seq: int


def newest(source_states: SourceStates, pick: Callable[[SourceState], Stamped[V] | None]) -> V | None:
    """The value that was written last; None where no source has one."""
    best: tuple[Placed, V] | None = None
    for source, source_state in source_states.items():
        entry = pick(source_state)
        if entry is not None:
            placed = Placed(entry[1], source, entry[0])
            if best is None or placed > best[0]:
                best = placed, entry[2]
    return None if best is None else best[1]


def scalar(source_states: SourceStates, name: str) -> str | None:
    """The latest text of this name."""
    return newest(source_states, lambda source_state: source_state.scalars.get(name))


def in_order(
    source_states: SourceStates, pick: Callable[[SourceState], Mapping[int, Stamped[V]]]
) -> list[tuple[Placed, V]]:
    """All values of all sources, each with its place."""
    placed = [
        (Placed(at, source, seq), value)
        for source, source_state in source_states.items()
        for seq, at, value in pick(source_state).values()
    ]
    return sorted(placed, key=lambda entry: entry[0])


def newest_by_name(
    source_states: SourceStates, pick: Callable[[SourceState], Mapping[str, Stamped[V]]]
) -> dict[str, tuple[Placed, V]]:
    """The newest value of each name over all sources."""
    result: dict[str, tuple[Placed, V]] = {}
    for source, source_state in source_states.items():
        for name, (seq, at, value) in pick(source_state).items():
            placed = Placed(at, source, seq)
            if name not in result or placed > result[name][0]:
                result[name] = placed, value
    return result
