"""The step `cleanup`: returns what the run held."""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.results import StageResult
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok

__all__ = ["clean_up"]


async def clean_up(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Remove the clone; branch and record stay."""
    await context.workspaces.discard(order.run)
    return ok(order, StageResult())
