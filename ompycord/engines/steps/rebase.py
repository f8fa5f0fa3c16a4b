"""The step `rebase`: puts the result on the base as its forge has it now; what follows is one more verification."""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import BaseMoved, EffectFinished, Note
from ompycord.domain.results import RebaseResult
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok
from ompycord.errors import ForgeFailed, WorkspaceError
from ompycord.render.phrases import and_list, count

__all__ = ["rebase"]


async def rebase(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Done again after a crash it finds the result where it put it."""
    repository = context.repository(task)
    base = task.branch or repository.base
    collected = await context.results.result(order.run)
    moved = await context.moved_base(order.run, task)
    if moved is None or context.moves is None or collected is None or collected.commit is None:
        return ok(order, RebaseResult())
    try:
        done = await context.moves.put_on(order.run, onto=moved.commit)
    except (WorkspaceError, ForgeFailed) as error:
        return failed(order, FailureClass.ENV, str(error))
    fact = BaseMoved(
        result=collected.commit, onto=moved.commit, ahead=moved.ahead, commit=done.commit, conflicts=done.conflicts
    )
    further = f"{base} has {count(moved.ahead, 'commit')} more on its forge"
    if done.commit is not None:
        words = f"{further}: the result was put on top of them."
    elif done.conflicts:
        words = f"{further}. Both changed {and_list([*done.conflicts], most=4)}, so the result stays where it started."
    else:
        words = f"{further}. The result could not be put on top of them, so it stays where it started."
    await context.record(order.run, fact, Note(text=words[:500]))
    return ok(order, RebaseResult(commit=done.commit))
