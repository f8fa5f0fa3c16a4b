"""The step `build`: the agent is started in the run's clone and its events are stored until it ends."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from ompycord.conductor import LogInbox
from ompycord.dialects.prompt_text import former_text, prompt_text
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished, EventBody, RunFailed, RunFinished, RunStarted
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentJob, AgentOutcome, Listener, Prepared
from ompycord.domain.repository import AgentSpec, ConfinementLevel
from ompycord.domain.results import BuildResult
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.domain.task import Task
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed, ok, waits_for_person
from ompycord.errors import NotStored, ProcessFailed, Refused, WorkspaceError
from ompycord.processes.launcher_port import is_enough
from ompycord.render.refusals import Audience, refusal_words
from ompycord.text import cut

__all__ = ["FOLLOWS", "GO_ON", "TAKEN_OVER", "build", "is_confined_enough", "reported"]

LINE: Final = 500
"""Characters of an outcome's message (`events.EffectFinished.message`)."""
RETRY_S: Final = 0.5
TAKEN_OVER: Final = "Somebody works in its clone at a terminal. Resume it once that has ended."
GO_ON: Final = "You were interrupted. Look at what is done already, and go on with your task where you stopped."
FOLLOWS: Final = "This follows up your earlier work, which is on the branch that is checked out here."
YOUR_TASK: Final = "Your task was:"


def is_confined_enough(level: ConfinementLevel, spec: AgentSpec) -> bool:
    """Whether this machine's level is at least what the agent's configuration demands.

    The rehearsal is our own code.
    """
    return spec.kind == "rehearsal" or is_enough(level, spec.sandbox)


async def build(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Start the agent and store what it does. Never done twice under one key."""
    repository = context.repository(task)
    try:
        spec = context.catalog.agent(task.agent, repository=repository)
    except Refused as error:
        return failed(order, FailureClass.ENV, refusal_words(error, Audience.DISCORD))
    if not is_confined_enough(context.level, spec):
        return failed(order, FailureClass.POLICY, _unconfined(spec, context))
    prepared = await context.workspaces.workspace(order.run)
    if prepared is None:
        return failed(order, FailureClass.INTERNAL, "Its clone is gone.")
    if await context.workspaces.is_taken_over(order.run):
        return waits_for_person(order, TAKEN_OVER)
    try:
        outcome = await _run_agent(order, task, context, spec=spec, prepared=prepared)
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


async def _run_agent(
    order: StepOrder, task: Task, context: StepContext, *, spec: AgentSpec, prepared: Prepared
) -> AgentOutcome:
    """Start the agent once, in its session where it keeps one. Raises ProcessFailed, WorkspaceError."""
    env = await context.secrets(order.run)
    adapter = context.adapters[spec.kind]
    files = await _write_files(order.run, task, context)
    start = await _start_of(order.run, task, context, can_resume=adapter.capabilities.can_resume)
    session = start.session
    await context.observe(order.run, RunStarted(agent=spec.name))
    opened = context.inboxes.open(order.run, iteration=order.effect.iteration)
    async with _listener(order.run, spec, context) as listener, opened as inbox:
        job = AgentJob(
            run=order.run,
            iteration=order.effect.iteration,
            task=task,
            spec=spec,
            cwd=prepared.path,
            prompt=start.prompt(task, inbox, files),
            whole_prompt=start.after_task(inbox) if session else None,
            env=env if listener is None else {**env, **listener.environment},
            session=session,
            session_usd=await context.session_usd(order.run, session) if session else 0.0,
            files=files,
            listener=listener,
        )
        outcome = await adapter.run(job, partial(_emit, context, order.run, inbox), inbox)
        await inbox.end()
    return outcome


def _listener(run: RunId, spec: AgentSpec, context: StepContext) -> AbstractAsyncContextManager[Listener | None]:
    return context.listeners(run, spec) if spec.sandbox.network == "gateway" else nullcontext()


async def _write_files(run: RunId, task: Task, context: StepContext) -> Path | None:
    """Write the task's files beside the clone. Raises WorkspaceError where a file is missing."""
    folder: Path | None = None
    for file in task.files:
        data = await context.file(file)
        if data is None:
            raise WorkspaceError(f"The file {file.name} that came with the task has expired. Start it anew.")
        folder = await context.workspaces.write_file(run, file.name, data)
    return folder


async def _emit(context: StepContext, run: RunId, inbox: LogInbox, *bodies: EventBody) -> None:
    """Store facts. A database that refuses for a while makes the agent wait; it does not end its work."""
    accepted = [one for body in bodies if (one := await inbox.accept(body)) is not None]
    while accepted:
        try:
            await context.observe(run, *accepted)
        except NotStored:
            await asyncio.sleep(RETRY_S)
        else:
            return


def _unconfined(spec: AgentSpec, context: StepContext) -> str:
    wanted = f"{spec.sandbox.minimum}{'' if spec.sandbox.network else ' without network'}"
    words = f"This machine cannot confine an agent ({spec.name} wants {wanted}, here is {context.level}). Nothing ran."
    remedy = context.remedy or "An admin finds what to do in /omp health."
    return f"{words} {remedy} Or allow this agent by name: sandbox: {{minimum: none}}."


@dataclass(frozen=True, slots=True)
class _Start:
    """What a start of the agent goes on with."""

    session: str | None = None
    is_own: bool = False
    """Whether the session was opened by this run, else by one that it follows."""
    former: Former | None = None

    def prompt(self, task: Task, inbox: LogInbox, files: Path | None) -> str:
        """What the agent gets first.

        One that restarts without a session knows nothing of an earlier start; one in the session of a run before knows
        all but its task.
        """
        if self.session is None or not self.is_own:
            intro = (FOLLOWS,) if self.session is not None else ()
            return _joined(*intro, *prompt_text(task, files), *self._summary, *_since(inbox.earlier_messages))
        # What it was told may have been cut off on its way, and the session has another run's task in it.
        again = (YOUR_TASK, *prompt_text(task, files)) if task.follows is not None else ()
        return _joined(GO_ON, *again, *_maybe_known(inbox.unknown_to(self.session)))

    def after_task(self, inbox: LogInbox) -> str:
        """What follows the task where the agent does not know the session any more."""
        if self.is_own:
            return _joined(GO_ON, *self._words, *_maybe_known(inbox.earlier_messages))
        return _joined(*self._words, *_since(inbox.earlier_messages))

    @property
    def _summary(self) -> tuple[str, ...]:
        """The words about the runs before, for an agent without their session."""
        return self._words if self.session is None else ()

    @property
    def _words(self) -> tuple[str, ...]:
        return () if self.former is None else former_text(self.former)


async def _start_of(run: RunId, task: Task, context: StepContext, *, can_resume: bool) -> _Start:
    former = await context.former(run) if task.follows is not None else None
    if not can_resume:
        return _Start(former=former)
    if (own := await context.session(run)) is not None:
        return _Start(own, is_own=True, former=former)
    prepared = await context.prepared(run) if former is not None else None
    return _Start(prepared.session if prepared is not None else None, former=former)


def _joined(*parts: str) -> str:
    return "\n\n".join(parts)


def _since(earlier: Sequence[str]) -> tuple[str, ...]:
    return ("Said since:", *earlier) if earlier else ()


def _maybe_known(earlier: Sequence[str]) -> tuple[str, ...]:
    """Messages that the session has not acknowledged: one of them may have been cut off on its way."""
    return ("Said since it began; you may know some of it:", *earlier) if earlier else ()
