"""The step `collect`: takes the agent's result out of its clone and lists it."""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, FilesChanged
from ompycord.domain.results import CollectResult
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok

__all__ = ["collect"]


async def collect(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Collect all that differs from the base. The commit names its requester as they chose by now.

    Raises ResultHeldBack where it holds a secret that the agent was granted.
    """
    message = f"{task.title}\n\nOmpycord run {order.run} with {task.agent}."
    requester = task.origin.requester
    who = await context.co_author(requester) if requester else None
    repository = context.repository(task)
    granted = await context.granted(task.agent)
    collected = await context.results.collect(order.run, repository, message=message, co_author=who, granted=granted)
    changed = FilesChanged(files=collected.files, total=collected.total, commit=collected.commit)
    await context.record(order.run, changed)
    return ok(order, CollectResult(changed=collected.total))
