"""Runs a program that speaks the JSON-lines dialect from start to outcome; used by `command.py` and `rehearsal/`."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from ompycord.agents.converse import wall_ms
from ompycord.agents.ending import unexplained
from ompycord.agents.level import layout_of
from ompycord.agents.line_buffer import LineBuffer
from ompycord.agents.repository_settings import environment_of
from ompycord.agents.running_tools import RunningTools
from ompycord.dialects.jsonl import PREFIX, Refusal, parse_line
from ompycord.domain.events import (
    ApprovalDenied,
    ApprovalGranted,
    ApprovalRequested,
    ApprovalWithdrawn,
    EventBody,
    Note,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
    QuestionWithdrawn,
    RunFailed,
    RunFinished,
    UsageUpdated,
    dump_data,
)
from ompycord.domain.ports import AgentInput, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.errors import ProcessFailed
from ompycord.processes import Clocks, Line, Outcome, ProcessResult, ProcessSpec, RunningProcess, Stream
from ompycord.processes.launcher_port import Launcher, Layout
from ompycord.text import cut

__all__ = ["ANSWERS_FILE", "INBOX_FILE", "drive"]

PROMPT_FILE: Final = "{prompt_file}"
"""The place of the prompt in the command's arguments."""
INBOX_FILE: Final = "{inbox_file}"
"""The place of the file to which people's messages and decisions are appended."""
ANSWERS_FILE: Final = "{answers_file}"
"""The place of the same file for a program that gets decisions alone: a message restarts it."""
_NOTED: Final = 5
"""Refused lines that get a note each; the others are counted in one note."""
_SENTENCE: Final = 500
"""Characters of an outcome's message (`events.EffectFinished.message`)."""
_NO_ANSWERS: Final = f"it gets no answers. {ANSWERS_FILE} in its command names the file in which they arrive."
_GRACE_S: Final = 10.0
"""Seconds of silence that a program has after it reported its end; then it is ended, and its report counts."""
_REST_S: Final = 2.0
"""Seconds for the last lines once the agent was stopped."""
_SILENCED: Final = frozenset({Outcome.IDLE_TIMEOUT, Outcome.WALL_TIMEOUT})
"""Ends by our clocks: one of these after a report of its end takes nothing back."""
_CLAIMABLE: Final = frozenset({FailureClass.REPAIRABLE, FailureClass.TRANSIENT, FailureClass.ENV})
"""Failure classes that an agent may name itself; the others are our own verdicts."""


async def drive(
    launcher: Launcher,
    job: AgentJob,
    argv: tuple[str, ...],
    emit: Emit,
    *,
    messages: Inbox | None = None,
    only_decisions: bool = False,
    grace_s: float = _GRACE_S,
) -> AgentOutcome:
    """Starts `argv` in the job's clone with the prompt as its input and as `{prompt_file}`, emits what it reports.

    With `messages` the program accepts them: they are appended to `{inbox_file}`, one event a line, or with
    `only_decisions` just what people answered and decided. Without, what it asks is refused. `run.finished` and
    `run.failed` are claims: they become the outcome's message, not events. A program that then says nothing for
    `grace_s` is ended, whatever it asked before. Cancellation ends the program by TERM and
    KILL first. Raises ProcessFailed where it cannot be started, and what `emit` raises.
    """
    prompt = job.prompt if job.prompt.endswith("\n") else f"{job.prompt}\n"  # a shell's `read` wants whole lines
    with _inbox(job.cwd.parent) as folder:
        prompt_file = _written(folder / "prompt.md", prompt)
        inbox_file = _written(folder / "inbox.jsonl", "")
        spec = ProcessSpec(
            argv=tuple(_filled(word, prompt_file=prompt_file, inbox_file=inbox_file) for word in argv),
            env=environment_of(job),
            cwd=job.cwd,
            stdin=prompt.encode(),
            marker=job.run,
            event_pipe=True,
        )
        listener = _Listener(emit, gets_answers=messages is not None)
        clocks = Clocks(wall_s=job.spec.wall_s, idle_s=job.spec.idle_s)
        telling = None
        if messages is not None:
            telling = partial(_write_inbox, messages, inbox_file, listener, only_decisions=only_decisions)
        layout = layout_of(job, readable=(folder,))
        result = await _listen(launcher, spec, layout, clocks, listener, telling, grace_s)
    outcome = _outcome(job, result, listener)
    if outcome.ended_by is not EndedBy.AGENT:
        await listener.report_cut()
    return outcome


