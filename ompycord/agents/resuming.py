"""Starts an agent in an earlier session, or in a new one where it does not know that any more.

Used by every adapter that can resume.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from ompycord.dialects.prompts.prompt_text import prompt_text
from ompycord.domain.events import EventBody, Note, SessionOpened
from ompycord.domain.ports import AgentJob, AgentOutcome, Emit
from ompycord.domain.run import EndedBy, FailureClass

__all__ = ["WHOLE_TASK", "WITH_SUMMARY", "go_on"]

_NOT_AGAIN: Final = frozenset({EndedBy.CLOCK, EndedBy.LIMITS, EndedBy.PERSON, EndedBy.PROVIDER})
WHOLE_TASK: Final = "could not go on in its session, so it begins with the whole task again."
"""The note for people about an agent that does not know its session any more, after its name."""
WITH_SUMMARY: Final = "could not go on in the session of the run before, so it has a new session, with a summary."
"""The same of an agent at the beginning of a follow-up."""


async def go_on(job: AgentJob, emit: Emit, start: Callable[[AgentJob, Emit], Awaitable[AgentOutcome]]) -> AgentOutcome:
    """The outcome of `start`. In a known session, `job.prompt` contains only how to continue.

    An agent that ends without having opened any session has received nothing: it gets the whole task, and then that
    prompt. One that we had to end is not started again, nor one whose provider refuses. One that cannot be started any
    more is LOST, so that its run waits with its work and a person can resume it.
    """
    if job.session is None:
        return await start(job, emit)
    is_open = False

    async def observe(*bodies: EventBody) -> None:
        nonlocal is_open
        is_open = is_open or any(isinstance(body, SessionOpened) for body in bodies)
        await emit(*bodies)

    outcome = await start(job, observe)
    if is_open or outcome.claim or outcome.ended_by in _NOT_AGAIN:
        return outcome
    why = f" {outcome.message}" if outcome.message else ""
    words = WHOLE_TASK if job.task.follows is None else WITH_SUMMARY
    await emit(Note(text=f"{job.spec.name} {words}{why}"))
    again = await start(job.model_copy(update={"session": None, "session_usd": 0.0, "prompt": _whole(job)}), emit)
    if again.failure is FailureClass.ENV:  # it has worked here before: what it lacks now may come back
        return again.model_copy(update={"failure": FailureClass.LOST})
    return again


def _whole(job: AgentJob) -> str:
    return "\n\n".join((*prompt_text(job.task, job.files), job.whole_prompt or job.prompt))
