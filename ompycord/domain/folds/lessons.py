"""Proposals to the memory and the decisions about them, out of Ompycord's own source; counterpart of `merge.py`."""

from typing import Any

from ompycord.domain.folds.proposed_lesson import ProposedLesson
from ompycord.domain.folds.source_state import SourceState

__all__ = ["lessons_of"]


def lessons_of(ours: SourceState) -> tuple[ProposedLesson, ...]:
    """In the order in which they were proposed."""
    found: list[ProposedLesson] = []
    for item, (_, at, proposed) in sorted(ours.proposed.items(), key=lambda entry: entry[1][0]):
        decided = ours.memory_decided.get(item)
        closed: dict[str, Any] = {}
        if decided is not None:
            closed = {"status": decided[2].decision, "by": decided[2].by, "closed_at": decided[1]}
        found.append(ProposedLesson(item=item, what=proposed.what, asked_at=at, **closed))
    return tuple(found)
