"""One start of a run's agent, as the steps `build` and `repair` make it: from its prompt to its claim."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from ompycord.conductor import LogInbox
from ompycord.domain.configuration.attached_secrets import AttachedSecret, attached_words
from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import (
    EffectFinished,
    EventBody,
    Metering,
    ModelsOpened,
    Note,
    PromptUsed,
    RunFailed,
    RunFinished,
    RunStarted,
)
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentJob, AgentOutcome, Listener, Prepared
from ompycord.domain.ports.models import PromptTemplate
from ompycord.domain.repository import AgentSpec, ConfinementLevel
from ompycord.domain.results import BuildResult
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok, waits_for_person
from ompycord.errors import NotStored, ProcessFailed, Refused, WorkspaceError
from ompycord.processes.launcher_port import is_enough, reach
from ompycord.render.refusals import Audience, refusal_words
from ompycord.text import cut

__all__ = [
    "TAKEN_OVER",
    "Opening",
    "OpeningOf",
    "is_confined_enough",
    "joined",
    "listener_of",
    "maybe_known",
    "opened_models",
    "reported",
    "run_agent",
    "since",
    "stored",
    "unconfined",
    "used_template",
    "write_files",
]

LINE: Final = 500
"""Characters of an outcome's message (`events.EffectFinished.message`)."""
RETRY_S: Final = 0.5
BY_HAND: Final = "Somebody worked in its clone at a terminal, so not all of the change need be the agent's."
TAKEN_OVER: Final = "Somebody works in its clone at a terminal. Resume it once that has ended."


def is_confined_enough(level: ConfinementLevel, spec: AgentSpec) -> bool:
    """Whether this machine's level is at least what the agent's configuration demands.

    The rehearsal is our own code.
    """
    return spec.kind == "rehearsal" or is_enough(level, spec.sandbox)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a start of the agent goes on with."""

    session: str | None
    """Its own one, in which it continues."""
    prompt: Callable[[LogInbox, Path | None], str]
    """What the agent gets first, with the folder of the files that came with the task."""
    after_task: Callable[[LogInbox], str]
    """What follows the task where the agent does not know the session any more."""
    template: PromptTemplate | None = None
    """What of the prompt is Ompycord's own and always the same; None where the task is all."""


OpeningOf = Callable[[StepOrder, Task, StepContext, bool], Awaitable[Opening]]
"""`await opening_of(order, task, context, can_resume)`."""


async def run_agent(order: StepOrder, task: Task, context: StepContext, opening_of: OpeningOf) -> EffectFinished:
    """Start the agent and store what it does. Never done twice under one key."""
    prepared = await context.workspaces.workspace(order.run)
    if prepared is None:
        return failed(order, FailureClass.INTERNAL, "Its clone is gone.")
    configured = await context.configured(order.run, task)
    try:
        spec = configured.agent(context.catalog.agent(task.agent, repository=configured.repository))
    except Refused as error:
        return failed(order, FailureClass.ENV, refusal_words(error, Audience.DISCORD))
    if not is_confined_enough(context.level, spec):
        return failed(order, FailureClass.POLICY, unconfined(spec, context))
    if await context.takeovers.is_taken_over(order.run):
        return waits_for_person(order, TAKEN_OVER)
    if await context.takeovers.was_taken_over(order.run):
        await context.record(order.run, Note(text=BY_HAND))
        await context.takeovers.forget_takeover(order.run)
    try:
        outcome = await _run(
            order, task, context, opening_of, spec=spec, prepared=prepared,
            services=configured.services_of("agent"), attached=configured.attached_for(spec),
        )  # fmt: skip
    except ProcessFailed as error:
        return failed(order, FailureClass.ENV, str(error))
    outcome = reported(outcome, await context.claim(order.run))
    if outcome.failure is FailureClass.POLICY:  # it broke a bound: what it left is not taken over
        where = await context.workspaces.set_aside(order.run, outcome.message or "It broke a bound.")
        outcome = outcome.model_copy(update={"message": f"{outcome.message or ''} {where}".strip()})
    if outcome.message and outcome.ended_by is EndedBy.AGENT:  # its last message, shown as a claim
        await context.observe(order.run, _claim(outcome, outcome.message))
    return ok(order, _result(outcome), message=outcome.message, failure=outcome.failure)


def reported(outcome: AgentOutcome, claim: RunFinished | RunFailed | None) -> AgentOutcome:
    """The outcome of an agent that reported `claim` by our tools while it worked; the latest report counts.

    It speaks for an agent that then ended its turn, or went silent until our clock ended it. Against a crash, an exit
    code and a refusal it says nothing.
    """
    if claim is None or not (outcome.claim or outcome.ended_by is EndedBy.CLOCK):
        return outcome
    if isinstance(claim, RunFailed):
        return AgentOutcome(claim=False, message=_cut(claim.message), failure=FailureClass.REPAIRABLE)
    if outcome.claim and claim.outcome == "complete":
        return outcome
    return AgentOutcome(claim=True, message=_cut(claim.summary), is_partial=claim.outcome == "partial")


def _cut(words: str | None) -> str | None:
    return cut(words, LINE) if words else None


def _claim(outcome: AgentOutcome, message: str) -> RunFinished | RunFailed:
    if not outcome.claim:
        return RunFailed(message=message)
    return RunFinished(summary=message, outcome="partial" if outcome.is_partial else "complete")


