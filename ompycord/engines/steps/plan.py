"""The step `plan`: an agent makes a plan in a copy that it cannot change, and the plan is compared with its base."""

from pathlib import Path
from typing import Final

from ompycord.conductor import LogInbox
from ompycord.dialects.prompts.prompt_text import former_text, prompt_text
from ompycord.dialects.prompts.report_text import planning_text
from ompycord.dialects.reports.reading import read_report
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, PlanProposed, PlanRefused
from ompycord.domain.ports import ReadingCopy
from ompycord.domain.reports.plan import Plan, plan_hash
from ompycord.domain.reports.plan_faults import plan_faults
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.results import PlanResult
from ompycord.domain.task import Task
from ompycord.engines.agent_start import since
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok
from ompycord.engines.reading_agent import AgentReading, read_with_agent
from ompycord.engines.recalling import recalled_text
from ompycord.text import cut, cut_head

__all__ = ["plan"]

_TEXT: Final = 8000


async def plan(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Start the agent and read its plan. Never done twice under one key."""
    repository = (await context.configured(order.run, task)).repository
    checks = [check.name for check in repository.checks]
    former = await context.former(order.run) if task.follows is not None else None
    before = (*(former_text(former) if former is not None else ()), *await recalled_text(order.run, task, context))

    async def prompt_of(inbox: LogInbox, files: Path | None, copy: ReadingCopy) -> str:
        facts = await context.planning(order.run)
        task_text = (*prompt_text(task, files), *before, *since(inbox.earlier_messages))
        return "\n\n".join(planning_text(task_text, facts, checks))

    reading = await read_with_agent(order, task, context, purpose="plan", prompt_of=prompt_of)
    if isinstance(reading, EffectFinished):
        return reading
    outcome = reading.outcome
    ended = {"claim": outcome.claim, "ended_by": None if outcome.claim else outcome.ended_by, "until": outcome.until}
    result = PlanResult.model_validate({name: value for name, value in ended.items() if value is not None})
    if not reading.is_over:
        return ok(order, result, message=outcome.message, failure=outcome.failure)
    found = await _plan_of(order, context, reading, repository)
    if not isinstance(found, Plan):
        await context.record(order.run, PlanRefused(faults=found, text=cut_head(reading.text, _TEXT)))
        return ok(order, result, message=_refused(found), failure=outcome.failure)
    asks, name = repository.plan_approval == "person", plan_hash(found)
    proposed = PlanProposed(number=order.effect.iteration, plan=found, hash=name, by=task.agent, asks=asks)
    await context.record(order.run, proposed)
    return ok(order, PlanResult(claim=True, plan=name, asks=asks), message=outcome.message)


async def _plan_of(
    order: StepOrder, context: StepContext, reading: AgentReading, repository: RepositorySpec
) -> Plan | tuple[str, ...]:
    """The plan, or what is wrong with it."""
    found = read_report(reading.text, Plan, "plan")
    if not isinstance(found, Plan):
        return found
    trees = await context.results.trees(order.run)
    checks = [check.name for check in repository.checks]
    return plan_faults(found, trees.result, checks, protected=repository.protected) or found


def _refused(faults: tuple[str, ...]) -> str:
    first, *rest = faults
    return f"{cut(first, 400)}{f' And {len(rest)} more.' if rest else ''}"