@contextmanager
def _inbox(parent: Path) -> Generator[Path]:
    """A folder beside the clone, 0700, for what the agent may read and the result must not contain."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="inbox-", dir=parent, ignore_cleanup_errors=True)
    except OSError as error:
        raise ProcessFailed(f"There is no room for the prompt in {parent}: {error.strerror}.") from error
    with folder as path:
        yield Path(path)


def _filled(word: str, *, prompt_file: Path, inbox_file: Path) -> str:
    for place, file in ((PROMPT_FILE, prompt_file), (INBOX_FILE, inbox_file), (ANSWERS_FILE, inbox_file)):
        word = word.replace(place, str(file))
    return word


def _written(file: Path, prompt: str) -> Path:
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(prompt, encoding="utf-8")
    return file


async def _write_inbox(messages: Inbox, file: Path, listener: "_Listener", *, only_decisions: bool) -> None:
    """Appends people's messages, whole lines at a time, until cancelled."""
    while True:
        received = await messages.next()
        listener.on_input(received)
        if only_decisions and isinstance(received, Prompted):
            continue  # it is part of the prompt of the next start, which follows at once
        line = json.dumps({"type": received.type, "data": dump_data(received)}, ensure_ascii=False)
        with file.open("a", encoding="utf-8") as inbox:
            inbox.write(f"{line}\n")


async def _listen(
    launcher: Launcher,
    spec: ProcessSpec,
    layout: Layout,
    clocks: Clocks,
    listener: "_Listener",
    telling: Callable[[], Coroutine[None, None, None]] | None,
    grace_s: float,
) -> ProcessResult:
    try:
        async with launcher.start(spec, layout, clocks=clocks) as process:
            listener.waits_for_person = partial(_set_waiting, process)
            lines = process.lines()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(listener.buffer.flush_periodically())
                teller = tasks.create_task(telling()) if telling is not None else None
                async for line in lines:
                    before = listener.is_busy, listener.claim is not None
                    is_event = listener.on_line(line)
                    if not process.has_line or listener.buffer.is_full:  # what was read at once is stored at once
                        await listener.buffer.store()
                    if not is_event or (listener.is_busy, listener.claim is not None) == before:
                        continue
                    process.works_in_silence(working=listener.is_busy)
                    if listener.claim is not None:
                        process.may_be_silent(grace_s)
                await listener.buffer.store()
                listener.buffer.close()
                if teller is not None:
                    teller.cancel()
            await listener.end()
            return await process.wait()
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
    except asyncio.CancelledError:
        with suppress(Exception):  # stopped: what was collected is worth a try, the cancellation comes first
            async with asyncio.timeout(_REST_S):
                await listener.buffer.flush()
                await listener.report_cut()
        raise


def _set_waiting(process: RunningProcess, waiting: bool) -> None:
    process.waits_for_person(waiting=waiting)


