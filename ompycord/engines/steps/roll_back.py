"""The step `rollback`: makes the run's clone anew with the result of an earlier round.

What came after stays in the run's own repository, by a ref, and is named; so is what no result has yet.
"""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, FilesChanged, Note
from ompycord.domain.folds.checkpoints import PutBack
from ompycord.domain.repository import former_branch_of
from ompycord.domain.results import StageResult
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.agent_start import TAKEN_OVER
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok
from ompycord.engines.steps.collect import left_out_words
from ompycord.render.phrases import and_list, count

__all__ = ["roll_back"]

_NOTE = 500


async def roll_back(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Put it back. Done twice it has the same end."""
    back = await context.rolled_back(order.run)
    if back is None:
        return failed(order, FailureClass.INTERNAL, "To which round is not known any more.")
    if await context.takeovers.is_taken_over(order.run):
        return failed(order, FailureClass.LOST, TAKEN_OVER)
    repository = context.repository(task)
    prepared = await context.prepared(order.run)
    own = prepared.branch if prepared is not None else None
    branch = own or former_branch_of(repository.branch_prefix, order.run)
    granted = await context.granted(task.agent)
    result = await context.results.roll_back(order.run, back.to.commit, branch=branch, key=order.key, granted=granted)
    kept = [Note(text=f"Put back: {left_out_words(piece)}."[:_NOTE]) for piece in result.left_out]
    await context.record(
        order.run,
        FilesChanged(files=result.files, total=result.total, commit=result.commit),
        Note(text=_words(back)[:_NOTE]),
        *kept,
    )
    return ok(order, StageResult())


def _words(back: PutBack) -> str:
    checks = f", {', '.join(back.to.checks)}" if back.to.checks else ""
    to = f"Put back by {back.by} to round {back.to.round} ({count(back.to.files, 'file')}{checks})"
    left = [f"{one.commit[:12]} of round {one.round}" for one in back.left]
    return f"{to}. Left, and kept until the run's record goes: {and_list(left)}." if left else f"{to}."
