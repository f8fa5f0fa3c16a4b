"""Which runs are to be looked at again, and when: those that change all the time not more often than it is seen.

Counterpart: `live.py`, which looks. Newest wins: a run stands in it once, and nothing is forgotten.
"""

from collections.abc import Iterable
from typing import Final

from ompycord.domain.ids import RunId

__all__ = ["COALESCE_S", "ChangedRuns"]

COALESCE_S: Final = 0.2
"""A run that changes all the time is looked at so often; an edit takes longer anyway."""


class ChangedRuns:
    """Runs that may show something old."""

    def __init__(self) -> None:
        self._changed: dict[RunId, bool] = {}
        """Whether something happened to them, or somebody only asks."""
        self._looked_at: dict[RunId, float] = {}

    def happened(self, runs: Iterable[RunId]) -> None:
        """Something happened to these."""
        self._changed.update(dict.fromkeys(runs, True))

    def ask(self, runs: Iterable[RunId]) -> None:
        """Look whether these are true."""
        for run in runs:
            self._changed.setdefault(run, False)

    def due(self, now: float) -> list[RunId]:
        """Those that were not looked at a moment ago."""
        return [run for run in self._changed if self._at(run) <= now]

    def take(self, run: RunId) -> bool:
        """It is being looked at; whether something happened to it."""
        return self._changed.pop(run)

    def looked_at(self, run: RunId, now: float, *, is_over: bool) -> None:
        """It was. One that is over hardly ever changes again."""
        if is_over:
            self._looked_at.pop(run, None)
        else:
            self._looked_at[run] = now

    def again(self, run: RunId, at: float, *, is_sure: bool) -> None:
        """It could not be read now."""
        self._looked_at[run] = at - COALESCE_S
        self._changed[run] = is_sure

    def wait(self, now: float, longest: float) -> float:
        """Seconds until one is due, at most `longest`."""
        return min((max(self._at(run) - now, 0.0) for run in self._changed), default=longest)

    def _at(self, run: RunId) -> float:
        looked_at = self._looked_at.get(run)
        return 0.0 if looked_at is None else looked_at + COALESCE_S
