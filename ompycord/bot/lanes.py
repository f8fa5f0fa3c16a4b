"""One channel's lane: what is owed to it, what is dirty in it, and its one request in flight; counterpart of `live.py`."""

import asyncio
from dataclasses import dataclass, field

from ompycord.bot.deliver import Errand
from ompycord.domain.ids import RunId

__all__ = ["Lane"]


@dataclass(slots=True)
class Lane:
    """One channel: its dirty runs with the time since when, its request in flight, and when the next may begin."""

    dirty: dict[RunId, tuple[float, bool]] = field(default_factory=dict[RunId, tuple[float, bool]])
    errands: list[Errand] = field(default_factory=list[Errand])
    task: asyncio.Task[None] | None = None
    run: RunId | None = None
    """Whose message is in flight."""
    row: int | None = None
    """The outbox row in flight, if it is a delivery."""
    began: float = 0.0
    hurried: set[RunId] = field(default_factory=set[RunId])
    """Urgent runs that have had their slot out of turn; after it they are paced like others."""
    ready_at: float = 0.0
    blocked_until: float = 0.0
    failures: int = 0

    def next_run(self, now: float) -> RunId | None:
        """Urgent ones first, then the one that has been dirty longest. Only fresh urgency goes before its time."""
        urgent = [run for run, (_, is_urgent) in self.dirty.items() if is_urgent]
        waiting = (urgent or list(self.dirty)) if now >= self.ready_at else [r for r in urgent if r not in self.hurried]
        run = min(waiting, key=lambda run: self.dirty[run][0], default=None)
        if run is not None and run in urgent:
            self.hurried.add(run)
        return run

    def is_over(self, now: float) -> bool:
        """Whether it can be forgotten: nothing to do, and its pace and its pauses have passed."""
        has_work = self.task is not None or self.dirty or self.errands
        return not has_work and now >= self.ready_at and now >= self.blocked_until
