"""Runs a program with a two-way protocol, from start to outcome: the shell around a `dialects/protocol.py`.

Its counterpart for programs that only report is `drive.py`.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import Final

from ompycord.agents.ending import unexplained
from ompycord.agents.file_requests import grant
from ompycord.agents.level import layout_of
from ompycord.agents.line_buffer import legible
from ompycord.agents.model_access import write_model_settings
from ompycord.agents.repository_settings import environment_of, folder_of
from ompycord.agents.running_tools import RunningTools
from ompycord.dialects.frames import Frame, write_frame
from ompycord.dialects.protocol_session import ProtocolSession, Reaction
from ompycord.domain.events import EventBody, Note, ToolProgress, UsageUpdated
from ompycord.domain.ports import AgentInput, AgentJob, AgentOutcome, Emit, Inbox, QueueingInbox
from ompycord.domain.run import EndedBy, FailureClass
from ompycord.processes import Bounds, Clocks, Line, ProcessSpec, RunningProcess, Stream
from ompycord.processes.launcher_port import Launcher
from ompycord.text import cut_head

__all__ = ["converse", "wall_ms"]

BOUNDS: Final = Bounds(line_bytes=67_108_864, output_bytes=68_719_476_736)
"""A frame may have 64 MiB (docs/platform/agents.md, *oh-my-pi RPC*); agents that repeat partial messages write far more
than they mean."""
_PROGRESS_S: Final = 1.0
"""Seconds between two stored steps of a tool's progress: cards are edited less often."""
_WRITE_S: Final = 60.0
"""Seconds for an agent to accept a frame; its pipe holds 64 KiB."""
_HALT_S: Final = 3.0
"""Seconds for an agent that was ordered to stop to save its session, before TERM and KILL."""
_GOODBYE_S: Final = 10.0
"""Seconds for an agent that is done to end by itself once its input is closed."""
_DELIVERY_S: Final = 0.5
"""Seconds between two looks whether a message still waits for an agent at rest."""
_HANDSHAKE_S: Final = 120.0
"""Seconds for an agent to answer our first frame; one that is installed at its first start needs most of them."""
_TOGETHER: Final = 100
"""Events that are stored together at most."""
_STDERR_LINES: Final = 5
_STDERR_LINE: Final = 500


def wall_ms() -> int:
    """Milliseconds since the epoch, for the times that agents announce."""
    return time.time_ns() // 1_000_000


async def converse(
    launcher: Launcher,
    job: AgentJob,
    argv: tuple[str, ...],
    protocol: ProtocolSession,
    emit: Emit,
    inbox: Inbox,
    *,
    now_ms: Callable[[], int] = wall_ms,
    handshake_s: float = _HANDSHAKE_S,
) -> AgentOutcome:
    """Starts `argv` for the job's clone and runs `protocol` with it until that has an outcome or the program ends.

    A program that has not answered our first frame after `handshake_s` is ended: it does not speak the protocol.
    Cancellation orders the agent to stop, then ends it by TERM and KILL. Raises ProcessFailed where it cannot be
    started, and what `emit` raises.
    """
    await asyncio.to_thread(write_model_settings, job)
    spec = ProcessSpec(argv=argv, env=environment_of(job), cwd=folder_of(job), keep_input_open=True, marker=job.run)
    clocks = Clocks(wall_s=job.spec.wall_s, idle_s=job.spec.idle_s)
    async with launcher.start(spec, layout_of(job), clocks=clocks, bounds=BOUNDS) as process:
        exchange = _Exchange(process, job.cwd, protocol, emit, inbox, now_ms)
        await _lead(exchange, process.lines(), handshake_s)
        if exchange.outcome is not None:
            await exchange.send_interrupt()
            return exchange.outcome
        result = await process.wait()
        await exchange.report_cut()
        if exchange.is_mute:
            return _mute(job, handshake_s)
        return unexplained(
            job.spec,
            result,
            exchange.last_lines,
            now_ms=now_ms(),
            has_spoken=not protocol.is_starting,
            early=True,
        )


