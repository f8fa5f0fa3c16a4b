"""The step `collect`: takes the agent's result out of its clone and lists it."""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, FilesChanged, LeftOut, Note, WorkLeftOut
from ompycord.domain.ports import Collected
from ompycord.domain.results import CollectResult
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok
from ompycord.errors import WorkspaceError

__all__ = ["collect", "left_out_words"]


async def collect(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Collect all that differs from the base. The commit names its requester as they chose by now.

    Raises ResultWithheld where it holds a secret that the agent was granted.
    """
    message = f"{task.title}\n\nOmpycord run {order.run} with {task.agent}."
    requester = task.origin.requester
    who = await context.co_author(requester) if requester else None
    repository = context.repository(task)
    granted = await context.granted(task.agent)
    before = await context.results.result(order.run)
    collected = await context.results.collect(order.run, repository, message=message, co_author=who, granted=granted)
    if collected.left_out or (before is not None and before.left_out):
        await context.record(order.run, WorkLeftOut(items=collected.left_out))
    _require_something(collected)
    if collected.taken:
        await context.record(order.run, Note(text=f"{task.agent} had left its work: the result is {collected.taken}."))
    changed = FilesChanged(files=collected.files, total=collected.total, commit=collected.commit)
    await context.record(order.run, changed)
    if not collected.left_out:
        return ok(order, CollectResult(changed=collected.total))
    return ok(
        order,
        CollectResult(changed=collected.total, left_out=len(collected.left_out)),
        message=f"Not in the result: {'; '.join(map(left_out_words, collected.left_out))}.",
    )


def left_out_words(piece: LeftOut) -> str:
    """What it is and where it is kept."""
    return f"{piece.what} (kept as {piece.ref})" if piece.ref else piece.what


def _require_something(collected: Collected) -> None:
    """Raises WorkspaceError where nothing was taken of what the agent did: its clone holds the only copy then."""
    if collected.total == 0 and collected.left_out and not any(piece.ref for piece in collected.left_out):
        words = "; ".join(piece.what for piece in collected.left_out)
        raise WorkspaceError(f"Nothing of its work could be taken: {words}. Its clone is kept.")
