"""The newest events of runs, for one reader that follows what agents do; counterpart of `snapshots.py`.

The projector publishes what it has committed, the reader takes it. What a reader does not take in time is dropped, the
oldest first: it follows the present, and what must not be lost is read from the log.
"""

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence

from ompycord.domain.events import RunEvent
from ompycord.domain.ids import RunId

__all__ = ["RecentEvents"]

KEPT = 100
"""Events of one run: a loop is at most 72 steps long."""
RUNS_KEPT = 256


class RecentEvents:
    """Keeps events of the types that its reader wants."""

    def __init__(self) -> None:
        self._wanted: frozenset[str] = frozenset()
        self._events: OrderedDict[RunId, deque[RunEvent]] = OrderedDict()

    def want(self, types: frozenset[str]) -> None:
        """Keep these types from now on; until then nothing is kept."""
        self._wanted = types

    def publish(self, by_run: Mapping[RunId, Sequence[RunEvent]]) -> None:
        """Take in what was just committed. For the projector alone."""
        if not self._wanted:
            return
        for run, events in by_run.items():
            for event in events:
                if event.body.type in self._wanted:
                    self._events.setdefault(run, deque(maxlen=KEPT)).append(event)
        while len(self._events) > RUNS_KEPT:
            self._events.popitem(last=False)

    def take(self, run: RunId) -> list[RunEvent]:
        """The events of a run since they were taken last, in the order of the log."""
        return list(self._events.pop(run, ()))
