"""The step `prepare`: makes a fresh clone at the base, or at the tip of the branch with which a follow-up goes on."""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, Note
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import short_id
from ompycord.domain.ports import Prepared
from ompycord.domain.repository import RepositorySpec, branch_of, former_branch_of
from ompycord.domain.results import PrepareResult
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok

__all__ = ["NEW_SESSION", "prepare"]

NEW_SESSION = "New session, with a summary"
"""The beginning of the note about a follow-up whose agent knows nothing of the runs before."""


async def prepare(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Make the clone. An earlier clone of the run is discarded first."""
    former = await context.former(order.run) if task.follows is not None else None
    repository = context.repository(task)
    branch = await _branch(order, task, repository, context)
    prepared = await context.workspaces.prepare(order.run, repository, base=task.branch, former=former, branch=branch)
    if former is None:
        return ok(order, PrepareResult(base=prepared.base_commit, branch=branch))
    notes = [Note(text=text) for text in (_moved(former, prepared), _without_session(former, prepared)) if text]
    if notes:
        await context.record(order.run, *notes)
    known = {
        "base": prepared.base_commit,
        "first_base": former.first_base if former.branch is not None else None,
        "session": prepared.session,
        "branch": branch if former.branch is None else None,
    }
    return ok(order, PrepareResult.model_validate({name: value for name, value in known.items() if value is not None}))


async def _branch(order: StepOrder, task: Task, repository: RepositorySpec, context: StepContext) -> str:
    """The name of its own branch, which a clone that is made again keeps."""
    earlier = await context.prepared(order.run)
    if earlier is None:
        return branch_of(repository.branch_prefix, task.title, order.run)
    return earlier.branch or former_branch_of(repository.branch_prefix, order.run)


def _moved(former: Former, prepared: Prepared) -> str:
    """That others moved the branch since Ompycord left it; empty where it stands there."""
    if former.branch is None or former.commit in {None, prepared.base_commit}:
        return ""
    return (
        f"Others moved {former.branch} after run {short_id(former.run)}: this run starts at "
        f"{prepared.base_commit[:12]}, not at {(former.commit or '')[:12]}."
    )


def _without_session(former: Former, prepared: Prepared) -> str:
    if prepared.session is not None:
        return ""
    why = "that of the run before is no longer kept" if former.sessions else "its agent kept none"
    return f"{NEW_SESSION}: {why}."