def _result(outcome: AgentOutcome) -> BuildResult:
    """The outcome as the step's result; what is usual is left out."""
    if outcome.claim:
        return BuildResult(claim=True, partial=True) if outcome.is_partial else BuildResult(claim=True)
    return BuildResult(claim=False, ended_by=outcome.ended_by, until=outcome.until)


async def _run(
    order: StepOrder,
    task: Task,
    context: StepContext,
    opening_of: OpeningOf,
    *,
    spec: AgentSpec,
    prepared: Prepared,
    services: tuple[ServiceSpec, ...],
    attached: tuple[AttachedSecret, ...],
) -> AgentOutcome:
    """Start the agent once, in its session where it keeps one. Raises ProcessFailed, WorkspaceError."""
    env = await context.secrets(order.run)
    about_secrets = (*await context.about_secrets(order.run), *map(attached_words, attached))
    adapter = context.adapters[spec.kind]
    files = await write_files(order.run, task, context)
    opening = await opening_of(order, task, context, adapter.capabilities.can_resume)
    session = opening.session
    await context.observe(order.run, RunStarted(agent=spec.name))
    opened = context.inboxes.open(order.run, iteration=order.effect.iteration, starts_fresh=session is None)
    async with listener_of(order.run, spec, context, attached) as listener, opened as inbox:
        if spec.kind != "rehearsal":  # our own code, which asks no model
            templates = () if opening.template is None else (used_template(opening.template),)
            await context.record(order.run, opened_models(task, spec, listener, context), *templates)
        job = AgentJob(
            run=order.run,
            iteration=order.effect.iteration,
            task=task,
            spec=spec,
            cwd=prepared.path,
            prompt=joined(opening.prompt(inbox, files), *about_secrets),
            whole_prompt=joined(opening.after_task(inbox), *about_secrets) if session else None,
            env=env if listener is None else {**env, **listener.environment},
            session=session,
            session_usd=await context.session_usd(order.run, session) if session else 0.0,
            files=files,
            listener=listener,
            services=services,
            ask_secret=None if context.ask_secret is None else partial(context.ask_secret, order.run),
        )
        outcome = await adapter.run(job, partial(stored, context, order.run, inbox), inbox)
        await inbox.end()
    return outcome


def listener_of(
    run: RunId, spec: AgentSpec, context: StepContext, attached: tuple[AttachedSecret, ...]
) -> AbstractAsyncContextManager[Listener | None]:
    """What the agent's programs reach of us; None where it has another network."""
    has_one = spec.sandbox.network == "gateway" or spec.asks_models
    return context.listeners(run, spec, attached) if has_one else nullcontext()


def used_template(template: PromptTemplate) -> PromptUsed:
    """That an agent is told by it."""
    return PromptUsed(template=template.id, hash=template.hash)


def opened_models(task: Task, spec: AgentSpec, listener: Listener | None, context: StepContext) -> ModelsOpened:
    """Who asks models for it, what it reaches, and whether that is recorded."""
    by = _metering(spec, listener)
    return ModelsOpened(by=by, network=reach(context.level, spec.sandbox), recorded=task.record and by == "gateway")


def _metering(spec: AgentSpec, listener: Listener | None) -> Metering:
    if spec.key_variables:
        return "key"
    if listener is not None and listener.has_models:
        return "gateway"
    return "login" if spec.grants.files else "agent"


async def write_files(run: RunId, task: Task, context: StepContext) -> Path | None:
    """Write the task's files beside the clone. Raises WorkspaceError where a file is missing."""
    folder: Path | None = None
    for file in task.files:
        data = await context.file(file)
        if data is None:
            raise WorkspaceError(f"The file {file.name} that came with the task has expired. Start it anew.")
        folder = await context.workspaces.write_file(run, file.name, data)
    return folder


async def stored(context: StepContext, run: RunId, inbox: LogInbox, *bodies: EventBody) -> None:
    """Store facts. A database that refuses for a while makes the agent wait; it does not end its work."""
    accepted = [one for body in bodies if (one := await inbox.accept(body)) is not None]
    while accepted:
        try:
            await context.observe(run, *accepted)
        except NotStored:
            await asyncio.sleep(RETRY_S)
        else:
            return


def unconfined(spec: AgentSpec, context: StepContext) -> str:
    """That this machine confines an agent less than its configuration demands, and what helps."""
    wanted = f"{spec.sandbox.minimum}{'' if spec.sandbox.network else ' without network'}"
    words = f"This machine cannot confine an agent ({spec.name} wants {wanted}, here is {context.level}). Nothing ran."
    remedy = context.remedy or "An admin finds what to do in /omp health."
    return f"{words} {remedy} Or allow this agent by name: sandbox: {{minimum: none}}."


def joined(*parts: str) -> str:
    """Paragraphs."""
    return "\n\n".join(parts)


def since(earlier: Sequence[str]) -> tuple[str, ...]:
    """What people wrote, for an agent that knows none of it."""
    return ("Said since:", *earlier) if earlier else ()


def maybe_known(earlier: Sequence[str]) -> tuple[str, ...]:
    """Messages that the session has not acknowledged: one of them may have been cut off on its way."""
    return ("Said since it began; you may know some of it:", *earlier) if earlier else ()
