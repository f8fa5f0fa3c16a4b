"""The step `recollect`: takes the repaired result out of its clone, and tells which one it is."""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.results import CollectResult, facts_of
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.steps.collect import collect

__all__ = ["collect_repair"]


async def collect_repair(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """As `collect`; a result that was verified already is known by its content."""
    ended = await collect(order, task, context)
    if ended.facts.get("guard") is not None:
        return ended
    trees = await context.results.trees(order.run)
    result = CollectResult.model_validate({**ended.facts, "tree": trees.name})
    return ended.model_copy(update={"facts": facts_of(result)})
