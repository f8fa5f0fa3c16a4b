"""The step `cleanup`: returns what the run held, and keeps its agent's session for a follow-up."""

from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.ids import RunId
from ompycord.domain.repository import AgentSpec
from ompycord.domain.results import StageResult
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok
from ompycord.errors import Refused, WorkspaceError
from ompycord.telemetry import get_logger

__all__ = ["clean_up"]

log = get_logger(__name__)


async def clean_up(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Remove the clone; branch and record stay, and the session where the agent can go on in it."""
    spec = _agent_of(task, context)
    if spec is not None and await _has_session(order.run, spec, context):
        granted = await context.granted_keys(spec.name)
        try:
            await context.workspaces.keep_session(
                order.run, grants=spec.grants.files, granted=granted, at=context.now_ms()
            )
        except WorkspaceError as error:  # the session is an extra: without it the run has ended all the same
            log.warning("session.not_kept", run=order.run, cause=str(error))
    await context.workspaces.discard(order.run)
    return ok(order, StageResult())


def _agent_of(task: Task, context: StepContext) -> AgentSpec | None:
    """The agent's configuration; None where it is not configured any more: then nobody knows what it was granted."""
    try:
        return context.catalog.agent(task.agent, repository=context.catalog.repository(task.repository))
    except Refused:
        return None


async def _has_session(run: RunId, spec: AgentSpec, context: StepContext) -> bool:
    """Whether its agent opened a session, or was to go on in one, and can do so again."""
    adapter = context.adapters.get(spec.kind)
    if adapter is None or not adapter.capabilities.can_resume:
        return False
    prepared = await context.prepared(run)
    return await context.session(run) is not None or (prepared is not None and prepared.session is not None)
