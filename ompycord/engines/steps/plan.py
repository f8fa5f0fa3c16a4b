"""The step `plan`: an agent makes a plan in a copy that it cannot change, and the plan is compared with its base."""

from pathlib import Path
from typing import Final

from ompycord.conductor import LogInbox
from ompycord.dialects.prompts.prompt_text import former_text, prompt_text
from ompycord.dialects.prompts.report_text import planning_text
from ompycord.dialects.reports.reading import read_report
from ompycord.domain.configuration.planning import PlanningSpec
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, PlanProposed, PlanRefined, PlanRefused
from ompycord.domain.ports import ReadingCopy
from ompycord.domain.reports.plan import Plan, plan_hash
from ompycord.domain.reports.plan_faults import plan_faults
from ompycord.domain.reports.refinement import DraftPlan
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.results import PlanResult
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.agent_start import since
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok
from ompycord.engines.own_model_ends import model_failed
from ompycord.engines.reading_agent import AgentReading, read_with_agent
from ompycord.engines.recalling import recalled_text
from ompycord.engines.refining import refined
from ompycord.errors import ModelFailed
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
    if repository.planning is not None:
        passed = await _in_passes(order, task, context, repository, found)
        if isinstance(passed, EffectFinished):
            return passed
        found = passed
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


async def _in_passes(
    order: StepOrder, task: Task, context: StepContext, repository: RepositorySpec, draft: Plan
) -> Plan | EffectFinished:
    """The plan after the passes that the repository wants, all of them stored; or how the step ended without one."""
    planning = repository.planning or PlanningSpec()
    spec = context.catalog.agent(task.agent, repository=repository)
    trees = await context.results.trees(order.run)
    try:
        async with context.listeners(order.run, spec) as listener:
            if listener is None or listener.models is None:
                words = f"Planning of {repository.name} asks models, and no provider is configured."
                return failed(order, FailureClass.ENV, f"{words} Name one under providers.")
            made = await refined(
                DraftPlan(by=task.agent, plan=draft),
                task=prompt_text(task, None),
                planning=planning,
                repository=repository,
                trees=trees,
                models=listener.models,
            )
    except ModelFailed as error:
        return model_failed(order, error, context)
    await context.record(order.run, PlanRefined(passes=made.passes))
    if made.faults:
        await context.record(
            order.run, PlanRefused(faults=made.faults, text=made.plan.model_dump_json(indent=1)[:_TEXT])
        )
        return ok(order, PlanResult(claim=True), message=_refused(made.faults))
    return made.plan


def _refused(faults: tuple[str, ...]) -> str:
    first, *rest = faults
    return f"{cut(first, 400)}{f' And {len(rest)} more.' if rest else ''}"
