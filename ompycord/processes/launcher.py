"""Long programs: agents and others that are watched line by line; its counterpart for short ones is `command.py`.

One supervisor per program waits for its end, the clocks, a stop, the output's bound and its resource limits, whichever
comes first, and then leaves nothing of it behind.
"""

import asyncio
import math
import secrets
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from types import TracebackType
from typing import Final

from ompycord.errors import ProcessFailed
from ompycord.processes.escalation import kill_group, kill_strays, terminate_group
from ompycord.processes.lines import LineQueue, LineSplitter
from ompycord.processes.resource_usage import over_limit
from ompycord.processes.spawn import Pipe, Spawned, spawn
from ompycord.processes.spec import Bounds, Clocks, Line, Outcome, ProcessResult, ProcessSpec, ResourceLimits, Stream

__all__ = ["Launch", "RunningProcess", "launch"]

_CHUNK: Final = 65_536
_KILL_S: Final = 10.0
"""Seconds for the kernel to end a killed program, which a hung disk can delay."""
_DRAIN_S: Final = 2.0
"""Seconds for the rest of the output once the program is gone, where an unknown process still holds the pipe."""
_POLL_S: Final = 1.0
_POLL_SHARE: Final = 10
"""The pause between two measurements of its resources, as a multiple of the time that the last one took.

A large tree costs a tenth of a processor.
"""


