"""Which runs to check again, and when: one that changes all the time is checked no more often than people notice.

Counterpart: `live.py`, which checks. The newest change wins: each run is listed once, and nothing is forgotten.
"""

from collections.abc import Iterable
from typing import Final

from ompycord.domain.ids import RunId

__all__ = ["COALESCE_S", "ChangedRuns"]

COALESCE_S: Final = 0.2
"""Seconds between two checks of a run that changes all the time; an edit takes longer anyway."""


class ChangedRuns:
    """Runs whose messages may be out of date."""

    def __init__(self) -> None:
        self._changed: dict[RunId, bool] = {}
        """Whether something happened to them, or they are only to be checked."""
        self._looked_at: dict[RunId, float] = {}

    def happened(self, runs: Iterable[RunId]) -> None:
        """Note that something happened to these runs."""
        self._changed.update(dict.fromkeys(runs, True))

    def ask(self, runs: Iterable[RunId]) -> None:
        """Ask for a check of these runs."""
        for run in runs:
            self._changed.setdefault(run, False)

    def due(self, now: float) -> list[RunId]:
        """The runs that were not checked a moment ago."""
        return [run for run in self._changed if self._at(run) <= now]

    def take(self, run: RunId) -> bool:
        """Take a run to check it; whether something happened to it."""
        return self._changed.pop(run)

    def looked_at(self, run: RunId, now: float, *, is_over: bool) -> None:
        """Note that a run was checked. One that has ended hardly ever changes again."""
        if is_over:
            self._looked_at.pop(run, None)
        else:
            self._looked_at[run] = now

    def again(self, run: RunId, at: float, *, is_sure: bool) -> None:
        """Ask for another check of a run that could not be read."""
        self._looked_at[run] = at - COALESCE_S
        self._changed[run] = is_sure

    def wait(self, now: float, longest: float) -> float:
        """Seconds until one is due, at most `longest`."""
        return min((max(self._at(run) - now, 0.0) for run in self._changed), default=longest)

    def _at(self, run: RunId) -> float:
        looked_at = self._looked_at.get(run)
        return 0.0 if looked_at is None else looked_at + COALESCE_S
