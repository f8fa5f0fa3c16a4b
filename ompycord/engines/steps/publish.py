"""The step `publish`: puts the result on a branch of the repository, and proposes it on its forge where it has one."""

from dataclasses import replace
from typing import Final

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import BaseMoved, EffectFinished, FilesChanged, Note
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ports import Published
from ompycord.domain.repository import RepositorySpec, former_branch_of
from ompycord.domain.results import PublishResult
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok
from ompycord.engines.publication import PublishedResult
from ompycord.engines.publication.permission import place_given_back, why_not_permitted
from ompycord.errors import ForgeFailed

__all__ = ["publish"]

_LINE: Final = 500


async def publish(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Publish the result, that of a follow-up on the branch from which it started. The base branch is never touched.

    Of a run that has ended only its forge is brought up to what its log says: its branch here may be merged by now.
    """
    repository = context.repository(task)
    former = await context.former(order.run) if task.follows is not None else None
    snapshot = await context.snapshot(order.run)
    collected = await context.results.result(order.run)
    moved = snapshot.base_moved if snapshot is not None else None
    if moved is not None and (collected is None or moved.result != collected.commit):
        moved = None  # it was about an earlier result
    if moved is None and snapshot is not None and not snapshot.is_final:
        try:
            there = await context.moved_base(order.run, task)
        except ForgeFailed:
            there = None  # said by what follows, once the result is on its branch here
        if there is not None:
            return ok(order, PublishResult(onto=there.commit))
    if snapshot is not None and snapshot.is_final and snapshot.branch is not None and snapshot.commit is not None:
        published = Published(branch=snapshot.branch, commit=snapshot.commit)
    else:
        published = await _published(order, task, repository, former, context)
    if published.branch is None:
        return ok(order, PublishResult(changed=0))
    if context.proposals is None or repository.forge is None or published.commit is None:
        return ok(order, PublishResult(branch=published.branch))
    first = former.first_base if former is not None else None
    prepared = await context.prepared(order.run)
    result = PublishedResult(
        branch=published.branch,
        commit=published.commit,
        base_commit=_base_of(moved) or first or (prepared.base if prepared is not None else None),
        earlier=former.earlier if former is not None else (),
        conflicts=moved.conflicts if moved is not None else (),
    )
    async with place_given_back(order, repository, context):
        return await _proposed(order, task, repository, result, context)


async def _proposed(
    order: StepOrder, task: Task, repository: RepositorySpec, result: PublishedResult, context: StepContext
) -> EffectFinished:
    """The result on its forge, once that is permitted."""
    assert context.proposals is not None
    snapshot = await context.snapshot(order.run)
    try:
        if repository.publish.approve == "always" or repository.publish.most_unread:
            head = await context.proposals.head_of(order.run, repository, task, result.branch)
            result = replace(result, head=head)
        refused = await why_not_permitted(order, repository, result, context)
        if refused is not None:
            return failed(order, FailureClass.ENV, f"{refused} The result is on the branch {result.branch} here.")
        await context.proposals.propose(order, task, repository, result, context.record)
    except ForgeFailed as error:
        words = context.redact(str(error))  # a forge may repeat what it was sent
        before = snapshot.pull_request if snapshot is not None and snapshot.is_final else None
        if before is not None:  # the run ended well: its card says what its pull request lacks
            fact = before.model_copy(update={"missing": (f"It was not brought up to date. {words}"[:_LINE],)})
            await context.record(order.run, fact)
        words = f"No pull request. {words} The result is on the branch {result.branch} here."
        return failed(order, FailureClass.ENV, words)
    return ok(order, PublishResult(branch=result.branch))


def _base_of(moved: BaseMoved | None) -> str | None:
    return moved.onto if moved is not None and moved.commit is not None else None


async def _published(
    order: StepOrder, task: Task, repository: RepositorySpec, former: Former | None, context: StepContext
) -> Published:
    """The result on its branch here, which the card shows from then on."""
    followed = former.branch if former is not None else None
    prepared = await context.prepared(order.run)
    own = prepared.branch if prepared is not None else None
    branch = followed or own or former_branch_of(repository.branch_prefix, order.run)
    published = await context.results.publish(order.run, repository, branch=branch)
    if published.branch is None:
        return published
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
    return published
