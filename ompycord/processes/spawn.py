"""Starts a program so that it ends with us, and connects its pipes, for `launcher.py` and `command.py`.

`native_start.py` does it, where the machine allows it; else `_parent_death.py` runs first and becomes the program.
"""

import asyncio
import errno
import os
import shutil
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.errors import ProcessFailed, ProgramMissing
from ompycord.processes.escalation import kill_group
from ompycord.processes.native_start import native_words
from ompycord.processes.passed_socket import PASSING, PassedSocket
from ompycord.processes.spec import ProcessSpec, Stream

__all__ = ["Pipe", "Spawned", "find_program", "named_program", "spawn"]

_SHIM: Final = Path(__file__).with_name("_parent_death.py")
_START_S: Final = 30.0
"""Seconds until the shim has become the program; milliseconds on an idle machine."""
_REAP_S: Final = 10.0
_READ_LIMIT: Final = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipe:
    """Our end of one of the program's output streams."""

    reader: asyncio.StreamReader
    transport: asyncio.ReadTransport


class _Life(asyncio.BaseProtocol):
    """Whether its transport has come to its end, and whether it accepts more now."""

    def __init__(self) -> None:
        self.is_over = False
        self.may_write = asyncio.Event()
        self.may_write.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio, once; a program that does not read its input is no error."""
        self.is_over = True
        self.may_write.set()

    def pause_writing(self) -> None:
        """Called by asyncio: the program reads more slowly than we write."""
        self.may_write.clear()

    def resume_writing(self) -> None:
        """Called by asyncio: it has caught up."""
        self.may_write.set()


@dataclass(kw_only=True, slots=True)
class _Ends:
    """Our ends of all pipes, connected, and the descriptors of the program's ends, which live as long as `theirs`."""

    pipes: dict[Stream, Pipe] = field(default_factory=dict[Stream, Pipe])
    stdin: asyncio.WriteTransport | None = None
    stdin_life: _Life = field(default_factory=_Life)
    passed: PassedSocket | None = None
    theirs: ExitStack = field(default_factory=ExitStack)

    async def output(self, stream: Stream) -> int:
        """The end to write to; ours is read as `stream`."""
        ours, theirs = os.pipe()
        self.theirs.callback(os.close, theirs)
        self.pipes[stream] = await _connected(ours)
        return theirs

    async def input(self) -> int:
        """The end to read from; ours is `stdin`."""
        theirs, ours = os.pipe()
        self.theirs.callback(os.close, theirs)
        loop = asyncio.get_running_loop()
        self.stdin, _ = await loop.connect_write_pipe(lambda: self.stdin_life, os.fdopen(ours, "wb", 0))
        return theirs

    def socket(self) -> tuple[int, ...]:
        """The end by which a socket is handed out; ours is `passed`."""
        self.passed = PassedSocket()
        self.theirs.callback(self.passed.close_theirs)
        return (self.passed.theirs,)

    def close(self) -> None:
        """Closes our ends, even if other processes still hold the others."""
        if self.passed is not None:
            self.passed.close()
        for pipe in self.pipes.values():
            pipe.transport.close()
        if self.stdin is not None and not self.stdin_life.is_over:  # asyncio fails on aborting what is lost already
            self.stdin.abort()


@dataclass(frozen=True, kw_only=True, slots=True)
class Spawned:
    """A running program. Its process group and session have its `pid` as their number."""

    process: asyncio.subprocess.Process
    ends: _Ends

    @property
    def pipes(self) -> dict[Stream, Pipe]:
        """Its output."""
        return self.ends.pipes

    @property
    def passed(self) -> PassedSocket | None:
        """By which it hands out its listening socket; None where it does not."""
        return self.ends.passed

    @property
    def pid(self) -> int:
        """Process id of the program itself: what ran before became it."""
        return self.process.pid

    def kill(self) -> None:
        """Kills the group at once, unless the program is gone already."""
        if self.process.returncode is None:
            kill_group(self.pid)

    async def write(self, data: bytes) -> bool:
        """Writes more input and waits until the program took most of it; False once it accepts none any more."""
        stdin, life = self.ends.stdin, self.ends.stdin_life
        if stdin is None or life.is_over or stdin.is_closing():
            return False
        stdin.write(data)
        await life.may_write.wait()
        return not life.is_over

    def close_input(self) -> None:
        """Ends the program's input after what was written so far. Idempotent."""
        if self.ends.stdin is not None:
            self.ends.stdin.close()  # flushes first; a program that never reads leaves it open until `close`

    def close(self) -> None:
        """Closes the pipes, even if other processes still hold them."""
        self.ends.close()


class _Streams(NamedTuple):
    """Descriptors that the program gets as its input and outputs, or asyncio's word for none."""

    stdin: int
    stdout: int
    stderr: int


async def spawn(spec: ProcessSpec) -> Spawned:
    """Starts `spec.argv` and feeds it `spec.stdin` in the background, then closes its input unless it is to stay open.

    On Linux the kernel kills the program when the thread that calls this dies: call it from the main thread's loop.
    Raises `ProcessFailed` where the program or its folder is missing, or cannot be executed.
    """
    if sys.platform == "win32":
        raise ProcessFailed(
            "Programs cannot be started on Windows. The bot, the sidecar and the playground work here; "
            "run agents on Linux or macOS."
        )
    program = find_program(spec)
    if not spec.cwd.is_dir():
        raise ProcessFailed(f"The folder {spec.cwd} is not there, so {program.name} was not started in it.")
    ends = _Ends()
    try:
        with ends.theirs:
            process = await _execute(spec, program, ends)
    except BaseException:
        ends.close()
        raise
    spawned = Spawned(process=process, ends=ends)
    if ends.stdin is not None:
        ends.stdin.write(spec.stdin or b"")
        if not spec.keep_input_open:
            spawned.close_input()
    return spawned


