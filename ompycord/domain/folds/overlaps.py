"""Which other work changes the same files as a run, and what people decided about that: what is kept of it; pure.

`source_state.py` hands the events on, `merge.py` puts what is shown into the snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from ompycord.domain import events as ev
from ompycord.domain.base import Frozen
from ompycord.domain.run import SuspendReason

__all__ = ["OVERLAP_EVENTS", "Overlap", "OverlapsState"]

V = TypeVar("V")
Stamped = tuple[int, int, V]
_Overlapping = ev.OverlapsFound | ev.OverlapDismissed | ev.RunStopped
OVERLAP_EVENTS: Final = (ev.OverlapsFound, ev.OverlapDismissed, ev.RunStopped)
_KEPT: Final = 50


class Overlap(Frozen):
    """Other work that changes the same files."""

    other: ev.OverlappingWork
    is_decided: bool = False
    """Whether a person said what to do about it as it is now."""


@dataclass(slots=True)
class OverlapsState:
    """The latest of each, by number; they come from Ompycord's own source alone."""

    found: Stamped[ev.OverlapsFound] | None = None
    stopped: Stamped[ev.RunStopped] | None = None
    decided: dict[str, Stamped[tuple[bool, bool]]] = field(default_factory=dict[str, Stamped[tuple[bool, bool]]])
    """By the other work: whether what was decided about it was a conflict, and whether it was on a branch."""

    def add(self, seq: int, at: int, body: _Overlapping) -> None:
        """Take one event; arrival order does not matter."""
        match body:
            case ev.OverlapsFound():
                if self.found is None or self.found[0] < seq:
                    self.found = (seq, at, body)
            case ev.OverlapDismissed():
                for one in body.others:
                    self._decide(_key(one.work), (seq, at, (bool(one.conflicts), one.branch is not None)))
            case ev.RunStopped():
                if self.stopped is None or self.stopped[0] < seq:
                    self.stopped = (seq, at, body)
                if body.awaits is not None:
                    self._decide(_key(body.awaits), (seq, at, (True, False)))

    def _decide(self, key: str, entry: Stamped[tuple[bool, bool]]) -> None:
        if key in self.decided and self.decided[key][0] > entry[0]:
            return
        self.decided[key] = entry
        if len(self.decided) > _KEPT:
            del self.decided[min(self.decided, key=lambda one: self.decided[one][0])]

    def fields(self, reason: SuspendReason | None) -> Mapping[str, object]:
        """What the snapshot has of it."""
        found = self.found[2] if self.found is not None else ev.OverlapsFound()
        stopped = self.stopped[2] if self.stopped is not None and reason is SuspendReason.OVERLAP else None
        return {
            "overlaps": tuple(Overlap(other=one, is_decided=self._is_decided(one)) for one in found.others),
            "overlaps_total": max(found.total or 0, len(found.others)),
            "awaits": stopped.awaits if stopped is not None else None,
        }

    def _is_decided(self, other: ev.OverlappingWork) -> bool:
        decided = self.decided.get(_key(other.work))
        if decided is None:
            return False
        was_conflict, was_on_branch = decided[2]
        return (was_conflict or not other.conflicts) and (was_on_branch or other.branch is None)


def _key(work: ev.OtherWork) -> str:
    return f"run {work.run}" if work.run is not None else f"pull request {work.pull_request}"
