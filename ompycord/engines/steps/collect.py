"""The step `collect`: takes the agent's result out of its clone and lists it."""

from typing import Final

from ompycord.domain.checking.guard_words import guard_sentence
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, FilesChanged, LeftOut, Note, ResultGuarded, WorkLeftOut
from ompycord.domain.ports import Collected
from ompycord.domain.ports.guard import GuardRules
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.results import CollectResult
from ompycord.domain.task import Mode, Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok
from ompycord.errors import WorkspaceError
from ompycord.render.forge.quiet import title_of as quiet_title
from ompycord.text import cut

__all__ = ["collect", "left_out_words"]

_SENTENCE: Final = 360


async def collect(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Collect all that differs from the base. The commit names its requester as they chose by now.

    Raises ResultWithheld where it holds a secret that the agent was granted.
    """
    requester = task.origin.requester
    who = await context.co_author(requester) if requester else None
    repository = context.repository(task)
    title = quiet_title(task.title) if repository.forge is not None else task.title
    message = f"{title}\n\nOmpycord run {order.run} with {task.agent}."
    granted = await context.granted(task.agent)
    before = await context.results.result(order.run)
    protected = (await context.configured(order.run, task)).repository.protected
    rules = GuardRules(
        spec=repository.guard,
        protected=protected,
        planned=await _planned(order, repository, context),
        with_syntax=task.mode is not Mode.FAST,
    )
    collected = await context.results.collect(
        order.run, repository, message=message, co_author=who, granted=granted, rules=rules
    )
    if collected.left_out or (before is not None and before.left_out):
        await context.record(order.run, WorkLeftOut(items=collected.left_out))
    if collected.guarded is not None and collected.guarded.findings:
        return await _refused(order, task, collected.guarded, context)
    _require_something(collected)
    if collected.guarded is not None:
        await context.record(order.run, collected.guarded)
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


async def _planned(order: StepOrder, repository: RepositorySpec, context: StepContext) -> tuple[str, ...] | None:
    """What the plan and reviews name, and what the agent left in its result though told once; None without a plan."""
    facts = await context.planning(order.run) if repository.guard.plan else None
    if facts is None or facts.plan is None:
        return None
    return (*(file.path for file in facts.plan.files), *facts.unplanned, *facts.demanded)


async def _refused(order: StepOrder, task: Task, guarded: ResultGuarded, context: StepContext) -> EffectFinished:
    await context.record(order.run, guarded)
    is_policy = any(finding.is_policy for finding in guarded.findings)
    is_end = is_policy or task.mode is Mode.FAST
    sentence = guard_sentence(guarded.findings, guarded.total)
    where = f" Nothing was published; the patch is kept in workspaces/{order.run}/refused.patch of the data folder."
    result = CollectResult(changed=guarded.files, guard="policy" if is_policy else "repair")
    return ok(order, result, message=f"{cut(sentence, _SENTENCE)}{where if is_end else ''}")


def left_out_words(piece: LeftOut) -> str:
    """What it is and where it is kept."""
    return f"{piece.what} (kept as {piece.ref})" if piece.ref else piece.what


def _require_something(collected: Collected) -> None:
    """Raises WorkspaceError where nothing was taken of what the agent did: its clone holds the only copy then."""
    if collected.total == 0 and collected.left_out and not any(piece.ref for piece in collected.left_out):
        words = "; ".join(piece.what for piece in collected.left_out)
        raise WorkspaceError(f"Nothing of its work could be taken: {words}. Its clone is kept.")