def launch(
    spec: ProcessSpec,
    *,
    clocks: Clocks | None = None,
    bounds: Bounds | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> "Launch":
    """The block in which a program runs, for `async with`; leaving it stops the program.

    `clock` gives seconds and measures `ProcessResult.duration_s`. Entering raises `ProcessFailed` where the
    program cannot be started (see `spawn`).
    """
    return Launch(spec=spec, clocks=clocks or Clocks(), bounds=bounds or Bounds(), clock=clock)


class RunningProcess:
    """A program under supervision. All methods may be called by any number of tasks, `lines` by one."""

    def __init__(
        self, *, spawned: Spawned, spec: ProcessSpec, clocks: Clocks, bounds: Bounds, clock: Callable[[], float]
    ) -> None:
        self._spawned = spawned
        self._marker = spec.marker
        self._start_mark = spec.start_mark
        self._resource_limits = spec.resource_limits
        self._over_limit: str | None = None
        self._clocks = clocks
        self._bounds = bounds
        self._clock = clock
        self._started_at = clock()
        self._queue = LineQueue(limit_bytes=bounds.queue_bytes)
        self._last_output = asyncio.get_running_loop().time()
        self._began = self._last_output
        self._idle_s = clocks.idle_s
        self._is_busy = False
        self._waiting_since: float | None = None
        self._pauses: set[str] = set()
        self._paused_since = 0.0
        self._paused_s = 0.0
        self._bytes_seen = 0
        self._is_stop_requested = False
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._result: ProcessResult | None = None

    @property
    def pid(self) -> int:
        """Also the number of its process group and session."""
        return self._spawned.pid

    def lines(self) -> AsyncGenerator[Line]:
        """The lines of all its streams as they come, until the last one.

        A caller that asks before its first wait misses none.
        """
        return self._queue.lines()

    @property
    def has_line(self) -> bool:
        """Whether another line is here already, so that the next one needs no wait."""
        return self._queue.has_line

    async def passed_socket(self) -> socket.socket | None:
        """The socket on which it listens in a network of its own, once it is here; it waits for `release_start`.

        None for a program that hands out none, or that ended before. Raises ProcessFailed after 30 s.
        """
        passed = self._spawned.passed
        return None if passed is None else await passed.receive()

    def release_start(self) -> None:
        """Lets a program begin that waits until the socket which it handed out is served."""
        if self._spawned.passed is not None:
            self._spawned.passed.release()

    async def write(self, data: bytes) -> bool:
        """Writes more input to a program that accepts it; False once it accepts none any more.

        Waits while the program reads too slowly; its clocks bound the wait, since its end ends it.
        """
        return await self._spawned.write(data)

    def close_input(self) -> None:
        """Ends its input after what was written so far. Idempotent."""
        self._spawned.close_input()

    def waits_for_person(self, *, waiting: bool) -> None:
        """Sets whether it waits for a person. Idempotent.

        While it does, `Clocks.waiting_s` bounds its silence, and neither wall nor idle clock runs.
        """
        if not waiting:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = asyncio.get_running_loop().time()
        self._pause("person", on=waiting)

    def waits_for_provider(self, waiting: bool, /) -> None:
        """Sets whether Ompycord holds what it asks for, such as an answer of a busy model. Idempotent.

        While it does, neither wall nor idle clock runs; whoever holds it bounds that.
        """
        self._pause("provider", on=waiting)

    def _pause(self, cause: str, *, on: bool) -> None:
        """Clocks stand still while there is a cause; two of them at a time count once."""
        now = asyncio.get_running_loop().time()
        was_paused = bool(self._pauses)
        self._pauses = self._pauses | {cause} if on else self._pauses - {cause}
        if self._pauses and not was_paused:
            self._paused_since = now
        elif was_paused and not self._pauses:
            self._paused_s += now - self._paused_since
            self._last_output = now
        self._wake.set()

    def works_in_silence(self, *, working: bool) -> None:
        """Sets whether something runs for it that may say nothing, such as a build. Idempotent.

        While it does, the idle clock stands still; the wall clock does not.
        """
        if self._is_busy and not working:
            self._last_output = asyncio.get_running_loop().time()
        self._is_busy = working
        self._wake.set()

    def may_be_silent(self, seconds: float) -> None:
        """Gives it, from now on, so many seconds of silence instead of `Clocks.idle_s`."""
        self._idle_s = seconds
        self._last_output = asyncio.get_running_loop().time()
        self._wake.set()

    async def wait(self) -> ProcessResult:
        """How it ended, once it has; the clocks bound the wait. Its lines can still be read afterwards."""
        await self._ended.wait()
        if self._result is None:
            raise ProcessFailed(f"Process {self.pid} was killed because its supervisor was cancelled twice.")
        return self._result

    async def stop(self) -> ProcessResult:
        """Sends TERM to the group, KILL after `Clocks.term_s`, then kills strays.

        Idempotent; continues without its caller.
        """
        self.ask_to_stop()
        return await self.wait()

    def ask_to_stop(self) -> None:
        """Starts `stop` without waiting for its end."""
        self._is_stop_requested = True
        self._wake.set()

    async def supervise(self) -> None:
        """Supervises it from the start to the last line. Runs once, by `Launch`."""
        try:
            async with asyncio.TaskGroup() as group:
                pumps = [group.create_task(self._pump(*item)) for item in self._spawned.pipes.items()]
                exited = group.create_task(self._spawned.process.wait())
                exited.add_done_callback(lambda _: self._wake.set())
                watching = group.create_task(self._observe(self._resource_limits))
                outcome = await self._until_over(exited)
                watching.cancel()
                await self._end(exited, outcome)
                survivors = await kill_strays(self._marker, session=self.pid) if self._marker else 0
                self._queue.release()
                await asyncio.wait(pumps, timeout=_DRAIN_S)
                for task in (exited, *pumps):
                    task.cancel()
            self._result = self._as_result(outcome, survivors)
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Kills what still runs and closes the pipes, at once. For the end of the block; `stop` is the orderly way."""
        self._spawned.kill()
        self._spawned.close()
        self._queue.close()
        self._ended.set()

    async def _until_over(self, exited: "asyncio.Task[int]") -> Outcome:
        while not exited.done():
            if self._is_stop_requested:
                return Outcome.STOPPED
            if self._bytes_seen > self._bounds.output_bytes:
                return Outcome.OUTPUT_LIMIT
            if self._over_limit is not None:
                return Outcome.OVER_LIMIT
            now = asyncio.get_running_loop().time()
            if self._queue.is_waiting_for_reader:  # it waits for us
                self._last_output = now
            wall_ends, idle_ends = self._ends(now)
            if now >= wall_ends:
                return Outcome.WALL_TIMEOUT
            if now >= idle_ends:
                return Outcome.IDLE_TIMEOUT
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(wall_ends, idle_ends)):
                    await self._wake.wait()
        return Outcome.EXITED

    def _ends(self, now: float) -> tuple[float, float]:
        """When the wall clock and the idle clock end it, on the loop's clock."""
        wall_ends = self._began + self._clocks.wall_s + self._paused_s
        if not self._pauses:
            return wall_ends, math.inf if self._is_busy else self._last_output + self._idle_s
        waiting_ends = math.inf if self._waiting_since is None else self._waiting_since + self._clocks.waiting_s
        return wall_ends + now - self._paused_since, waiting_ends

    async def _observe(self, resource_limits: ResourceLimits | None) -> None:
        """Wakes the supervisor when the program exceeds its limits."""
        loop = asyncio.get_running_loop()
        took_s = 0.0
        while resource_limits is not None and self._over_limit is None:
            await asyncio.sleep(max(_POLL_S, _POLL_SHARE * took_s))
            began = loop.time()
            self._over_limit = await asyncio.to_thread(over_limit, resource_limits, pid=self.pid, mark=self._start_mark)
            took_s = loop.time() - began
        self._wake.set()

    async def _end(self, exited: "asyncio.Task[int]", outcome: Outcome) -> None:
        # A program that exceeds its limits would take more while it is asked to end.
        if outcome not in {Outcome.EXITED, Outcome.OVER_LIMIT}:
            terminate_group(self.pid)
            await asyncio.wait([exited], timeout=self._clocks.term_s)
        kill_group(self.pid)  # also what the program left behind in its group
        await asyncio.wait([exited], timeout=_KILL_S)

    async def _pump(self, stream: Stream, pipe: Pipe) -> None:
        loop = asyncio.get_running_loop()
        splitter = LineSplitter(stream=stream, limit=self._bounds.line_bytes)
        try:
            while chunk := await pipe.reader.read(_CHUNK):
                self._bytes_seen += len(chunk)
                if self._bytes_seen > self._bounds.output_bytes:
                    self._wake.set()
                    continue  # read on, so that the program can end
                for line in splitter.feed(chunk):
                    await self._queue.put(line)
                self._last_output = loop.time()
        finally:
            for line in splitter.finish():
                self._queue.add(line)

    def _as_result(self, outcome: Outcome, survivors: int) -> ProcessResult:
        code = self._spawned.process.returncode
        return ProcessResult(
            outcome=outcome,
            exit_code=code if code is not None and code >= 0 else None,
            signal=-code if code is not None and code < 0 else None,
            pid=self.pid,
            duration_s=self._clock() - self._started_at,
            bytes_seen=self._bytes_seen,
            survivors=survivors,
            over_limit=self._over_limit if outcome is Outcome.OVER_LIMIT else None,
        )


class Launch:
    """The block in which a program runs.

    A first cancellation ends it by TERM and KILL, a second one kills it at once.
    """

    def __init__(self, *, spec: ProcessSpec, clocks: Clocks, bounds: Bounds, clock: Callable[[], float]) -> None:
        self._spec = spec
        self._clocks = clocks
        self._bounds = bounds
        self._clock = clock
        self._group = asyncio.TaskGroup()
        self._process: RunningProcess | None = None

    async def __aenter__(self) -> RunningProcess:
        mark = secrets.token_hex(16) if self._spec.resource_limits is not None else None
        spec = self._spec.model_copy(update={"start_mark": mark})
        spawned = await spawn(spec)
        self._process = RunningProcess(
            spawned=spawned, spec=spec, clocks=self._clocks, bounds=self._bounds, clock=self._clock
        )
        await self._group.__aenter__()
        self._group.create_task(self._process.supervise())
        return self._process

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        try:
            await self._process.stop()
        except asyncio.CancelledError as again:
            self._process.let_go()
            await self._group.__aexit__(type(again), again, again.__traceback__)
            raise
        # Not the block's own error: the group would wrap it, and kill the supervisor before it has ended the program.
        await self._group.__aexit__(None, None, None)
