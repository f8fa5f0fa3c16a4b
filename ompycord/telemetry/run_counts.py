"""Counts of runs for the metrics, since the start of the process: how they ended, what they cost, how long they waited.

The projector feeds them with what it has committed; counterpart: `app/report.py`, which shows them.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    QuestionAnswered,
    RunEvent,
    RunStateChanged,
)
from ompycord.domain.folds.fold import RunFold
from ompycord.domain.run import FINAL, RunState

__all__ = ["COUNTED", "OUTCOMES", "WAITS", "Durations", "RunCounts"]

OUTCOMES: Final = (*sorted(state.value.lower() for state in FINAL), "no_changes")
WAITS: Final = ("people", "slot")
COUNTED: Final = frozenset(
    {"run.state", "question.answered", "approval.granted", "approval.denied"}
    | {"run.finished", "run.failed", "run.cancelled"}
)
"""Types of events that may change a count; all others cost nothing here."""
BOUNDS_S: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)
"""From a slot that is free at once to an answer of the next day."""


class Durations:
    """A histogram: how many were at most so long, and all of them together."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def add(self, ms: Millis) -> None:
        """Count one. Times of senders may lie: what would be negative took no time."""
        seconds = max(0, ms) / 1000
        self._counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds

    @property
    def cumulative(self) -> tuple[tuple[str, int], ...]:
        """Upper bounds as Prometheus writes them, each with how many were at most so long."""
        names = [*(f"{bound:.0f}" for bound in BOUNDS_S), "+Inf"]
        return tuple((name, sum(self._counts[: index + 1])) for index, name in enumerate(names))


class RunCounts:
    """The counts. A restart begins at nothing, as counters may."""

    def __init__(self) -> None:
        self.finished: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
        """Runs that ended, by outcome."""
        self.cost_usd = 0.0
        """What runs that ended cost, as their cards say."""
        self.waits = {name: Durations() for name in WAITS}

    def take(self, fold: RunFold, events: Sequence[RunEvent], *, created_at: Millis, has_ended: bool) -> None:
        """Count what these committed events of one run did. `has_ended`: they ended it."""
        for event in events:
            match event.body:
                case RunStateChanged(previous=RunState.QUEUED, state=RunState.PRECHECK):
                    self.waits["slot"].add(event.at - created_at)
                case QuestionAnswered(question=ref) | ApprovalGranted(approval=ref) | ApprovalDenied(approval=ref):
                    self._answered(fold, ref, event.at)
                case _:
                    pass
        if has_ended:
            snapshot = fold.snapshot()
            self.finished[snapshot.outcome or snapshot.state.value.lower()] += 1
            self.cost_usd += snapshot.usage.cost_usd or 0

    def _answered(self, fold: RunFold, ref: str, at: Millis) -> None:
        """The wait that this decision ended; a second one to the same request comes too late and ends nothing."""
        snapshot = fold.snapshot()
        for request in (*snapshot.questions, *snapshot.approvals):
            if request.ref == ref and request.closed_at == at:
                self.waits["people"].add(at - request.asked_at)
