"""The fold, from a set of events to one `StatusSnapshot`, the only source of what is shown. Counterpart: `events.py`.

docs/contracts/events.md, *Order*: arrival order never matters. `source_state.py` takes events in, `merge.py` reads them
out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from zlib import crc32

from pydantic import TypeAdapter

from ompycord.domain.events import RunEvent
from ompycord.domain.folds.latest import LATEST
from ompycord.domain.folds.merge import merge
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.folds.source_state import SourceState
from ompycord.domain.ids import RunId, Source

__all__ = ["FOLD_VERSION", "RunFold", "fold"]

_FORM = 13
"""The version of the fold's form; it changes where the same events fold to something else."""
FOLD_VERSION = crc32(repr((_FORM, [(cls.__name__, texts) for cls, texts in LATEST.items()])).encode())
"""Stored beside every cached fold; a fold of another version is folded again from the events, never migrated.

It covers which texts are kept, since the log of an earlier version may hold an event that is new here.
"""


@dataclass(slots=True)
class RunFold:
    """The state of a run's sources and the position up to which they were folded; cached as one row per run."""

    run: RunId
    position: int = 0
    source_states: dict[Source, SourceState] = field(default_factory=dict[Source, SourceState])

    def add(self, event: RunEvent) -> bool:
        """Fold one event in; False when it was folded already. Raises ValueError for an event of another run."""
        if event.run != self.run:
            raise ValueError(f"event of run {event.run} folded into {self.run}")
        self.position = max(self.position, event.position)
        source_state = self.source_states.get(event.source)
        if source_state is None:
            source_state = self.source_states[event.source] = SourceState()
        return source_state.add(event.seq, event.at, event.body)

    def dump(self) -> bytes:
        """The cache's JSON; `load` restores an equal fold."""
        return _ADAPTER.dump_json(self)

    @staticmethod
    def load(text: str | bytes) -> "RunFold":
        """Read what `dump` wrote.

        Raises pydantic's ValidationError for anything that `dump` of this version did not write.
        """
        return _ADAPTER.validate_json(text)

    def snapshot(self) -> StatusSnapshot:
        """What is true now. Raises ValueError while no event was folded."""
        if not self.source_states:
            raise ValueError(f"no event of run {self.run} yet")
        return merge(self.run, self.source_states)


_ADAPTER = TypeAdapter(RunFold)


def fold(run: RunId, events: Iterable[RunEvent]) -> RunFold:
    """Fold events of one run, in any order, duplicates ignored."""
    result = RunFold(run)
    for event in events:
        result.add(event)
    return result
