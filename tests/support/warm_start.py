"""Starts a module of ours as `python -m` does, in a process of its own that need not import the product first.

A start of the product is almost two seconds of imports, and dozens of tests start it. Here they fork a Python that has
imported it (`warm_python.py`, one for a worker). What such a process does from there on is its own: descriptors,
folder, environment, signals, exit code. Tests that are about the start itself start it cold.
"""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).parents[2]
PIPE: Final = asyncio.subprocess.PIPE


def _of_python(env: Mapping[str, str]) -> dict[str, str]:
    """Variables that Python reads when it starts."""
    return {
        name: text for name, text in env.items() if name.startswith("PYTHON") or name in {"LANG", "LC_ALL", "LC_CTYPE"}
    }


WARM: Final = {**_of_python(os.environ), "PYTHONPATH": str(ROOT)}
"""Such variables of the warm Python; a process that is to have others starts cold."""
Target = int | IO[bytes] | None
"""A descriptor or a file, PIPE, or None: this process's own."""


class ForkedProcess(asyncio.subprocess.Process):
    """One process of the warm Python; all that tests ask of asyncio's own."""

    def __init__(self) -> None:
        self.stdin = self.stdout = self.stderr = None
        loop = asyncio.get_running_loop()
        self._started: asyncio.Future[int] = loop.create_future()
        self._ended: asyncio.Future[int] = loop.create_future()

    async def follow(self, status: socket.socket) -> None:
        """Until it has a process id; afterwards its end is heard as it comes."""
        await asyncio.get_running_loop().create_connection(
            lambda: _StatusLines(self._started, self._ended), sock=status
        )
        self.pid = await self._started

    @property
    def returncode(self) -> int | None:
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    def send_signal(self, signal: int) -> None:
        if not self._ended.done():
            with suppress(ProcessLookupError):  # gone, and the word of it is on its way
                os.kill(self.pid, signal)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def communicate(self, input: bytes | bytearray | memoryview | None = None) -> tuple[bytes, bytes]:  # noqa: A002  # asyncio's own name
        async with asyncio.TaskGroup() as group:
            out, err = (group.create_task(_read(stream)) for stream in (self.stdout, self.stderr))
            if self.stdin is not None:
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.stdin.write(input or b"")
                    await self.stdin.drain()
                self.stdin.close()
        await self.wait()
        return out.result(), err.result()


class _StatusLines(asyncio.Protocol):
    """The process id, then the exit code, which is told once nothing of the connection is left."""

    def __init__(self, started: asyncio.Future[int], ended: asyncio.Future[int]) -> None:
        self._started, self._ended = started, ended
        self._text = b""

    def data_received(self, data: bytes) -> None:
        self._text += data
        if b"\n" in self._text and not self._started.done():
            self._started.set_result(int(self._text.split(b"\n")[0]))

    def connection_lost(self, exc: Exception | None) -> None:
        lines = self._text.split(b"\n")
        if len(lines) == 3:
            self._ended.set_result(int(lines[1]))
        elif not self._started.done():
            self._started.set_exception(ChildProcessError("the warm Python is gone"))


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    return b"" if stream is None else await stream.read()


async def start_module(
    module: str,
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str],
    stdin: Target = None,
    stdout: Target = None,
    stderr: Target = None,
    new_session: bool = False,
) -> asyncio.subprocess.Process:
    """`python -m module arguments` in this folder and environment; forked where that makes no difference to it."""
    if sys.platform != "linux" or _of_python(env) != WARM:
        words = (sys.executable, "-m", module, *arguments)
        return await asyncio.create_subprocess_exec(
            *words, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=new_session
        )
    process = ForkedProcess()
    with ExitStack() as theirs:
        descriptors = [
            await _input(process, theirs) if stdin == PIPE else _descriptor(stdin, 0),
            await _output(process, "stdout", theirs) if stdout == PIPE else _descriptor(stdout, 1),
            await _output(process, "stderr", theirs) if stderr == PIPE else _descriptor(stderr, 2),
        ]
        ours, status = socket.socketpair()
        theirs.callback(status.close)
        order = {
            "module": module,
            "arguments": arguments,
            "folder": str(cwd),
            "environment": dict(env),
            "session": new_session,
        }
        socket.send_fds(_warm_python(), [json.dumps(order).encode()], [*descriptors, status.fileno()])
    ours.setblocking(False)
    await process.follow(ours)
    return process


def _descriptor(target: Target, otherwise: int) -> int:
    if target is None:
        return otherwise
    return target if isinstance(target, int) else target.fileno()


async def _output(process: ForkedProcess, name: str, theirs: ExitStack) -> int:
    ours, end = os.pipe()
    theirs.callback(os.close, end)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours, "rb", 0))
    setattr(process, name, reader)
    return end


async def _input(process: ForkedProcess, theirs: ExitStack) -> int:
    end, ours = os.pipe()
    theirs.callback(os.close, end)
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), os.fdopen(ours, "wb", 0)
    )
    process.stdin = asyncio.StreamWriter(transport, protocol, None, loop)
    return end


@cache
def _warm_python() -> socket.socket:
    """Where orders go; it ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm_python", str(theirs.fileno())],
            cwd=ROOT,
            env={**os.environ, **WARM},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
