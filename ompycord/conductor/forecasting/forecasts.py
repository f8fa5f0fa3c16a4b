"""Forecasts from the runs that ended here, and their score; counterpart of `domain/forecasting/forecast.py`."""

from collections.abc import Sequence
from typing import Final

from ompycord.conductor.snapshots import Snapshots
from ompycord.domain.base import Millis
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.forecasting.forecast import NEWEST, EndedRun, Forecast, Score, forecast_of, score_of
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter, RunRecords
from ompycord.domain.run import RunKind, RunState
from ompycord.domain.task import Mode

__all__ = ["Forecasts"]

_ENDED: Final = frozenset({RunState.COMPLETE, RunState.PARTIAL, RunState.FAILED})
"""A run that was cancelled says nothing of the next one."""
_READ: Final = 200
"""Runs of a repository that are read for one forecast."""
_SCORED: Final = 1000
_AT_ONCE: Final = 100


class Forecasts:
    """Each question reads the runs again: a hundred folds take milliseconds."""

    def __init__(self, *, runs: RunRecords, snapshots: Snapshots) -> None:
        self._runs = runs
        self._snapshots = snapshots

    async def forecast(self, guild: str, repository: str, agent: str, mode: Mode) -> Forecast | None:
        """For a task like this; None where too few like it have ended. Raises StorageError."""
        which = RunFilter(repository=repository, guild=guild, kind=RunKind.HOSTED, states=_ENDED, limit=_READ)
        wanted = kind_of(repository, agent, mode)
        past = [one for one in await self._past(which) if one.kind == wanted]
        return forecast_of(past[:NEWEST])

    async def score(self, guild: str | None, *, since: Millis) -> Score:
        """How forecasts for what ended since then did. Raises StorageError."""
        which = RunFilter(guild=guild, kind=RunKind.HOSTED, states=_ENDED, limit=_SCORED)
        return score_of(await self._past(which), since=since)

    async def _past(self, which: RunFilter) -> Sequence[EndedRun]:
        """The newest first."""
        runs = [RunId(one.id) for one in await self._runs.runs(which)]
        found: list[EndedRun] = []
        for at in range(0, len(runs), _AT_ONCE):
            folded = await self._snapshots.folded_of(runs[at : at + _AT_ONCE])
            found += [past for one in folded.values() if (past := past_of(one.snapshot)) is not None]
        return sorted(found, key=lambda one: one.ended_at, reverse=True)


def kind_of(repository: str | None, agent: str | None, mode: Mode | None) -> str:
    """What makes tasks alike."""
    return f"{repository}|{agent}|{mode}"


def past_of(snapshot: StatusSnapshot) -> EndedRun | None:
    """What a run says of the next one; None of one that never started or has not ended."""
    if snapshot.started_at is None or snapshot.ended_at is None or snapshot.follows is not None:
        return None
    usage = snapshot.usage
    return EndedRun(
        kind=kind_of(snapshot.repository, snapshot.agent, snapshot.mode),
        began_at=snapshot.created_at,
        ended_at=snapshot.ended_at,
        cost_usd=usage.cost_usd if usage.cost_complete else None,
        duration_ms=max(snapshot.ended_at - snapshot.started_at, 0),
    )