def named_program(spec: ProcessSpec) -> Path | None:
    """The file that the first word names, existing or not; None where no folder of the program's own PATH has it.

    What is no bare name is relative to the working folder, and so are relative folders of that PATH: the program's own
    look-ups take them so.
    """
    name = spec.argv[0]
    if os.sep in name:
        return spec.cwd / name
    folders = [str(spec.cwd / word) for word in spec.env.get("PATH", os.defpath).split(os.pathsep) if word]
    found = shutil.which(name, path=os.pathsep.join(folders))
    return None if found is None else Path(found)


def find_program(spec: ProcessSpec) -> Path:
    """The file to execute (`named_program`). Raises ProcessFailed where it is missing or cannot be executed.

    Its words name the program alone: they may stand on a card, which says nothing of this machine's folders.
    """
    name = spec.argv[0]
    found = named_program(spec)
    if found is None or not found.exists():
        raise ProgramMissing(Path(name).name)
    if found.is_dir() or not os.access(found, os.X_OK):
        raise ProcessFailed(
            f"{Path(name).name} cannot be executed. Make it an executable file (chmod +x), or name another."
        )
    return found


async def _execute(spec: ProcessSpec, program: Path, ends: _Ends) -> asyncio.subprocess.Process:
    stdout, stderr = await ends.output(Stream.STDOUT), await ends.output(Stream.STDERR)
    has_input = spec.stdin is not None or spec.keep_input_open
    stdin = await ends.input() if has_input else asyncio.subprocess.DEVNULL
    streams = _Streams(stdin, stdout, stderr)
    passing = ends.socket() if spec.passes_socket else ()
    words = native_words(spec, program)
    if words is None:
        return await _execute_by_python(spec, program, ends, streams, passing)
    return await _start(words, spec, program, streams, passing=passing)


async def _execute_by_python(
    spec: ProcessSpec, program: Path, ends: _Ends, streams: _Streams, passing: tuple[int, ...]
) -> asyncio.subprocess.Process:
    events = await ends.output(Stream.EVENTS) if spec.event_pipe else -1
    ours, status_fd = os.pipe()
    ends.theirs.callback(os.close, status_fd)
    status = await _connected(ours)
    words = (os.getpid(), status_fd, events, int("LC_CTYPE" in spec.env), int(spec.ignores_term), program)
    command = (sys.executable, "-I", "-S", str(_SHIM), *map(str, words), *spec.argv)
    try:
        keep = tuple(fd for fd in (status_fd, events) if fd >= 0)
        process = await _start(command, spec, program, streams, keep=keep, passing=passing)
    except BaseException:
        status.transport.close()
        raise
    ends.theirs.close()  # the end of the status is noticed only when no process here holds its other end
    await _await_program(process, status, program)
    return process


async def _start(
    words: tuple[str, ...],
    spec: ProcessSpec,
    program: Path,
    streams: _Streams,
    *,
    keep: tuple[int, ...] = (),
    passing: tuple[int, ...] = (),
) -> asyncio.subprocess.Process:
    """Starts the process. Raises ProcessFailed with the kernel's reason."""
    environment = {**spec.whole_env, **({PASSING: str(passing[0])} if passing else {})}
    try:
        return await asyncio.create_subprocess_exec(
            *words,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            cwd=spec.cwd,
            env=environment,
            pass_fds=(*keep, *passing),
            start_new_session=True,
        )
    except OSError as error:
        raise ProcessFailed(f"{program.name} could not be started: {_reason(error.errno)}") from error


async def _await_program(process: asyncio.subprocess.Process, status: Pipe, program: Path) -> None:
    """Waits until the shim has become the program. Else nothing is left and `ProcessFailed` has the reason."""
    failure = b""
    try:
        async with asyncio.timeout(_START_S):
            failure = await status.reader.read()
    except TimeoutError as error:
        raise ProcessFailed(
            f"{program.name} did not start within {_START_S:.0f} s: is the machine overloaded?"
        ) from error
    else:
        if not failure:
            return
        raise ProcessFailed(f"{program.name} could not be executed: {_reason(int(failure))}")
    finally:
        status.transport.close()
        if failure or not status.reader.at_eof():
            await _reap(process)


async def _reap(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        kill_group(process.pid)
    with suppress(TimeoutError):  # the kernel keeps it, killed as it is
        async with asyncio.timeout(_REAP_S):
            await process.wait()


async def _connected(fd: int) -> Pipe:
    reader = asyncio.StreamReader(limit=_READ_LIMIT)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", 0))
    return Pipe(reader=reader, transport=transport)


def _reason(number: int | None) -> str:
    if number == errno.ENOEXEC:
        return "it is no program of this system; a script needs a first line such as #!/bin/sh."
    if number == errno.E2BIG:
        return "its arguments and environment are too long; pass the text as input instead."
    return f"{os.strerror(number or 0)}. Check the file and the rights on it."
