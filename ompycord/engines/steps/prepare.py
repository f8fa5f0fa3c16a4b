"""The step `prepare`: looks at all that the run needs, then makes a fresh clone at the base.

Of a follow-up it is one at the tip of the branch with which that goes on.
"""

from collections.abc import Sequence

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, Note, PrecheckFinished, PrecheckLine
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import short_id
from ompycord.domain.ports import Prepared
from ompycord.domain.repository import RepositorySpec, branch_of, former_branch_of
from ompycord.domain.results import PrepareResult
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok
from ompycord.errors import ForgeFailed
from ompycord.render.phrases import count

__all__ = ["NEW_SESSION", "prepare"]

NEW_SESSION = "New session, with a summary"
"""The beginning of the note about a follow-up whose agent knows nothing of the runs before."""


async def prepare(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Look at what the run needs, then make the clone. An earlier clone of the run is discarded first."""
    former = await context.former(order.run) if task.follows is not None else None
    lines = await context.precheck(order.run, task, former)
    found = tuple(line for line in lines if line.status != "ok")
    if found:
        await context.record(order.run, PrecheckFinished(lines=found))
    bad = [line for line in found if line.status == "fail"]
    if bad:
        return failed(order, FailureClass.ENV, _words(bad))
    repository = context.repository(task)
    branch = await _branch(order, task, repository, context)
    if former is not None and former.branch is not None and context.proposals is not None:
        try:
            await context.proposals.follow(order.run, repository, former.branch)
        except ForgeFailed as error:
            await context.record(order.run, Note(text=f"What others put on {former.branch} is not here. {error}"[:500]))
    prepared = await context.workspaces.prepare(order.run, repository, base=task.branch, former=former, branch=branch)
    configured = await context.configured(order.run, task)
    known = {
        "base": prepared.base_commit,
        "branch": branch if former is None or former.branch is None else None,
        "setup": len(configured.repository.setup) + len(configured.repository.services) or None,
        "max_rounds": configured.max_iterations,
    }
    if former is not None:
        notes = [Note(text=text) for text in (_moved(former, prepared), _without_session(former, prepared)) if text]
        if notes:
            await context.record(order.run, *notes)
        first = former.first_base if former.branch is not None else None
        known |= {"first_base": first, "session": prepared.session}
    return ok(order, PrepareResult.model_validate({name: value for name, value in known.items() if value is not None}))


def _words(bad: Sequence[PrecheckLine]) -> str:
    """What is missing, the first with its fix; the card has them all."""
    more = f" {count(len(bad) - 1, 'more thing')} to fix stand below." if len(bad) > 1 else ""
    return f"{bad[0].text} {bad[0].fix}{more}"


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