class _Listener:
    """Sorts a program's lines into events, claims, messages and refusals."""

    def __init__(self, emit: Emit, *, gets_answers: bool) -> None:
        self.buffer = LineBuffer(emit=emit)
        self.claim: RunFinished | RunFailed | None = None
        self.waits_for_person: Callable[[bool], None] = lambda waiting: None
        """Stops the clocks of the program while it waits for a person, and starts them again."""
        self._gets_answers = gets_answers
        self._open: set[tuple[str, str]] = set()
        self.has_spoken = False
        """Whether the program wrote anything but to its standard error."""
        self._tools = RunningTools()
        self._has_usage = False
        self._refused = 0

    @property
    def is_busy(self) -> bool:
        """Whether a tool of the program is under way, which may say nothing for long."""
        return self._tools.are_running and self.claim is None

    def on_line(self, line: Line) -> bool:
        """Takes a line; whether it was meant as an event."""
        self.has_spoken = self.has_spoken or line.stream is not Stream.STDERR
        if line.stream is Stream.EVENTS:
            if line.text.strip():
                self._on_event(line.text, was_cut=line.was_cut)
            return True
        if line.text.startswith(PREFIX):
            self._on_event(line.text.removeprefix(PREFIX), was_cut=line.was_cut)
            return True
        self.buffer.add(line.text)
        return False

    async def report_cut(self) -> None:
        """Reports that a program which told what it used has used more: it was cut in the midst of its work."""
        if self._has_usage:
            await self.buffer.emit(UsageUpdated(at_least=True))

    async def end(self) -> None:
        """Reports how many refusals got no note."""
        if self._refused > _NOTED:
            await self.buffer.emit(Note(text=f"{self._refused - _NOTED:,} more lines of the agent were not taken."))

    def _on_event(self, text: str, *, was_cut: bool) -> None:
        body = parse_line(text, was_cut=was_cut)
        if isinstance(body, Refusal):
            self._refused += 1
            if self._refused <= _NOTED:
                self.buffer.put(Note(text=f"A line of the agent was not taken: {body.reason}."))
        elif isinstance(body, RunFinished | RunFailed):
            self.claim = body
            self.waits_for_person(False)  # who has ended waits for nobody, whatever it asked before
        elif isinstance(body, QuestionAsked | ApprovalRequested) and not self._gets_answers:
            self._refused += 1
            if self._refused <= _NOTED:
                self.buffer.put(Note(text=f"{_request_of(body)} was not asked: {_NO_ANSWERS}"))
        else:
            self._count(body)
            self._tools.observe(body)
            self._has_usage = self._has_usage or isinstance(body, UsageUpdated)
            self.buffer.put(body)

    def on_input(self, received: AgentInput) -> None:
        """Note that a decision is on its way to the program."""
        self._count(received)

    def _count(self, body: EventBody) -> None:
        match body:
            case QuestionAsked(question=name):
                self._open.add(("question", name))
            case ApprovalRequested(approval=name):
                self._open.add(("approval", name))
            case QuestionAnswered(question=name) | QuestionWithdrawn(question=name):
                self._open.discard(("question", name))
            case ApprovalGranted(approval=name) | ApprovalDenied(approval=name) | ApprovalWithdrawn(approval=name):
                self._open.discard(("approval", name))
            case _:
                return
        self.waits_for_person(bool(self._open) and self.claim is None)


def _request_of(body: QuestionAsked | ApprovalRequested) -> str:
    text = body.text if isinstance(body, QuestionAsked) else body.title
    return f"{'A question' if isinstance(body, QuestionAsked) else 'An approval'} of the agent ({cut(text, 100)})"


def _outcome(job: AgentJob, result: ProcessResult, listener: _Listener) -> AgentOutcome:
    """The outcome: exit 0 is a claim of done unless the program reported that it failed; anything else failed.

    docs/contracts/processes.md, *Plain commands*.
    """
    claim = listener.claim
    if isinstance(claim, RunFailed) and result.outcome is not Outcome.OVER_LIMIT:
        failure = claim.failure if claim.failure in _CLAIMABLE else FailureClass.REPAIRABLE
        return AgentOutcome(claim=False, message=cut(claim.message, _SENTENCE), failure=failure)
    is_done = result.outcome is Outcome.EXITED and result.exit_code == 0
    if is_done or (claim is not None and result.outcome in _SILENCED):
        summary = claim.summary if isinstance(claim, RunFinished) else None
        is_partial = isinstance(claim, RunFinished) and claim.outcome == "partial"
        return AgentOutcome(claim=True, message=cut(summary, _SENTENCE) if summary else None, is_partial=is_partial)
    last_lines = listener.buffer.last_lines
    outcome = unexplained(job.spec, result, last_lines, now_ms=wall_ms(), has_spoken=listener.has_spoken)
    if claim is not None and outcome.failure is FailureClass.LOST:  # it had reported its end: it is not resumed
        return outcome.model_copy(update={"failure": FailureClass.REPAIRABLE})
    return outcome
