"""The step `prepare`: makes a fresh clone at the base."""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.results import PrepareResult
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok

__all__ = ["prepare"]


async def prepare(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Make the clone. An earlier clone of the run is discarded first."""
    prepared = await context.workspaces.prepare(order.run, context.repository(task), base=task.branch)
    return ok(order, PrepareResult(base=prepared.base_commit))
