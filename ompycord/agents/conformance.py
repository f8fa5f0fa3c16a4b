"""What every agent adapter must fulfil for the conductor, rule by rule; a rule's name is its sentence.

A rule runs an adapter in a trial and returns what it violated, or None. The contract test runs them on our own adapters
and on a deliberately bad one; they need nothing of pytest, so that they can be run on any configured agent.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ompycord.agents.resuming import WHOLE_TASK
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import EventBody, Message, Note, SessionOpened
from ompycord.domain.policy import require_authority
from ompycord.domain.ports import AgentAdapter, AgentInput, AgentJob, AgentOutcome
from ompycord.domain.run import FailureClass
from ompycord.errors import NotYours, OmpycordError, ProcessFailed, StorageError
from ompycord.processes import kill_strays

__all__ = ["MISSING_SESSION", "RULES", "Recorder", "Rule", "SilentInbox", "Trial", "judge", "rules_for"]

MISSING_SESSION: Final = "gone"
"""A session that no agent ever had."""
_SENTENCE: Final = 500
_NOTICES_S: Final = 15.0
"""Seconds for an adapter to notice that its program is gone."""
_PAUSE_S: Final = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """An adapter with jobs that fit it."""

    adapter: AgentAdapter
    quick: Callable[[], AgentJob]
    """A job of a run of its own that ends by itself, claims done, and sends at least one message."""
    long: Callable[[], AgentJob]
    """A job of a run of its own that sends at least one message and then works for minutes."""
    wait_s: float = 120.0
    """Seconds for the quick job to end, and for the long one's first message."""


Rule = Callable[[Trial], Awaitable[str | None]]
"""Returns what was violated, in a few words, or None."""


class SilentInbox:
    """An inbox without messages."""

    async def next(self) -> AgentInput:
        """See the port."""
        return await asyncio.Future[AgentInput]()

    async def acknowledge(self, texts: int) -> None:
        """See the port."""


class Recorder:
    """Stores slowly, and notices an adapter that does not wait."""

    def __init__(self) -> None:
        self.events: list[EventBody] = []
        self.has_one = asyncio.Event()
        self.overlaps = 0
        self._is_storing = False

    async def emit(self, *bodies: EventBody) -> None:
        """The port's `Emit`."""
        self.overlaps += self._is_storing
        self._is_storing = True
        for _ in range(3):
            await asyncio.sleep(0)
        self._is_storing = False
        self.events.extend(bodies)
        self.has_one.set()


async def _quick(trial: Trial) -> tuple[Recorder, AgentOutcome]:
    recorder = Recorder()
    async with asyncio.timeout(trial.wait_s):
        return recorder, await trial.adapter.run(trial.quick(), recorder.emit, SilentInbox())


async def says_something_and_only_what_agents_may_say(trial: Trial) -> str | None:
    """The adapter reports something, and only what the authority table allows in its column *agent*."""
    recorder, _ = await _quick(trial)
    for body in recorder.events:
        try:
            require_authority(body.type, SourceKind.AGENT)
        except NotYours:
            return f"it said {body.type}"
    return None if recorder.events else "it said nothing"


async def reports_its_result_last(trial: Trial) -> str | None:
    """`run.finished` and `run.failed` are claims, and so is the outcome: one of at most 500 characters."""
    recorder, outcome = await _quick(trial)
    ends = [body.type for body in recorder.events if body.type in {"run.finished", "run.failed"}]
    if ends:
        return f"it said {ends[0]} as an event"
    if not outcome.claim:
        return f"it claims to have failed: {outcome.message}"
    return "its outcome's message is too long" if len(outcome.message or "") > _SENTENCE else None


async def stores_one_event_after_the_other(trial: Trial) -> str | None:
    """`emit` is awaited before the next call: the order of events is the order in which they happened."""
    recorder, _ = await _quick(trial)
    return f"{recorder.overlaps} times it did not wait" if recorder.overlaps else None


async def says_first_that_it_is_simulated(trial: Trial) -> str | None:
    """A rehearsal says at once that it is one, so that its result is not taken for work."""
    recorder, _ = await _quick(trial)
    first = recorder.events[0] if recorder.events else None
    is_in_message = isinstance(first, Message) and "rehearsal" in first.text
    return "it did not say so first" if trial.adapter.capabilities.simulated and not is_in_message else None


async def _run_long(trial: Trial, job: AgentJob, recorder: Recorder) -> None:
    with suppress(OmpycordError):  # it ended too early, which the rule reports
        await trial.adapter.run(job, recorder.emit, SilentInbox())


async def is_halted_when_its_cancellation_returns(trial: Trial) -> str | None:
    """No process of the run is left, and the cancellation is not swallowed."""
    recorder, job = Recorder(), trial.long()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(_run_long(trial, job, recorder))
        began = tasks.create_task(recorder.has_one.wait())
        await asyncio.wait((task, began), timeout=trial.wait_s, return_when=asyncio.FIRST_COMPLETED)
        has_begun, was_over = recorder.has_one.is_set(), task.done()
        began.cancel()
        task.cancel()
    left = await kill_strays(job.run)
    if left:
        return f"{left} processes were left"
    if not has_begun or was_over:
        return "the long job said nothing in time" if not has_begun else "the long job ended by itself"
    return None if task.cancelled() else "it swallowed its cancellation"


