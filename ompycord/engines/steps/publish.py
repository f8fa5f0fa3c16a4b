"""The step `publish`: puts the result on a branch of the repository, and proposes it on its forge where it has one."""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, FilesChanged, Note
from ompycord.domain.repository import former_branch_of
from ompycord.domain.results import PublishResult
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok
from ompycord.engines.proposal import PublishedResult
from ompycord.errors import ForgeFailed

__all__ = ["publish"]


async def publish(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Publish the result, that of a follow-up on the branch from which it started. The base branch is never touched."""
    repository = context.repository(task)
    former = await context.former(order.run) if task.follows is not None else None
    followed = former.branch if former is not None else None
    prepared = await context.prepared(order.run)
    own = prepared.branch if prepared is not None else None
    branch = followed or own or former_branch_of(repository.branch_prefix, order.run)
    published = await context.results.publish(order.run, repository, branch=branch)
    if published.branch is None:
        return ok(order, PublishResult(changed=0))
    if followed is not None and published.branch != followed:
        why = f"{followed} is checked out in {repository.name}, or others moved it"
        await context.record(order.run, Note(text=f"{why}, so the result is on {published.branch}."))
    elif not published.branch.startswith(branch):
        words = f"A branch of {repository.name} has the name of a folder of {branch}, so the result is on "
        fix = "Rename that branch, or set another branch_prefix."
        await context.record(order.run, Note(text=f"{words}{published.branch}. {fix}"))
    collected = await context.results.result(order.run)
    files = collected.files if collected else ()
    total = collected.total if collected else 0
    shown = FilesChanged(files=files, total=total, commit=published.commit, branch=published.branch)
    await context.record(order.run, shown)
    if context.proposals is None or repository.forge is None or published.commit is None:
        return ok(order, PublishResult(branch=published.branch))
    first = former.first_base if former is not None else None
    result = PublishedResult(
        branch=published.branch,
        commit=published.commit,
        base_commit=first or (prepared.base if prepared is not None else None),
    )
    try:
        await context.proposals.propose(order, task, repository, result, context.record)
    except ForgeFailed as error:
        words = f"No pull request. {error} The result is on the branch {published.branch} here."
        return EffectFinished(key=order.key, outcome="failed", failure=FailureClass.ENV, message=words[:500])
    return ok(order, PublishResult(branch=published.branch))
