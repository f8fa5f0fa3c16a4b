"""Short programs such as git, run to their end with their output captured; its counterpart is `launcher.py`."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ompycord.processes.escalation import kill_group
from ompycord.processes.spawn import Pipe, Spawned, spawn
from ompycord.processes.spec import Completed, Outcome, ProcessSpec, Stream

__all__ = ["run"]

_CHUNK: Final = 65_536
_DRAIN_S: Final = 2.0
_REAP_S: Final = 10.0


class _Capture:
    """The first `limit` bytes of a stream; the rest is read and dropped."""

    def __init__(self, *, limit: int) -> None:
        self.data = bytearray()
        self.was_cut = False
        self._limit = limit

    async def read(self, pipe: Pipe) -> None:
        while chunk := await pipe.reader.read(_CHUNK):
            room = self._limit - len(self.data)
            self.was_cut = self.was_cut or len(chunk) > room
            self.data += chunk[:room]


async def run(
    spec: ProcessSpec,
    *,
    timeout_s: float = 60.0,
    stdout_bytes: int = 1_048_576,
    stderr_bytes: int = 65_536,
    clock: Callable[[], float] = time.monotonic,
) -> Completed:
    """Runs `spec` to its end, at most `timeout_s` seconds; then, and on cancellation, the whole group is killed.

    Raises `ProcessFailed` where it cannot be started. A failing exit code is no error here: see `Completed`. Output on
    descriptor 3 is not captured.
    """
    started_at = clock()
    spawned = await spawn(spec)
    captures = {Stream.STDOUT: _Capture(limit=stdout_bytes), Stream.STDERR: _Capture(limit=stderr_bytes)}
    try:
        outcome = await _until_over(spawned, captures, timeout_s)
    finally:
        spawned.kill()
        spawned.close()
    code = spawned.process.returncode
    return Completed(
        outcome=outcome,
        exit_code=code if code is not None and code >= 0 else None,
        signal=-code if code is not None and code < 0 else None,
        stdout=bytes(captures[Stream.STDOUT].data),
        stderr=bytes(captures[Stream.STDERR].data),
        was_cut=any(capture.was_cut for capture in captures.values()),
        duration_s=clock() - started_at,
    )


async def _until_over(spawned: Spawned, captures: dict[Stream, _Capture], timeout_s: float) -> Outcome:
    outcome = Outcome.EXITED
    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(capture.read(spawned.pipes[stream])) for stream, capture in captures.items()]
        try:
            async with asyncio.timeout(timeout_s):
                await spawned.process.wait()
        except TimeoutError:
            outcome = Outcome.WALL_TIMEOUT
        finally:
            kill_group(spawned.pid)  # also what it left behind in its group
            with suppress(TimeoutError):
                async with asyncio.timeout(_REAP_S):
                    await spawned.process.wait()
        await asyncio.wait(readers, timeout=_DRAIN_S)
        for reader in readers:
            reader.cancel()
    return outcome
