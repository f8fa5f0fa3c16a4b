"""The fold: a set of events to one `StatusSnapshot`; counterpart of `events.py`. Nothing else derives what is shown.

docs/contracts/events.md, *Order*: arrival order never matters. `lane.py` takes events in, `merge.py` reads them out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from ompycord.domain.events import RunEvent
from ompycord.domain.ids import RunId, Source
from ompycord.domain.lane import Lane
from ompycord.domain.merge import merge
from ompycord.domain.snapshot import StatusSnapshot

__all__ = ["FOLD_VERSION", "RunFold", "fold"]

FOLD_VERSION = 3
"""Stored beside every cached fold; another version is refolded from the events, never migrated."""


@dataclass(slots=True)
class RunFold:
    """A run's lanes and the position up to which they were folded; cached one row per run."""

    run: RunId
    position: int = 0
    lanes: dict[Source, Lane] = field(default_factory=dict[Source, Lane])

    def add(self, event: RunEvent) -> bool:
        """Fold one event in; False when it was there already. Raises ValueError for an event of another run."""
        if event.run != self.run:
            raise ValueError(f"event of run {event.run} folded into {self.run}")
        self.position = max(self.position, event.position)
        lane = self.lanes.get(event.source)
        if lane is None:
            lane = self.lanes[event.source] = Lane()
        return lane.add(event.seq, event.at, event.body)

    def dump(self) -> bytes:
        """The cache's JSON; `load` restores an equal fold."""
        return _ADAPTER.dump_json(self)

    @staticmethod
    def load(text: str | bytes) -> "RunFold":
        """Raises pydantic's ValidationError for anything that `dump` of this version did not write."""
        return _ADAPTER.validate_json(text)

    def snapshot(self) -> StatusSnapshot:
        """What is true now. Raises ValueError while no event was folded."""
        if not self.lanes:
            raise ValueError(f"no event of run {self.run} yet")
        return merge(self.run, self.lanes)


_ADAPTER = TypeAdapter(RunFold)


def fold(run: RunId, events: Iterable[RunEvent]) -> RunFold:
    """Fold events of one run, in any order, duplicates ignored."""
    result = RunFold(run)
    for event in events:
        result.add(event)
    return result
