"""Refines a task before its agent's first start, where the person wanted that: three passes, all kept by the run's log.

No agent starts on a task that should have been refined and was not: without a provider the run fails, in words.
Counterpart of `refining.py`, which does so with plans.
"""

from typing import Final

from ompycord.dialects.prompts.prompt_text import prompt_text
from ompycord.dialects.prompts.task_refining_text import (
    CRITICISE,
    DRAFT_TASK,
    FINISH_TASK,
    about_text,
    critique_of,
    final_of,
    given_text,
)
from ompycord.domain.configuration.own_models import RefiningSpec
from ompycord.domain.effects import AnswerQuestion, PlanAgent, RunAgent, StepOrder
from ompycord.domain.events import EffectFinished, TaskRefined
from ompycord.domain.ports.models import ModelCall, Models, PromptMessage, PromptTemplate
from ompycord.domain.reports.findings import ReviewReport
from ompycord.domain.reports.task_passes import RefinedText, TaskPasses
from ompycord.domain.run import FailureClass
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed
from ompycord.engines.own_model_ends import model_failed
from ompycord.errors import ModelFailed, Refused, WorkspaceError
from ompycord.text import cut

__all__ = ["task_of"]

_FIRST: Final = (PlanAgent, RunAgent, AnswerQuestion)
"""Steps that start a run's agent for the first time."""
_SENTENCE: Final = 500


async def task_of(order: StepOrder, task: Task, context: StepContext) -> Task | EffectFinished:
    """The task as this step's agent gets it; or how the step ended, since it could not be refined."""
    if not task.refine:
        return task
    snapshot = await context.snapshot(order.run)
    refined = snapshot.refined if snapshot is not None else None
    if refined is None:
        if not isinstance(order.effect, _FIRST):
            return task
        passes = await _passes(order, task, context)
        if isinstance(passes, EffectFinished):
            return passes
        await context.record(order.run, TaskRefined(passes=passes))
    else:
        passes = refined.passes
    return task.model_copy(update={"prompt": given_text(passes.final, task.prompt)})


async def _passes(order: StepOrder, task: Task, context: StepContext) -> TaskPasses | EffectFinished:
    try:
        repository = (await context.configured(order.run, task)).repository
        spec = context.catalog.agent(task.agent, repository=repository)
        paths = await _paths(order, context)
        about = about_text(prompt_text(task, None), [check.name for check in repository.checks], paths)
        async with context.listeners(order.run, spec) as listener:
            if listener is None or listener.models is None:
                words = "The task should be refined, which asks models, and no provider is configured."
                return failed(order, FailureClass.ENV, f"{words} Name one under providers, or start it without refine.")
            return await _refined(about, listener.models, context.refining)
    except ModelFailed as error:
        return model_failed(order, error, context)
    except (Refused, WorkspaceError) as error:
        return failed(order, FailureClass.ENV, cut(str(error), _SENTENCE))


async def _paths(order: StepOrder, context: StepContext) -> list[str]:
    """The files that the agent will find; none where a step works without a clone of its own."""
    try:
        return sorted((await context.results.trees(order.run)).result)
    except WorkspaceError:
        return []


async def _refined(about: str, models: Models, spec: RefiningSpec) -> TaskPasses:
    """Raises ModelFailed."""
    if not models.names and (spec.model is None or spec.critic is None):
        raise ModelFailed("No model is named to refine the task. Name one in own_models.refining, or in a provider.")
    model, critic = spec.model or models.names[0], spec.critic or models.names[-1]
    draft = (await models.fill(_call(DRAFT_TASK, about, model, spec.draft_temperature), RefinedText)).task
    review = _call(CRITICISE, critique_of(about, draft), critic, spec.critique_temperature)
    critique = await models.fill(review, ReviewReport)
    finish = _call(FINISH_TASK, final_of(about, draft, critique), model, spec.final_temperature)
    final = (await models.fill(finish, RefinedText)).task
    return TaskPasses(draft=draft, draft_by=model, critique=critique, critic=critic, final=final, final_by=model)


def _call(template: PromptTemplate, text: str, model: str, temperature: float) -> ModelCall:
    return ModelCall(template=template, messages=(PromptMessage(text=text),), model=model, temperature=temperature)