async def _lead(exchange: "_Exchange", lines: AsyncGenerator[Line], handshake_s: float) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            people = tasks.create_task(exchange.deliver_inbox())
            greeting = tasks.create_task(exchange.bound_handshake(handshake_s))
            await exchange.read_agent(lines)
            people.cancel()
            greeting.cancel()
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
    except asyncio.CancelledError:
        await exchange.stop_agent()
        raise


class _Exchange:
    """What passes between one agent and its people, one thing after the other."""

    def __init__(
        self,
        process: RunningProcess,
        root: Path,
        protocol: ProtocolSession,
        emit: Emit,
        inbox: Inbox,
        now_ms: Callable[[], int],
    ) -> None:
        self.outcome: AgentOutcome | None = None
        self.is_mute = False
        """Whether it was ended because it never answered our first frame."""
        self._last_lines: deque[str] = deque(maxlen=_STDERR_LINES)
        self._tools = RunningTools()
        self._process = process
        self._protocol = protocol
        self._emit = emit
        self._inbox = inbox
        self._queue = inbox if isinstance(inbox, QueueingInbox) else None
        self._delivered = asyncio.Event()
        self._now_ms = now_ms
        self._root = root
        self._one_at_a_time = asyncio.Lock()
        self._in_hand: AgentInput | None = None
        self._progress_at = float("-inf")
        self._unstored: list[EventBody] = []
        """Events of lines that were read at once; they share a commit."""

    async def read_agent(self, lines: AsyncGenerator[Line]) -> None:
        """Reads every line of the agent, until it has come to an outcome or its output ends."""
        await self._take(self._protocol.begin)
        async with aclosing(lines):
            async for line in lines:
                await self._on_line(line)
                if self._unstored and not self._process.has_line:
                    async with self._one_at_a_time:
                        await self._store()
                if await self._is_over():
                    return

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The program's last lines beside the protocol."""
        return tuple(self._last_lines)

    async def bound_handshake(self, seconds: float) -> None:
        """Ends a program that has not answered our first frame by then."""
        await asyncio.sleep(seconds)
        if self._protocol.is_starting:
            self.is_mute = True
            self._process.ask_to_stop()

    async def deliver_inbox(self) -> None:
        """Delivers every message from people, until cancelled."""
        while True:
            self._in_hand = await self._inbox.next()
            await self._take(partial(self._protocol.on_input, self._in_hand), reopens=True)
            self._in_hand = None
            self._delivered.set()

    async def send_interrupt(self) -> None:
        """Lets an agent that is done end by itself: many save their session then."""
        self._process.close_input()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await self._process.wait()

    async def stop_agent(self) -> None:
        """Orders the agent to stop and waits a moment for it to say what its turn took.

        Whatever fails here, TERM and KILL come next.
        """
        with suppress(Exception):
            async with asyncio.timeout(_HALT_S):
                await self._store()
        with suppress(Exception):
            async with asyncio.timeout(_HALT_S):
                for frame in self._protocol.interrupt().send:
                    await self._process.write(write_frame(frame))
                self._process.close_input()
                async for line in self._process.lines():
                    await self._on_last_line(line)
                await self._process.wait()
        with suppress(Exception):
            async with asyncio.timeout(_HALT_S):
                await self.report_cut()

    async def report_cut(self) -> None:
        """Reports what is known of a turn that has no end any more."""
        for body in self._protocol.cut():
            await self._emit(body)

    async def _on_last_line(self, line: Line) -> None:
        """Takes a line of an agent that was ordered to stop: only what it used is of interest."""
        if line.stream is not Stream.STDOUT or line.was_cut or self._protocol.skips(line.text):
            return
        for body in self._protocol.on_line(line.text, now_ms=self._now_ms()).events:
            if isinstance(body, UsageUpdated):
                await self._emit(body)

    async def _is_over(self) -> bool:
        """Whether the agent is done and nothing waits for it: messages for its next turn come before its end.

        What its provider refuses is over: more of it would be refused as well.
        """
        queue = self._queue
        while queue and self._would_go_on() and await queue.has_more():
            self._delivered.clear()
            with suppress(TimeoutError):  # it may be taken back meanwhile
                async with asyncio.timeout(_DELIVERY_S):
                    await self._delivered.wait()
        if self.outcome is not None and self._in_hand is not None:
            async with self._one_at_a_time:  # the inbox counts a message as delivered once handed out: it goes first
                pass
        return self.outcome is not None

    def _would_go_on(self) -> bool:
        outcome = self.outcome
        return outcome is not None and outcome.ended_by is not EndedBy.PROVIDER and self._in_hand is None

    async def _on_line(self, line: Line) -> None:
        if line.stream is not Stream.STDOUT:
            if text := legible(line.text[-4096:]).strip():
                self._last_lines.append(cut_head(text, _STDERR_LINE))
        elif line.was_cut:
            size = BOUNDS.line_bytes // 1_048_576
            await self._take(lambda: Reaction((Note(text=f"A frame of more than {size} MiB was left out."),)))
        elif not self._protocol.skips(line.text):
            await self._take(lambda: self._protocol.on_line(line.text, now_ms=self._now_ms()))

    async def _take(self, react: Callable[[], Reaction], *, reopens: bool = False) -> None:
        """Stores, sends, serves and ends, in this order, before the next input.

        `reopens`: what the agent gets now is new work, though it had come to an outcome.
        """
        async with self._one_at_a_time:
            if self.outcome is not None and not reopens:
                return
            reaction = react()
            self._process.waits_for_person(waiting=self._protocol.awaits_person)
            if self._queue is not None and reaction.rests is not None:
                self._queue.set_resting(is_resting=reaction.rests)
            self._unstored += [body for body in reaction.events if self._is_new(body)]
            if not _only_reports(reaction) or len(self._unstored) >= _TOGETHER:
                await self._store()
            if reaction.acknowledged:
                await self._inbox.acknowledge(reaction.acknowledged)
            for frame in reaction.send:
                await self._send(frame)
            for request in reaction.files:
                await self._send(await asyncio.to_thread(grant, self._root, request))
            self.outcome = reaction.outcome or (None if reaction.send else self.outcome)
            self._mind_tools(reaction)

    async def _store(self) -> None:
        events, self._unstored = self._unstored, []
        if events:
            await self._emit(*events)

    def _mind_tools(self, reaction: Reaction) -> None:
        """A tool that is under way may say nothing for as long as the whole work may take."""
        was_running = self._tools.are_running
        for body in reaction.events:
            self._tools.observe(body)
        if reaction.is_turn_over or reaction.outcome is not None:
            self._tools.forget()
        if self._tools.are_running is not was_running:
            self._process.works_in_silence(working=self._tools.are_running)

    async def _send(self, frame: Frame) -> None:
        # The end of the program, which is near, explains why it accepts nothing more.
        with suppress(TimeoutError):
            async with asyncio.timeout(_WRITE_S):
                await self._process.write(write_frame(frame))

    def _is_new(self, body: EventBody) -> bool:
        if not isinstance(body, ToolProgress):
            return True
        now = asyncio.get_running_loop().time()
        if now - self._progress_at < _PROGRESS_S:
            return False
        self._progress_at = now
        return True


def _only_reports(reaction: Reaction) -> bool:
    """Whether nothing follows from it but events, which can wait for those of lines that are here already."""
    return not (
        reaction.send
        or reaction.files
        or reaction.acknowledged
        or reaction.outcome
        or reaction.rests is not None
        or reaction.is_turn_over
    )


def _mute(job: AgentJob, seconds: float) -> AgentOutcome:
    message = f"{job.spec.name} did not answer within {seconds:.0f} s of its start, so Ompycord stopped it."
    return AgentOutcome(claim=False, message=message, failure=FailureClass.ENV, ended_by=EndedBy.CLOCK)
