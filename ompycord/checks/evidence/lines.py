"""Pure: whether every line of a text stands in another, in its order, and what was put between them."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Insertion", "every_line_stands", "insertions"]


@dataclass(frozen=True, slots=True)
class Insertion:
    """Lines that were put before the line with number `at` of the old text; at its end `at` is its length."""

    at: int
    lines: tuple[str, ...]


def every_line_stands(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether `old` is what is left of `new` when lines are taken out."""
    rest = iter(new)
    return all(line in rest for line in old)


def insertions(old: Sequence[str], new: Sequence[str], *, from_end: bool = False) -> list[Insertion] | None:
    """What was put between the lines of `old`; None where one of them is missing.

    Where a line stands more than once, the first one counts as the old one, or with `from_end` the last one.
    """
    if from_end:
        mirrored = insertions(old[::-1], new[::-1])
        if mirrored is None:
            return None
        return [Insertion(len(old) - one.at, one.lines[::-1]) for one in reversed(mirrored)]
    found: list[Insertion] = []
    between: list[str] = []
    at = 0
    for line in new:
        if at < len(old) and line == old[at]:
            if between:
                found.append(Insertion(at, tuple(between)))
                between = []
            at += 1
        else:
            between.append(line)
    if at < len(old):
        return None
    if between:
        found.append(Insertion(at, tuple(between)))
    return found
