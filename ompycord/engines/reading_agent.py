"""One start of an agent that only reads, as the steps `plan`, `answer` and `review` make it.

It works in a throw-away copy that it cannot write to, and what it says is taken as a whole. Counterpart:
`agent_start.py`, for agents that work. Of its events those about tools, costs and requests are stored; its session, its
messages and its end are the step's own affair, so that nothing of them is taken for the builder's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ompycord.conductor import LogInbox
from ompycord.dialects.prompts.report_text import TEMPLATES
from ompycord.domain import events as ev
from ompycord.domain.configuration.attached_secrets import AttachedSecret, attached_words
from ompycord.domain.effects import StepOrder
from ompycord.domain.ports import AgentJob, AgentOutcome, AgentPurpose, ReadingCopy
from ompycord.domain.repository import AgentSpec
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.domain.task import Task
from ompycord.engines.agent_start import (
    is_confined_enough,
    listener_of,
    opened_models,
    stored,
    unconfined,
    used_template,
    write_files,
)
from ompycord.engines.context import StepContext
from ompycord.engines.ends import failed
from ompycord.errors import ProcessFailed, Refused
from ompycord.render.refusals import Audience, refusal_words

__all__ = ["PURPOSE", "AgentReading", "PromptOf", "read_with_agent"]

PURPOSE: Final = "OMPYCORD_PURPOSE"
"""The variable that tells a program why it is started: `plan`, `answer` or `review`; unset where it works."""
_KEPT: Final = (
    ev.ToolStarted,
    ev.ToolProgress,
    ev.ToolFinished,
    ev.UsageUpdated,
    ev.RetryLimited,
    ev.RetryCleared,
    ev.QuestionAsked,
    ev.QuestionWithdrawn,
    ev.ApprovalRequested,
    ev.ApprovalWithdrawn,
    ev.ApprovalUsed,
    ev.ApprovalVoted,
    ev.ApprovalSkipped,
    ev.Note,
)
_KEPT_TEXT: Final = 200_000
"""Characters of what it says that are kept, the last ones."""

PromptOf = Callable[[LogInbox, Path | None, ReadingCopy], Awaitable[str]]
"""`await prompt_of(inbox, files, copy)`: what the agent gets."""


@dataclass(slots=True)
class AgentReading:
    """What came of it."""

    outcome: AgentOutcome
    text: str
    """All that it said."""
    last: str
    """What it said after its last tool: its answer."""
    commit: str
    """The commit that it read."""
    changed: tuple[str, ...]
    """What it changed in its copy all the same, which is dropped."""

    @property
    def is_over(self) -> bool:
        """Whether it came to an end of its own, so that what it said counts."""
        is_cut = self.outcome.failure in {FailureClass.TRANSIENT, FailureClass.LOST, FailureClass.POLICY}
        return self.outcome.claim or (not is_cut and self.outcome.ended_by is EndedBy.AGENT)


@dataclass(slots=True)
class _Speech:
    """Collects what an agent says."""

    before: list[str] = field(default_factory=list[str])
    now: list[str] = field(default_factory=list[str])

    def add(self, body: ev.EventBody) -> None:
        match body:
            case ev.Message(text=text):
                self.now.append(text)
            case ev.ToolStarted() | ev.ToolFinished() if self.now:
                self.before, self.now = [*self.before, *self.now], []
            case _:
                pass

    def all(self, end: str | None) -> str:
        speech = "\n".join((*self.before, *self.now))
        return (speech if not end or end.rstrip("…") in speech else f"{speech}\n{end}")[-_KEPT_TEXT:]

    def last(self, end: str | None) -> str:
        speech = "\n".join(self.now) or (end or "")
        return (speech or (self.before[-1] if self.before else ""))[-_KEPT_TEXT:]


async def read_with_agent(
    order: StepOrder,
    task: Task,
    context: StepContext,
    *,
    spec: AgentSpec | None = None,
    purpose: AgentPurpose,
    prompt_of: PromptOf,
    wall_s: float | None = None,
) -> AgentReading | ev.EffectFinished:
    """Start the agent once, in a copy; how it ended, or the step's failure. `spec`: another one than the task's.

    `wall_s`: it may take no longer. Raises WorkspaceError.
    """
    configured = await context.configured(order.run, task)
    repository = configured.repository
    try:
        spec = configured.agent(spec or context.catalog.agent(task.agent, repository=repository))
    except Refused as error:
        return failed(order, FailureClass.ENV, refusal_words(error, Audience.DISCORD))
    if not is_confined_enough(context.level, spec):
        return failed(order, FailureClass.POLICY, unconfined(spec, context))
    if wall_s is not None:
        spec = spec.model_copy(update={"wall_s": min(spec.wall_s, wall_s)})
    speech = _Speech()
    try:
        async with context.results.copy(order.run, repository) as copy:
            attached = configured.attached_for(spec)
            outcome = await _run(order, task, context, speech, spec, purpose, prompt_of, copy, attached)
            changed = await copy.changes()
            commit = copy.commit
    except ProcessFailed as error:
        return failed(order, FailureClass.ENV, str(error))
    return AgentReading(outcome, speech.all(outcome.message), speech.last(outcome.message), commit, changed)


async def _run(
    order: StepOrder,
    task: Task,
    context: StepContext,
    speech: _Speech,
    spec: AgentSpec,
    purpose: AgentPurpose,
    prompt_of: PromptOf,
    copy: ReadingCopy,
    attached: tuple[AttachedSecret, ...],
) -> AgentOutcome:
    env = await context.secrets(order.run)
    about_secrets = (*await context.about_secrets(order.run), *map(attached_words, attached))
    files = await write_files(order.run, task, context)
    opened = context.inboxes.open(order.run, iteration=order.effect.iteration, starts_fresh=True)
    async with listener_of(order.run, spec, context, attached) as listener, opened as inbox:
        if spec.kind != "rehearsal":  # our own code, which asks no model
            opened_by = opened_models(task, spec, listener, context)
            await context.record(order.run, opened_by, used_template(TEMPLATES[purpose]))
        given = env if listener is None else {**env, **listener.environment}
        job = AgentJob(
            run=order.run,
            iteration=order.effect.iteration,
            task=task,
            spec=spec,
            cwd=copy.path,
            prompt="\n\n".join((await prompt_of(inbox, files, copy), *about_secrets)),
            purpose=purpose,
            env={**given, PURPOSE: purpose},
            files=files,
            listener=listener,
        )

        async def emit(*bodies: ev.EventBody) -> None:
            for body in bodies:
                speech.add(body)
            kept = [body for body in bodies if isinstance(body, _KEPT)]
            await stored(context, order.run, inbox, *kept)

        outcome = await context.adapters[spec.kind].run(job, emit, inbox)
        await inbox.end()
    return outcome
