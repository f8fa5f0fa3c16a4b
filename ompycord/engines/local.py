"""The engine of one machine: steps run in this process, as tasks of the driver."""

from collections.abc import Awaitable, Callable, Mapping

from ompycord.domain.effects import Effect, StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.ids import RunId
from ompycord.domain.run import FailureClass
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed
from ompycord.engines.refining_task import task_of
from ompycord.engines.steps import STEPS, Step

__all__ = ["LocalEngine"]


class LocalEngine:
    """Finds the step and performs it."""

    def __init__(
        self,
        *,
        context: StepContext,
        kill_strays: Callable[[RunId], Awaitable[None]],
        steps: Mapping[type[Effect], Step] = STEPS,
    ) -> None:
        """`kill_strays` ends processes that carry the run's marker (`processes.kill_strays`)."""
        self.context = context
        self._kill_strays = kill_strays
        self._steps = steps

    async def perform(self, order: StepOrder) -> EffectFinished:
        task = await self.context.task(order.task)
        if task is None:
            return failed(order, FailureClass.INTERNAL, "Its task is gone.")
        given = await task_of(order, task, self.context)
        if isinstance(given, EffectFinished):
            return given
        return await self._steps[type(order.effect)](order, given, self.context)

    async def kill_strays(self, run: RunId) -> None:
        await self._kill_strays(run)
