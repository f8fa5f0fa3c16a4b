"""The step `answer`: an agent answers a question in a copy that it cannot change."""

from pathlib import Path
from typing import Final

from ompycord.conductor import LogInbox
from ompycord.dialects.prompts.prompt_text import former_text, prompt_text
from ompycord.dialects.prompts.report_text import ask_text
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import AskAnswered, EffectFinished
from ompycord.domain.ports import ReadingCopy
from ompycord.domain.results import BuildResult
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.domain.task import Task
from ompycord.engines.agent_start import since
from ompycord.engines.context import StepContext
from ompycord.engines.ends import ok
from ompycord.engines.reading_agent import read_with_agent
from ompycord.engines.recalling import recalled_text
from ompycord.text import cut

__all__ = ["answer"]

_TEXT: Final = 30_000
_SHOWN: Final = 20
_LINE: Final = 500


async def answer(order: StepOrder, task: Task, context: StepContext) -> EffectFinished:
    """Start the agent and keep its answer. Never done twice under one key."""
    former = await context.former(order.run) if task.follows is not None else None
    before = (*(former_text(former) if former is not None else ()), *await recalled_text(order.run, task, context))

    async def prompt_of(inbox: LogInbox, files: Path | None, copy: ReadingCopy) -> str:
        return "\n\n".join(ask_text((*prompt_text(task, files), *before, *since(inbox.earlier_messages))))

    limit = context.catalog.limits.ask_minutes * 60
    reading = await read_with_agent(order, task, context, purpose="answer", prompt_of=prompt_of, wall_s=limit)
    if isinstance(reading, EffectFinished):
        return reading
    outcome, text = reading.outcome, reading.last.strip()
    if not outcome.claim:
        ended = {"claim": False, "ended_by": outcome.ended_by, "until": outcome.until}
        result = BuildResult.model_validate({name: value for name, value in ended.items() if value is not None})
        return ok(order, result, message=outcome.message, failure=outcome.failure)
    if not text:
        silent = BuildResult(claim=False, ended_by=EndedBy.EXIT)
        return ok(order, silent, message="It ended without an answer.", failure=FailureClass.REPAIRABLE)
    changed = tuple(cut(path, _LINE) for path in reading.changed[:_SHOWN])
    answered = AskAnswered(
        text=cut(text, _TEXT), commit=reading.commit, changed=changed, changed_total=len(reading.changed)
    )
    await context.record(order.run, answered)
    return ok(order, BuildResult(claim=True))
