"""The step `repair`: the agent is started again in the run's clone, with what failed of its result."""

from pathlib import Path

from ompycord.conductor import LogInbox
from ompycord.dialects.prompts.prompt_text import former_text, prompt_text
from ompycord.dialects.prompts.repair_text import TEMPLATE, repair_text
from ompycord.dialects.prompts.report_text import plan_text
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.agent_start import Opening, joined, maybe_known, run_agent, since
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed

__all__ = ["repair"]


async def repair(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Start the agent and store what it does. Never done twice under one key."""
    if await context.repair(order.run) is None:
        return failed(order, FailureClass.INTERNAL, "What failed is not known any more.")
    return await run_agent(order, task, context, _opening)


async def _opening(order: StepOrder, task: Task, context: StepContext, can_resume: bool) -> Opening:
    """A short message in the agent's own session; without one its task, and what failed."""
    facts = await context.repair(order.run)
    what_failed = repair_text(facts) if facts is not None else ()
    session = await context.session(order.run) if can_resume else None
    former = await context.former(order.run) if task.follows is not None else None
    planning = await context.planning(order.run)
    plan = plan_text(planning.plan, planning.approved_by) if planning.plan is not None else ()
    earlier = (*(former_text(former) if former is not None else ()), *plan)

    def prompt(inbox: LogInbox, files: Path | None) -> str:
        if session is not None:
            return joined(*what_failed, *maybe_known(inbox.unknown_to(session)))
        return joined(*prompt_text(task, files), *earlier, *since(inbox.earlier_messages), *what_failed)

    def after_task(inbox: LogInbox) -> str:
        return joined(*earlier, *maybe_known(inbox.earlier_messages), *what_failed)

    return Opening(session, prompt, after_task, TEMPLATE)