async def handles_storage_errors(trial: Trial) -> str | None:
    """An event that cannot be stored ends the run of the adapter with that error."""

    async def full(*bodies: EventBody) -> None:
        raise StorageError("full")

    try:
        async with asyncio.timeout(trial.wait_s):
            await trial.adapter.run(trial.quick(), full, SilentInbox())
    except StorageError:
        return None
    return "it swallowed a failure to store"


async def says_that_it_cannot_be_started(trial: Trial) -> str | None:
    """The error is ProcessFailed, not a foreign one, and the agent does not run in another folder."""
    job = trial.quick()
    missing = job.model_copy(update={"cwd": job.cwd / "gone"})
    try:
        async with asyncio.timeout(trial.wait_s):
            await trial.adapter.run(missing, Recorder().emit, SilentInbox())
    except ProcessFailed:
        return None
    except (OSError, OmpycordError) as error:
        return f"it raised {type(error).__name__}"
    return "it ran in a folder that is not there"


async def leaves_no_process_behind(trial: Trial) -> str | None:
    """No process is left, also after a run that ended well."""
    job = trial.quick()
    async with asyncio.timeout(trial.wait_s):
        await trial.adapter.run(job, Recorder().emit, SilentInbox())
    left = await kill_strays(job.run)
    return f"{left} processes were left" if left else None


async def says_that_it_was_lost_when_its_program_dies(trial: Trial) -> str | None:
    """A program that is gone without a report that its work has ended is lost.

    The class is LOST, so that its run waits and may continue.
    """
    recorder, job = Recorder(), trial.long()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(trial.adapter.run(job, recorder.emit, SilentInbox()))
        began = tasks.create_task(recorder.has_one.wait())
        await asyncio.wait((task, began), timeout=trial.wait_s, return_when=asyncio.FIRST_COMPLETED)
        with contextlib.suppress(TimeoutError):  # it may tell something before it starts a program
            async with asyncio.timeout(min(trial.wait_s, _NOTICES_S)):
                while not task.done() and not await kill_strays(job.run):
                    await asyncio.wait((task,), timeout=_PAUSE_S)
        await asyncio.wait((task,), timeout=min(trial.wait_s, _NOTICES_S))
        has_noticed = task.done()
        began.cancel()
        task.cancel()
    if not has_noticed:
        return "it did not notice that its program was gone"
    outcome = task.result()
    return None if not outcome.claim and outcome.failure is FailureClass.LOST else f"it said {outcome.failure}"


def _session(recorder: Recorder) -> str | None:
    return next((body.session for body in recorder.events if isinstance(body, SessionOpened)), None)


async def goes_on_in_its_session_or_says_that_it_cannot(trial: Trial) -> str | None:
    """With `can_resume` it reports which session it opened, and opens that one again when it is ordered to.

    Where the agent itself has lost it, a note tells people so, and the work continues all the same.
    """
    if not trial.adapter.capabilities.can_resume:
        return None
    recorder, _ = await _quick(trial)
    session, again = _session(recorder), Recorder()
    if session is None:
        return "it named no session"
    job = trial.quick().model_copy(update={"session": session})
    async with asyncio.timeout(trial.wait_s):
        outcome = await trial.adapter.run(job, again.emit, SilentInbox())
    if not outcome.claim:
        return f"it claims to have failed: {outcome.message}"
    if _session(again) == session or any(isinstance(body, Note) and WHOLE_TASK in body.text for body in again.events):
        return None
    return f"it opened {_session(again)} instead of {session}"


async def starts_fresh_where_its_session_is_gone(trial: Trial) -> str | None:
    """With `can_resume` a session that the agent does not know any more costs its history, not its run."""
    if not trial.adapter.capabilities.can_resume:
        return None
    recorder = Recorder()
    job = trial.quick().model_copy(update={"session": MISSING_SESSION})
    async with asyncio.timeout(trial.wait_s):
        outcome = await trial.adapter.run(job, recorder.emit, SilentInbox())
    if not outcome.claim:
        return f"it claims to have failed: {outcome.message}"
    return None if _session(recorder) not in {None, MISSING_SESSION} else "it opened no other session"


RULES: Final[tuple[Rule, ...]] = (
    says_something_and_only_what_agents_may_say,
    reports_its_result_last,
    stores_one_event_after_the_other,
    says_first_that_it_is_simulated,
    is_halted_when_its_cancellation_returns,
    handles_storage_errors,
    says_that_it_cannot_be_started,
    leaves_no_process_behind,
    says_that_it_was_lost_when_its_program_dies,
    goes_on_in_its_session_or_says_that_it_cannot,
    starts_fresh_where_its_session_is_gone,
)


def rules_for(adapter: AgentAdapter) -> tuple[Rule, ...]:
    """The rules that concern an agent: only a simulated one must say that it is."""
    return tuple(one for one in RULES if one is not says_first_that_it_is_simulated or adapter.capabilities.simulated)


async def judge(rule: Rule, trial: Trial) -> str | None:
    """The result of a rule for any agent: an error and an endless wait are violations, too."""
    try:
        return await rule(trial)
    except TimeoutError:
        return f"it did not end within {trial.wait_s:.0f} s"
    except OmpycordError as error:
        return str(error)
