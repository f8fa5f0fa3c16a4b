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
    began: float = 0.0
    ready_at: float = 0.0
    blocked_until: float = 0.0
    failures: int = 0

    def next_run(self, now: float) -> RunId | None:
        """Urgent ones first, then the one that has been dirty longest."""
        urgent = [run for run, (_, is_urgent) in self.dirty.items() if is_urgent]
        waiting = urgent or (list(self.dirty) if now >= self.ready_at else [])
        return min(waiting, key=lambda run: self.dirty[run][0], default=None)

    @property
    def is_idle(self) -> bool:
        return self.task is None and not self.dirty and not self.errands
