"""The engine of this process: a table from effect type to step; counterpart of `conductor/driver.py`, which journals."""

from collections.abc import Awaitable, Callable, Mapping

from ompycord.domain.effects import Effect
from ompycord.domain.events import EffectFinished
from ompycord.domain.ids import RunId
from ompycord.domain.records import EffectRow
from ompycord.domain.run import RunRecord
from ompycord.domain.task import Task

__all__ = ["LocalEngine", "Step"]

Step = Callable[[EffectRow, RunRecord, Task], Awaitable[EffectFinished]]


class LocalEngine:
    """Looks the step up and does it. The table is given by the composition root."""

    def __init__(self, *, steps: Mapping[type[Effect], Step], kill_strays: Callable[[RunId], Awaitable[None]]) -> None:
        """`kill_strays` kills processes that carry the run's marker (`processes.kill_strays`)."""
        self._steps = steps
        self._kill_strays = kill_strays

    async def perform(self, row: EffectRow, record: RunRecord, task: Task) -> EffectFinished:
        return await self._steps[type(row.effect)](row, record, task)

    async def kill_strays(self, run: RunId) -> None:
        await self._kill_strays(run)
