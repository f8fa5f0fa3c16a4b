"""A short program is run to its end with bounded output, and its whole group is gone afterwards."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ompycord.errors import ProcessFailed
from ompycord.processes import Outcome, ProcessSpec, run

pytestmark = [pytest.mark.posix, pytest.mark.timeout(60)]
MakeSpec = Callable[..., ProcessSpec]
ClientDisconnected = Callable[[int], Awaitable[None]]

FAMILY = """
import os, signal, sys
pid = os.fork()
if pid:
    with open("pids", "w") as file: file.write(f"{os.getpid()} {pid}")
    print("started", flush=True)
while True: signal.pause()
"""


async def test_git_answers(tmp_path: Path) -> None:
    completed = await run(ProcessSpec(argv=("git", "--version"), env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path))
    assert completed.is_success
    assert completed.stdout.startswith(b"git version ")


async def test_both_streams_and_the_exit_code_are_captured(python: MakeSpec) -> None:
    code = "import sys; print(sys.stdin.read()); print('no', file=sys.stderr); sys.exit(5)"
    completed = await run(python(code, stdin=b"yes"))
    assert (completed.stdout, completed.stderr, completed.exit_code) == (b"yes\n", b"no\n", 5)
    assert not completed.is_success


async def test_output_is_bounded_and_the_program_still_ends(python: MakeSpec) -> None:
    code = "import sys; sys.stdout.write('o' * 3_000_000); sys.stderr.write('e' * 3_000_000)"
    completed = await run(python(code), stdout_bytes=1000, stderr_bytes=10)
    assert (completed.stdout, completed.stderr) == (b"o" * 1000, b"e" * 10)
    assert (completed.was_cut, completed.exit_code) == (True, 0)


async def test_a_timeout_kills_the_whole_group(
    python: MakeSpec, tmp_path: Path, until_gone: ClientDisconnected
) -> None:
    completed = await run(python(FAMILY), timeout_s=3.0)
    assert (completed.outcome, completed.signal) == (Outcome.WALL_TIMEOUT, signal.SIGKILL)
    assert completed.stdout == b"started\n"
    for pid in (tmp_path / "pids").read_text().split():
        await until_gone(int(pid))


async def test_a_cancelled_run_leaves_no_process(
    tmp_path: Path, python: MakeSpec, until_gone: ClientDisconnected
) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(run(python(FAMILY)), 3.0)
    for pid in (tmp_path / "pids").read_text().split():
        await until_gone(int(pid))


async def test_what_a_program_leaves_in_its_group_goes_and_does_not_hold_the_output(
    python: MakeSpec, until_gone: ClientDisconnected
) -> None:
    code = "import os, signal\npid = os.fork()\nif pid: print(pid)\nelse:\n    while True: signal.pause()"
    completed = await run(python(code))
    assert completed.is_success
    await until_gone(int(completed.stdout))


async def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match=r"no-such-git was not found\. Install it"):
        await run(ProcessSpec(argv=("no-such-git",), env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path))
