"""The step `build`: the agent is started in the run's clone and its events are stored until it ends."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from ompycord.conductor import LogInbox
from ompycord.dialects.prompts.prompt_text import former_text, prompt_text
from ompycord.dialects.prompts.report_text import plan_text
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import EffectFinished
from ompycord.domain.folds.checkpoints import PutBack
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId
from ompycord.domain.task import Task
from ompycord.engines.agent_start import Opening, joined, maybe_known, run_agent, since
from ompycord.engines.context import StepContext
from ompycord.engines.recalling import recalled_text

__all__ = ["FOLLOWS", "GO_ON", "build"]

GO_ON: Final = "You were interrupted. Look at what is done already, and go on with your task where you stopped."
FOLLOWS: Final = "This follows up your earlier work, which is on the branch that is checked out here."
YOUR_TASK: Final = "Your task was:"


async def build(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Start the agent and store what it does. Never done twice under one key."""
    return await run_agent(order, task, context, _opening)


async def _opening(order: StepOrder, task: Task, context: StepContext, can_resume: bool) -> Opening:
    start = await _start_of(order.run, task, context, can_resume=can_resume)
    facts = await context.planning(order.run)
    back = await context.rolled_back(order.run)
    if back is not None:
        start = replace(start, back=(_put_back(back),))
    if facts.plan is not None:
        start = replace(start, plan=plan_text(facts.plan, facts.approved_by))
    start = replace(start, recalled=await recalled_text(order.run, task, context))
    return Opening(start.session, partial(start.prompt, task), start.after_task)


def _put_back(back: PutBack) -> str:
    checks = f" ({', '.join(back.to.checks)})" if back.to.checks else ""
    return (
        f"You worked on this before. A person put the work back to how it stood after round {back.to.round}{checks}: "
        "that is the commit that is checked out here. What came after it was left; take another way."
    )


@dataclass(frozen=True, slots=True)
class _Start:
    """What a start of the agent goes on with."""

    session: str | None = None
    is_own: bool = False
    """Whether the session was opened by this run, else by one that it follows."""
    former: Former | None = None
    plan: tuple[str, ...] = ()
    """Paragraphs with the plan that was made for it."""
    recalled: tuple[str, ...] = ()
    """Paragraphs with what is remembered of earlier work."""
    back: tuple[str, ...] = ()
    """A paragraph that its work was put back to an earlier round."""

    def prompt(self, task: Task, inbox: LogInbox, files: Path | None) -> str:
        """What the agent gets first.

        One that restarts without a session knows nothing of an earlier start; one in the session of a run before knows
        all but its task.
        """
        if self.session is None or not self.is_own:
            intro = (FOLLOWS,) if self.session is not None else ()
            known = (*prompt_text(task, files), *self._summary, *self.plan, *self.recalled, *self.back)
            return joined(*intro, *known, *since(inbox.earlier_messages))
        # What it was told may have been cut off on its way, and the session has another run's task in it.
        again = (YOUR_TASK, *prompt_text(task, files)) if task.follows is not None else ()
        return joined(GO_ON, *again, *maybe_known(inbox.unknown_to(self.session)))

    def after_task(self, inbox: LogInbox) -> str:
        """What follows the task where the agent does not know the session any more."""
        if self.is_own:
            return joined(
                GO_ON, *self._words, *self.plan, *self.recalled, *self.back, *maybe_known(inbox.earlier_messages)
            )
        return joined(*self._words, *self.plan, *self.recalled, *since(inbox.earlier_messages))

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
    snapshot = await context.snapshot(run)
    if former is None or (snapshot is not None and snapshot.session is not None):
        return _Start(former=former)  # the session of the runs before went on with what this one is to forget
    prepared = await context.prepared(run)
    return _Start(prepared.session if prepared is not None else None, former=former)
